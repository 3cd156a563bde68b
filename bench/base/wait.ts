/** Lets time pass, ms. */
export const rest = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

/**
 * Asks every 20 ms until the answer is truthy and returns it.
 * @throws after `timeoutMs`, naming what was waited for
 */
export async function until<T>(
  condition: () => T | Promise<T>,
  timeoutMs: number,
  what: string,
): Promise<Exclude<Awaited<T>, false | 0 | '' | null | undefined>> {
  const end = performance.now() + timeoutMs
  for (;;) {
    const seen = await condition()
    if (seen) return seen as never
    if (performance.now() > end) throw new Error(`waited ${Math.round(timeoutMs / 1000)} s for ${what}`)
    await rest(20)
  }
}
