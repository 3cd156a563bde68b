import { z } from 'zod'
import { zkb } from '../records'

/** Why a killmail is rejected when ESI does not help. */
export const REASONS = ['hash_mismatch', 'schema', 'not_on_esi'] as const

/** A killmail whose body has still to come from ESI. */
export const pending = z.object({
  id: z.string(),
  /** What zKillboard lists; not always a hash. */
  hash: z.string(),
  /** Computed from the embedded body, where there was one. */
  computed: z.string().optional(),
  zkb,
  why: z.enum(REASONS),
  fault: z.string().optional(),
  raw: z.unknown().optional(),
  /** Times ESI refused its hash, and times it failed. */
  refused: z.number().int(),
  tries: z.number().int(),
  /** Not asked for again before this, ms since 1970. */
  at: z.number().optional(),
  /** Whether it lies in the window is known once its body is here; it is counted then. */
  unseen: z.boolean().optional(),
})
export type Pending = z.infer<typeof pending>

/** A stretch of the listing to be read again: an empty page in its middle, or rows a cached page may hide. */
export const gap = z.object({
  page: z.number().int(),
  low: z.string().optional(),
  /** The stretch ends at this killmail. */
  floor: z.string(),
  made: z.number().optional(),
  at: z.number(),
})
export type Gap = z.infer<typeof gap>

/** Where a walk through one listing stands. Everything needed to go on is in it. */
export const walkCursor = z.object({
  /** The page to be read next, from 1. */
  page: z.number().int().default(1),
  /** Lowest killmail id dealt with; what lies at or above it has been counted. */
  low: z.string().optional(),
  /** Lowest of all stretches. */
  bottom: z.string().optional(),
  /** A stretch that is read again ends here. */
  floor: z.string().optional(),
  /** When the copy of the page before was made, ms since 1970. */
  made: z.number().optional(),
  /** This page came back empty; the next one decides what that means. */
  empty: z.object({ page: z.number().int(), isOlder: z.boolean(), until: z.number() }).optional(),
  /** The end has been reached as far as the pages say; the statistics are asked. */
  isDoubted: z.boolean().optional(),
  /** The empty page itself is asked for once more. */
  isRepeated: z.boolean().optional(),
  /** Entries listed so far, repeated ones included, and on the last page. */
  rows: z.number().int().default(0),
  lastRows: z.number().int().optional(),
  /** Killmails counted against the cap. */
  counted: z.number().int().default(0),
  /** Time of the oldest killmail seen, ms since 1970. */
  oldest: z.number().optional(),
  pending: z.array(pending).default([]),
  gaps: z.array(gap).default([]),
  /** Times the same page was asked for again without getting further. */
  again: z.number().int().default(0),
  /** The next page is not asked for before this, ms since 1970. */
  wait: z.number().optional(),
  /** The stretch is read to its end. */
  over: z.boolean().default(false),
  /** Nothing on the page in hand is known to lie after the window's start; the bodies decide. */
  old: z.boolean().optional(),
  /** The pages were not enough; smaller partitions are to be made, of this month and older ones (`?`: of the oldest seen). */
  plan: z.string().optional(),
  /** Last month of a chain. */
  last: z.string().optional(),
})
export type WalkCursor = z.infer<typeof walkCursor>

/** The start of a listing. */
export const emptyCursor = (): WalkCursor => walkCursor.parse({})
