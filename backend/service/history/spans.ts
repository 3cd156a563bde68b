import { SPANS } from '../../base/vocabulary'

/** The spans of a chart. */
export interface Bins {
  /** Start of the first one, ms since 1970. */
  first: number
  /** Length of each, minutes. */
  minutes: number
  length: number
}

const HOUR = 60

/** Length of the spans by which what is so old can still be told apart, minutes. @param age minutes */
export function spanAt(age: number): number {
  // Rows are folded up to an hour after their time.
  const found = SPANS.find(({ keptHours }) => age <= (keptHours - 1) * HOUR)
  return (found ?? SPANS[SPANS.length - 1] ?? SPANS[0]).minutes
}

/**
 * The spans of the last minutes, aligned to their length; the last one is not over yet.
 * @param now ms since 1970
 */
export function binsOf(range: number, now: number): Bins {
  const minutes = spanAt(range)
  const ms = minutes * 60_000
  const length = Math.ceil(range / minutes)
  return { first: Math.floor(now / ms) * ms - (length - 1) * ms, minutes, length }
}

export const startsOf = ({ first, minutes, length }: Bins): string[] =>
  Array.from({ length }, (_, place) => new Date(first + place * minutes * 60_000).toISOString())
