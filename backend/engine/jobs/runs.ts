import type { Reader, Tx } from '../../base/sql'

/** A time that a job ran, from its start, or from the turn it got after a retry, until it ended. */
export interface Run {
  /** From 1. */
  number: number
  /** ISO 8601 in UTC. */
  startedAt: string
  endedAt: string
  seconds: number
  /** How it ended: `partial` or `failed`, as others are not tried again. */
  status: 'partial' | 'failed'
  /** Why; the first failure where there were several. */
  error: string | null
  /** What the job had come to by then. */
  tasks: { total: number; failed: number }
  seen: number
  new: number
}

/** Runs that are shown of a job: the last ones. */
const MAX_RUNS = 50

const STOPPED = `coalesce(j.completed_at, clock_timestamp())`
/** When the run in hand, or the last one, of `jobs j` started; while a retried job waits for its turn it has not, and takes no time. */
const STARTED = `case when j.run = 1 then coalesce(j.started_at, j.created_at) else coalesce(j.run_started_at, ${STOPPED}) end`

/** Seconds that `jobs j` has run: all its runs together, without the time it stood ended between them. */
export const SECONDS_RUN = `round((j.ran_seconds + extract(epoch from ${STOPPED} - ${STARTED}))::numeric, 1)::float8`

/** Keeps the run of a job that has ended, and lets the next one begin: its row is locked by the caller. */
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
            status = 'queued', admitted = false, started_at = coalesce(jobs.started_at, clock_timestamp()), completed_at = null, report = null, error = null
       from ended where id = $1`,
    [jobId],
  )
}

/** Runs of a job before the one in hand, or before its last; oldest first, the last 50. */
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
