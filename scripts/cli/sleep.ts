import { setTimeout as pause } from 'node:timers/promises'

/** Waits `ms`, or until the signal says that waiting is over. */
export async function sleepUntil(ms: number, signal: AbortSignal): Promise<void> {
  await pause(ms, undefined, { signal }).catch((error: Error) => {
    if (error.name !== 'AbortError') throw error
  })
}
