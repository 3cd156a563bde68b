import type { Span } from './search'

/*
 * Windows of time. Their edges are at midnight, UTC: at times, Shopify compares only days.
 */

const DAY_MS = 86_400_000
/** The most parts that a window is split into at once: a count that is absurd must not make endless tasks. */
const MAX_PARTS = 16

const day = (ms: number): number => Math.floor(ms / DAY_MS)
const momentOf = (ms: number): string => `${new Date(ms).toISOString().slice(0, 19)}Z`

/** `2024-01-01T00:00:00Z..2024-02-01T00:00:00Z`. */
export const nameOf = ({ from, to }: Span): string => `${from === null ? '' : momentOf(Date.parse(from))}..${momentOf(Date.parse(to))}`

/**
 * A window in parts of about equal length; as one where it has no midnight inside.
 * @param opened nothing is older, ISO 8601
 * @param count how many objects it has
 * @param room how many a part should have at most
 */
export function split({ from, to }: Span, opened: string, count: number, room: number): Span[] {
  const [first, last] = [Date.parse(from ?? opened), Date.parse(to)]
  const parts = Math.min(MAX_PARTS, Math.ceil(count / room))
  const edges = Array.from({ length: Math.max(0, parts - 1) }, (_, n) => day(first + ((last - first) * (n + 1)) / parts) * DAY_MS)
  const inside = [...new Set(edges)].filter((edge) => edge > first && edge < last).map(momentOf)
  return [from, ...inside].map((start, n) => ({ from: start, to: inside[n] ?? to }))
}

/** Whether a moment is in a window. */
export const isIn = ({ from, to }: Span, at: string): boolean => {
  const ms = Date.parse(at)
  // Shopify compares whole seconds.
  return ms < Math.floor(Date.parse(to) / 1000) * 1000 && (from === null || ms >= Math.floor(Date.parse(from) / 1000) * 1000)
}
