import { defineStream } from '../../../contract'
import { askOf, type Report } from '../asks'
import type { Body } from '../client'
import { type FileCursor, fileCursor, readReportKey } from '../cursor'
import type { BackfillParams } from '../params'
import { preparedOf } from '../plan'
import { newestReports } from '../store'
import { type Batch, write } from '../write'
import { type FilePage, type FileStep, fetchFile, type Read, readFile, type SourceIo } from './files'

/** One report of one district and date. The third of them stores the date. */
async function readReport(step: FileStep, io: SourceIo): Promise<FilePage> {
  const { district, report } = readReportKey(step.key)
  const { listed, isFinal } = step.cursor
  const since = new Date(preparedOf(step.params).since)
  const first = await readFile(step, io, askOf(listed, report, district))
  if ('page' in first) return first.page
  const files = [first.body]
  for (const read of await readAgain(first.body, since, (name) => fetchFile(io, askOf(listed, name, district), false), io)) {
    if ('page' in read) return read.page
    files.unshift(read.body)
  }
  const body = files.find((one) => one.ask.report === report) ?? first.body
  const again = files.filter((one) => one.ask.report !== report)
  return { batch: { kind: 'report', body, again, district, isFinal, since }, next: null }
}

/**
 * Reports of a capture that are about different days were read before and after it changed: what is held of them is asked for again,
 * or they would never agree.
 */
async function readAgain(body: Body, since: Date, fetch: (name: Report) => Promise<Read>, io: SourceIo): Promise<Read[]> {
  const held = await newestReports(io.held, body.ask, since)
  const odd = held.filter((one) => one.report !== body.ask.report && one.logicalDate !== body.logicalDate)
  if (odd.length === 0) return []
  const read: Read[] = []
  for (const name of [...odd.map((one) => one.report), ...(body.cached ? [body.ask.report] : [])]) read.push(await fetch(name))
  return read
}

export const report = defineStream<FileCursor, Batch, BackfillParams>({
  queue: 'districts_backfill_queue',
  cursor: fileCursor,
  read: (step, io) => readReport(step, io as SourceIo),
  write,
  cell(key) {
    const { date, district } = readReportKey(key)
    return { row: district, column: date }
  },
})
