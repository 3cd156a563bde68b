import { monitorEventLoopDelay } from 'node:perf_hooks'

/** How often the loop is checked, ms; a shorter delay may go unnoticed. */
const CHECK_MS = 50

/** Watches the event loop of this process. @returns the longest it was held up since it was asked last, ms */
export function watchLoop(): () => number {
  const delays = monitorEventLoopDelay({ resolution: CHECK_MS })
  delays.enable()
  return () => {
    // Its figures are times between two checks, in ns; 0 when there was none.
    const lagMs = Math.max(0, delays.max / 1e6 - CHECK_MS)
    delays.reset()
    return Math.round(lagMs * 10) / 10
  }
}
