/** Estimates another machine's clock, so that a local sleep ends at the right time by that clock. */
export interface Clock {
  /** Records that the other clock showed `theirs` at some time between `before` and `after` of ours (all ms). */
  note(theirs: number, before: number, after: number): void
  /** What the other clock most likely shows now, ms since 1970. */
  now(): number
  /** The earliest and the latest time that it may show now, ms since 1970. */
  atLeast(): number
  atMost(): number
  /** How long an answer takes, ms, smoothed. */
  readonly roundTrip: number
}

/** How fast two clocks may drift apart, ms per ms; quartz stays within 100 ppm, a clock being slewed within 500. */
const DRIFT = 5e-4

/**
 * Each question bounds the offset from both sides. The bounds of successive questions are intersected, loosened by drift, and
 * the middle is used: more exact than the middle of one round trip, because a slow commit delays only the way back.
 * Where it matters to be neither early nor late, the bounds themselves count.
 * `local` must not jump (performance.now).
 */
export function createClock(local: () => number): Clock {
  let bounds: { low: number; high: number; at: number } | undefined
  let roundTrip = 0
  const drifted = () => (bounds ? (local() - bounds.at) * DRIFT : 0)
  return {
    note(theirs, before, after) {
      const one = { low: theirs - after, high: theirs - before }
      const both = bounds && { low: Math.max(bounds.low - drifted(), one.low), high: Math.min(bounds.high + drifted(), one.high) }
      // The bounds do not overlap: the other clock was set, so earlier bounds are void.
      bounds = { ...(both && both.low <= both.high ? both : one), at: after }
      roundTrip = roundTrip === 0 ? after - before : roundTrip * 0.8 + (after - before) * 0.2
    },
    now: () => (bounds ? (bounds.low + bounds.high) / 2 + local() : Date.now()),
    atLeast: () => (bounds ? bounds.low - drifted() + local() : Number.NEGATIVE_INFINITY),
    atMost: () => (bounds ? bounds.high + drifted() + local() : Number.POSITIVE_INFINITY),
    get roundTrip() {
      return roundTrip
    },
  }
}
