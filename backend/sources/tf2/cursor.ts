import { z } from 'zod'

/*
 * How far a step of an item has come. What a snapshot lists is kept in the cursor until it has been asked for.
 */

/** The sides of each type of request. */
export const INTENTS = { FULL: ['buy', 'sell'], BUY_ONLY: ['buy'], SELL_ONLY: ['sell'] } as const
/** The stream of each type of request: what is counted is counted by type. */
export const STREAMS = { FULL: 'full', BUY_ONLY: 'buy_only', SELL_ONLY: 'sell_only' } as const

/** A listing that is to be asked for. */
const wanted = z.object({
  id: z.string(),
  /** Times it could not be told. */
  tries: z.number().int().default(0),
  /** The snapshot does not show it: it is deleted only if it is gone. */
  stale: z.boolean().optional(),
  /** Not asked for before, ms since 1970. */
  at: z.number().optional(),
})
export type Wanted = z.infer<typeof wanted>

const seller = z.object({
  steamid: z.string(),
  /** Ids of his listings that the snapshot shows otherwise than they are held. */
  ids: z.array(z.string()),
  /** Rows of his that the snapshot does not show. */
  stale: z.array(z.string()),
  /** His sell orders without an id: they are found in his inventory. */
  nameless: z.boolean().default(false),
  tries: z.number().int().default(0),
  /** Not asked for before, ms since 1970. */
  at: z.number().optional(),
  /** Pages of his inventory that have been read. */
  part: z.object({ items: z.array(z.tuple([z.string(), z.number(), z.number()])), after: z.string().optional() }).optional(),
})
export type Seller = z.infer<typeof seller>

/** A snapshot that has been read. */
const listed = z.object({
  /** Unix time at which it was made, seconds. */
  createdAt: z.number(),
  sellers: z.array(seller),
  wanted: z.array(wanted),
})

export const itemCursor = z.object({
  /** When the handler began, ms since 1970. */
  began: z.number(),
  /** Absent until the snapshot has been read. */
  listed: listed.optional(),
  /** Rows that were kept though nothing proves them, by reason. */
  kept: z.record(z.string(), z.number()).default({}),
  /** Steam gives no inventory before, ms since 1970: listings are asked for meanwhile. */
  steamAt: z.number().optional(),
})
export type ItemCursor = z.infer<typeof itemCursor>

export const plainCursor = z.object({ began: z.number().optional() })
