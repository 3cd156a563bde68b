import { RetryLater, Throttled } from '../../../../base/errors'
import { isRecord } from '../../../../base/json'
import { defineStream, type Io, type NewTask, type Page, type Step } from '../../../../contract'
import { cellOf } from '../../entities'
import type { CommerceParams } from '../../params'
import type { Account } from '../../store/accounts'
import { type PageBatch, writePage } from '../../streams/page'
import { type Answer, ask } from '../client'
import { shopifyId } from '../ids'
import { CUSTOMERS_PAGE, LINES, ordersPage, PRODUCTS_PAGE, type Query, VARIANTS } from '../queries'
import { firstBulk } from './bulk-cursor'
import { advanced, endOf, type Pages, pages } from './reading'
import { refundTask } from './refunds'
import { rowsOf } from './rows'
import { allowed, partOf, searchOf, shopOf, type Target, taskOf } from './target'

/*
 * A list by pages of GraphQL: few objects, and what has changed.
 */

interface Edge {
  cursor: string
  node: unknown
}

const queryOf = ({ list, facts }: Target) => {
  if (list === 'orders') return ordersPage(facts.withCustomer)
  return list === 'products' ? PRODUCTS_PAGE : CUSTOMERS_PAGE
}

/** What an object has more of than its page shows. */
interface Part {
  connection: 'lineItems' | 'variants'
  query: Query<{ node: Record<string, Connection> | null }>
}
interface Connection {
  pageInfo: { hasNextPage: boolean; endCursor: string | null }
  nodes: unknown[]
}
const PARTS: Partial<Record<Target['list'], Part>> = {
  orders: { connection: 'lineItems', query: LINES as Part['query'] },
  products: { connection: 'variants', query: VARIANTS as Part['query'] },
}

const connectionIn = (node: unknown, part: Part | undefined): Connection | undefined =>
  part && isRecord(node) && isRecord(node[part.connection]) ? (node[part.connection] as unknown as Connection) : undefined

/** An object with one more page of its parts. @returns undefined where it has more than that, or is gone */
async function completed(io: Io, account: Account, node: Record<string, unknown>, part: Part): Promise<unknown> {
  const first = connectionIn(node, part) as Connection
  const { data } = await ask(io, shopOf(account), part.query, { id: String(node.id), after: first.pageInfo.endCursor })
  const more = data.node?.[part.connection]
  if (!more || more.pageInfo.hasNextPage) return undefined
  return { ...node, [part.connection]: { nodes: [...first.nodes, ...more.nodes] } }
}

interface Whole {
  nodes: unknown[]
  /** Objects with very many parts, which a bulk operation reads. */
  large: string[]
  /** The last object that is whole; undefined: none. */
  last: string | undefined
}

/** The objects of a page with all their parts: as many as there is time and room for. @throws when that is none */
async function wholeOf(io: Io, account: Account, list: Target['list'], edges: readonly Edge[]): Promise<Whole> {
  const part = PARTS[list]
  const whole: Whole = { nodes: [], large: [], last: undefined }
  for (const { cursor, node } of edges) {
    const connection = connectionIn(node, part)
    if (part && connection?.pageInfo.hasNextPage && isRecord(node)) {
      if (whole.last !== undefined && !io.more()) return whole
      try {
        const found = await completed(io, account, node, part)
        if (found === undefined) whole.large.push(shopifyId.parse(node.id))
        else whole.nodes.push(found)
      } catch (error) {
        const isWait = error instanceof Throttled || error instanceof RetryLater
        if (!isWait || whole.last === undefined) throw error
        return whole
      }
    } else whole.nodes.push(node)
    whole.last = cursor
  }
  return whole
}

async function read({ cursor: at, job }: Step<Pages, CommerceParams>, io: Io): Promise<Page<Pages, PageBatch>> {
  return await allowed(io.held, { cursor: at, job }, async (account) => {
    const sortKey = at.kind === 'incremental' ? 'UPDATED_AT' : 'ID'
    const { data, sentAt, notes }: Answer<{ page: { pageInfo: Connection['pageInfo']; edges: Edge[] } }> = await ask(
      io,
      shopOf(account),
      queryOf(at) as Query<{ page: { pageInfo: Connection['pageInfo']; edges: Edge[] } }>,
      { query: searchOf(at), after: at.after, sortKey },
    )
    const { pageInfo, edges } = data.page
    const whole = await wholeOf(io, account, at.list, edges)
    const isCut = whole.last !== edges.at(-1)?.cursor
    const shown = rowsOf(at, shopOf(account), whole.nodes)
    const large = whole.large.length
    if (pageInfo.hasNextPage && pageInfo.endCursor === at.after)
      throw new RetryLater('shape', `Shopify answered a page of ${at.list} that leads to itself`)
    const after = isCut ? (whole.last ?? null) : pageInfo.endCursor
    const next = advanced(at, {
      seen: whole.nodes.length + large,
      inside: shown.inside + large,
      rejects: shown.rejected.length,
      apart: large,
      after,
      sentAt,
    })
    const isLast = !isCut && !pageInfo.hasNextPage
    const { also, ...end } = isLast ? await endOf(io, account, next, 'graphql') : { next, also: undefined }
    return {
      batch: { job, account, entity: at.list, rows: shown.rows, beside: shown.beside, readAt: sentAt, found: whole.nodes.length, also },
      rejected: shown.rejected,
      tasks: tasksOf(account, at, whole, shown.refunds),
      expected: at.expected === null ? undefined : Math.max(0, at.expected - next.apart),
      notes,
      ...end,
    }
  })
}

function tasksOf(account: Account, at: Pages, { large }: Whole, refunds: readonly string[]): NewTask[] {
  const alone = large.map((only) => {
    const one = { ...at, only, isWhole: false, expected: 1 }
    return taskOf(account, 'shopify_bulk', at, `${partOf(one)} #${at.round}`, firstBulk(one))
  })
  const lines = refunds.length === 0 ? [] : [refundTask(account, refunds, `${partOf(at)} #${at.round} ${refunds[0]}..${refunds.at(-1)}`)]
  return [...alone, ...lines]
}

export const pagesStream = defineStream<Pages, PageBatch, CommerceParams>({
  queue: 'shopify_backfill_queue',
  cursor: pages,
  read,
  write: writePage,
  cell: cellOf,
})
