export interface CacheOptions {
  /** How long an answer is fresh at least, ms. */
  minMs: number
  /** An answer is fresh for at least this many times as long as it took to find, 20 by default: the dearer, the less often. */
  costFactor?: number
  /** Up to this many times its fresh time, an answer that took long is still returned while a new one is found; 5 by default. */
  staleFactor?: number
  now?: () => number
}

export interface Cache<T> {
  /**
   * The answer kept under `key`, or what `find` finds. Callers that come at once wait for the same answer.
   * @throws what `find` throws; a failure is not kept
   */
  get(key: string, find: () => Promise<T>): Promise<T>
  /** Forgets every answer; what is being found now is still given to those who wait for it. */
  clear(): void
}

/** Finding an answer that took less than this is waited for, ms. */
const QUICK_MS = 50
/** From this many keys on, answers that are too old to return are removed. */
const TRIM_AT = 500

interface Entry<T> {
  answer?: { value: T; at: number; freshMs: number; tookMs: number }
  pending?: Promise<T>
}

/** Keeps answers for a while, so that a costly question is asked rarely however many callers ask it. */
export function createCache<T>({ minMs, costFactor = 20, staleFactor = 5, now = () => performance.now() }: CacheOptions): Cache<T> {
  const entries = new Map<string, Entry<T>>()
  const ageOf = ({ answer }: Entry<T>): number => (answer ? now() - answer.at : Number.POSITIVE_INFINITY)
  const isTooOld = (entry: Entry<T>): boolean => !entry.answer || ageOf(entry) > staleFactor * entry.answer.freshMs

  async function renew(key: string, entry: Entry<T>, find: () => Promise<T>): Promise<T> {
    const began = now()
    try {
      const value = await find()
      const tookMs = now() - began
      entry.answer = { value, at: now(), freshMs: Math.max(minMs, costFactor * tookMs), tookMs }
      return value
    } catch (error) {
      if (entries.get(key) === entry) entries.delete(key)
      throw error
    } finally {
      entry.pending = undefined
    }
  }

  function trim(): void {
    if (entries.size < TRIM_AT) return
    for (const [key, entry] of entries) if (!entry.pending && isTooOld(entry)) entries.delete(key)
  }

  return {
    async get(key, find) {
      trim()
      const entry: Entry<T> = entries.get(key) ?? {}
      entries.set(key, entry)
      const { answer } = entry
      if (answer && ageOf(entry) <= answer.freshMs) return answer.value
      entry.pending ??= renew(key, entry, find)
      if (!answer || answer.tookMs < QUICK_MS || isTooOld(entry)) return await entry.pending
      // Its failure removed the answer; the next caller gets the error.
      entry.pending.catch((_: unknown) => undefined)
      return answer.value
    },
    clear: () => entries.clear(),
  }
}
