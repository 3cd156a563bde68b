const PAUSE_MS = 50

/**
 * Asks until the answer is truthy and returns it.
 * @throws after `timeoutMs`, with `what` was waited for and the last answer or error seen
 */
export async function until(condition, { timeoutMs = 30_000, what = 'a condition' } = {}) {
  const end = performance.now() + timeoutMs
  for (;;) {
    let seen
    try {
      seen = await condition()
      if (seen) return seen
    } catch (error) {
      seen = error
    }
    if (performance.now() > end) throw new Error(`waited ${timeoutMs} ms for ${what}; last seen: ${seen?.message ?? JSON.stringify(seen)}`)
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS))
  }
}
