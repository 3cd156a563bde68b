import { z } from 'zod'
import { head } from '../client'

/** A repo found and not placed yet. */
export const found = z.object({
  /** DID or handle. */
  name: z.string(),
  /** The host that lists it, which need not be its own any more; its head and state as that host has them. */
  host: z.string().optional(),
  head: head.optional(),
  inactive: z.string().optional(),
  /** Times its identity could not be read. */
  tries: z.number().int().optional(),
})
export type Found = z.infer<typeof found>

/** Where a discovery stands. */
export const discovery = z.object({
  /** Cursor of the next page upstream; absent before the first. */
  at: z.string().optional(),
  /** A cursor some pages back, and how many since: a list that leads back to it goes round. */
  anchor: z.string().optional(),
  since: z.number().int().default(0),
  reach: z.number().int().default(1),
  /** When the job began its discovery, ISO 8601 by the database's clock; absent where it is about one collection. */
  began: z.string().optional(),
  /** The last repo of the page before. */
  last: z.string().optional(),
  /** Everything upstream has been listed. */
  isListed: z.boolean().default(false),
  /** Pages in a row that brought nothing. */
  empty: z.number().int().default(0),
  pending: z.array(found).default([]),
})
export type Discovery = z.infer<typeof discovery>

/** The start of a discovery. @param pending repos that are named: nothing is left to list */
export const discoveryCursor = (pending: Found[] = []): Discovery => ({
  since: 0,
  reach: 1,
  isListed: pending.length > 0,
  empty: 0,
  pending,
})

/** Where the listing of one collection of a repo stands. */
const listing = z.object({
  collection: z.string(),
  at: z.string().optional(),
  /** Lowest and highest record key so far. */
  low: z.string().optional(),
  high: z.string().optional(),
  /** Whether keys fall or rise; absent until two are known. */
  order: z.enum(['falling', 'rising']).optional(),
  limit: z.number().int(),
  pages: z.number().int().default(0),
  /** Pages in a row that brought nothing new. */
  idle: z.number().int().default(0),
  /** Records that are gone are searched for. */
  sweeps: z.boolean(),
  /** The host lists in no order: deletions cannot be found. */
  unordered: z.boolean().default(false),
})
export type Listing = z.infer<typeof listing>

/** Where a repo stands. */
export const repoCursor = z.object({
  /** The collection it was found by: it is read whatever its host says of it. */
  foundBy: z.string().optional(),
  /** Whose records are read. */
  collections: z.array(z.string()),
  /** Its host; absent until its identity is read. */
  pds: z.string().optional(),
  /** When the directory named it in this job, ms since 1970; absent where the host is the one that was held. */
  placedAt: z.number().optional(),
  /** The head that is read, as the host named it before the first record; absent where the host names none. */
  head: head.optional(),
  /** Collections still to read, the one in hand included; absent until that is known. */
  todo: z.array(z.string()).optional(),
  /** Collections that are read, those that have been read included. */
  reads: z.array(z.string()).default([]),
  /** Wanted collections that nothing lists: they are not read. */
  unlisted: z.array(z.string()).default([]),
  /** Records of the collections that are left alone because nothing has changed, and how many of them were rejected. */
  unchanged: z.object({ records: z.number().int(), rejected: z.number().int() }).default({ records: 0, rejected: 0 }),
  listing: listing.optional(),
  /** Of those, the ones that had rows when the reading began. */
  rows: z.array(z.string()).default([]),
  /** Records read so far, by collection. */
  counts: z.record(z.string(), z.number().int()).default({}),
  /** Pages read so far, of all its collections. */
  pages: z.number().int().default(0),
  /** Collections that had rows and were listed to their end in order: what is marked as missing there may go. */
  marked: z.array(z.string()).default([]),
  /** The whole repo is read at once; `after`: what lies up to this path is written. */
  car: z.object({ rev: z.string().optional(), after: z.string().optional() }).optional(),
  /** It has been found too large to be read at once. */
  isLarge: z.boolean().default(false),
  /** Keys of rejected records: one that is read again for another reason is not rejected twice. */
  rejected: z.array(z.string()).default([]),
  /** Collections with rejected records that may be valid the next time. */
  doubted: z.array(z.string()).default([]),
  /** It has been followed to another host. */
  hasMoved: z.boolean().default(false),
  /** Times it was read again because it changed meanwhile. */
  again: z.number().int().default(0),
})
export type RepoCursor = z.infer<typeof repoCursor>
