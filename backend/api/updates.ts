import type { ZodType, z } from 'zod'
import { Refused } from '../base/errors'
import { hasEnded } from '../service/base/about'
import type { Service } from '../service/base/context'
import { type JobDetail, jobDetail } from '../service/jobs/detail'
import { type JobFilter, type JobSummary, listJobs } from '../service/jobs/list'
import { type LogFilter, type LogLine, readLines } from '../service/jobs/log'
import { summaries } from '../service/jobs/summary'
import { alertGroups } from '../service/suite/alerts'
import { overview } from '../service/suite/overview'
import * as shapes from './shapes'

/*
 * What can be watched: the current values, and the events that say what changed since the last check.
 */

export interface LiveEvent {
  event: 'job' | 'jobs' | 'log' | 'overview' | 'alerts' | 'end' | 'unreachable' | 'closed'
  data: unknown
  /** As a server-sent event; written once for all listeners. */
  frame: string
}

/** The updates of one thing that is watched. */
export interface Updates {
  /** Reads it again. @returns what changed since the last check */
  check(): Promise<LiveEvent[]>
  /** What the last check found; empty before the first. */
  snapshot(): LiveEvent[]
  /** The next check returns everything; until then nothing is known. */
  forget(): void
}

/** @throws when the data is not of its shape: what goes out is what the API promises */
export function eventOf<S extends ZodType>(event: LiveEvent['event'], data: z.output<S>, shape?: S): LiveEvent {
  const text = JSON.stringify(shape ? shape.encode(data) : data)
  return { event, data, frame: `event: ${event}\ndata: ${text}\n\n` }
}

/** A job without the figures that move by themselves: the passing of time is no update, a standstill is. */
const stable = ({ readAt: _, seconds: __, rate, leftMs: ___, startsInMs: ____, ...job }: JobSummary): string =>
  JSON.stringify([job, rate === 0])

/** The report of a job that a person ended is written a moment later; the job is checked this many times for it. */
const REPORT_CHECKS = 5

/** One job to its end: `job` where something changed, `end` once it has ended and its report is written. */
export function jobUpdates(service: Service, id: string): Updates {
  let last = ''
  let checksAtEnd = 0
  let held: LiveEvent[] = []
  return {
    async check() {
      const [summary] = await summaries(service, [id])
      if (!summary) {
        held = [eventOf('end', { status: 'gone' })]
        return held
      }
      const isOver = hasEnded(summary) && (summary.verified !== null || ++checksAtEnd > REPORT_CHECKS)
      const now = `${isOver} ${stable(summary)}`
      if (now === last) return []
      const detail = await detailOf(service, id)
      if (!detail) return []
      last = now
      const job = eventOf('job', detail, shapes.jobDetail)
      held = isOver ? [job, eventOf('end', { status: summary.status })] : [job]
      return held
    },
    snapshot: () => held,
    forget() {
      last = ''
      held = []
    },
  }
}

/** Lines that a new watcher gets. */
const TAIL = 200
/** The last lines of a job may be written this many checks after its end. */
const LINES_CHECKS = 3

/** The log of a job: its last lines, then what comes, and `end` once it has ended and nothing came for some checks. */
export function logUpdates(service: Service, id: string, filter: LogFilter): Updates {
  let last: number | undefined
  let tail: LogLine[] = []
  let lost = 0
  let checksAtEnd = 0
  let isOver = false
  const event = (items: LogLine[]) => eventOf('log', { items, older: null, last: last ?? 0, lost }, shapes.jobLog)
  const end = () => (isOver ? [eventOf('end', {})] : [])
  return {
    async check() {
      if (isOver) return []
      const isFirst = last === undefined
      const page = await readLines(service.db, id, { ...filter, after: last, limit: isFirst ? TAIL : 5 * TAIL })
      const [job] = await service.db.query<{ over: boolean }>(`select report is not null as over from backhaul.jobs where id = $1`, [id])
      const hasLost = page.lost !== lost
      last = page.last
      lost = page.lost
      tail = [...tail, ...page.items].slice(-TAIL)
      checksAtEnd = (job?.over ?? true) && page.items.length === 0 ? checksAtEnd + 1 : 0
      isOver = checksAtEnd >= LINES_CHECKS
      return [...(isFirst || hasLost || page.items.length > 0 ? [event(page.items)] : []), ...end()]
    },
    snapshot: () => (last === undefined ? [] : [event(tail), ...end()]),
    forget() {
      last = undefined
      tail = []
    },
  }
}

async function detailOf(service: Service, id: string): Promise<JobDetail | undefined> {
  try {
    return await jobDetail(service, id)
  } catch (error) {
    // It was removed after it was read; the next check says so.
    if (error instanceof Refused && error.code === 'missing') return undefined
    throw error
  }
}

function once<T>(make: () => T): () => T {
  let made: { value: T } | undefined
  return () => {
    made ??= { value: make() }
    return made.value
  }
}

/** The first page of a list: jobs that are new or changed, those that no longer belong to it as they are now. */
export function listUpdates(service: Service, filter: JobFilter, limit: number): Updates {
  let last = new Map<string, string>()
  let lastCounts = ''
  let whole: (() => LiveEvent) | undefined
  return {
    async check() {
      const { items, counts } = await listJobs(service, filter, { limit })
      const now = new Map(items.map((job) => [job.id, stable(job)]))
      const left = [...last.keys()].filter((id) => !now.has(id))
      const changed = [...items.filter((job) => last.get(job.id) !== now.get(job.id)), ...(await summaries(service, left))]
      const hasUpdate = changed.length > 0 || JSON.stringify(counts) !== lastCounts
      last = now
      lastCounts = JSON.stringify(counts)
      whole = once(() => eventOf('jobs', { items, counts }, shapes.jobsEvent))
      if (!hasUpdate) return []
      return [eventOf('jobs', { items: changed, counts }, shapes.jobsEvent)]
    },
    snapshot: () => (whole ? [whole()] : []),
    forget() {
      last = new Map()
      lastCounts = ''
      whole = undefined
    },
  }
}

/** A value that is sent whole whenever it changes. */
function wholeUpdates<T>(read: () => Promise<T>, event: (found: T) => LiveEvent, key: (found: T) => string): Updates {
  let last = ''
  let held: LiveEvent[] = []
  return {
    async check() {
      const found = await read()
      const now = key(found)
      if (now === last) return []
      last = now
      held = [event(found)]
      return held
    },
    snapshot: () => held,
    forget() {
      last = ''
      held = []
    },
  }
}

export const overviewUpdates = (service: Service): Updates =>
  wholeUpdates(
    () => overview(service),
    (found) => eventOf('overview', found, shapes.overview),
    ({ queues, ...found }) =>
      JSON.stringify([found, queues.map(({ oldestDueMs, ...queue }) => [queue, Math.round((oldestDueMs ?? 0) / 5000)])]),
  )

export const alertsUpdates = (service: Service): Updates =>
  wholeUpdates(
    async () => ({ groups: await alertGroups(service) }),
    (found) => eventOf('alerts', found, shapes.alertGroups),
    JSON.stringify,
  )
