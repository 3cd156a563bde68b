/** An answer is kept this many times as long as it took to find. */
const FACTOR = 20
/** Past so many of these spans an answer is too old to be shown while a new one is found. */
const STALE = 5
/** An answer that is found faster than this is waited for, ms. */
const QUICK_MS = 50

interface Kept<T> {
  at: number
  forMs: number
  tookMs: number
  value?: T
  has: boolean
  pending?: Promise<T>
}

/**
 * Keeps answers for a while, so that what costs much is asked seldom: whoever comes while an answer is young gets it,
 * a somewhat older one while it is being renewed, and everybody who has to wait waits for the same one.
 * @param leastMs how long an answer is kept at least
 */
export function keeper<T>(leastMs: number, now: () => number = () => performance.now()) {
  const held = new Map<string, Kept<T>>()

  function renew(key: string, kept: Kept<T>, find: () => Promise<T>): Promise<T> {
    const began = now()
    kept.pending ??= find().then(
      (value) => {
        const tookMs = now() - began
        Object.assign(kept, { value, has: true, at: now(), tookMs, forMs: Math.max(leastMs, FACTOR * tookMs), pending: undefined })
        return value
      },
      (error: unknown) => {
        held.delete(key)
        throw error
      },
    )
    return kept.pending
  }

  function trim(): void {
    if (held.size < 500) return
    for (const [key, kept] of held) if (!kept.pending && now() - kept.at > STALE * kept.forMs) held.delete(key)
  }

  async function keep(key: string, find: () => Promise<T>): Promise<T> {
    trim()
    const kept: Kept<T> = held.get(key) ?? { at: 0, forMs: 0, tookMs: 0, has: false }
    held.set(key, kept)
    const age = now() - kept.at
    if (kept.has && age <= kept.forMs) return kept.value as T
    const found = renew(key, kept, find)
    if (!kept.has || kept.tookMs < QUICK_MS || age > STALE * kept.forMs) return await found
    // Whoever asks next learns of a failure.
    found.catch((_: unknown) => held.delete(key))
    return kept.value as T
  }

  /** What is known to have changed is found anew. */
  return Object.assign(keep, { forget: () => held.clear() })
}
