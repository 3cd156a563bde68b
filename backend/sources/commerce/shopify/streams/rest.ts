import { z } from 'zod'
import { Fatal } from '../../../../base/errors'
import { isRecord } from '../../../../base/json'
import { defineStream, gather, type Io, type Page, type Step } from '../../../../contract'
import { cellOf } from '../../entities'
import type { CommerceParams } from '../../params'
import type { Account } from '../../store/accounts'
import { type PageBatch, writePage } from '../../streams/page'
import { call } from '../client'
import { shopifyId } from '../ids'
import { REST } from '../rest'
import { restRange } from '../search'
import { advanced, endOf, type Pages, pages } from './reading'
import { rowsOf } from './rows'
import { allowed, shopOf } from './target'

/*
 * A list by REST, in the order of ids: for apps of a shop's own that do not use GraphQL. Each order needs a call for its transactions.
 */

/** Orders of a page: as many as there are calls for at once. */
const LIMIT = { orders: 20, products: 250, customers: 250 }
const AT_ONCE = 4

const transactions = z.object({ transactions: z.array(z.unknown()) })
const idOf = (entry: unknown): string | undefined => shopifyId.safeParse(isRecord(entry) ? entry.id : undefined).data

/** Those of the orders whose transactions could be read, from the first one on. @throws when there is none */
async function withTransactions(io: Io, account: Account, orders: readonly unknown[]): Promise<unknown[]> {
  const { answers, failed } = await gather(orders, io, AT_ONCE, async (order) => {
    const id = idOf(order)
    if (id === undefined || !isRecord(order)) return { order, id, whole: order }
    const { data } = await call(io, shopOf(account), `/orders/${id}/transactions.json?in_shop_currency=true`, transactions)
    return { order, id, whole: { ...order, transactions: data.transactions } }
  })
  const read = new Map(answers.map(({ order, whole }) => [order, whole]))
  const first = orders.findIndex((order) => !read.has(order))
  const kept = orders.slice(0, first < 0 ? orders.length : first)
  if (kept.length === 0 && failed[0]) throw failed[0].error
  return kept.map((order) => read.get(order))
}

async function read({ cursor: at, job }: Step<Pages, CommerceParams>, io: Io): Promise<Page<Pages, PageBatch>> {
  return await allowed(io.held, { cursor: at, job }, async (account) => {
    const limit = LIMIT[at.list]
    const path = `/${at.list}.json?limit=${limit}&since_id=${at.after ?? 0}&${restRange(at)}`
    const { data, sentAt, notes } = await call(io, shopOf(account), path, z.record(z.string(), z.unknown()))
    const entries = data[at.list]
    if (!Array.isArray(entries)) throw new Fatal('shape', `Shopify answered ${path} without a list of ${at.list}`)
    const whole = at.list === 'orders' ? await withTransactions(io, account, entries) : entries
    const shown = rowsOf(at, shopOf(account), whole, REST)
    const after = whole.length === 0 ? at.after : idOf(whole.at(-1))
    if (after === undefined || (whole.length > 0 && after === at.after))
      throw new Fatal('shape', `Shopify answered ${path} with an entry that has no id: the list cannot be read on`)
    const next = advanced(at, { seen: whole.length, inside: shown.inside, rejects: shown.rejected.length, after, sentAt })
    const { also, ...end } = entries.length === 0 ? await endOf(io, account, next, 'rest') : { next, also: undefined }
    return {
      batch: { job, account, entity: at.list, rows: shown.rows, beside: shown.beside, readAt: sentAt, found: whole.length, also },
      rejected: shown.rejected,
      expected: at.expected ?? undefined,
      notes,
      ...end,
    }
  })
}

export const restStream = defineStream<Pages, PageBatch, CommerceParams>({
  queue: 'shopify_backfill_queue',
  cursor: pages,
  read,
  write: writePage,
  cell: cellOf,
})
