import { z } from 'zod'
import { defineStream, type Io, type Page, type Step } from '../../../../contract'
import { cellOf } from '../../entities'
import type { CommerceParams } from '../../params'
import { isReject } from '../../reading'
import { accountOf } from '../../store/accounts'
import { type PageBatch, writePage } from '../../streams/page'
import { buyerOf } from '../buyers'
import { askReceipt } from '../client'
import { readReceipt } from '../records'

/*
 * One receipt that is held and was changed without a trace in its time of change.
 */

const cursor = z.object({ account: z.uuid(), receipt: z.string() })
type Cursor = z.infer<typeof cursor>

async function read({ cursor: at, job }: Step<Cursor, CommerceParams>, io: Io): Promise<Page<Cursor, PageBatch>> {
  const account = await accountOf(io.held, at.account)
  const { receipt, sentAt } = await askReceipt(io, account, at.receipt)
  const batch: PageBatch = { job, account, entity: 'payments', rows: {}, readAt: sentAt, found: 0 }
  if (receipt === null) return { batch: { ...batch, rows: { goneOrders: [at.receipt] } }, next: null, expected: 0 }
  const order = readReceipt(receipt)
  if (isReject(order)) return { batch, rejected: [order], next: null, expected: 1 }
  const buyer = buyerOf(order)
  return { batch: { ...batch, rows: { orders: [order] }, beside: { customers: buyer ? [buyer] : [] } }, next: null, expected: 1 }
}

export const receipts = defineStream<Cursor, PageBatch, CommerceParams>({
  queue: 'etsy_backfill_queue',
  cursor,
  read,
  write: writePage,
  cell: cellOf,
})
