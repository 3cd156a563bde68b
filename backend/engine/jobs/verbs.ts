import { Refused } from '../../base/errors'
import type { Json } from '../../base/json'
import type { Tx } from '../../base/sql'
import { ACTIVE_STATUSES } from '../../base/vocabulary'
import { defaultsOf, type RetryChoice, type Source } from '../../contract'
import { type Engine, sourceNamed } from '../engine'
import { logJobsStarted } from '../log'
import { CHOICES, cancelTasks, dropClaims, forgetWaits, insertTasks, reopenFailed } from '../store'
import { wake } from '../wake'
import { admit } from './admission'
import { endCancelled } from './finish'
import { buildReport, lookupsOf, type Report } from './report'
import { beginNextRun, CLOCK_GOES_ON } from './runs'
import type { Started } from './start'

export * from './start'

/*
 * The verbs that every entry point calls: start, pause, resume, cancel, retry, report. Calling one twice is safe.
 */

export interface JobRow {
  id: string
  source: string
  status: string
  params: Json
  report: Report | null
}

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/
/** Ids are ordered like their text, so ids with the same beginning are a range of the primary key. */
const LOWEST = '00000000-0000-0000-0000-000000000000'
const HIGHEST = 'ffffffff-ffff-ffff-ffff-ffffffffffff'

/**
 * The job whose id is, or starts with, these characters.
 * @throws {Refused} `missing` when there is none, `input` when it could be several
 */
export async function findJob({ db }: Pick<Engine, 'db'>, id: string): Promise<JobRow> {
  if (!/^[0-9a-f-]{4,36}$/i.test(id))
    throw new Refused('input', `${JSON.stringify(id)} is not a job id; give the id or at least its first four characters`, 'id')
  const [first, last] = [LOWEST, HIGHEST].map((end) => id.toLowerCase() + end.slice(id.length)) as [string, string]
  // A dash in the wrong place: no id begins like this.
  const jobs = UUID.test(first)
    ? await db.query<JobRow>(
        `select id, source, status, params, report from backhaul.jobs where id between $1::uuid and $2::uuid limit 2`,
        [first, last],
      )
    : []
  if (jobs.length > 1) throw new Refused('input', `${id} matches more than one job id; give more characters`, 'id')
  if (!jobs[0]) throw new Refused('missing', `there is no job ${id}`, 'id')
  return jobs[0]
}

/** Moves a job from one of `from` to `to`. @throws {Refused} `state` naming the state it is in */
async function move(engine: Engine, id: string, verb: string, from: readonly string[], set: string): Promise<JobRow> {
  const job = await findJob(engine, id)
  const rows = await engine.db.query<JobRow>(
    `update backhaul.jobs set ${set} where id = $1 and status = any($2::backhaul.job_status[]) returning id, source, status, params, report`,
    [job.id, from],
  )
  if (rows[0]) return rows[0]
  const now = await findJob(engine, job.id)
  throw new Refused('state', `job ${job.id.slice(0, 8)} is ${now.status}; ${verb} needs it to be ${orList(from)}`, 'status', now.status)
}

/** `queued, running or paused`. */
const orList = (words: readonly string[]): string =>
  words.length < 2 ? words.join('') : `${words.slice(0, -1).join(', ')} or ${words.at(-1)}`

/** Stops claims; turns end after their current page. Another job may take its place among the running ones. */
export const pause = (engine: Engine, id: string): Promise<JobRow> =>
  move(engine, id, 'pause', ACTIVE_STATUSES, `status = 'paused', admitted = false, paused_at = coalesce(paused_at, clock_timestamp())`)

/** Lets a paused job continue once it is admitted again, before jobs that have not started. */
export async function resume(engine: Engine, id: string): Promise<JobRow> {
  const to = `status = case when status = 'paused' then 'queued' else status end::backhaul.job_status, ${CLOCK_GOES_ON},
              queued_at = case when status = 'paused' then clock_timestamp() else queued_at end`
  const job = await move(engine, id, 'resume', ['paused', 'queued', 'running'], to)
  await forgetWaits(engine.db, job.id)
  await goOn(engine)
  return await findJob(engine, job.id)
}

/** Admits what may run now, and wakes the workers. */
export async function goOn(engine: Engine): Promise<void> {
  await admit(engine)
  await wake(engine.db, engine.broker)
}

/** Cancels a job: its status first, so that nothing new is claimed, then its claims and tasks, then its report. */
export async function cancel(engine: Engine, id: string): Promise<JobRow> {
  const job = await move(
    engine,
    id,
    'cancel',
    [...ACTIVE_STATUSES, 'cancelled'],
    `status = 'cancelled', admitted = false, ${CLOCK_GOES_ON}`,
  )
  await sweep(engine, job)
  return await findJob(engine, job.id)
}

/** Cancelled jobs whose report is still to be written. */
export const TO_SWEEP = `from backhaul.jobs where status = 'cancelled' and report is null`

/** Finishes a cancel whose process died on the way. */
export async function sweepCancelled(engine: Engine): Promise<void> {
  const left = await engine.db.query<JobRow>(`select id, source, status, params, report ${TO_SWEEP}`)
  for (const job of left) await sweep(engine, job)
}

async function sweep(engine: Engine, { id, source: name }: JobRow): Promise<void> {
  const { db, sources } = engine
  await dropClaims(db, id)
  await cancelTasks(db, id)
  const source = sources.find((one) => one.name === name)
  // A source that this version does not know is a newer version's, whose scheduler ends the job.
  if (!source) return
  const ended = await db.tx((tx) => endCancelled(tx, engine, source, id))
  await beginNext(engine, source, ended?.started ?? [])
}

/** Lets the jobs begin that a source started as another one ended. */
export async function beginNext(engine: Engine, source: Source, started: readonly Started[]): Promise<void> {
  if (started.length === 0) return
  logJobsStarted(engine.log, source.name, started)
  await goOn(engine)
}

/**
 * Retries a job's failed tasks, each from the page it reached and with all its attempts, and with `missing` what else is not there; the
 * job will finish again.
 * @param only which of the failed tasks; the others stay failed
 * @throws {Refused} `state` when another active job backfills the same, or nothing failed
 */
export async function retry(engine: Engine, id: string, only: RetryChoice = {}): Promise<{ job: JobRow; tasks: number }> {
  const job = await findJob(engine, id)
  const source = sourceNamed(engine.sources, job.source)
  const tasks = await engine.db.tx(async (tx) => {
    // Locked, so that its finish task runs either before all of this or after all of it.
    const [now] = await tx.query<{ status: string; run: number; cleared: boolean | null }>(
      `select status, run, report ? 'cleared' as cleared from backhaul.jobs where id = $1 for update`,
      [job.id],
    )
    const status = now?.status ?? 'gone'
    if (now?.cleared) {
      throw new Refused(
        'state',
        `the tasks of job ${job.id.slice(0, 8)} were deleted after RETENTION_DAYS; start the job again`,
        'status',
        status,
      )
    }
    const missing = only.missing === true
    if (!['partial', 'failed', 'running', 'queued', 'paused', ...(missing ? ['completed'] : [])].includes(status)) {
      throw new Refused('state', `job ${job.id.slice(0, 8)} is ${status}; retry needs failed tasks; start the job again`, 'status', status)
    }
    const chosen = CHOICES.flatMap((name) => (only[name] === undefined ? [] : [` of ${name} ${only[name]}`]))
    const failed = await reopenFailed(tx, job.id, only, source.missing?.kinds)
    const found = missing && chosen.length === 0 ? await planMissing(tx, engine, source, job) : { tasks: 0, params: job.params }
    const opened = failed + found.tasks
    const ended = status === 'failed' || status === 'partial' || status === 'completed'
    if (opened === 0 && (status !== 'failed' || chosen.length > 0))
      throw new Refused(
        'state',
        `job ${job.id.slice(0, 8)} has no failed ${missing ? 'or missing ' : ''}tasks${chosen.join('')}; nothing to retry`,
        'status',
        status,
      )
    // The scheduler gives them places: two promotes with different views of a lane would each fill it.
    if (ended) await queueAgain(tx, job)
    await source.started?.(tx, { id: job.id, params: source.params.parse(found.params), run: (now?.run ?? 1) + (ended ? 1 : 0) })
    return opened
  })
  await goOn(engine)
  return { job: await findJob(engine, job.id), tasks }
}

/** Adds or opens the tasks of what is not stored, as far as the source knows it. */
async function planMissing(tx: Tx, { settings = defaultsOf }: Pick<Engine, 'settings'>, source: Source, job: JobRow) {
  const found = await source.missing?.plan?.(tx, { id: job.id, params: source.params.parse(job.params) }, settings(source))
  if (!found) return { tasks: 0, params: job.params }
  const params = found.params === undefined ? job.params : source.params.parse(found.params)
  await tx.query(`update backhaul.jobs set params = $2 where id = $1`, [job.id, JSON.stringify(params)])
  return { tasks: await insertTasks(tx, job.id, source, found.tasks), params }
}

async function queueAgain(tx: Tx, job: JobRow): Promise<void> {
  try {
    await beginNextRun(tx, job.id)
  } catch (error) {
    if ((error as { code?: string }).code !== '23505') throw error
    throw new Refused(
      'state',
      `another active job backfills the same as job ${job.id.slice(0, 8)}; retry when it has ended`,
      'status',
      job.status,
    )
  }
}

/** A finished job's report, with the lookups still open now, or the figures so far of a job that still runs. */
export async function report({ db }: Pick<Engine, 'db'>, id: string): Promise<Report> {
  const job = await findJob({ db }, id)
  if (!job.report) return await buildReport(db, job.id, job.status)
  return { ...job.report, lookups: await lookupsOf(db, job.id) }
}
