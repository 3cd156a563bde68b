import type { Listed } from '../client'
import type { Shown } from '../store'
import type { Listing, RepoCursor } from './cursor'

/*
 * What a page means for the listing of one collection. Hosts list by key from the highest to the lowest; the protocol does not
 * promise that, so the order is looked at.
 */

/** Records asked for at once; the most there may be. */
export const PAGE_SIZE = 100
/** Pages in a row that bring nothing new before a host is taken for one that never ends. */
export const MOST_IDLE = 5

/** Collections of which it can be said what is gone: rows of them are held, and the host tells whether the repo changed meanwhile. */
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
 * @param keys of the page, in its order, those of records that are set aside included
 * @param isNew whether the page has a record that was not held before it was read
 */
export function turnPage(listing: Listing, did: string, keys: readonly string[], next: string | undefined, isNew: boolean): Turned {
  const { collection, at, low, sweeps } = listing
  const unordered = listing.unordered || !isOrdered(keys, low)
  const lowest = keys.at(-1) ?? low
  const idle = keys.length > 0 && (isNew || isBelow(keys, low)) ? 0 : listing.idle + 1
  const isEmpty = keys.length === 0
  // A list without a cursor is over. One that goes on with nothing in it is asked again before that is believed, and proves nothing.
  const isGivenUp = next !== undefined && isEmpty && idle >= MOST_IDLE
  const isOver = next === undefined || isGivenUp
  const shown = sweeps && !unordered && !isGivenUp ? shownBy({ did, collection, keys, low, lowest, isOver }) : undefined
  return {
    listing: { ...listing, at: next ?? at, low: lowest, idle, unordered, pages: listing.pages + 1 },
    isOver,
    isGivenUp,
    shown,
    ...(!isOver && !isEmpty && (next === at || idle >= MOST_IDLE) ? { fault: next === at ? 'repeated_cursor' : 'endless_listing' } : {}),
  }
}

const isBelow = (keys: readonly string[], low: string | undefined): boolean => low === undefined || keys.some((key) => key < low)

/** Whether keys fall, and go on falling from the lowest one before them. */
export function isOrdered(keys: readonly string[], low: string | undefined): boolean {
  return keys.every((key, at) => {
    const above = at === 0 ? low : keys[at - 1]
    return above === undefined || key < above
  })
}

/** The stretch from the lowest key of the page up to that of the page before; the last page reaches down to the end. */
function shownBy(of: {
  did: string
  collection: string
  keys: readonly string[]
  low?: string
  lowest?: string
  isOver: boolean
}): Shown | undefined {
  const { did, collection, keys, low, lowest, isOver } = of
  if (keys.length === 0 && !isOver) return undefined
  return { did, collection, ...(isOver ? {} : { from: lowest }), below: low, keys: [...keys] }
}

/** The record key of a listed uri, whatever else is wrong with it. */
export const keyOf = ({ uri }: Pick<Listed, 'uri'>): string => uri.slice(uri.lastIndexOf('/') + 1)
