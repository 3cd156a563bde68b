import { z } from 'zod'
import { defineStream, type Io, type NewTask, type Page, type Step } from '../../../../contract'
import { cellOf } from '../../entities'
import type { CommerceParams } from '../../params'
import { isReject } from '../../reading'
import type { Account } from '../../store/accounts'
import { completeRefunds } from '../../store/bulk'
import type { RefundLineRecord } from '../../store/records'
import { type PageBatch, writePage } from '../../streams/page'
import { ask } from '../client'
import { gidOf, shopifyId } from '../ids'
import { REFUND_LINES, REFUND_LINES_FIRST, REFUNDS, REFUNDS_AT_ONCE } from '../queries'
import { type RefundRef, readRefundLine } from '../refunds'
import { allowed, emptyBatch, shopOf, taskOf } from './target'

/*
 * The lines of refunds, which neither a bulk file nor a page of orders shows. Lines do not change, so that those that are stored are not
 * read again.
 */

const cursor = z.object({
  account: z.uuid(),
  /** Numbers of refunds that are still to be read. */
  ids: z.array(z.string()),
  /** Refunds with more lines than were shown. */
  longer: z.array(z.object({ id: z.string(), createdAt: z.string().nullable(), after: z.string() })),
})
type Cursor = z.infer<typeof cursor>

/** A task for the lines of refunds. @param ids their numbers @param part tells it from the others */
export const refundTask = (account: Account, ids: readonly string[], part: string): NewTask => {
  const at: Cursor = { account: account.id, ids: [...ids], longer: [] }
  return taskOf(account, 'shopify_refunds', { list: 'orders' }, `refunds of ${part}`, at)
}

interface Shown {
  pageInfo: { hasNextPage: boolean; endCursor: string | null }
  nodes: unknown[]
}
type RefundPage = Page<Cursor, PageBatch>

/** What the next request shows of refunds, and what is left after it. */
interface Part {
  shown: { of: RefundRef; lines: Shown }[]
  sentAt: Date
  left: Cursor
}

async function read({ cursor: at, job }: Step<Cursor, CommerceParams>, io: Io): Promise<RefundPage> {
  return await allowed(io.held, { cursor: at, job }, async (account) => {
    const batch = emptyBatch(job, account, 'orders')
    const stored = await completeRefunds(io.held, account, at.ids, REFUND_LINES_FIRST)
    const open = { ...at, ids: at.ids.filter((id) => !stored.has(id)) }
    const part = await partOf(io, account, open)
    if (!part) return { batch, next: null, expected: 0 }
    const lines = part.shown.flatMap(({ of, lines: { nodes } }) => nodes.map((raw) => readRefundLine(raw, of)))
    const next = part.left.ids.length > 0 || part.left.longer.length > 0 ? part.left : null
    return {
      batch: { ...batch, beside: { refundLines: lines.filter((one): one is RefundLineRecord => !isReject(one)) }, readAt: part.sentAt },
      rejected: lines.filter(isReject),
      next,
    }
  })
}

async function partOf(io: Io, account: Account, at: Cursor): Promise<Part | undefined> {
  const shop = shopOf(account)
  const refOf = (id: string, createdAt: string | null): RefundRef => ({ id, createdAt, currency: account.currency })
  const [long, ...others] = at.longer
  if (long) {
    const { data, sentAt } = await ask(io, shop, REFUND_LINES, { id: gidOf('Refund', long.id), after: long.after })
    const lines = data.node?.refundLineItems
    const more = lines?.pageInfo.hasNextPage ? lines.pageInfo.endCursor : null
    const left = { ...at, longer: more === null ? others : [{ ...long, after: more }, ...others] }
    return { shown: lines ? [{ of: refOf(long.id, long.createdAt), lines }] : [], sentAt, left }
  }
  if (at.ids.length === 0) return undefined
  const [ids, rest] = [at.ids.slice(0, REFUNDS_AT_ONCE), at.ids.slice(REFUNDS_AT_ONCE)]
  const { data, sentAt } = await ask(io, shop, REFUNDS, { ids: ids.map((id) => gidOf('Refund', id)) })
  const found = data.nodes.filter((node) => node !== null)
  const shown = found.map((node) => ({ of: refOf(shopifyId.parse(node.id), isoOf(node.createdAt)), lines: node.refundLineItems }))
  const longer = shown.flatMap(({ of: { id, createdAt }, lines: { pageInfo } }) =>
    pageInfo.hasNextPage && pageInfo.endCursor !== null ? [{ id, createdAt, after: pageInfo.endCursor }] : [],
  )
  return { shown, sentAt, left: { ...at, ids: rest, longer } }
}

const isoOf = (at: string | null): string | null => (at === null ? null : new Date(at).toISOString())

export const refundsStream = defineStream<Cursor, PageBatch, CommerceParams>({
  queue: 'shopify_backfill_queue',
  cursor,
  read,
  write: writePage,
  cell: cellOf,
})
