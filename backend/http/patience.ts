import { RetryLater, Throttled } from '../base/errors'
import type { ScopeOf, Verdict } from '../contract'
import { labelOf } from '../gate/limits'

/** Shortest wait, ms. It doubles with each refusal after a wait, up to MAX_MS. */
const MIN_MS = 1_000
const MAX_MS = 300_000
/** Tolerance between the two clocks: a request sent this shortly before the end of a wait may have been sent after it, ms. */
const CLOCK_MS = 250

interface Wait {
  until: number
  leastMs: number
}

/**
 * Gives the waits of one API's answers a least length. Otherwise an upstream that answers `Retry-After: 0`, or whose budget is full
 * again at once, would be asked as fast as it refuses.
 */
export function createPatience() {
  const waits = new Map<string, Wait>()

  /** @param isRefused the answer is a refusal; the next wait after it is longer */
  function stretched(key: string, until: Date, isRefused: boolean, sentAt: number, now: number): Date {
    const held = waits.get(key)
    const isInFlight = held !== undefined && sentAt < held.until - CLOCK_MS
    const leastMs = held && isRefused ? (isInFlight ? held.leastMs : Math.min(MAX_MS, held.leastMs * 2)) : MIN_MS
    const end = Math.max(until.getTime(), isInFlight ? held.until : now + leastMs)
    if (isRefused) waits.set(key, { until: end, leastMs })
    return new Date(end)
  }

  function forget(key: string, sentAt: number): void {
    const held = waits.get(key)
    if (held && sentAt >= held.until - CLOCK_MS) waits.delete(key)
  }

  /**
   * The verdict with waits of at least that length.
   * @param on the limits of the request: its API and the API's parts; `scopeOf` as in the request
   * @param sentAt when the request was sent, ms since 1970
   */
  return <V extends Verdict>(verdict: V, on: readonly string[], scopeOf: ScopeOf | undefined, sentAt: number, now = Date.now()): V => {
    const keyOf = (api: string) => `${api} ${labelOf(scopeOf, api) ?? ''}`
    const { error } = verdict
    const named = error instanceof Throttled ? error.until : error instanceof RetryLater ? error.at : undefined
    const isRefused = named !== undefined
    const block = verdict.block?.map((one) => ({ ...one, until: stretched(keyOf(one.api), one.until, isRefused, sentAt, now) })) ?? []
    if (!error) for (const api of on) forget(keyOf(api), sentAt)
    if (named === undefined) return { ...verdict, block }
    const ends = block.length > 0 ? block.map((one) => one.until) : [stretched(keyOf(on[0] ?? ''), named, true, sentAt, now)]
    const until = new Date(Math.max(named.getTime(), ...ends.map((end) => end.getTime())))
    return { ...verdict, block, error: until > named ? postponed(error as Throttled | RetryLater, until) : error }
  }
}
export type Patience = ReturnType<typeof createPatience>

function postponed(error: Throttled | RetryLater, until: Date): Error {
  const why = `next request after ${until.toISOString()}, later than it asked for, because it keeps refusing or named no wait`
  if (error instanceof Throttled) return new Throttled(error.on, until, error.slotAt, `waiting for ${error.on}: ${why}`)
  return new RetryLater(error.kind, `${error.message}; ${why}`, until, { cause: error.cause })
}
