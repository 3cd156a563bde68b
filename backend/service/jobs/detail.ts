import { Refused } from '../../base/errors'
import type { Reader } from '../../base/sql'
import { jsonInt } from '../../base/vocabulary'
import type { RouteStage, Source, Traffic } from '../../contract'
import { type Report, readCounters, readTraffic } from '../../engine/jobs/report'
import { earlierRuns, type Run } from '../../engine/jobs/runs'
import { readStages } from '../../engine/jobs/stages'
import { findJob, type JobRow } from '../../engine/jobs/verbs'
import { hasCells } from '../../engine/store'
import { hasEnded } from '../base/about'
import { databaseCache } from '../base/caches'
import type { Service } from '../base/context'
import { type Words, wordsOf } from '../base/words'
import { firstLanes, type Lane } from './lanes'
import { stagesOf } from './stages'
import { type JobSummary, summaries } from './summary'

const MAX_LANES = 50
const MAX_IN_HAND = 50
const MAX_ERRORS = 20

export interface InHand {
  task: number | string
  stream: string
  key: string
  pages: number
  worker: string
  sinceMs: number
}

/** What a person should know of a job, and can do about it. */
export interface Notice {
  /** One of the source's counters. */
  counter: string
  n: number
  text: string
  advice: string
}

export interface JobParts {
  /** The 50 with most open tasks. */
  lanes: Lane[]
  /** Last errors of tasks that failed or are tried again, grouped by kind. */
  errors: { kind: string; state: string; tasks: number; example: string }[]
  rejectedBy: { reason: string; records: number }[]
  requests: Traffic
  /** Its source's own counters, by name. */
  counters: Record<string, number>
  /** Counters that a person can do something about. */
  notices: Notice[]
  inHand: InHand[]
  /** Progress by lane and stage, where pages foresee totals. */
  stages: RouteStage[]
  /** How earlier runs ended, oldest first. */
  earlierRuns: Run[]
  /** Whether it has a grid of partitions by now. */
  partitions: boolean
}

export interface JobDetail extends JobSummary, JobParts {
  report: Report | null
  words: Words
}

/** Everything known about one job. @throws {Refused} `missing`, `input` */
export async function jobDetail(service: Service, id: string): Promise<JobDetail> {
  const job = await findJob(service, id)
  const [[summary], parts] = await Promise.all([summaries(service, [job.id]), jobParts(service, job)])
  if (!summary) throw new Refused('missing', `there is no job ${id}`, 'id')
  const source = service.sources.find((one) => one.name === job.source)
  // The job may have ended since it was first read.
  const found = hasEnded(summary) && job.report === null ? (await findJob(service, job.id)).report : job.report
  const report = found && { ...found, lookups: summary.lookups.asked > 0 ? summary.lookups : found.lookups }
  return { ...summary, ...parts, report, words: wordsOf(source) }
}

const partsCache = databaseCache<JobParts>(500)

/** The details behind a job's figures. Sums over up to a million tasks are computed less often than they are shown. */
export const jobParts = (service: Pick<Service, 'db' | 'sources'>, job: JobRow): Promise<JobParts> =>
  partsCache(service).get(`${job.id} ${job.status} ${job.report === null}`, () => readParts(service, job))

async function readParts({ db, sources }: Pick<Service, 'db' | 'sources'>, job: JobRow): Promise<JobParts> {
  const [lanes, errors, rejectedBy, requests, counters, inHand, stages, runs, partitions] = await Promise.all([
    firstLanes(db, job.id, MAX_LANES),
    readErrors(db, job),
    db.query<JobParts['rejectedBy'][number]>(
      `select reason, count(*)::int as records from backhaul.rejects where job_id = $1 group by 1 order by 2 desc, 1`,
      [job.id],
    ),
    job.report ? job.report.requests : readTraffic(db, job.id),
    job.report ? (job.report.counters ?? {}) : readCounters(db, job.id),
    hasEnded(job) ? [] : readInHand(db, job.id),
    job.report?.cleared ? (job.report.stages ?? []) : readStages(db, [job.id]).then((found) => found.get(job.id) ?? []),
    earlierRuns(db, job.id),
    hasCells(db, job.id),
  ])
  const source = sources.find(({ name }) => name === job.source)
  const notices = noticesOf(source, counters)
  return {
    lanes,
    errors,
    rejectedBy,
    requests,
    counters,
    notices,
    inHand,
    stages: stagesOf(job, stages, sources),
    earlierRuns: runs,
    partitions,
  }
}

/** Counters of a job with the advice of its source. */
const noticesOf = (source: Source | undefined, counters: Readonly<Record<string, number>>): Notice[] =>
  Object.entries(source?.advice ?? {}).flatMap(([counter, advice]) => {
    const n = counters[counter] ?? 0
    return n > 0 ? [{ counter, n, text: source?.counters?.[counter] ?? counter, advice }] : []
  })

async function readErrors(db: Reader, { id, report }: JobRow): Promise<JobParts['errors']> {
  const found = await db.query<JobParts['errors'][number]>(
    `select error_kind as kind, state, count(*)::int as tasks, coalesce(max(error), '') as example
       from backhaul.tasks where job_id = $1 and error_kind is not null and state in ('failed', 'ready', 'waiting')
      group by 1, 2 order by 3 desc, 1 limit ${MAX_ERRORS}`,
    [id],
  )
  if (found.length > 0 || !report) return found
  // The tasks are deleted; the report keeps some of the failures.
  const byKind = new Map<string, JobParts['errors'][number]>()
  for (const { kind, error } of report.failures) {
    byKind.set(kind, { kind, state: 'failed', tasks: (byKind.get(kind)?.tasks ?? 0) + 1, example: error })
  }
  return [...byKind.values()]
}

async function readInHand(db: Reader, jobId: string): Promise<InHand[]> {
  const rows = await db.query<Omit<InHand, 'task'> & { task: bigint }>(
    `select id as task, stream, key, pages, coalesce(holder, '') as worker,
            round(extract(epoch from clock_timestamp() - claimed_at) * 1000)::float8 as "sinceMs"
       from backhaul.tasks where job_id = $1 and claim is not null and state = 'ready' order by claimed_at limit ${MAX_IN_HAND}`,
    [jobId],
  )
  return rows.map((row) => ({ ...row, task: jsonInt(row.task) }))
}
