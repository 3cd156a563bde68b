import { z } from 'zod'
import { defineStream, type Io, type NewTask, type Page, type Step } from '../../../../contract'
import { cellOf, keyOf } from '../../entities'
import type { CommerceParams } from '../../params'
import type { PlannedAccount } from '../../platform'
import { isReject } from '../../reading'
import { accountOf } from '../../store/accounts'
import { paymentsOfLines } from '../../store/held'
import { type PageBatch, writePage } from '../../streams/page'
import { readLedgerEntry } from '../ledger'

/*
 * Entries of the ledger that were read before the orders whose lines they are about, such as by a job whose orders failed and were
 * retried: they are linked without a request.
 */

const AT_ONCE = 500

const cursor = z.object({ account: z.uuid() })
type Cursor = z.infer<typeof cursor>

async function read({ cursor: at, job }: Step<Cursor, CommerceParams>, io: Io): Promise<Page<Cursor, PageBatch>> {
  const account = await accountOf(io.held, at.account)
  const found = await paymentsOfLines(io.held, account, AT_ONCE)
  const payments = found.flatMap(({ raw, order }) => {
    const record = readLedgerEntry(raw)
    return isReject(record) ? [] : [{ ...record, orderId: order, reason: null }]
  })
  const readAt = found.at(-1)?.now ?? new Date(0)
  return {
    batch: { job, account, entity: 'payments', rows: {}, beside: { payments }, readAt, found: 0 },
    next: found.length === AT_ONCE && payments.length > 0 ? at : null,
  }
}

export const linkTask = (account: PlannedAccount): Omit<NewTask, 'lane' | 'stage'> => ({
  stream: 'etsy_lines',
  key: keyOf(account, 'payments', 'lines'),
  cursor: { account: account.id },
})

export const lines = defineStream<Cursor, PageBatch, CommerceParams>({
  queue: 'etsy_backfill_queue',
  cursor,
  read,
  write: writePage,
  cell: cellOf,
})
