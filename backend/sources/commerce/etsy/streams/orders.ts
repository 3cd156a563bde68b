import { z } from 'zod'
import { defineStream, type Foreseen, type Io, type NewTask, type Page, type Step } from '../../../../contract'
import { cellOf, keyOf, placeOf, type ShopRef } from '../../entities'
import { type CommerceParams, entitiesOf } from '../../params'
import type { Ask } from '../../platform'
import { isReject } from '../../reading'
import { type Account, accountOf } from '../../store/accounts'
import { countCancelled, firstOrderAt } from '../../store/held'
import { type PageBatch, writePage } from '../../streams/page'
import { buyerOf } from '../buyers'
import { askList, isBeyondReach, listedOf, requireWithin } from '../client'
import { advance, isBeyond, LIMIT, type Listed, place, requestsFor, roomOf, START } from '../paging'
import { readReceipt } from '../records'
import { ETSY_STARTED, nameOf, split, splitByCount, type Window, windowOf, within } from '../windows'
import { ledgerRequests } from './payments'

/*
 * Paid receipts, with their transactions, shipments, refunds and buyers. A window of time is one task; one that holds more than offsets
 * reach is split.
 */

/**
 * `created`: receipts that were made in the window. `changed`: those whose last change is in it. `cancelled`: those made in it that are
 * cancelled: Etsy may leave their time of change alone.
 */
const WHAT = ['created', 'changed', 'cancelled'] as const

const cursor = z.object({
  account: z.uuid(),
  what: z.enum(WHAT),
  from: z.number(),
  to: z.number(),
  newestFirst: z.boolean(),
  /** The whole of what is asked for: its count is the total. */
  isWhole: z.boolean(),
  /** How many entries the first page of the whole had; 0 for the whole. */
  full: z.number(),
  place,
})
type Cursor = z.infer<typeof cursor>
type OrderStep = Step<Cursor, CommerceParams>
type OrderPage = Page<Cursor, PageBatch>

const CREATED = ['created_timestamp', 'create_timestamp']

/** The query for a page. */
export function queryOf({ what, from, to, newestFirst, place: { offset } }: Omit<Cursor, 'account' | 'isWhole' | 'full'>) {
  const isChanged = what === 'changed'
  return {
    was_paid: true,
    ...(what === 'cancelled' ? { was_canceled: true } : {}),
    ...within({ from, to }, isChanged ? 'last_modified' : 'created'),
    sort_on: isChanged ? 'updated' : 'created',
    sort_order: newestFirst ? 'desc' : 'asc',
    limit: LIMIT,
    offset,
  }
}

async function read(step: OrderStep, io: Io): Promise<OrderPage> {
  const { job } = step
  const account = await accountOf(io.held, step.cursor.account)
  const at = await narrowed(step.cursor, account, io)
  const batch: PageBatch = { job, account, entity: 'orders', rows: {}, readAt: new Date(0), found: 0 }
  const page = await askList(io, account, '/receipts', queryOf(at), at.to - at.from > 1 ? isBeyondReach : undefined)
  if (!page) return splitInto(split(at, 2), at, account, { batch, next: null, expected: 0 })
  batch.readAt = page.sentAt
  // What Etsy takes for the last change may be another time than the one that it shows.
  if (at.what !== 'changed') requireWithin(page, at, CREATED)
  const records = page.results.map(readReceipt)
  const listed = listedOf(page, records)
  if (at.place.offset === 0 && isBeyond(listed, at.full))
    return splitPage(at, account, listed, batch, foreseenOf(at, account, step.params, page.count))
  const turn = advance(at.place, listed)
  const fresh = records.filter((_, n) => turn.fresh[n])
  const orders = fresh.flatMap((one) => (isReject(one) ? [] : [one]))
  const isChecked = at.what === 'cancelled' && at.place.offset === 0 && (await countCancelled(io.held, account, at)) === page.count
  const total = at.isWhole ? page.count : undefined
  return {
    batch: {
      ...batch,
      rows: { orders },
      beside: { customers: orders.flatMap((order) => buyerOf(order) ?? []) },
      found: at.what === 'cancelled' ? 0 : turn.found,
      expected: total,
    },
    rejected: fresh.filter(isReject),
    foreseen: at.place.offset === 0 || !turn.next ? foreseenOf(at, account, step.params, page.count) : [],
    ...(isChecked ? { next: null } : { expected: page.count, ...endOf(at, turn) }),
  }
}

/** Cancelled orders are wanted as far back as orders are held. */
async function narrowed(at: Cursor, account: Account, io: Io): Promise<Cursor> {
  if (at.what !== 'cancelled' || at.place.offset > 0) return at
  const first = await firstOrderAt(io.held, account)
  const from = first ? Math.floor(first.getTime() / 1000) : at.to - 1
  return { ...at, from: Math.min(at.to - 1, Math.max(at.from, from)) }
}

/** The next page, or how the task ends. */
function endOf(at: Cursor, { next, fault }: ReturnType<typeof advance>): Pick<OrderPage, 'next' | 'failed'> {
  if (next) return { next: { ...at, place: next } }
  if (fault === undefined) return { next: null }
  const reason = `the receipts of ${nameOf(at)} do not add up, also when they are read again: ${fault}`
  return { next: null, failed: { kind: 'count_mismatch', reason, from: { ...at, place: START } } }
}

/** A window with more entries than offsets reach. */
function splitPage(at: Cursor, account: Account, listed: Listed, batch: PageBatch, foreseen: Foreseen[]): OrderPage {
  const { count, keys } = listed
  const room = roomOf(listed)
  const total = at.isWhole ? count : undefined
  const none = { batch: { ...batch, expected: total }, next: null, expected: 0, foreseen }
  if (at.to - at.from <= 1) {
    const reason = `Etsy counts ${count} receipts in the second ${nameOf(at)} and shows ${room} of them`
    return { ...none, failed: { kind: 'window_too_dense', reason } }
  }
  return splitInto(splitByCount(at, count, room), { ...at, full: keys.length }, account, none)
}

/** A page without rows, in place of which the parts of its window are read. */
function splitInto(windows: readonly Window[], at: Cursor, account: Account, page: OrderPage): OrderPage {
  const tasks = windows.map((window) => taskOf(account, { ...at, ...window, isWhole: false, place: START }))
  return { ...page, tasks: (at.newestFirst ? tasks.reverse() : tasks).map((task) => ({ ...task, ...placeOf(account, 'orders') })) }
}

/** The totals of the whole, and what the ledger of so many orders will take. */
function foreseenOf({ isWhole, what, ...window }: Cursor, account: Account, params: CommerceParams, total: number): Foreseen[] {
  if (!isWhole) return []
  const own = { ...placeOf(account, 'orders'), expected: total, requests: { etsy: requestsFor(total) } }
  if (what !== 'created' || !entitiesOf('etsy', params).includes('payments')) return [own]
  return [own, { ...placeOf(account, 'payments'), expected: null, requests: { etsy: ledgerRequests(window, total) } }]
}

const taskOf = (shop: ShopRef, at: Cursor): Omit<NewTask, 'lane' | 'stage'> => ({
  stream: 'etsy_orders',
  key: keyOf(shop, 'orders', at.what === 'created' ? nameOf(at) : `${at.what} ${nameOf(at)}`),
  cursor: at,
})

/** One window of all that is wanted. A sync reads what has changed, and which orders are cancelled. */
export function orderTasks({ account, kind, from, to, params }: Ask): Omit<NewTask, 'lane' | 'stage'>[] {
  const window = windowOf(from, to)
  if (window.from >= window.to) return []
  const at = { account: account.id, ...window, newestFirst: params.newestFirst, isWhole: true, full: 0, place: START }
  if (kind === 'backfill') return [taskOf(account, { ...at, what: 'created' })]
  return [
    taskOf(account, { ...at, what: 'changed', newestFirst: false }),
    // The newest first: there the last ones to be cancelled are likely.
    taskOf(account, { ...at, from: ETSY_STARTED, what: 'cancelled', newestFirst: true, isWhole: false }),
  ]
}

export const orders = defineStream<Cursor, PageBatch, CommerceParams>({
  queue: 'etsy_backfill_queue',
  cursor,
  read,
  write: writePage,
  cell: cellOf,
})
