/** How often the event loop is checked, ms, and how late a timer fires on an idle machine. */
const CHECK_MS = 5
const USUAL_MS = 2
/** A blocked loop makes arrivals look late for so long afterwards, ms. */
const AFTER_MS = 20
/** Once no request has come for so long, ms, the loop is checked less often: checks each 5 ms take 2 % of a processor. */
const REST_MS = 2000
const REST_CHECK_MS = 50

export interface Lateness {
  /** Called with each request. One that is seen now may have arrived so much earlier, ms: this process was held up. */
  now(): number
  stop(): void
}

/**
 * An upstream notes arrivals when its loop comes to them. On a busy machine that is late for one and in time for the next,
 * and a client that kept its spacing would be accused.
 */
export function watchLateness(clock: () => number): Lateness {
  let asked = clock()
  let checked = asked
  let held = { ms: 0, at: Number.NEGATIVE_INFINITY }
  let isResting = false
  let timer: NodeJS.Timeout

  // A request that ends a rest may have come at any time since the last check.
  const lateAt = (at: number) => at - checked - (isResting ? 0 : CHECK_MS + USUAL_MS)
  const check = () => {
    const at = clock()
    const ms = lateAt(at)
    if (ms > 0 && (ms >= held.ms || at - held.at > AFTER_MS)) held = { ms, at }
    checked = at
    if (!isResting && at - asked > REST_MS) watch(true)
  }
  const watch = (rests: boolean) => {
    clearInterval(timer)
    isResting = rests
    timer = setInterval(check, rests ? REST_CHECK_MS : CHECK_MS).unref()
  }
  watch(false)
  return {
    now() {
      const at = clock()
      const ms = Math.max(0, lateAt(at), at - held.at <= AFTER_MS ? held.ms : 0)
      asked = at
      if (isResting) {
        checked = at
        watch(false)
      }
      return ms
    },
    stop: () => clearInterval(timer),
  }
}
