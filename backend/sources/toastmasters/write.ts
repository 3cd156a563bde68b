import { hostname } from 'node:os'
import { messageOf, RetryLater } from '../../base/errors'
import type { Tx } from '../../base/sql'
import type { Written } from '../../contract'
import { cacheStatistics } from './client'
import {
  type Mismatch,
  type NewList,
  type ReportBatch,
  type SummaryBatch,
  saveCacheStatistics,
  saveList,
  saveMismatch,
  saveReport,
  saveSummary,
} from './store'

/** What one page of this source stores. */
export type Batch =
  | { kind: 'nothing' }
  | { kind: 'list'; list: NewList }
  | ({ kind: 'summary' } & SummaryBatch)
  | ({ kind: 'report' } & ReportBatch)
  | ({ kind: 'mismatch' } & Mismatch)

const NO_ROWS: Written = { new: 0, updated: 0, unchanged: 0 }
/** The process, for the figures of its cache. */
const PROCESS = `${hostname()} ${process.pid}`

export async function write(tx: Tx, batch: Batch): Promise<Written> {
  const statistics = cacheStatistics()
  if (statistics) await saveCacheStatistics(tx, PROCESS, statistics)
  try {
    return await writeRows(tx, batch)
  } catch (error) {
    throw isRefused(error) ? new RetryLater('snapshot_creation_failed', messageOf(error), undefined, { cause: error }) : error
  }
}

/** SQLSTATE of values and keys that PostgreSQL does not accept. Other errors are of the connection or the transaction, which runs again. */
const isRefused = (error: unknown): boolean => /^2[23]/.test(String((error as { code?: unknown } | undefined)?.code))

async function writeRows(tx: Tx, batch: Batch): Promise<Written> {
  switch (batch.kind) {
    case 'nothing':
      return NO_ROWS
    case 'list':
      await saveList(tx, batch.list)
      return NO_ROWS
    case 'summary':
      return await saveSummary(tx, batch)
    case 'report':
      return await saveReport(tx, batch)
    case 'mismatch':
      await saveMismatch(tx, batch)
      return { ...NO_ROWS, counts: { files: 1, mismatches: 1 } }
  }
}
