/** How often the event loop is checked, ms, and how late a timer fires on an idle machine. */
const CHECK_MS = 5
const USUAL_MS = 2
/** A blocked loop makes arrivals look late for so long afterwards, ms. */
const AFTER_MS = 20

export interface Lateness {
  /** A request that is seen now may have arrived so much earlier, ms: this process was held up. */
  now(): number
  stop(): void
}

/**
 * An upstream notes arrivals when its loop comes to them. On a busy machine that is late for one and in time for the next,
 * and a client that kept its spacing would be accused.
 */
export function watchLateness(clock: () => number): Lateness {
  let checked = clock()
  let held = { ms: 0, at: Number.NEGATIVE_INFINITY }
  const timer = setInterval(() => {
    const at = clock()
    const ms = at - checked - CHECK_MS - USUAL_MS
    if (ms > 0 && (ms >= held.ms || at - held.at > AFTER_MS)) held = { ms, at }
    checked = at
  }, CHECK_MS).unref()
  return {
    now() {
      const at = clock()
      return Math.max(0, at - checked - CHECK_MS - USUAL_MS, at - held.at <= AFTER_MS ? held.ms : 0)
    },
    stop: () => clearInterval(timer),
  }
}
