import { useEffect } from 'preact/hooks'
import { connection, get, Problem, Unreachable } from '../api/client'
import type { Overview } from '../api/types'
import { createStore, useStore } from '../lib/store'

/** The figures of the whole suite; a page with a stream keeps it fresh, the shell's poll otherwise. */
export const overview = createStore<Overview | null>(null)

const EVERY_MS = 5000
const WHILE_AWAY_MS = 2000
let heardAt = 0

/** Takes what a stream brings. */
export function hearOverview(next: Overview): void {
  heardAt = Date.now()
  overview.set(next)
}

/** Reads them now; whether that works tells the connection. */
export async function readOverview(): Promise<void> {
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
  const isBrokerUnreachable = brokerIsUnreachable(useStore(overview))
  const everyMs = lost || isBrokerUnreachable ? WHILE_AWAY_MS : EVERY_MS
  // `times` reads anew when the server is back.
  useEffect(() => {
    const stale = () => Date.now() - heardAt >= everyMs
    const tick = () => {
      if (document.visibilityState === 'visible' && (lost || stale())) void readOverview()
    }
    tick()
    const timer = setInterval(tick, everyMs)
    return () => clearInterval(timer)
  }, [everyMs, times])
}

/** Dead letters are counted by the broker: unknown, it is unreachable. */
export const brokerIsUnreachable = (figures: Overview | null): boolean => figures?.deadLetters === null

export const useOverview = (): Overview | null => useStore(overview)
