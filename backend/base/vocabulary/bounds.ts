/*
 * The most that may be asked for at once.
 */

/** Rows of a page. */
export const DEFAULT_LIMIT = 50
export const MAX_LIMIT = 200
/** Places of a window of a grid. */
export const DEFAULT_CELLS = 5000
export const MAX_CELLS = 20_000
/** Jobs that one verb is done on at once. */
export const MAX_BULK = 500
/** A failure asks for attention for so long, unless somebody acknowledges it. */
export const ATTENTION_DAYS = 7
/** Places of a queue of jobs that are counted; those behind count as one more. */
export const PLACES_COUNTED = 10_000
/** Longest history shown, minutes: a week. */
export const MAX_MINUTES = 10_080
/** Spans by which history is kept, and for how long: a chart shows the shortest one that still has its whole range. */
export const SPANS = [
  { minutes: 1, keptHours: 7 },
  { minutes: 5, keptHours: 26 },
  { minutes: 30, keptHours: 170 },
] as const
/** Ranges that charts offer, minutes. */
export const RANGES = [60, 360, 1440, MAX_MINUTES] as const
