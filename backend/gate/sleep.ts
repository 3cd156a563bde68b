/**
 * Sleeps until `left()` says that nothing is left (ms), to well under a millisecond: timers alone come up to 2 ms late.
 * @throws the signal's reason when it aborts
 */
export async function sleepUntil(left: () => number, signal?: AbortSignal): Promise<void> {
  for (let ms = left(); ms > 0; ms = left()) {
    signal?.throwIfAborted()
    await (ms > 2 ? timer(ms - 1.5, signal) : new Promise<void>((resolve) => setImmediate(resolve)))
  }
  signal?.throwIfAborted()
}

const timer = (ms: number, signal?: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    const end = () => {
      clearTimeout(handle)
      signal?.removeEventListener('abort', end)
      resolve()
    }
    const handle = setTimeout(end, ms)
    signal?.addEventListener('abort', end, { once: true })
  })
