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
/** Places of a queue of jobs that are counted; those behind count as one more. */
export const PLACES_COUNTED = 10_000
/** Longest history shown, minutes: a week. */
export const MAX_MINUTES = 10_080
