import type { ListName } from './queries'

/*
 * Which objects of a list are asked for, in Shopify's search syntax.
 */

/** A span of time, ISO 8601; its end is not in it. */
export interface Span {
  /** Null: from the beginning. */
  from: string | null
  to: string
}

/** By when objects were made: that does not change, so that none leaves or enters a window while it is read. */
const CREATED: Record<ListName, string> = { orders: 'created_at', products: 'created_at', customers: 'customer_date' }

/** Shopify reads whole seconds. */
const second = (moment: string): string => `${new Date(moment).toISOString().slice(0, 19)}Z`

const within = (field: string, { from, to }: Span): string =>
  `${from === null ? '' : `${field}:>='${second(from)}' `}${field}:<'${second(to)}'`

/** All orders, not only open ones. */
const ANY = (list: ListName): string => (list === 'orders' ? 'status:any ' : '')

/** Objects that were made within a span. */
export const createdIn = (list: ListName, span: Span): string => ANY(list) + within(CREATED[list], span)

/** Objects that changed since a moment. Of customers, and at times of products, Shopify compares whole days: there are then more. */
export const changedSince = (list: ListName, since: string): string => `${ANY(list)}updated_at:>='${second(since)}'`

/** The same for REST, whose bounds are both included. */
export function restRange({ list, kind, from, to }: Span & { list: ListName; kind: 'backfill' | 'incremental' }): string {
  const name = kind === 'backfill' ? 'created_at' : 'updated_at'
  const last = second(new Date(Math.floor(Date.parse(to) / 1000) * 1000 - 1000).toISOString())
  return new URLSearchParams({
    ...(list === 'orders' ? { status: 'any' } : {}),
    ...(from === null ? {} : { [`${name}_min`]: second(from) }),
    ...(kind === 'backfill' ? { [`${name}_max`]: last } : {}),
  }).toString()
}
