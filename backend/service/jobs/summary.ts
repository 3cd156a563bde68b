import { type Counted, count, counted, type JobActivity, type JobStatus, type JobVerb, upper, type WaitKind } from '../../base/vocabulary'
import { livePlaces, type Progress, progress, readLookups, type Tasks, type Turn, turnsOf, type Wait } from '../../engine/jobs/progress'
import { fractionOf, hasEnded, labelOf, settledOf, standstillOf, waitsOf } from '../base/about'
import { databaseCache, perDatabase } from '../base/caches'
import type { Service } from '../base/context'
import { timesLeft } from './left'
import { rateMeter } from './rates'
import { startOf, turnText } from './turn'
import { waitSentence } from './waits'

export interface JobWait {
  kind: Wait['kind']
  /** API, kind of error, or queue. */
  on: string
  tasks: number
  until: string | null
  sentence: string
  error: string | null
}

/** A job as every entry point shows it. Times are ISO 8601 in UTC. */
export interface JobSummary extends Counted {
  id: string
  source: string
  /** What the job reads, for people. */
  label: string
  /** Its active key; null when it was forced to run beside another. */
  about: string | null
  /** One of the kinds of its source. */
  kind: string | null
  status: JobStatus
  /** What it does now. */
  activity: JobActivity
  /** Why it has stalled, and since when; null unless there is an alert of it. */
  stalled: { since: string; message: string } | null
  /** Who knows that it failed. */
  acknowledged: { at: string; by: string } | null
  params: unknown
  priority: number
  createdAt: string
  startedAt: string | null
  completedAt: string | null
  seconds: number
  tasks: Tasks
  pages: number
  expected: number | null
  /** As last counted: a job ends without waiting for them. */
  lookups: { asked: number; open: number }
  /** How far the job is, 0 to 1. */
  fraction: number | null
  /** Of a job that waits for its turn: 1 starts next; the highest number counted, plus one, means any place behind those. Else null. */
  position: number | null
  /** When such a job starts, where that is known. */
  startsInMs: number | null
  /** Records per second, measured between the requests to this process. */
  rate: number | null
  leftMs: number | null
  sentence: string
  waits: JobWait[]
  error: string | null
  verified: boolean | null
  can: JobVerb[]
  /** When its figures were read, by the database's clock: answers may arrive in another order. */
  readAt: string
}

const rateMeters = perDatabase(() => rateMeter())
const lookupFigures = databaseCache<ReadonlyMap<string, Progress['lookups']>>(500)
const turns = databaseCache<ReadonlyMap<string, Turn>>(1000)

/** The state of these jobs, in the order of the ids; ids without a job are left out. */
export async function summaries(service: Service, ids: readonly string[]): Promise<JobSummary[]> {
  if (ids.length === 0) return []
  const { db } = service
  const [jobs, live, left, stalled] = await Promise.all([
    progress(
      db,
      ids,
      () => lookupFigures(service).get(ids.join(), () => readLookups(db, ids)),
      (queued) => turns(service).get(queued.join(), () => turnsOf(db, queued)),
    ),
    livePlaces(db),
    timesLeft(service),
    stalledJobs(db, ids),
  ])
  const rates = rateMeters(service)(jobs.filter((job) => !hasEnded(job)))
  return jobs.map((job) => summaryOf(service, job, { live, rate: rates.get(job.id), left: left.get(job.id), stalled: stalled.get(job.id) }))
}

/** The verbs that a job in this state accepts, as `engine/jobs/verbs.ts` decides. */
export function verbsFor({
  status,
  tasks,
  cleared,
  acknowledged,
}: Pick<Progress, 'status' | 'tasks' | 'cleared' | 'acknowledged'>): JobVerb[] {
  const can: JobVerb[] = []
  if (status === 'queued' || status === 'running') can.push('pause')
  if (status === 'paused') can.push('resume')
  if (!hasEnded({ status })) can.push('cancel')
  const failed = status === 'partial' || status === 'failed' || (status !== 'cancelled' && tasks.failed > 0)
  if (failed && !cleared) can.push('retry')
  if ((status === 'partial' || status === 'failed') && !acknowledged) can.push('acknowledge')
  return can
}

/** What is known beside a job's own figures: workers by queue, records per second, and its time left by the limits, ms. */
interface Beside {
  live: ReadonlyMap<string, number>
  rate: number | undefined
  left: number | undefined
  stalled: JobSummary['stalled'] | undefined
}

function summaryOf(service: Service, job: Progress, { live, rate, left, stalled }: Beside): JobSummary {
  const { readAt, admitted: _, turn, activeKey, waits: __, cleared: ___, acknowledgedBy: ____, ...figures } = job
  const running = { live, sources: service.sources, limits: service.limits, config: service.config }
  const startsIn = startOf(job, running)
  const label = labelOf(job, service.sources)
  const fraction = fractionOf(job) ?? null
  const now = new Date()
  const waits = waitsOf(job, live)
  const activity = activityOf(job, waits, stalled !== undefined, live)
  return {
    ...figures,
    label,
    about: activeKey,
    status: job.status as JobStatus,
    activity,
    stalled: (job.status === 'running' && stalled) || null,
    acknowledged: job.acknowledged && { at: job.acknowledged.toISOString(), by: job.acknowledgedBy ?? '' },
    createdAt: job.createdAt.toISOString(),
    startedAt: job.startedAt?.toISOString() ?? null,
    completedAt: job.completedAt?.toISOString() ?? null,
    fraction,
    position: turn?.position ?? null,
    startsInMs: startsIn,
    rate: job.status === 'running' ? (rate ?? null) : null,
    leftMs: job.status === 'running' && left !== undefined ? left : leftMs(job, fraction, rate),
    sentence: sentenceOf(job, label, activity, () => upper(turnText(turn, startsIn, running))),
    waits: waits.map((wait) => ({
      kind: wait.kind,
      on: wait.on,
      tasks: wait.tasks,
      until: wait.inMs > 0 && wait.kind !== 'hold' ? wait.dueAt.toISOString() : null,
      sentence: waitSentence(wait, running, now),
      error: wait.error,
    })),
    can: verbsFor(job),
    readAt: readAt.toISOString(),
  }
}

/** The alerts of these jobs that have stalled, by job. */
async function stalledJobs(db: Service['db'], ids: readonly string[]): Promise<Map<string, NonNullable<JobSummary['stalled']>>> {
  const rows = await db.query<{ id: string; since: Date; message: string }>(
    `select subject as id, since, message from backhaul.alerts where kind = 'job_stalled' and subject = any($1)`,
    [ids],
  )
  return new Map(rows.map(({ id, since, message }) => [id, { since: since.toISOString(), message }]))
}

const WAITING: Record<WaitKind, JobActivity> = { gate: 'limit', retry: 'retry', hold: 'person', worker: 'worker' }

/** A job reads while a worker holds one of its tasks, whatever the others wait for. */
function activityOf(job: Progress, waits: readonly Wait[], isStalled: boolean, live: Beside['live']): JobActivity {
  const still = standstillOf(job)
  // Its report waits for a worker like a page does.
  if (still === 'not admitted' || (still === 'reporting' && !job.isReporting)) return 'turn'
  if (still) return still
  if (isStalled) return 'stalled'
  if (job.tasks.held > 0) return 'reading'
  const first = waits[0]
  // Workers that are busy come to it in its turn; without any, somebody has to start one.
  if (!first || (first.kind === 'worker' && live.has(first.on))) return 'turn'
  return WAITING[first.kind]
}

/** From the rate where the number of records is known, else from the share that is done; unknown while nothing moves. */
function leftMs(job: Progress, fraction: number | null, rate = Number.NaN): number | null {
  if (job.status !== 'running' || fraction === null || fraction <= 0 || fraction >= 1 || rate === 0) return null
  if (job.expected && rate > 0) return Math.round(((job.expected - job.seen) / rate) * 1000)
  return Math.round(((job.seconds * (1 - fraction)) / fraction) * 1000)
}

/** `450 / 1,200`; in tasks where the number of records is unknown. */
function farOf(job: Progress): string {
  if (job.expected) return `${count(job.seen)} / ${count(job.expected)}`
  if (job.tasks.total > 1) return `${count(settledOf(job))} / ${counted(job.tasks.total, 'task')}`
  return counted(job.seen, 'record')
}

function sentenceOf(job: Progress, label: string, activity: JobActivity, ofTurn: () => string): string {
  if (job.status === 'completed') return `Read ${label}: ${counted(job.seen, 'record')}, ${count(job.new)} new`
  if (job.status === 'cancelled') return `Cancelled at ${farOf(job)}`
  if (job.status === 'partial')
    return `${count(job.tasks.failed)} of ${counted(job.tasks.total, 'task')} failed, ${counted(job.seen, 'record')} read`
  if (job.status === 'failed') return job.error ?? 'Failed'
  if (job.status === 'paused') return `Paused at ${farOf(job)}`
  const still = standstillOf(job)
  if (still === 'not admitted') return ofTurn()
  if (still === 'reporting') return job.isReporting ? 'Writing its report' : 'All tasks are settled: its report waits for a free worker'
  if (job.status === 'queued') return `Waiting to start: ${label}`
  return activity === 'reading' ? `Reading ${label}… ${farOf(job)}` : `${upper(label)}: ${farOf(job)}`
}
