import type { Reader, Tx } from '../../base/sql'

/** One run of a job: from its start, or from its admission after a retry, to its end. */
export interface Run {
  /** From 1. */
  number: number
  /** ISO 8601 in UTC. */
  startedAt: string
  endedAt: string
  seconds: number
  /** How it ended; one that is completed can be retried for what is missing. */
  status: 'completed' | 'partial' | 'failed'
  /** The reason; the first failure if there were several. */
  error: string | null
  /** The job's totals at that end. */
  tasks: { total: number; failed: number }
  seen: number
  new: number
}

/** How many of a job's last runs are shown. */
const MAX_RUNS = 50

/** When the time of `jobs j` stopped: at its end or while it is paused. */
const STOPPED = `coalesce(j.completed_at, j.paused_at, clock_timestamp())`
/**
 * Lets the time of a paused job go on: the pause does not count. Where no run had started, no time was counted that it could be taken
 * from. For `set` of an update of `jobs`.
 */
export const CLOCK_GOES_ON = `ran_seconds = ran_seconds - case when run = 1 or run_started_at is not null
  then coalesce(extract(epoch from clock_timestamp() - paused_at), 0) else 0 end, paused_at = null`
/** When the current or last run of `jobs j` started. While a retried job waits for its turn, no run has started and no time is counted. */
const STARTED = `case when j.run = 1 then coalesce(j.started_at, j.created_at) else coalesce(j.run_started_at, ${STOPPED}) end`

/** Seconds that `jobs j` has run: the sum of its runs, without the time between them. */
export const SECONDS_RUN = `round((j.ran_seconds + extract(epoch from ${STOPPED} - ${STARTED}))::numeric, 1)::float8`

/** Stores the run of a job that has ended and begins the next one; the caller has locked the job's row. */
export async function beginNextRun(tx: Tx, jobId: string): Promise<void> {
  await tx.query(
    `with ended as (
       insert into backhaul.runs (job_id, number, started_at, ended_at, status, error, tasks, failed, seen, new)
       select j.id, j.run, ${STARTED}, ${STOPPED}, j.status, j.error, coalesce((j.report -> 'tasks' ->> 'total')::int, 0),
              coalesce((j.report -> 'tasks' ->> 'failed')::int, 0), coalesce((j.report ->> 'seen')::float8::bigint, 0),
              coalesce((j.report ->> 'new')::float8::bigint, 0)
         from backhaul.jobs j where j.id = $1 returning started_at, ended_at
     )
     update backhaul.jobs
        set run = run + 1, ran_seconds = ran_seconds + extract(epoch from ended.ended_at - ended.started_at), run_started_at = null,
            status = 'queued', admitted = false, queued_at = clock_timestamp(), started_at = coalesce(jobs.started_at, clock_timestamp()), completed_at = null, report = null, error = null,
            acknowledged_at = null, acknowledged_by = null
       from ended where id = $1`,
    [jobId],
  )
}

/** Runs of a job before its current or last one: the last 50, oldest first. */
export async function earlierRuns(db: Reader, jobId: string): Promise<Run[]> {
  const rows = await db.query<
    Omit<Run, 'tasks' | 'startedAt' | 'endedAt'> & { startedAt: Date; endedAt: Date; total: number; failed: number }
  >(
    `select number, started_at as "startedAt", ended_at as "endedAt", round(extract(epoch from ended_at - started_at)::numeric, 1)::float8 as seconds,
            status, error, tasks as total, failed, seen::float8 as seen, new::float8 as new
       from backhaul.runs where job_id = $1 order by number desc limit ${MAX_RUNS}`,
    [jobId],
  )
  return rows.reverse().map(({ startedAt, endedAt, total, failed, ...run }) => ({
    ...run,
    startedAt: startedAt.toISOString(),
    endedAt: endedAt.toISOString(),
    tasks: { total, failed },
  }))
}
