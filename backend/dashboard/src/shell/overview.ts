import { useEffect } from 'preact/hooks'
import { connection, get, Problem, Unreachable } from '../api/client'
import type { Overview } from '../api/types'
import { createStore, useStore } from '../lib/store'

/** The figures of the whole suite; a page with a stream keeps it fresh, the shell's poll otherwise. */
export const overview = createStore<Overview | null>(null)

const EVERY_MS = 10_000
const WHILE_LOST_MS = 2000
let heardAt = 0

/** Takes what a stream brings. */
export function hearOverview(next: Overview): void {
  heardAt = Date.now()
  overview.set(next)
}

async function read(): Promise<void> {
  try {
    overview.set(await get<Overview>('/api/overview'))
  } catch (error) {
    if (!(error instanceof Problem || error instanceof Unreachable)) throw error
    // The connection's banner tells; what is shown stays.
  }
}

/** Keeps the figures fresh, and finds out when the server goes or comes back. */
export function useOverviewPoll(): void {
  const { lost, times } = useStore(connection)
  const everyMs = lost ? WHILE_LOST_MS : EVERY_MS
  // `times` reads anew when the server is back.
  useEffect(() => {
    const stale = () => Date.now() - heardAt >= everyMs
    const tick = () => {
      if (document.visibilityState === 'visible' && (lost || stale())) void read()
    }
    tick()
    const timer = setInterval(tick, everyMs)
    return () => clearInterval(timer)
  }, [everyMs, times])
}

export const useOverview = (): Overview | null => useStore(overview)
