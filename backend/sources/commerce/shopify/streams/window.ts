import { z } from 'zod'
import { defineStream, type Io, type NewTask, type Page, type Step } from '../../../../contract'
import { cellOf, placeOf } from '../../entities'
import type { CommerceParams } from '../../params'
import type { Ask } from '../../platform'
import type { Account } from '../../store/accounts'
import { type PageBatch, writePage } from '../../streams/page'
import { AccessDenied } from '../client'
import type { ListName } from '../queries'
import { split } from '../windows'
import { firstBulk } from './bulk-cursor'
import { type Counted, questionsOf } from './questions'
import { firstPages } from './reading'
import { allowed, emptyBatch, type Facts, facts, partOf, shopOf, type Target, TRANSPORTS, type Transport, target, taskOf } from './target'

/*
 * The first task of a list: it counts what there is, chooses how to read it, and splits what is too much for one task.
 */

const cursor = target.omit({ facts: true, expected: true }).extend({
  /** Null: to be chosen by the count. */
  transport: z.enum(TRANSPORTS).nullable(),
  /** Null: it is the first task of the list. */
  facts: facts.nullable(),
})
type Cursor = z.infer<typeof cursor>

/** Fewer objects than these are read by pages: a bulk operation takes some seconds, whatever it reads. */
const FEW = { backfill: 250, incremental: 1000 }
/** Objects of one task. Operations run side by side; pages end at 25,000 objects, https://shopify.dev/docs/api/usage/limits. */
const ROOM: Record<Transport, number> = { bulk: 10_000, graphql: 10_000, rest: 10_000 }
/** Lists that an operation reads at once, however long they are: what a complete one does not show is gone. */
const AT_ONCE: readonly ListName[] = ['products', 'customers']

const SCOPE = { orders: 'read_orders', products: 'read_products', customers: 'read_customers' } as const

/** The first task of a list. */
export function windowTask({ account, entity, kind, from, to, params }: Ask): Omit<NewTask, 'lane' | 'stage'>[] {
  if (from !== null && from >= to) return []
  const at: Cursor = {
    account: account.id,
    list: entity as ListName,
    kind,
    from,
    to,
    newestFirst: params.newestFirst,
    isWhole: kind === 'backfill' && params.since === undefined,
    transport: params.transport ?? null,
    facts: null,
  }
  const { stream, key, cursor: first } = taskOf(account, 'shopify_window', at, partOf(at), at)
  return [{ stream, key, cursor: first }]
}

async function read({ cursor: at, job }: Step<Cursor, CommerceParams>, io: Io): Promise<Page<Cursor, PageBatch>> {
  return await allowed<Cursor>(io.held, { cursor: at, job }, async (account) => {
    const shop = shopOf(account)
    const questions = questionsOf(at.transport)
    const first = at.facts ? undefined : await questions.first(io, shop, at)
    if (first && !first.scopes.includes(SCOPE[at.list])) throw new AccessDenied(shop.credential, `the scope ${SCOPE[at.list]} is missing.`)
    const facts = first?.facts ?? (at.facts as Facts)
    const counted: Counted = first ?? (await questions.count(io, shop, at))
    const total = totalOf(counted)
    const entity = at.list
    return {
      batch: { ...emptyBatch(job, account, entity), expected: first && total.expected },
      next: null,
      expected: 0,
      tasks: tasksOf(account, { ...at, facts }, counted),
      foreseen: first ? [{ ...placeOf(account, entity), ...total }] : [],
      notes: counted.notes,
      ...(first && at.list === 'orders' ? recentOnly(account, first.scopes, counted.notes) : {}),
    }
  })
}

/** Where Shopify counts no further, at least so many. */
const totalOf = ({ count, isExact }: Counted): { expected: number; atLeast?: boolean } =>
  isExact ? { expected: count } : { expected: Math.floor(count / 1000) * 1000, atLeast: true }

/** Without this right, Shopify does not say that there are older orders. */
function recentOnly(
  { shopId }: Account,
  scopes: readonly string[],
  notes: string[],
): Pick<Page<Cursor, PageBatch>, 'notes' | 'unverified'> {
  if (scopes.includes('read_all_orders')) return {}
  const why = `Shopify shows only the orders of the last 60 days of ${shopId}: the app lacks the scope read_all_orders, which Shopify grants on request`
  return { notes: [...notes, `${why}.`], unverified: why }
}

function transportOf({ transport, kind }: Cursor, { count }: Counted): Transport {
  return transport ?? (count > FEW[kind] ? 'bulk' : 'graphql')
}

/** What reads it: one task, or tasks that count their parts first. */
function tasksOf(account: Account, at: Cursor & Pick<Target, 'facts'>, counted: Counted): NewTask[] {
  const { count, isExact } = counted
  if (count === 0 && isExact && !at.isWhole) return []
  const transport = transportOf(at, counted)
  const isOne = at.kind === 'incremental' || (transport === 'bulk' && AT_ONCE.includes(at.list))
  const spans = isOne || count <= ROOM[transport] ? [] : split(at, at.facts.openedAt, count, ROOM[transport])
  if (spans.length > 1) {
    const parts = spans.map((span) => ({ ...at, ...span, isWhole: false, transport }))
    const tasks = parts.map((part) => taskOf(account, 'shopify_window', at, partOf(part), part))
    return at.newestFirst ? tasks.reverse() : tasks
  }
  const { transport: _, ...whole } = at
  const reading: Target = { ...whole, expected: isExact ? count : null }
  if (transport === 'bulk') return [taskOf(account, 'shopify_bulk', at, partOf(at), firstBulk(reading))]
  return [taskOf(account, transport === 'rest' ? 'shopify_rest' : 'shopify_pages', at, partOf(at), firstPages(reading))]
}

export const windows = defineStream<Cursor, PageBatch, CommerceParams>({
  queue: 'shopify_backfill_queue',
  cursor,
  read,
  write: writePage,
  cell: cellOf,
})
