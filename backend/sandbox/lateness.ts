/** How often the loop is looked at, ms, and how late a timer comes on a machine at rest. */
const LOOK_MS = 5
const USUAL_MS = 2
/** A hold-up makes what arrives within so long after it look late, ms. */
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
  let looked = clock()
  let held = { ms: 0, at: Number.NEGATIVE_INFINITY }
  const timer = setInterval(() => {
    const at = clock()
    const ms = at - looked - LOOK_MS - USUAL_MS
    if (ms > 0 && (ms >= held.ms || at - held.at > AFTER_MS)) held = { ms, at }
    looked = at
  }, LOOK_MS).unref()
  return {
    now() {
      const at = clock()
      return Math.max(0, at - looked - LOOK_MS - USUAL_MS, at - held.at <= AFTER_MS ? held.ms : 0)
    },
    stop: () => clearInterval(timer),
  }
}
