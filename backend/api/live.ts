import { setTimeout as pause } from 'node:timers/promises'
import { logUnexpected } from '../base/log-errors'
import { isUnreachable } from '../database/db'
import type { Service } from '../service/base/context'
import { forgetFigures } from '../service/base/memory'
import type { JobFilter } from '../service/jobs/list'
import { alertsTopic, eventOf, jobTopic, type LiveEvent, listTopic, overviewTopic, type Topic } from './updates'

export type { LiveEvent } from './updates'

/** Where the watched jobs are looked at, once a second for everybody who watches. */
const LOOK_MS = 1000
/** Where a look takes long, looks are so many times as far apart. */
const APART = 5

export type Listener = (event: LiveEvent) => void

export interface Watch {
  /** What holds now, for one who missed events; nothing before the first look. */
  snapshot(): LiveEvent[]
  stop(): void
}

/**
 * Tells watchers what changes. One loop a process looks while somebody watches, at each topic once; everybody hears the
 * same event. A listener hears what holds first, then what changes; it must not throw.
 */
export interface Live {
  /** Events `job` and, when it has ended, `end`. */
  watchJob(id: string, listener: Listener): Watch
  /** Events `jobs` of the first page. */
  watchJobs(filter: JobFilter, limit: number, listener: Listener): Watch
  watchOverview(listener: Listener): Watch
  watchAlerts(listener: Listener): Watch
  readonly watchers: number
  /** Ends the loop and tells everybody `closed`. */
  close(): void
}

interface Watched {
  topic: Topic
  listeners: Set<Listener>
  /** The last look failed, and its listeners were told this. */
  lost?: LiveEvent
}

export function createLive(service: Service): Live {
  const topics = new Map<string, Watched>()
  const stop = new AbortController()
  let running = false
  /** The last look found the database away. */
  let isOut = false

  function tell({ listeners }: Watched, events: readonly LiveEvent[]): void {
    for (const event of events) for (const listener of [...listeners]) listener(event)
  }

  /** One that cannot be read leaves the others alone. @returns whether the database is unreachable */
  async function look(watched: Watched): Promise<boolean> {
    try {
      const events = await watched.topic.look()
      watched.lost = undefined
      tell(watched, events)
      return false
    } catch (error) {
      return missed(watched, error)
    }
  }

  /** Told once, however long it lasts; what changed meanwhile is told whole. @returns whether the database is unreachable */
  function missed(watched: Watched, error: unknown): boolean {
    const out = isUnreachable(error)
    // Figures of before would be told as those of now.
    if (out) forgetFigures(service)
    if (watched.lost) return out
    watched.topic.forget()
    if (!out) logUnexpected(service.log, 'what is being watched could not be read', error)
    watched.lost = eventOf('unreachable', { reason: out ? 'The database cannot be reached now.' : 'Something failed; see the log.' })
    tell(watched, [watched.lost])
    return out
  }

  async function loop(): Promise<void> {
    while (topics.size > 0 && !stop.signal.aborted) {
      const began = performance.now()
      hurry = false
      isOut = (await Promise.all([...topics.values()].map(look))).includes(true)
      // A look at a database that is unreachable was no load, however long it took.
      if (!hurry) await rest(isOut ? LOOK_MS : Math.max(LOOK_MS, APART * (performance.now() - began)))
    }
    running = false
  }

  let hurry = false
  let wake = (): void => undefined
  /** A new watcher does not wait for the next look. */
  async function rest(ms: number): Promise<void> {
    const early = new AbortController()
    wake = () => early.abort()
    await pause(ms, undefined, { signal: AbortSignal.any([early.signal, stop.signal]) }).catch((error: Error) => {
      if (error.name !== 'AbortError') throw error
    })
  }

  function watch(key: string, make: () => Topic, listener: Listener): Watch {
    const watched = topics.get(key) ?? { topic: make(), listeners: new Set() }
    topics.set(key, watched)
    // A listener of its own, so that one function may watch twice.
    const hears: Listener = (event) => listener(event)
    watched.listeners.add(hears)
    const held = watched.topic.snapshot()
    if (watched.lost && isOut) hears(watched.lost)
    if (held.length > 0) for (const event of held) hears(event)
    else {
      hurry = true
      wake()
    }
    if (!running) {
      running = true
      void loop()
    }
    return {
      snapshot: () => watched.topic.snapshot(),
      stop() {
        watched.listeners.delete(hears)
        if (watched.listeners.size === 0 && topics.get(key) === watched) topics.delete(key)
      },
    }
  }

  return {
    watchJob: (id, listener) => watch(`job ${id}`, () => jobTopic(service, id), listener),
    watchJobs: (filter, limit, listener) =>
      watch(`jobs ${JSON.stringify([filter, limit])}`, () => listTopic(service, filter, limit), listener),
    watchOverview: (listener) => watch('overview', () => overviewTopic(service), listener),
    watchAlerts: (listener) => watch('alerts', () => alertsTopic(service), listener),
    get watchers() {
      return [...topics.values()].reduce((sum, watched) => sum + watched.listeners.size, 0)
    },
    close() {
      stop.abort()
      for (const watched of topics.values()) tell(watched, [eventOf('closed', {})])
      topics.clear()
    },
  }
}
