const SHORTEST_MS = 10
const LONGEST_MS = 100

/** A tenth of what it has taken: checks of a long wait cost more than all that is waited for. */
const pauseAfter = (waitedMs: number): number => Math.min(LONGEST_MS, Math.max(SHORTEST_MS, waitedMs / 10))

/** The only sleep in the tests: between two checks of a condition. */
const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms))

const show = (value: unknown): string => {
  if (typeof (value as Error | undefined)?.message === 'string') return (value as Error).message
  return JSON.stringify(value, (_, inner) => (typeof inner === 'bigint' ? inner.toString() : inner)) ?? String(value)
}

/**
 * Asks until the answer is truthy and returns it; a condition that throws is asked again.
 * @throws after `timeoutMs` (10 s by default), with `what` was waited for and the last value or error seen
 */
export async function until<T>(
  condition: () => T | Promise<T>,
  { timeoutMs = 10_000, what = 'a condition' }: { timeoutMs?: number; what?: string } = {},
): Promise<Exclude<Awaited<T>, false | null | undefined | 0 | ''>> {
  const began = performance.now()
  for (;;) {
    let seen: unknown
    try {
      seen = await condition()
      if (seen) return seen as never
    } catch (error) {
      seen = error
    }
    const waitedMs = performance.now() - began
    if (waitedMs > timeoutMs) throw new Error(`waited ${timeoutMs} ms for ${what}; last seen: ${show(seen)}`)
    await pause(pauseAfter(waitedMs))
  }
}
