import { defineStream, type Io, type Step } from '../../../../contract'
import { cellOf } from '../../entities'
import type { CommerceParams } from '../../params'
import type { Account } from '../../store/accounts'
import { countLines } from '../../store/bulk'
import { type PageBatch, writePage } from '../../streams/page'
import { type Bulk, type BulkPage, bulkCursor } from './bulk-cursor'
import { file } from './bulk-file'
import { clean, rows } from './bulk-rows'
import { run } from './bulk-run'
import { start } from './bulk-start'
import { allowed } from './target'

/*
 * A window by a bulk operation of Shopify, which costs no points.
 */

type BulkStep = Step<Bulk, CommerceParams>

const PHASES: Record<Bulk['phase'], (io: Io, account: Account, at: Bulk, step: BulkStep) => Promise<BulkPage>> = {
  start,
  run,
  file,
  rows,
  async clean(io, account, at, step) {
    const { lines } = await countLines(io.held, account.id, at.operation ?? '')
    return await clean(account, at, step, lines)
  },
}

export const bulkStream = defineStream<Bulk, PageBatch, CommerceParams>({
  queue: 'shopify_backfill_queue',
  cursor: bulkCursor,
  read: async (step, io) => await allowed(io.held, step, (account) => PHASES[step.cursor.phase](io, account, step.cursor, step)),
  write: writePage,
  cell: cellOf,
})
