/** How often the event loop is checked, ms, and how late a timer fires on an idle machine. */
const CHECK_MS = 5
const USUAL_MS = 2
/** A blocked loop makes arrivals look late for so long afterwards, ms. */
const AFTER_MS = 20
/** Nothing is checked once no request has come for so long, ms: the checks take 2 % of a processor. */
const REST_MS = 2000
/** How late the request may be that ends such a rest, ms: nobody has checked before it. */
const UNKNOWN_MS = 50

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
  let timer: NodeJS.Timeout | undefined
  let asked = 0
  let checked = 0
  let held = { ms: 0, at: 0 }

  const stop = () => {
    clearInterval(timer)
    timer = undefined
  }
  const check = () => {
    const at = clock()
    const ms = at - checked - CHECK_MS - USUAL_MS
    if (ms > 0 && (ms >= held.ms || at - held.at > AFTER_MS)) held = { ms, at }
    checked = at
    if (at - asked > REST_MS) stop()
  }
  return {
    now() {
      const at = clock()
      asked = at
      if (!timer) {
        timer = setInterval(check, CHECK_MS).unref()
        checked = at
        held = { ms: 0, at }
        return UNKNOWN_MS
      }
      return Math.max(0, at - checked - CHECK_MS - USUAL_MS, at - held.at <= AFTER_MS ? held.ms : 0)
    },
    stop,
  }
}
