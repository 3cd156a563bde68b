import type { Listed } from '../client'
import type { Shown } from '../store'
import type { Listing, RepoCursor } from './cursor'

/*
 * What a page means for the listing of one collection. Hosts list by key, most from the highest to the lowest and some the
 * other way; the protocol promises neither, so the order is checked.
 */

/** Records asked for at once; the most there may be. */
export const PAGE_SIZE = 100
/** Pages in a row that bring nothing new before a host is taken for one that never ends. */
export const MAX_IDLE = 5

/** Collections whose deletions can be found: rows of them are held, and the host names the head, which shows whether the repo changed meanwhile. */
export const sweepable = ({ head, rows }: Pick<RepoCursor, 'head' | 'rows'>): ReadonlySet<string> => new Set(head ? rows : [])

export const startListing = (collection: string, held: ReadonlySet<string>): Listing => ({
  collection,
  limit: PAGE_SIZE,
  pages: 0,
  idle: 0,
  sweeps: held.has(collection),
  unordered: false,
})

export interface Turned {
  listing: Listing
  isOver: boolean
  /** It is taken for over, though the host says that it goes on: nothing follows from what was not shown. */
  isGivenUp: boolean
  /** The host leads back to where it is, or on without end. */
  fault?: string
  shown?: Shown
}

/**
 * The listing after a page.
 * @param keys of the page, in its order, those of rejected records included
 * @param isNew whether the page has a record that was not held before it was read
 */
export function turnPage(listing: Listing, did: string, keys: readonly string[], next: string | undefined, isNew: boolean): Turned {
  const { at, low, high, sweeps } = listing
  const after = beginsAgain(listing, keys) ? keys.slice(1) : keys
  const order = orderOf(listing, after)
  const isEmpty = after.length === 0
  const idle = !isEmpty && (isNew || after.some((key) => isBeyond(listing, key))) ? 0 : listing.idle + 1
  const known = [low, high, ...after].filter((key) => key !== undefined).toSorted()
  const turned: Listing = {
    ...listing,
    at: next ?? at,
    low: known[0],
    high: known.at(-1),
    order: order === 'none' ? listing.order : order,
    unordered: order === 'none',
    idle,
    pages: listing.pages + 1,
  }
  // A list without a cursor is over. One that goes on with nothing in it is asked again before that is believed, and proves nothing.
  const isGivenUp = next !== undefined && isEmpty && idle >= MAX_IDLE
  const isOver = next === undefined || isGivenUp || isItsLast(listing, keys, next)
  return {
    listing: turned,
    isOver,
    isGivenUp,
    shown: sweeps && order !== 'none' && !isGivenUp ? shownBy(did, listing, turned, after, isOver) : undefined,
    ...(!isOver && !isEmpty && (next === at || idle >= MAX_IDLE) ? { fault: next === at ? 'repeated_cursor' : 'endless_listing' } : {}),
  }
}

/** The key from which the list goes on. */
const edgeOf = ({ order, low, high }: Listing): string | undefined => (order === 'rising' ? high : low)

/** Whether a page begins with the record that the page before ended with: some hosts list from the record of the cursor on. */
export const beginsAgain = (listing: Listing, keys: readonly string[]): boolean => keys.length > 0 && keys[0] === edgeOf(listing)

/** Such a host shows the record of the cursor for ever once nothing comes after it. */
const isItsLast = (listing: Listing, keys: readonly string[], next: string): boolean =>
  keys.length === 1 && listing.limit > 1 && next === listing.at && next === keys[0] && beginsAgain(listing, keys)

const isBeyond = ({ low, high }: Listing, key: string): boolean => low === undefined || high === undefined || key < low || key > high

/** The order in which keys follow those before them; undefined while there are fewer than two. */
export function orderOf(listing: Listing, keys: readonly string[]): Listing['order'] | 'none' {
  if (listing.unordered) return 'none'
  const edge = edgeOf(listing)
  const line = edge === undefined ? keys : [edge, ...keys]
  let { order } = listing
  for (const [before, key] of line.slice(1).entries()) {
    const above = line[before] ?? ''
    if (key === above) return 'none'
    const step = key < above ? 'falling' : 'rising'
    if (order !== undefined && order !== step) return 'none'
    order = step
  }
  return order
}

/**
 * The stretch that a page speaks of: from the last key of the page before to its own last one, the last page to the end. While
 * no order is known, nothing is concluded; the first key of the page that shows the order stands for all before.
 */
function shownBy(did: string, before: Listing, turned: Listing, keys: readonly string[], isOver: boolean): Shown | undefined {
  const { collection, order } = turned
  if (!isOver && (order === undefined || keys.length === 0)) return undefined
  const edge = edgeOf(before)
  const begun = before.order === undefined ? undefined : edge
  const end = isOver ? undefined : edgeOf(turned)
  const all = edge === undefined ? [...keys] : [edge, ...keys]
  return order === 'rising'
    ? { did, collection, from: begun, below: end, keys: all }
    : { did, collection, from: end, below: begun, keys: all }
}

/** The record key of a listed uri, whatever else is wrong with it. */
export const keyOf = ({ uri }: Pick<Listed, 'uri'>): string => uri.slice(uri.lastIndexOf('/') + 1)
