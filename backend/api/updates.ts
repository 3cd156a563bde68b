import type { ZodType, z } from 'zod'
import { Refused } from '../base/errors'
import { hasEnded } from '../service/base/about'
import type { Service } from '../service/base/context'
import { type JobDetail, jobDetail } from '../service/jobs/detail'
import { type JobFilter, type JobSummary, listJobs } from '../service/jobs/list'
import { summaries } from '../service/jobs/summary'
import { listAlerts } from '../service/suite/alerts'
import { overview } from '../service/suite/overview'
import * as shapes from './schemas'

/*
 * What can be watched: what holds now, and the events that say what changed since the last look.
 */

export interface LiveEvent {
  event: 'job' | 'jobs' | 'overview' | 'alerts' | 'end' | 'unreachable' | 'closed'
  data: unknown
  /** As server-sent event; written once for all who hear it. */
  frame: string
}

export interface Topic {
  /** Looks again. @returns what is news since the last look */
  look(): Promise<LiveEvent[]>
  /** What the last look found; empty before the first. */
  snapshot(): LiveEvent[]
  /** The next look tells everything; until then nothing is known. */
  forget(): void
}

/** @throws when the data is not of its shape: what goes out is what the API promises */
export function eventOf<S extends ZodType>(event: LiveEvent['event'], data: z.output<S>, shape?: S): LiveEvent {
  const text = JSON.stringify(shape ? shape.encode(data) : data)
  return { event, data, frame: `event: ${event}\ndata: ${text}\n\n` }
}

/** A job without the figures that move by themselves: time passing is no news, a standstill is. */
const stable = ({ seconds: _, rate, leftMs: __, startsInMs: ___, ...job }: JobSummary): string => JSON.stringify([job, rate === 0])

/** A job that was ended by hand gets its report a moment later; so many looks are given to it. */
const REPORT_LOOKS = 5

/** One job to its end: `job` where something changed, `end` once it has ended and its report is written. */
export function jobTopic(service: Service, id: string): Topic {
  let last = ''
  let looksAtEnd = 0
  let held: LiveEvent[] = []
  return {
    async look() {
      const [summary] = await summaries(service, [id])
      if (!summary) {
        held = [eventOf('end', { status: 'gone' })]
        return held
      }
      const isOver = hasEnded(summary) && (summary.verified !== null || ++looksAtEnd > REPORT_LOOKS)
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

async function detailOf(service: Service, id: string): Promise<JobDetail | undefined> {
  try {
    return await jobDetail(service, id)
  } catch (error) {
    // It was removed since it was looked at; the next look says so.
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
export function listTopic(service: Service, filter: JobFilter, limit: number): Topic {
  let last = new Map<string, string>()
  let lastCounts = ''
  let whole: (() => LiveEvent) | undefined
  return {
    async look() {
      const { items, counts } = await listJobs(service, filter, { limit })
      const now = new Map(items.map((job) => [job.id, stable(job)]))
      const left = [...last.keys()].filter((id) => !now.has(id))
      const news = [...items.filter((job) => last.get(job.id) !== now.get(job.id)), ...(await summaries(service, left))]
      const isNews = news.length > 0 || JSON.stringify(counts) !== lastCounts
      last = now
      lastCounts = JSON.stringify(counts)
      whole = once(() => eventOf('jobs', { items, counts }, shapes.jobsEvent))
      if (!isNews) return []
      return [eventOf('jobs', { items: news, counts }, shapes.jobsEvent)]
    },
    snapshot: () => (whole ? [whole()] : []),
    forget() {
      last = new Map()
      lastCounts = ''
      whole = undefined
    },
  }
}

/** A figure that is told whole whenever it differs. */
function wholeTopic<T>(read: () => Promise<T>, event: (found: T) => LiveEvent, key: (found: T) => string): Topic {
  let last = ''
  let held: LiveEvent[] = []
  return {
    async look() {
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

export const overviewTopic = (service: Service): Topic =>
  wholeTopic(
    () => overview(service),
    (found) => eventOf('overview', found, shapes.overview),
    ({ queues, ...found }) =>
      JSON.stringify([found, queues.map(({ oldestDueMs, ...queue }) => [queue, Math.round((oldestDueMs ?? 0) / 5000)])]),
  )

export const alertsTopic = (service: Service): Topic =>
  wholeTopic(
    async () => ({ items: await listAlerts(service) }),
    (found) => eventOf('alerts', found, shapes.alertList),
    JSON.stringify,
  )
