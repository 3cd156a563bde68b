import { monitorEventLoopDelay } from 'node:perf_hooks'

/** How often the loop is looked at, ms; a shorter hold-up may go unseen. */
const LOOK_MS = 50

/** Watches the event loop of this process. @returns the longest it was held up since it was asked last, ms */
export function watchLoop(): () => number {
  const delays = monitorEventLoopDelay({ resolution: LOOK_MS })
  delays.enable()
  return () => {
    // Its figures are times between two looks, in ns; 0 when there was none.
    const lagMs = Math.max(0, delays.max / 1e6 - LOOK_MS)
    delays.reset()
    return Math.round(lagMs * 10) / 10
  }
}
