import { defineStream } from '../../../contract'
import { askOf } from '../asks'
import { type FileCursor, fileCursor, readReportKey } from '../cursor'
import type { BackfillParams } from '../params'
import { preparedOf } from '../plan'
import { type Batch, write } from '../write'
import { type FilePage, type FileStep, readFile, type SourceIo } from './files'

/** One report of one district and date. The third of them stores the date. */
async function readReport(step: FileStep, io: SourceIo): Promise<FilePage> {
  const { district, report } = readReportKey(step.key)
  const { listed, isFinal } = step.cursor
  const read = await readFile(step, io, askOf(listed, report, district))
  if ('page' in read) return read.page
  const since = new Date(preparedOf(step.params).since)
  return { batch: { kind: 'report', body: read.body, district, isFinal, since }, next: null }
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
