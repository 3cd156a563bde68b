import { z } from 'zod'

/** A killmail whose body has still to come from ESI. */
export const pending = z.object({
  id: z.string(),
  /** What zKillboard lists; not always a hash. */
  hash: z.string(),
  /** Computed from the embedded body, where there was one and it does not fit `hash`. */
  computed: z.string().optional(),
  zkb: z.record(z.string(), z.unknown()),
  /** Times ESI refused it or failed. */
  tries: z.number().int().default(0),
  refused: z.number().int().default(0),
  /** Not asked for again before this. */
  at: z.number().optional(),
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
  /** Lowest killmail id dealt with in this stretch; what lies at or above it has been counted. */
  low: z.string().optional(),
  /** A stretch read again ends here. */
  floor: z.string().optional(),
  /** When the copy of the page before was made, ms since 1970. */
  made: z.number().optional(),
  /** This page came back empty; the next one decides what that means. */
  empty: z.number().int().optional(),
  /** Killmails counted against the cap. */
  counted: z.number().int().default(0),
  /** Time of the oldest killmail seen, ms since 1970. */
  oldest: z.number().optional(),
  pending: z.array(pending).default([]),
  gaps: z.array(gap).default([]),
  /** Pages read again in a row without getting further. */
  again: z.number().int().default(0),
  /** The next page is not asked for before this, ms since 1970. */
  wait: z.number().optional(),
  /** The stretch is read to its end. */
  over: z.boolean().default(false),
  /** No killmail of the page in hand is known to lie in the window; the bodies decide. */
  old: z.boolean().optional(),
  /** Month partitions are to be planned from this month down. */
  plan: z.string().optional(),
  /** Last month of a chain. */
  last: z.string().optional(),
})
export type WalkCursor = z.infer<typeof walkCursor>

/** The start of a listing. */
export const emptyCursor = (): WalkCursor => walkCursor.parse({})
