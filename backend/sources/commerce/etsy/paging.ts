import { z } from 'zod'

/*
 * How a list is read by offsets, and how it is proven that all of it was. Each page begins with the last entry of the one before it: where
 * that is not so, entries were added or removed meanwhile. At the end, as many different entries must have come as Etsy counts.
 */

/** The largest offset that Etsy takes. */
export const MAX_OFFSET = 12_000
/** The most entries that Etsy puts on a page. */
export const LIMIT = 100
/** Entries on a page that is asked for without a limit: no page that may be followed by others has fewer. */
const LEAST = 25
/** How often a list is read before it is given up. */
export const MAX_READINGS = 3

/** Where a reading stands. */
export const place = z.object({
  offset: z.number(),
  /** Different entries so far. */
  seen: z.number(),
  /** Entries of the page before, by key. */
  tail: z.array(z.string()),
  /** 1: the first time. */
  reading: z.number(),
  /** Entries of earlier readings, which were counted as found then. */
  counted: z.number(),
})
export type Place = z.infer<typeof place>

export const START: Place = { offset: 0, seen: 0, tail: [], reading: 1, counted: 0 }

export interface Listed {
  /** Of the whole list, according to Etsy. */
  count: number
  /** Keys of the entries of the page, in order. */
  keys: readonly string[]
}

/** What follows a page. */
export interface Turn {
  /** Which entries of the page were not on the one before it. */
  fresh: boolean[]
  /** How many of them were not found by an earlier reading. */
  found: number
  /** Where to go on; null: the list was read to its end. */
  next: Place | null
  /** Why this reading proves nothing, as a sentence without its full stop. `next` is the start of another one, null after the last. */
  fault?: string
  /** Every place of the list was shown, though some entries may have stood at two of them. */
  isWhole: boolean
}

/** How many entries can be read of a list whose first page is this one: Etsy may put fewer on a page than asked for. */
export const roomOf = ({ keys }: Listed): number => MAX_OFFSET + Math.min(LIMIT, keys.length)

/**
 * Whether offsets do not reach all of a list, so that it must be read in parts. Where the page is not full, the count is wrong instead:
 * splitting would never end.
 * @param full how many entries the first page of the whole had; 0: this is the whole
 */
export const isBeyond = (listed: Listed, full: number): boolean =>
  listed.count > roomOf(listed) && listed.keys.length >= Math.max(LEAST, full)

/** How many requests read a list of so many entries. */
export const requestsFor = (count: number): number => Math.max(1, Math.ceil((count - 1) / (LIMIT - 1)))

/** Goes on after a page. */
export function advance(at: Place, { count, keys }: Listed): Turn {
  const known = new Set(at.tail)
  const fresh = keys.map((key, n) => !known.has(key) && keys.indexOf(key) === n)
  const seen = at.seen + fresh.filter(Boolean).length
  const found = Math.max(0, seen - at.counted) - Math.max(0, at.seen - at.counted)
  const end = at.offset + keys.length
  const last = at.tail.at(-1)
  const isWhole = end >= count
  const again = (fault: string): Turn => {
    const next = at.reading < MAX_READINGS ? { ...START, reading: at.reading + 1, counted: Math.max(at.counted, seen) } : null
    return { fresh, found, next, fault, isWhole }
  }
  if (last !== undefined && !keys.includes(last)) return again('the list changed while it was read')
  const differs = `Etsy counts ${count} and shows ${seen}`
  if (isWhole) return seen === count ? { fresh, found, next: null, isWhole } : again(differs)
  const offset = Math.min(end - 1, MAX_OFFSET)
  if (offset <= at.offset && at.tail.length > 0) return again(differs)
  if (keys.length === 0) return again(differs)
  return { fresh, found, next: { ...at, offset: Math.max(0, offset), seen, tail: [...keys] }, isWhole }
}
