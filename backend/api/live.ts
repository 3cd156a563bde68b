import { setTimeout as pause } from 'node:timers/promises'
import { logUnexpected } from '../base/log-errors'
import { isUnreachable } from '../database/passing'
import { clearCaches } from '../service/base/caches'
import type { Service } from '../service/base/context'
import type { JobFilter } from '../service/jobs/list'
import type { LogFilter } from '../service/jobs/log'
import { alertsUpdates, eventOf, jobUpdates, type LiveEvent, listUpdates, logUpdates, overviewUpdates, type Updates } from './updates'

export type { LiveEvent } from './updates'

/** What is watched is read this often, once for all watchers. */
const CHECK_MS = 1000
/** When a check is slow, checks are at least this many times its duration apart. */
const APART = 5

/** The process ends. */
const CLOSED = eventOf('closed', {})

export type Listener = (event: LiveEvent) => void

export interface Watch {
  /** The values of the last check, for a watcher that missed events; nothing before the first check. */
  snapshot(): LiveEvent[]
  stop(): void
}

/**
 * Tells watchers what changes. While anybody watches, one loop per process reads each watched thing once, and all its
 * listeners get the same events: first the current values, read after they came, then what changes. A listener must not throw.
 */
export interface Live {
  /** Events `job` and, when it has ended, `end`. */
  watchJob(id: string, listener: Listener): Watch
  /** Events `log` and, when the job has ended, `end`. */
  watchLog(id: string, filter: LogFilter, listener: Listener): Watch
  /** Events `jobs` of the first page. */
  watchJobs(filter: JobFilter, limit: number, listener: Listener): Watch
  watchOverview(listener: Listener): Watch
  watchAlerts(listener: Listener): Watch
  readonly watchers: number
  /** Ends the loop and sends `closed` to all listeners. */
  close(): void
}

interface Watched {
  updates: Updates
  listeners: Set<Listener>
  /** Those of them that get the current values with the next check: what was read before they came may be older than what they have. */
  newcomers: Set<Listener>
  /** The last check failed, and its listeners were notified. */
  lost?: LiveEvent
}

export function createLive(service: Service): Live {
  const watchedByKey = new Map<string, Watched>()
  const stop = new AbortController()
  let running = false
  /** The last check found the database unreachable. */
  let isOut = false

  const tell = (listeners: Iterable<Listener>, events: readonly LiveEvent[]): void => {
    for (const event of events) for (const listener of [...listeners]) listener(event)
  }

  /** A read that fails does not affect the others. @returns whether the database is unreachable */
  async function check(watched: Watched): Promise<boolean> {
    const { updates, listeners, newcomers } = watched
    const came = [...newcomers]
    try {
      const events = await updates.check()
      watched.lost = undefined
      tell(
        [...listeners].filter((one) => !newcomers.has(one)),
        events,
      )
      const values = updates.snapshot()
      if (values.length === 0) return false
      tell(
        came.filter((one) => listeners.has(one)),
        values,
      )
      for (const one of came) newcomers.delete(one)
      return false
    } catch (error) {
      return missed(watched, error)
    }
  }

  /** Tells listeners once, however long it lasts; afterwards they get everything again. @returns whether the database is unreachable */
  function missed(watched: Watched, error: unknown): boolean {
    const out = isUnreachable(error)
    // Old figures would be sent as current ones.
    if (out) clearCaches(service)
    if (watched.lost) return out
    watched.updates.forget()
    if (!out) logUnexpected(service.log, 'Cannot read what is being watched', error)
    watched.lost = eventOf('unreachable', { reason: out ? 'The database is unreachable.' : 'Internal error; see the log.' })
    tell(watched.listeners, [watched.lost])
    return out
  }

  async function loop(): Promise<void> {
    while (watchedByKey.size > 0 && !stop.signal.aborted) {
      const began = performance.now()
      hurry = false
      isOut = (await Promise.all([...watchedByKey.values()].map(check))).includes(true)
      // A check of an unreachable database puts no load on it, however long it takes.
      if (!hurry) await rest(isOut ? CHECK_MS : Math.max(CHECK_MS, APART * (performance.now() - began)))
    }
    running = false
  }

  let hurry = false
  let wake = (): void => undefined
  /** A new watcher does not wait for the next check. */
  async function rest(ms: number): Promise<void> {
    const early = new AbortController()
    wake = () => early.abort()
    await pause(ms, undefined, { signal: AbortSignal.any([early.signal, stop.signal]) }).catch((error: Error) => {
      if (error.name !== 'AbortError') throw error
    })
  }

  function watch(key: string, make: () => Updates, listener: Listener): Watch {
    if (stop.signal.aborted) {
      // A request that was on its way: its connection would keep the process from ending.
      listener(CLOSED)
      return { snapshot: () => [], stop: () => undefined }
    }
    const watched = watchedByKey.get(key) ?? { updates: make(), listeners: new Set(), newcomers: new Set() }
    watchedByKey.set(key, watched)
    // A listener of its own, so that one function may watch twice.
    const hears: Listener = (event) => listener(event)
    watched.listeners.add(hears)
    watched.newcomers.add(hears)
    if (watched.lost && isOut) hears(watched.lost)
    // Others who watch it too get the next check when it is due: any number of watchers may come.
    if (watched.updates.snapshot().length === 0) {
      hurry = true
      wake()
    }
    if (!running) {
      running = true
      void loop()
    }
    return {
      snapshot: () => watched.updates.snapshot(),
      stop() {
        watched.listeners.delete(hears)
        watched.newcomers.delete(hears)
        if (watched.listeners.size === 0 && watchedByKey.get(key) === watched) watchedByKey.delete(key)
      },
    }
  }

  return {
    watchJob: (id, listener) => watch(`job ${id}`, () => jobUpdates(service, id), listener),
    watchLog: (id, filter, listener) =>
      watch(`log ${id} ${JSON.stringify([filter.level, filter.q])}`, () => logUpdates(service, id, filter), listener),
    watchJobs: (filter, limit, listener) =>
      watch(`jobs ${JSON.stringify([filter, limit])}`, () => listUpdates(service, filter, limit), listener),
    watchOverview: (listener) => watch('overview', () => overviewUpdates(service), listener),
    watchAlerts: (listener) => watch('alerts', () => alertsUpdates(service), listener),
    get watchers() {
      return [...watchedByKey.values()].reduce((sum, watched) => sum + watched.listeners.size, 0)
    },
    close() {
      stop.abort()
      for (const { listeners } of watchedByKey.values()) tell(listeners, [CLOSED])
      watchedByKey.clear()
    },
  }
}
