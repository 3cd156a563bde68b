import { useEffect } from 'preact/hooks'
import { connection, get, Problem, Unreachable } from '../api/client'
import type { Overview } from '../api/types'
import { serverNow } from '../lib/clock'
import { createStore, useStore } from '../lib/store'

/** The figures of the whole suite, from the stream of a page or from the shell's poll. */
export const overview = createStore<Overview | null>(null)

const EVERY_MS = 5000
const UNREACHABLE_MS = 2000
/** When the stream last told the figures, by `performance.now()`. */
let heardAt = Number.NEGATIVE_INFINITY
/** When the figures were read, by the server's clock, ms; null: never. */
let readAt: number | null = null

/** Takes an overview from a stream. */
export function hearOverview(next: Overview): void {
  heardAt = performance.now()
  readAt = serverNow()
  overview.set(next)
}

/** Reads the figures now; the result updates the connection. */
export async function readOverview(): Promise<void> {
  try {
    const askedAt = performance.now()
    const next = await get<Overview>('/api/overview')
    // The stream has told figures since, which may be newer.
    if (heardAt >= askedAt) return
    readAt = serverNow()
    overview.set(next)
  } catch (error) {
    if (!(error instanceof Problem || error instanceof Unreachable)) throw error
    // The banner shows it; the old figures stay.
  }
}

/** Keeps the figures up to date, and detects when the server stops or comes back. */
export function useOverviewPoll(): void {
  const { lost, times } = useStore(connection)
  const isBrokerUnreachable = brokerIsUnreachable(useStore(overview))
  const everyMs = lost || isBrokerUnreachable ? UNREACHABLE_MS : EVERY_MS
  // `times` reads again once the server is back.
  useEffect(() => {
    const stale = () => performance.now() - heardAt >= everyMs
    const tick = () => {
      if (document.visibilityState === 'visible' && (lost || stale())) void readOverview()
    }
    tick()
    const timer = setInterval(tick, everyMs)
    return () => clearInterval(timer)
  }, [everyMs, times])
}

/** The broker counts dead letters: when the count is unknown, it is unreachable. */
export const brokerIsUnreachable = (figures: Overview | null): boolean => figures?.deadLetters === null

export const useOverview = (): Overview | null => useStore(overview)

/** Since when the figures are old: the moment at which they were read; null while they are current, or were never read. */
export const useOverviewAge = (): number | null => (useStore(connection).lost === null ? null : readAt)
