/*
 * Windows of time, in seconds since 1970. Both ends that Etsy takes are included; a window of ours ends before `to`.
 */

export interface Window {
  from: number
  /** Not part of it. */
  to: number
}

/** Etsy refuses earlier times. */
const EARLIEST = 946_684_800
/** Nothing at Etsy is older than Etsy, June 2005. */
export const ETSY_STARTED = 1_117_584_000
/** The most parts that a window is split into at once: a count that is absurd must not make endless tasks. */
const MAX_PARTS = 64

export const secondsOf = (iso: string): number => Math.floor(Date.parse(iso) / 1000)

/** What is wanted, from the first second to the one of `to`, which is not complete yet. Null: from the beginning of Etsy. */
export function windowOf(from: string | null, to: string): Window {
  const first = from === null ? ETSY_STARTED : Math.max(EARLIEST, secondsOf(from))
  return { from: first, to: Math.max(first, secondsOf(to)) }
}

const momentOf = (at: number): string => new Date(at * 1000).toISOString().replace('.000Z', 'Z')

/** `2024-01-01T00:00:00Z..2024-02-01T00:00:00Z`. */
export const nameOf = ({ from, to }: Window): string => `${momentOf(from)}..${momentOf(to)}`

/** The window in parts of equal length, one second apart at most; fewer where it has fewer seconds. */
export function split({ from, to }: Window, parts: number): Window[] {
  const count = Math.max(1, Math.min(parts, to - from))
  const edge = (n: number) => from + Math.floor(((to - from) * n) / count)
  return Array.from({ length: count }, (_, n) => ({ from: edge(n), to: edge(n + 1) }))
}

/** In as few equal parts as are no longer than so many seconds. */
export const splitBySeconds = (window: Window, seconds: number): Window[] => split(window, Math.ceil((window.to - window.from) / seconds))

/**
 * In halves, quarters, eighths: so many that each part holds what can be read of it, if entries are spread evenly. An uneven part is
 * split again.
 * @param count how many entries it has
 * @param room how many can be read of one window
 */
export function splitByCount(window: Window, count: number, room: number): Window[] {
  const halvings = Math.ceil(Math.log2(count / room))
  return split(window, Math.min(MAX_PARTS, 2 ** Math.max(1, halvings)))
}

/** The query of a window. @param on the time that it is about */
export const within = ({ from, to }: Window, on: 'created' | 'last_modified'): Record<string, string> => ({
  [`min_${on}`]: String(from),
  [`max_${on}`]: String(to - 1),
})
