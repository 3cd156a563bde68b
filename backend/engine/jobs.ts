import { ZodError } from 'zod'
import type { QueueName } from '../../queues/names'
import { ring } from './bell'
import type { Engine } from './engine'
import { Refused } from './errors'
import { said } from './events'
import { endJob } from './finish'
import { buildReport, lookupsOf, type Report } from './report'
import type { Json, Plan, Source, Tx } from './source'
import { FINISH, insertTasks, promote } from './store'

/*
 * The verbs every door calls: start, pause, resume, cancel, retry, report. Each may be called twice.
 */

/** Lower goes first. */
export const PRIORITY = { live: 0, asked: 1, backfill: 2 } as const

export interface StartOptions {
  priority?: number
  /** Starts one even if the same thing is being backfilled. */
  force?: boolean
  /** One message id, one job. */
  inbox?: { queue: string; messageId: string; bodyHash: string }
}

export interface Started {
  id: string
  status: string
  /** False: it was active already, or this message had been taken. */
  created: boolean
  plan: Plan
}

/** The params of a request, parsed by their source. @throws {Refused} naming the field */
export const parseParams = <P>(source: Source<P>, raw: unknown): P => refusing(() => source.params.parse(raw))

/** The params of a raw message on one of the source's queues. @throws {Refused} naming the field */
export function parseRequest<P>(source: Source<P>, queue: QueueName, raw: unknown): P {
  const parse = source.requests[queue]
  if (!parse) throw new Refused('input', `${queue} takes no requests`)
  return refusing(() => parse(raw))
}

function refusing<P>(parse: () => P): P {
  try {
    return parse()
  } catch (error) {
    if (!(error instanceof ZodError)) throw error
    const issue = error.issues[0]
    const field = issue?.path.join('.') ?? ''
    throw new Refused('input', field ? `${field}: ${issue?.message}` : (issue?.message ?? 'the request is empty'), field || undefined)
  }
}

/**
 * Commits a job with its first tasks; the caller rings.
 * @param params already parsed by the source
 * @throws {Refused} `input` when the message id came before with another body
 */
export async function start(
  engine: Pick<Engine, 'db' | 'log'>,
  source: Source,
  params: unknown,
  options: StartOptions = {},
): Promise<Started> {
  const [job] = await startAll(engine, source, [params], options)
  if (!job) throw new Error('no job was started')
  return job
}

/** Starts one job for each params, or none of them. */
export async function startAll(
  engine: Pick<Engine, 'db' | 'log'>,
  source: Source,
  all: readonly unknown[],
  options: StartOptions = {},
): Promise<Started[]> {
  const started = await engine.db.tx(async (tx) => {
    const jobs: Started[] = []
    for (const params of all) jobs.push(await startOne(tx, source, params, options))
    return jobs
  })
  for (const job of started) said.jobStarted(engine.log, source.name, job.id, job.created, job.plan.activeKey)
  return started
}

async function startOne(tx: Tx, source: Source, params: unknown, options: StartOptions): Promise<Started> {
  const plan = source.plan(params)
  if (plan.tasks.length === 0) throw new Refused('input', `there is nothing to backfill for ${plan.activeKey}`)
  const taken = options.inbox && (await takeMessage(tx, options.inbox))
  if (taken) return { ...taken, created: false, plan }
  const activeKey = options.force ? null : plan.activeKey
  const priority = options.priority ?? PRIORITY.backfill
  const [job] = await tx.query<{ id: string; status: string }>(
    `insert into backhaul.jobs (source, params, priority, active_key, lane_width, lanes_at_once, backlog, admitted, open)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
     on conflict (source, active_key) where active_key is not null and status in ('queued', 'running', 'paused') do nothing
     returning id, status`,
    [
      source.name,
      JSON.stringify(params),
      priority,
      activeKey,
      plan.laneWidth ?? 1,
      plan.lanesAtOnce ?? 8,
      plan.backlog ?? null,
      source.jobsAtOnce === undefined,
      plan.tasks.length,
    ],
  )
  if (!job) return { ...(await activeJob(tx, source, plan.activeKey, options)), created: false, plan }
  await insertTasks(tx, { id: job.id, priority }, source, plan.tasks)
  await promote(tx, job.id)
  if (options.inbox) await noteMessage(tx, options.inbox, job.id)
  return { ...job, created: true, plan }
}

async function activeJob(tx: Tx, source: Source, activeKey: string, options: StartOptions): Promise<{ id: string; status: string }> {
  const [job] = await tx.query<{ id: string; status: string }>(
    `select id, status from backhaul.jobs where source = $1 and active_key = $2 and status in ('queued', 'running', 'paused')`,
    [source.name, activeKey],
  )
  if (!job) throw Object.assign(new Error('the active job ended between two statements'), { code: '40001' })
  if (options.inbox) await noteMessage(tx, options.inbox, job.id)
  return job
}

async function takeMessage(tx: Tx, inbox: NonNullable<StartOptions['inbox']>): Promise<{ id: string; status: string } | undefined> {
  const fresh = await tx.query(
    `insert into backhaul.inbox (queue, message_id, body_hash) values ($1, $2, $3) on conflict (queue, message_id) do nothing returning queue`,
    [inbox.queue, inbox.messageId, inbox.bodyHash],
  )
  if (fresh.length > 0) return undefined
  const [row] = await tx.query<{ body_hash: string; id: string; status: string }>(
    `select i.body_hash, j.id, j.status from backhaul.inbox i left join backhaul.jobs j on j.id = i.job_id where i.queue = $1 and i.message_id = $2`,
    [inbox.queue, inbox.messageId],
  )
  if (row?.body_hash !== inbox.bodyHash) {
    throw new Refused(
      'input',
      `messageId ${inbox.messageId} was used before on ${inbox.queue} for another request; send a new id`,
      'messageId',
    )
  }
  return { id: row.id, status: row.status }
}

async function noteMessage(tx: Tx, inbox: NonNullable<StartOptions['inbox']>, jobId: string): Promise<void> {
  await tx.query(`update backhaul.inbox set job_id = $3 where queue = $1 and message_id = $2`, [inbox.queue, inbox.messageId, jobId])
}

export interface JobRow {
  id: string
  source: string
  status: string
  params: Json
  report: Report | null
}

/**
 * The job whose id is, or starts with, these characters.
 * @throws {Refused} `missing` when there is none, `input` when it could be several
 */
export async function findJob({ db }: Pick<Engine, 'db'>, id: string): Promise<JobRow> {
  if (!/^[0-9a-f-]{4,36}$/i.test(id))
    throw new Refused('input', `${JSON.stringify(id)} is no job id; give the id, or at least its first four characters`, 'id')
  const jobs = await db.query<JobRow>(
    `select id, source, status, params, report from backhaul.jobs where id::text like $1 || '%' limit 2`,
    [id.toLowerCase()],
  )
  if (jobs.length > 1) throw new Refused('input', `${id} is the beginning of more than one job id; give more of it`, 'id')
  if (!jobs[0]) throw new Refused('missing', `there is no job ${id}; see yarn jobs list`, 'id')
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
  throw new Refused('state', `job ${job.id.slice(0, 8)} is ${now.status}; ${verb} needs it to be ${from.join(' or ')}`)
}

/** Stops claims; turns end after the page in hand. */
export const pause = (engine: Engine, id: string): Promise<JobRow> =>
  move(engine, id, 'pause', ['queued', 'running', 'paused'], `status = 'paused'`)

/** Lets a paused job go on. */
export async function resume(engine: Engine, id: string): Promise<JobRow> {
  const to = `status = case when status <> 'paused' then status when started_at is null then 'queued' else 'running' end::backhaul.job_status`
  const job = await move(engine, id, 'resume', ['paused', 'queued', 'running'], to)
  await ring(engine.db, engine.broker)
  return job
}

/** Ends a job: the status first, so that nothing new is claimed, then its claims and tasks, then its report. */
export async function cancel(engine: Engine, id: string): Promise<JobRow> {
  const job = await move(engine, id, 'cancel', ['queued', 'running', 'paused', 'cancelled'], `status = 'cancelled'`)
  await sweep(engine, job.id)
  return await findJob(engine, job.id)
}

/** Finishes what a cancel began, where its process died on the way. */
export async function sweepCancelled(engine: Engine): Promise<void> {
  const left = await engine.db.query<{ id: string }>(`select id from backhaul.jobs where status = 'cancelled' and report is null`)
  for (const job of left) await sweep(engine, job.id)
}

async function sweep({ db }: Engine, id: string): Promise<void> {
  await db.query(`update backhaul.tasks set claim = null, holder = null where job_id = $1 and claim is not null`, [id])
  for (let swept = 1; swept > 0; ) {
    const rows = await db.query(
      `update backhaul.tasks set state = 'cancelled', claim = null, holder = null, settled_at = clock_timestamp() where id in
         (select id from backhaul.tasks where job_id = $1 and state in ('waiting', 'ready') order by id limit 10000) and state in ('waiting', 'ready')
       returning id`,
      [id],
    )
    swept = rows.length
  }
  await db.tx(async (tx) => {
    const [job] = await tx.query(`select id from backhaul.jobs where id = $1 and status = 'cancelled' and report is null for update`, [id])
    if (job) await endJob(tx, id, await buildReport(tx, id, 'cancelled'))
  })
}

/**
 * Lets a job's failed tasks try again from the page they reached, with all their attempts; the job will finish again.
 * @throws {Refused} `state` when another active job backfills the same, or nothing failed
 */
export async function retry(engine: Engine, id: string): Promise<{ job: JobRow; tasks: number }> {
  const job = await findJob(engine, id)
  const tasks = await engine.db.tx(async (tx) => {
    // Locked: its finish task ends it wholly before this or wholly after.
    const [now] = await tx.query<{ status: string }>(`select status from backhaul.jobs where id = $1 for update`, [job.id])
    const status = now?.status ?? 'gone'
    if (!['partial', 'failed', 'running', 'queued', 'paused'].includes(status)) {
      throw new Refused('state', `job ${job.id.slice(0, 8)} is ${status}; retry needs failed tasks. Start it again with its queue script`)
    }
    await tx.query(`delete from backhaul.tasks where job_id = $1 and stream = '${FINISH}' and state in ('done', 'failed')`, [job.id])
    const failed = await tx.query(
      `update backhaul.tasks set state = case when lane is null then 'ready' else 'waiting' end::backhaul.task_state, attempts = 0, error = null,
              error_kind = null, settled_at = null, due_at = clock_timestamp(), rung_at = null, rings = 0
        where job_id = $1 and state = 'failed' returning id`,
      [job.id],
    )
    const ended = status === 'failed' || status === 'partial'
    if (failed.length === 0 && status !== 'failed')
      throw new Refused('state', `job ${job.id.slice(0, 8)} has no failed tasks; nothing to retry`)
    // The scheduler gives them places: two promotes with different views of a lane would each fill it.
    if (ended) await runAgain(tx, job)
    return failed.length
  })
  await ring(engine.db, engine.broker)
  return { job: await findJob(engine, job.id), tasks }
}

async function runAgain(tx: Tx, job: JobRow): Promise<void> {
  try {
    await tx.query(
      `update backhaul.jobs set status = 'running', started_at = coalesce(started_at, clock_timestamp()), completed_at = null, report = null, error = null
        where id = $1`,
      [job.id],
    )
  } catch (error) {
    if ((error as { code?: string }).code !== '23505') throw error
    throw new Refused('state', `another active job backfills the same as job ${job.id.slice(0, 8)}; let it end, then retry`)
  }
}

/** A finished job's report, with the lookups still open now, or what can be said of a job that still runs. */
export async function report({ db }: Pick<Engine, 'db'>, id: string): Promise<Report> {
  const job = await findJob({ db }, id)
  if (!job.report) return await buildReport(db, job.id, job.status)
  return { ...job.report, lookups: await lookupsOf(db, job.id) }
}
