import { z } from 'zod'
import { defineStream, gather, type HttpAnswer, type Io, type Page, type Reject, type Step } from '../../../contract'
import { cellOf, placeOf } from '../entities'
import type { CommerceParams } from '../params'
import { isReject } from '../reading'
import { type Account, accountOf } from '../store/accounts'
import type { OrderRecord } from '../store/records'
import type { Batch } from '../store/write'
import { type PageBatch, writePage } from '../streams/page'
import { listOrders, readOrderOf } from './client'
import { countOpen, countOrders, meetsStored, openOrders, unseenOrders } from './held'
import { advance, anew, emptied, newReading, outcomeOf, reading, sinceOf } from './reading'
import { readOrder } from './records'

/*
 * The orders of a shop. Printify tells no time of change, so that a sync reads the list until it meets what it knows, and then each
 * order again that may still change; where the whole list takes fewer requests, that is read.
 */

const ordersCursor = z.object({
  account: z.uuid(),
  isSync: z.boolean(),
  /** Orders that were made before it are not wanted (backfill) or known (sync), ISO 8601; null: the whole list is read. */
  from: z.string().nullable(),
  phase: z.enum(['list', 'check', 'open', 'gone']),
  reading,
  /** The open orders up to this id are read. */
  after: z.string(),
})
export type OrdersCursor = z.infer<typeof ordersCursor>

export const firstOrdersCursor = (account: string, from: string | null, isSync: boolean): OrdersCursor => ({
  ...{ account, isSync, from, phase: 'list', reading: newReading(), after: '' },
})

type OrdersStep = Step<OrdersCursor, CommerceParams>
type OrdersPage = Page<OrdersCursor, PageBatch>

/** Open orders that are read in one page, and how many of them at once. */
const OPEN_AT_ONCE = 20
const REQUESTS_AT_ONCE = 4
/** Orders marked as gone in one page. */
const GONE_AT_ONCE = 500

const whatOf = ({ shopId }: Account): string => `orders of shop ${shopId}`

function split(
  raws: readonly unknown[],
  currency: string | null,
): { read: (OrderRecord | Reject)[]; orders: OrderRecord[]; rejected: Reject[] } {
  const read = raws.map((raw) => readOrder(raw, currency))
  return { read, orders: read.filter((one): one is OrderRecord => !isReject(one)), rejected: read.filter(isReject) }
}

function batchOf({ job }: OrdersStep, account: Account, rows: Batch, readAt: Date, found = 0, expected?: number): PageBatch {
  return { job, account, entity: 'orders', rows, readAt, found, expected }
}

/** A page without a request. */
const onlyGoOn = (step: OrdersStep, account: Account, next: OrdersCursor | null, more: Partial<OrdersPage> = {}): OrdersPage => ({
  ...{ batch: batchOf(step, account, {}, sinceOf(step.cursor.reading)), next, ...more },
})

async function readList(step: OrdersStep, io: Io, account: Account): Promise<OrdersPage> {
  const { cursor } = step
  const { from, isSync } = cursor
  const listed = await listOrders(io, account, cursor.reading.place.page)
  const { read, orders, rejected } = split(listed.data, account.currency)
  const isOlder = ({ createdAt }: OrderRecord) => from !== null && createdAt !== null && createdAt < from
  const ids = read.map((one) => (isReject(one) ? one.key : one.platformId))
  const before = cursor.reading.since === null ? listed.sentAt : sinceOf(cursor.reading)
  const wanted = isSync ? orders : orders.filter((one) => !isOlder(one))
  const shown = {
    sentAt: listed.sentAt,
    apart: [...rejected.map(({ key }) => key), ...orders.filter((one) => !wanted.includes(one)).map(({ platformId }) => platformId)],
    hasRejects: rejected.length > 0,
    made: wanted.map(({ createdAt }) => createdAt),
    // One order out of its place does not end the reading.
    isEnough:
      read.length > 0 &&
      rejected.length === 0 &&
      orders.every(isOlder) &&
      (!isSync || (await meetsStored(io.held, account.id, ids, before))),
  }
  const after = advance(cursor.reading, { ...listed, ids }, shown)
  // A list that is read again was counted already.
  const found = after.reading.round === 1 ? after.fresh : 0
  const expected = from === null && listed.total !== null ? listed.total : undefined
  const page: OrdersPage = {
    batch: batchOf(step, account, { orders: wanted }, listed.sentAt, found, expected),
    next: { ...cursor, reading: after.reading, phase: after.isOver ? 'check' : 'list' },
    rejected,
    expected,
    foreseen: expected === undefined ? undefined : [{ ...placeOf(account, 'orders'), expected }],
  }
  return after.isRestless
    ? { ...page, ...again(cursor, 'unstable_list', `the ${whatOf(account)} change faster than they can be read`) }
    : page
}

/** The list is read from its start again; after the last reading the task fails, and a retry starts there. */
function again(cursor: OrdersCursor, kind: string, reason: string): Pick<OrdersPage, 'next' | 'failed'> {
  const { reading: next, failed } = anew(cursor.reading, kind, reason)
  const start: OrdersCursor = { ...cursor, phase: 'list', reading: next }
  return failed ? { next: null, failed: { ...failed, from: start } } : { next: start }
}

/** Counts what the reading stored. What a complete list does not show is gone, unless it was shown and could not be read. */
async function check(step: OrdersStep, io: Io, account: Account): Promise<OrdersPage> {
  const { cursor } = step
  const { from } = cursor
  const oldest = from === null ? null : (cursor.reading.oldest ?? from)
  const stored = await countOrders(io.held, account.id, sinceOf(cursor.reading), oldest)
  const outcome = outcomeOf(cursor.reading, whatOf(account), stored)
  if (outcome.is === 'different') return onlyGoOn(step, account, null, again(cursor, 'count_mismatch', outcome.reason))
  if (outcome.is === 'unverified')
    return onlyGoOn(step, account, from === null ? null : await restOf(cursor, io, account), { unverified: outcome.reason })
  const isEmptied = cursor.reading.counted === 0 && (await unseenOrders(io.held, account.id, sinceOf(cursor.reading), 1)).length > 0
  if (isEmptied) return onlyGoOn(step, account, null, { unverified: emptied(whatOf(account)) })
  if (from !== null) return onlyGoOn(step, account, await restOf(cursor, io, account))
  return onlyGoOn(step, account, cursor.reading.hasRejects ? null : { ...cursor, phase: 'gone' })
}

/** How a sync reads the orders that may still change: each by its id, or all by the list where that takes fewer requests. */
async function restOf(cursor: OrdersCursor, io: Io, account: Account): Promise<OrdersCursor | null> {
  if (!cursor.isSync) return null
  const pages = cursor.reading.covered?.pages ?? null
  const isFewer = pages !== null && (await countOpen(io.held, account.id, sinceOf(cursor.reading), pages + 1)) > pages
  return isFewer ? wholeList(cursor) : { ...cursor, phase: 'open', after: '' }
}

const wholeList = (cursor: OrdersCursor): OrdersCursor => ({ ...cursor, from: null, phase: 'list', reading: newReading() })

/** Reads orders again that may still change. One that Printify no longer has is no proof: then the whole list is read. */
async function readOpen(step: OrdersStep, io: Io, account: Account): Promise<OrdersPage> {
  const { cursor } = step
  const ids = await openOrders(io.held, account.id, sinceOf(cursor.reading), cursor.after, OPEN_AT_ONCE)
  if (ids.length === 0) return onlyGoOn(step, account, null)
  const answers = new Map<string, HttpAnswer<unknown>>()
  const { failed } = await gather(ids, io, REQUESTS_AT_ONCE, async (id) => answers.set(id, await readOrderOf(io, account, id)))
  if (answers.size === 0 && failed[0]) throw failed[0].error
  const { orders, rejected } = split(
    [...answers.values()].flatMap(({ data }) => (data === undefined ? [] : [data])),
    account.currency,
  )
  const first = Math.min(...[...answers.values()].map(({ sentAt }) => sentAt.getTime()))
  const isMissing = [...answers.values()].some(({ status }) => status === 404)
  const unread = ids.findIndex((id) => !answers.has(id))
  const after = unread === -1 ? (ids.at(-1) ?? '') : unread === 0 ? cursor.after : (ids[unread - 1] ?? '')
  return {
    batch: batchOf(step, account, { orders }, new Date(first), orders.length),
    next: isMissing ? wholeList(cursor) : { ...cursor, after },
    rejected,
  }
}

async function markGone(step: OrdersStep, io: Io, account: Account): Promise<OrdersPage> {
  const { cursor } = step
  const goneOrders = await unseenOrders(io.held, account.id, sinceOf(cursor.reading), GONE_AT_ONCE)
  if (goneOrders.length === 0) return onlyGoOn(step, account, null)
  return { batch: batchOf(step, account, { goneOrders }, sinceOf(cursor.reading)), next: cursor }
}

const PHASES = { list: readList, check, open: readOpen, gone: markGone } as const

/** Orders of a Printify shop, with their lines, shipments and costs. */
export const printifyOrders = defineStream<OrdersCursor, PageBatch, CommerceParams>({
  queue: 'printify_backfill_queue',
  cursor: ordersCursor,
  read: async (step, io) => await PHASES[step.cursor.phase](step, io, await accountOf(io.held, step.cursor.account)),
  write: writePage,
  cell: cellOf,
})
