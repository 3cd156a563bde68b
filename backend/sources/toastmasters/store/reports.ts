import { Fatal } from '../../../base/errors'
import type { Tx } from '../../../base/sql'
import type { Written } from '../../../contract'
import type { Ask, Report } from '../asks'
import type { Day } from '../calendar'
import type { Body } from '../client'
import { readTable } from '../csv'
import type { ClubRow } from '../records'
import { readClubs } from '../records'
import { type KeptReport, keepBody, newestReports, readTexts } from './bodies'
import { confirmDistrict, replaceDistrict } from './districts'
import { lock } from './lock'
import { decide, type Version } from './revisions'
import { hashOfAll } from './rows'
import { openSnapshot, written } from './snapshots'

/*
 * A date of a district is stored whole or not at all: its reports are kept one by one, and the page that keeps the last of the three
 * makes its rows.
 */

const REPORTS = 3

/** One of the three reports of a district's date. */
export interface ReportBatch {
  body: Body
  /** Others of its capture that were read again with it. */
  again?: readonly Body[]
  district: string
  /** Whether it is the last word on its date. */
  isFinal: boolean
  /** Reports that were read before this moment do not go with it. */
  since: Date
}

/**
 * Stores a report, and its district's date once all three are there.
 * @throws {Fatal} `validation_failed` when the three are not about the same day
 */
export async function saveReport(tx: Tx, batch: ReportBatch): Promise<Written> {
  const { body, since } = batch
  // Two reports of a district may be committed at once: each must see the other's file, or neither would store the date.
  await lock(tx, `district ${batch.district}`)
  for (const one of [body, ...(batch.again ?? [])]) await keepBody(tx, one)
  const newest = await newestReports(tx, body.ask, since)
  if (newest.length < REPORTS) return written(body)
  const outcome = await settle(tx, batch, newest)
  if (newest.some((one) => one.hash === body.hash)) return outcome
  // A report that arrives after a newer one of the same capture: with those of its time it is a version that was superseded.
  const then = await newestReports(tx, body.ask, since, body.fetchedAt)
  return then.length < REPORTS ? outcome : await settle(tx, batch, then)
}

/** Makes a version of these reports, and its rows if it is the newest. */
async function settle(tx: Tx, batch: ReportBatch, reports: readonly KeptReport[]): Promise<Written> {
  const { body } = batch
  const version = versionOf(batch, reports)
  const decision = await decide(tx, version)
  switch (decision.outcome) {
    case 'older':
      return written(body, { unchanged: 1, counts: { dates_superseded: 1 } })
    case 'unchanged':
      await confirmDistrict(tx, version, decision)
      // Where all three are read again, the last one speaks for the date.
      return written(body, { unchanged: version.readAt.every((moment) => moment <= body.fetchedAt) ? 1 : 0 })
    default: {
      const isNew = decision.outcome === 'new'
      await openSnapshot(tx, version.logicalDate, body.programYear)
      await replaceDistrict(tx, { ...version, ...decision }, body.programYear, await clubsOf(tx, body.ask, version.hashes))
      return written(body, {
        [isNew ? 'new' : 'updated']: 1,
        counts: { dates_stored: 1, dates_superseded: isNew ? 0 : 1 },
      })
    }
  }
}

function versionOf({ body, district, isFinal }: ReportBatch, reports: readonly KeptReport[]): Version {
  const hashes = reports.map((one) => one.hash)
  return {
    logicalDate: dateOf(district, body, reports),
    scope: district,
    asOf: body.ask.asOf,
    hash: hashOfAll(hashes),
    hashes,
    readAt: reports.map((one) => one.fetchedAt),
    isFinal,
    size: reports.reduce((sum, one) => sum + one.size, 0),
  }
}

function dateOf(district: string, { logicalDate, ask }: Body, reports: readonly KeptReport[]): Day {
  if (reports.every((one) => one.logicalDate === logicalDate)) return logicalDate
  const dates = reports.map((one) => `${one.report} of ${one.logicalDate}`).join(', ')
  throw new Fatal('validation_failed', `The reports of district ${district} captured on ${ask.asOf} are of different days: ${dates}`)
}

async function clubsOf(tx: Tx, ask: Ask, hashes: readonly string[]): Promise<ClubRow[]> {
  const texts = await readTexts(tx, ask, hashes)
  const table = (report: Report) => readTable(texts.get(report) ?? '')
  return readClubs(table('clubperformance'), table('districtperformance'), table('divisionperformance'))
}
