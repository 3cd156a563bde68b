import { defineStream, type NewTask, type Skip } from '../../../contract'
import { askOf } from '../asks'
import { type Day, daysBetween, FIRST_DAY } from '../calendar'
import type { Body } from '../client'
import { ALL, type FileCursor, fileCursor, REPORTS, reportKey } from '../cursor'
import type { BackfillParams } from '../params'
import { found, preparedOf } from '../plan'
import { readSummary } from '../records'
import { covers, settledDistricts } from '../settled'
import { type Held, readHeld } from '../store'
import { type Batch, write } from '../write'
import { type FilePage, type FileStep, NOTHING, readFile, type SourceIo } from './files'

/*
 * The summary of a date: one line for each district. It is what a backfill in little detail is about; in full detail it says which
 * districts there were on that date, and their reports become tasks.
 */

async function read(step: FileStep, io: SourceIo): Promise<{ body: Body } | { page: FilePage }> {
  return await readFile(step, io, askOf(step.cursor.listed, 'districtsummary', null))
}

const batchOf = (body: Body, isFinal: boolean) => ({
  kind: 'summary' as const,
  body,
  rows: readSummary(body.table),
  isFinal,
})

const cell = (key: string) => ({ row: ALL, column: key })

/** Stores the summary of a date. */
export const summary = defineStream<FileCursor, Batch, BackfillParams>({
  queue: 'districts_backfill_queue',
  cursor: fileCursor,
  async read(step, io) {
    const found = await read(step, io as SourceIo)
    if ('page' in found) return found.page
    return { batch: batchOf(found.body, step.cursor.isFinal), next: null, ...ofOtherDate(step, found.body) }
  },
  write,
  cell,
})

/** Stores the summary of a date and plans the reports of its districts. */
export const districts = defineStream<FileCursor, Batch, BackfillParams>({
  queue: 'districts_backfill_queue',
  cursor: fileCursor,
  discovers: true,
  async read(step, io) {
    const { key: date, cursor } = step
    const held = await readHeld(io.held, date, date)
    const known = knownDistricts(held, step)
    if (known) {
      const planned = await plan(step, io as SourceIo, known, held)
      return { batch: NOTHING, next: null, ...planned, known: planned.known + known.length }
    }
    const found = await read(step, io as SourceIo)
    if ('page' in found) return { ...found.page, ...ofEach(step, found.page) }
    const { body } = found
    const batch = batchOf(body, cursor.isFinal)
    const other = ofOtherDate(step, body)
    if (other) return { batch, next: null, ...other, ...ofEach(step, other) }
    const listed = batch.rows.map((row) => row.districtId)
    return { batch, next: null, ...(await plan(step, io as SourceIo, listed, held)) }
  },
  write,
  cell,
})

/** A capture that is listed early in a month may be the close of the month before: it is stored as that, and is none of its day. */
const ofOtherDate = ({ key }: FileStep, { logicalDate }: Body): { skipped: Skip } | undefined =>
  logicalDate === key
    ? undefined
    : { skipped: { kind: 'closing_gap', reason: `the capture of that day is the close of the month before; stored under ${logicalDate}` } }

/** The districts of a date whose final summary is held, where that may serve. */
function knownDistricts(held: readonly Held[], { params, cursor }: FileStep): string[] | undefined {
  const rows = held.filter((one) => one.detail === 'summary' && covers(one, cursor, params))
  return rows.length > 0 ? rows.map((one) => one.districtId) : undefined
}

/** A date without a summary has no districts: those asked for are skipped for the same reason. */
function ofEach({ key: date, cursor, params }: FileStep, page: Pick<FilePage, 'skipped'>): Pick<FilePage, 'tasks'> {
  const { districts: wanted } = preparedOf(params)
  const { skipped } = page
  if (typeof skipped !== 'object' || !wanted) return {}
  return {
    tasks: found(
      wanted.map((district) => ended(date, district, cursor, skipped.kind, skipped.reason)),
      params,
    ),
  }
}

const ended = (date: string, district: string, cursor: FileCursor, kind: string, reason: string): NewTask => ({
  stream: 'report',
  key: `${date}/${district}`,
  cursor,
  ended: { skipped: reason, kind },
})

/** Tasks of the districts of a date: three reports each, those of one district one after the other. */
async function plan({ key: date, cursor, params }: FileStep, io: SourceIo, listed: readonly string[], held: readonly Held[]) {
  const { districts: wanted, concurrency } = preparedOf(params)
  const inScope = [...(wanted ?? listed)].sort()
  const keysOf = (district: string) => REPORTS.map((name) => reportKey(date, district, name))
  const others = await io.inFlight('report', inScope.flatMap(keysOf))
  const settled = settledDistricts({ date, listed: cursor.listed }, inScope, held, others, params)
  const tasks = inScope.flatMap((district, place): NewTask[] => {
    if (!listed.includes(district))
      return [ended(date, district, cursor, 'unavailable', 'the summary of that day does not list the district')]
    const why = settled.get(district)
    if (why) return [ended(date, district, cursor, why.kind, why.reason)]
    return keysOf(district).map((key) => ({ stream: 'report', key, lane: laneOf(date, place, concurrency), cursor }))
  })
  const isShared = [...settled.values()].some((why) => why.kind === 'in_flight')
  const known = [...settled.values()].filter((why) => why.kind === 'exists').length
  return { tasks: found(tasks, params), known, ...(isShared ? { unverified: IN_FLIGHT } : {}) }
}

/** One of the job's slots: a district's reports of a date are in one, those of its next date in the next one. */
const laneOf = (date: Day, place: number, slots: number): string => String(((daysBetween(FIRST_DAY, date) + place) % slots) + 1)

/** Why a report cannot vouch for what another job reads. */
export const IN_FLIGHT = 'another job reads some of the dates; its own report says what it stored'
