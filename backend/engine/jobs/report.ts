import type { Reader } from '../../base/sql'
import { type Counted, count, counted, ofCounts } from '../../base/vocabulary'
import type { ApiTraffic, Traffic } from '../../contract'
import { FINISH, OPEN } from '../store'
import { COUNTS } from './counts'
import { earlierRuns, type Run, SECONDS_RUN } from './runs'
import { readStages, type Stage } from './stages'

/** What a job found, and whether it is complete. */
export interface Report extends Counted {
  job: string
  source: string
  params: unknown
  status: string
  startedAt: string | null
  completedAt: string
  /** All its runs together. */
  seconds: number
  /** Its earlier runs, before each retry; oldest first. */
  earlierRuns: Run[]
  tasks: { total: number; done: number; skipped: number; failed: number; cancelled: number; open: number }
  /** Tasks of each stream by state; states without any are left out. */
  streams: Record<string, Record<string, number>>
  pages: number
  rejectedBy: Record<string, number>
  /** Records that exist according to the upstream, where it gives a number. */
  expected: number | null
  /** By API: requests sent, waits for our own limits and their time, answers by which the upstream refused one. */
  requests: Traffic
  lookups: { asked: number; open: number }
  /** Skipped tasks by reason. */
  skipped: Record<string, number>
  /** The same by kind; those without one are left out. */
  skippedBy: Record<string, number>
  /** The first 50. */
  failures: { task: string; kind: string; error: string }[]
  /** Failed tasks by kind of error, all of them. */
  failedBy: Record<string, number>
  notes: string[]
  /** The source's own counters, by name; counters at 0 are left out. */
  counters: Record<string, number>
  /** By lane and stage, where pages foresaw totals. */
  stages: Stage[]
  /** Tasks of which it is not certain that all was read, by reason. */
  unverified: Record<string, number>
  verified: boolean
  reason: string
  /** When the job's tasks were deleted; `under way` while some are left. */
  cleared?: string
}

interface Sums extends Counted, Record<string, unknown> {
  source: string
  params: unknown
  status: string
  started_at: Date | null
  now: Date
  seconds: number
  total: number
  done: number
  skipped_tasks: number
  failed: number
  cancelled: number
  open: number
  pages: number
  expected: number | null
  short: number
}

/** The status with which a job ends, from the outcomes of its tasks. */
export const statusOf = (tasks: { done: number; failed: number }): 'completed' | 'partial' | 'failed' =>
  tasks.failed === 0 ? 'completed' : tasks.done === 0 ? 'failed' : 'partial'

/**
 * Counts a job's tasks, rejects, traffic and lookups.
 * @param status the status to report; absent: the one that follows from its settled tasks
 */
export async function buildReport(db: Reader, jobId: string, status?: string): Promise<Report> {
  const sums = await readSums(db, jobId)
  const unverified = await tally(
    db,
    `select unverified as word, count(*)::int as n from backhaul.tasks where job_id = $1 and unverified is not null group by 1 order by 2 desc, 1`,
    jobId,
  )
  const rejectedBy = await tally(
    db,
    `select reason as word, count(*)::int as n from backhaul.rejects where job_id = $1 group by 1 order by 2 desc, 1`,
    jobId,
  )
  const skipped = await tally(
    db,
    `select reason as word, count(*)::int as n from backhaul.tasks where job_id = $1 and state = 'skipped' group by 1 order by 2 desc, 1`,
    jobId,
  )
  const skippedBy = await tally(
    db,
    `select reason_kind as word, count(*)::int as n from backhaul.tasks
      where job_id = $1 and state = 'skipped' and reason_kind is not null group by 1 order by 2 desc, 1`,
    jobId,
  )
  const failedBy = await tally(
    db,
    `select coalesce(error_kind, 'unknown') as word, count(*)::int as n from backhaul.tasks
      where job_id = $1 and state = 'failed' and stream <> '${FINISH}' group by 1 order by 2 desc, 1`,
    jobId,
  )
  const streams = await readStreams(db, jobId)
  const requests = await readTraffic(db, jobId)
  const failures = await db.query<{ task: string; kind: string; error: string }>(
    `select stream || ' ' || key as task, coalesce(error_kind, 'unknown') as kind, coalesce(error, '') as error
       from backhaul.tasks where job_id = $1 and state = 'failed' and stream <> '${FINISH}' order by id limit 50`,
    [jobId],
  )
  const notes = await db.query<{ note: string }>(
    `select distinct unnest(notes) as note from backhaul.tasks where job_id = $1 order by 1 limit 100`,
    [jobId],
  )
  const lookups = await lookupsOf(db, jobId)
  const ends = status ?? statusOf(sums)
  return {
    job: jobId,
    source: sums.source,
    params: sums.params,
    status: ends,
    startedAt: sums.started_at?.toISOString() ?? null,
    completedAt: sums.now.toISOString(),
    seconds: sums.seconds,
    earlierRuns: await earlierRuns(db, jobId),
    tasks: {
      total: sums.total,
      done: sums.done,
      skipped: sums.skipped_tasks,
      failed: sums.failed,
      cancelled: sums.cancelled,
      open: sums.open,
    },
    streams,
    pages: sums.pages,
    ...ofCounts((name) => sums[name]),
    rejectedBy,
    expected: sums.expected,
    requests,
    lookups,
    skipped,
    skippedBy,
    failures,
    failedBy,
    notes: notes.map((row) => row.note),
    counters: await readCounters(db, jobId),
    stages: (await readStages(db, [jobId])).get(jobId) ?? [],
    unverified,
    ...verdict(ends, sums, Object.keys(unverified)),
  }
}

/** How many ids the job's pages requested, and how many are open now: a job ends without waiting for them. */
export async function lookupsOf(db: Reader, jobId: string): Promise<Report['lookups']> {
  const [row] = await db.query<Report['lookups']>(
    `select count(*)::int as asked, (count(*) filter (where asked > answered))::int as open from backhaul.lookups where jobs @> array[$1::uuid]`,
    [jobId],
  )
  return row ?? { asked: 0, open: 0 }
}

const read = (total: number, not = ''): string => counted(total, `task was ${not}read to its end`, `tasks were ${not}read to their end`)

/** @param unverified why it is not certain that all was read */
function verdict(status: string, sums: Sums, unverified: readonly string[]): { verified: boolean; reason: string } {
  if (status !== 'completed') {
    const unread = sums.failed + sums.cancelled + sums.open
    return { verified: false, reason: `the job is ${status}: ${count(unread)} of ${read(sums.total, 'not ')}` }
  }
  const doubts = [
    ...(sums.rejected > 0 ? [`${counted(sums.rejected, 'record was', 'records were')} rejected`] : []),
    ...(sums.short > 0 ? [`${counted(sums.short, 'task')} found fewer records than the source says there are`] : []),
    ...unverified,
  ]
  if (doubts.length > 0) return { verified: false, reason: doubts.join('; ') }
  const skipped = sums.skipped_tasks > 0 ? `, ${counted(sums.skipped_tasks, 'was', 'were')} skipped for a stated reason` : ''
  return { verified: true, reason: `${count(sums.done)} of ${read(sums.total)}${skipped}; no record was rejected` }
}

async function readSums(db: Reader, jobId: string): Promise<Sums> {
  const sum = (column: string) => `coalesce(sum(t.${column}), 0)::float8 as ${column}`
  const [row] = await db.query<Sums>(
    `select j.source, j.params, j.status, j.started_at, clock_timestamp() as now,
            ${SECONDS_RUN} as seconds,
            count(t.id)::int as total, (count(*) filter (where t.state = 'done'))::int as done,
            (count(*) filter (where t.state = 'skipped'))::int as skipped_tasks, (count(*) filter (where t.state = 'failed'))::int as failed,
            (count(*) filter (where t.state = 'cancelled'))::int as cancelled, (count(*) filter (where t.state in ${OPEN}))::int as open,
            ${COUNTS.map(sum).join(', ')},
            sum(t.expected)::float8 as expected, (count(*) filter (where t.expected > t.seen))::int as short
       from backhaul.jobs j left join backhaul.tasks t on t.job_id = j.id and t.stream <> '${FINISH}'
      where j.id = $1 group by j.id`,
    [jobId],
  )
  if (!row) throw new Error(`no job ${jobId}`)
  return row
}

async function tally(db: Reader, sql: string, jobId: string): Promise<Record<string, number>> {
  const rows = await db.query<{ word: string | null; n: number }>(sql, [jobId])
  return Object.fromEntries(rows.map((row) => [row.word ?? 'no reason kept', row.n]))
}

/** Totals of a job's pages for the counters of its source. */
export async function readCounters(db: Reader, jobId: string): Promise<Report['counters']> {
  const rows = await db.query<{ name: string; n: number }>(
    `select c.key as name, sum(c.value::float8) as n from backhaul.tasks t, jsonb_each_text(t.counters) c where t.job_id = $1 group by 1 order by 1`,
    [jobId],
  )
  return Object.fromEntries(rows.map(({ name, n }) => [name, n]))
}

async function readStreams(db: Reader, jobId: string): Promise<Report['streams']> {
  const rows = await db.query<{ stream: string; state: string; n: number }>(
    `select stream, state, count(*)::int as n from backhaul.tasks where job_id = $1 and stream <> '${FINISH}' group by 1, 2 order by 1, 2`,
    [jobId],
  )
  const streams: Report['streams'] = {}
  for (const { stream, state, n } of rows) streams[stream] = { ...streams[stream], [state]: n }
  return streams
}

/** Totals of the requests of a job's tasks, by API. */
export async function readTraffic(db: Reader, jobId: string): Promise<Traffic> {
  const sum = (field: keyof ApiTraffic) => `coalesce(sum((e.value->>'${field}')::float8), 0) as "${field}"`
  const rows = await db.query<ApiTraffic & { api: string }>(
    `select e.key as api, ${(['requests', 'waits', 'waitMs', 'throttled', 'bytes'] as const).map(sum).join(', ')}
       from backhaul.tasks t, jsonb_each(t.traffic) e where t.job_id = $1 group by 1 order by 1`,
    [jobId],
  )
  return Object.fromEntries(rows.map(({ api, ...traffic }) => [api, { ...traffic, waitMs: Math.round(traffic.waitMs) }]))
}
