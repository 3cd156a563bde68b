import { randomUUID } from 'node:crypto'
import type { QueueName } from '../../../queues/names'
import { Refused } from '../../base/errors'
import type { Reader, Tx } from '../../base/sql'
import { defaultsOf, type Plan, type Preview, type PriorityName, parsed, type Source } from '../../contract'
import { readTraceparent, span, traceparent } from '../../tracing'
import type { Engine } from '../engine'
import { logJobsStarted } from '../log'
import { ACTIVE, insertTasks, insertTasksOf, newTasks, openElsewhere, queueOf, textOf } from '../store'
import { admit, boundOf } from './admission'

/*
 * How a request becomes a job: parsed and prepared by its source, planned, and committed with its first tasks.
 */

/** Lower numbers run first. */
export const PRIORITY: Readonly<Record<PriorityName, number>> = { live: 0, asked: 1, backfill: 2 }

/** Who or what started a job. */
export interface Origin {
  kind: 'person' | 'schedule' | 'queue' | 'job'
  /** Who the person is, the name of the schedule or the queue; for a job that another one started as it ended, the id of that. */
  name: string
  /** The entry point of a person: `rest`, `graphql`, `cli`. */
  by?: string
}

export interface StartOptions {
  /** Kept with the jobs that this starts. */
  origin?: Origin
  priority?: number
  /** Starts a job even if another one for the same is active. */
  force?: boolean
  /** A second message with the same id starts no job. */
  inbox?: { queue: string; messageId: string; bodyHash: string }
  /** W3C trace context of the caller (a `traceparent` header); an invalid one is ignored. */
  trace?: string
}

export interface Started {
  id: string
  status: string
  /** False: it was already active, or the message had been processed before. */
  created: boolean
  /** What the request added to a job that was active already, for people: `orders of etsy/4711`. */
  added: string[]
  /** Names what is backfilled. */
  activeKey: string
  /** How many first tasks its plan has. */
  tasks: number
  estimate: Plan['estimate']
}

/** The params of a request, parsed by their source. @throws {Refused} naming the field */
export const parseParams = <P>(source: Source<P>, raw: unknown): P => parsed(source.params, raw)

/** The params of a raw message on one of the source's queues. @throws {Refused} naming the field */
export function parseRequest<P>(source: Source<P>, queue: QueueName, raw: unknown): P {
  const schema = source.requests[queue]
  if (!schema) throw new Refused('input', `${queue} does not accept requests`)
  return parsed(schema, raw)
}

/**
 * The params a job of this request is started with.
 * @throws {Refused} what the source refuses at this moment
 */
export async function prepareParams<P>(
  db: Reader,
  { settings = defaultsOf }: Pick<Engine, 'settings'>,
  source: Source<P>,
  params: P,
): Promise<P> {
  if (!source.prepare) return params
  return source.params.parse(await source.prepare(db, params, settings(source)))
}

/** A request that is not started: its plan, with what its source tells of the cost, and what it would read, where its source tells that. */
export interface Foretold {
  plan: Plan
  preview: Preview | undefined
}

/**
 * What a job of this request would read and cost. The database is asked only where its source prepares requests, or tells what they read.
 * @throws {Refused} what the source refuses at this moment
 */
export async function foretell<P>(db: () => Reader, engine: Pick<Engine, 'settings'>, source: Source<P>, request: P): Promise<Foretold> {
  const params = source.prepare ? await prepareParams(db(), engine, source, request) : request
  const plan = source.plan(params)
  const reads = source.preview && {
    db: db(),
    inFlight: (stream: string, keys: readonly string[]) => openElsewhere(db(), source.name, null, stream, keys),
  }
  const preview = reads && (await source.preview?.(reads, params))
  return { plan: { ...plan, estimate: preview?.estimate ?? plan.estimate }, preview }
}

/** The parts of the engine that starting jobs needs. */
export type Starting = Pick<Engine, 'db' | 'log' | 'sources' | 'settings'>

/** Jobs inserted in one statement. */
export const JOBS_AT_ONCE = 1_000
/** A table that grew by this many rows at once is analyzed at once: autovacuum would do so a minute later. */
const MANY = 5_000

/**
 * Starts one job for each params, all in one transaction of its own, and admits them where there is room; the caller wakes.
 * @param all params that are already parsed by the source
 * @param onProgress called after each batch with how many have been inserted
 * @throws {Refused} `input` when the message id was used before with another body
 */
export async function startJobs(
  engine: Starting,
  source: Source,
  all: readonly unknown[],
  options: StartOptions = {},
  onProgress?: (done: number) => void,
): Promise<Started[]> {
  const started = await engine.db.tx((tx) => insertJobs(tx, engine, source, all, options, onProgress))
  if (started.length >= MANY) await engine.db.query('analyze backhaul.jobs, backhaul.tasks')
  logJobsStarted(engine.log, source.name, started)
  await admit(engine)
  return started
}

/** `startJobs` for one job. */
export async function startJob(engine: Starting, source: Source, params: unknown, options: StartOptions = {}): Promise<Started> {
  const [job] = await startJobs(engine, source, [params], options)
  return job as Started
}

/**
 * Inserts one job for each params with its first tasks, in the caller's transaction; the caller logs, admits and wakes.
 * @returns one for each, in the order given
 */
export async function insertJobs<const P extends readonly unknown[]>(
  tx: Tx,
  engine: Pick<Engine, 'settings'>,
  source: Source,
  all: P,
  options: StartOptions,
  onProgress: (done: number) => void = () => undefined,
): Promise<{ -readonly [K in keyof P]: Started }> {
  const jobs: Started[] = []
  // The caller's span continues the trace of the request.
  const parent = traceparent() ? undefined : readTraceparent(options.trace)
  for (let from = 0; from < all.length; from += JOBS_AT_ONCE) {
    const batch = all.slice(from, from + JOBS_AT_ONCE)
    const insert = () => insertBatch(tx, engine, source, batch, options)
    jobs.push(...(await span('start job', { 'backhaul.source': source.name }, insert, { parent })))
    onProgress(jobs.length)
  }
  return jobs as { -readonly [K in keyof P]: Started }
}

interface Planned {
  id: string
  params: unknown
  plan: Plan
}

function planned(source: Source, params: unknown): Planned {
  const plan = source.plan(params)
  if (plan.tasks.length === 0) throw new Refused('input', `there is nothing to backfill for ${plan.activeKey}`)
  if (plan.pace && !source.apis[plan.pace.api]) throw new Error(`${source.name} plans a pace for ${plan.pace.api}: name it in its apis.`)
  if (plan.weight !== undefined && !(plan.weight > 0 && Number.isFinite(plan.weight)))
    throw new Error(`${source.name} plans the weight ${plan.weight}: give a number above 0.`)
  const narrow = Object.entries(plan.laneWidths ?? {}).find(([, width]) => !Number.isInteger(width) || width < 1)
  if (narrow) throw new Error(`${source.name} plans a width of ${narrow[1]} for the lane ${narrow[0]}: no task of it could run.`)
  return { id: randomUUID(), params, plan }
}

const jsonOf = (value: object | undefined): string | null => (value === undefined ? null : JSON.stringify(value))

/** The part of a plan that is shown. Its tasks are not kept: all jobs together may have millions. */
const planOf = ({ activeKey, tasks, estimate }: Plan): Pick<Started, 'activeKey' | 'tasks' | 'estimate'> => ({
  activeKey,
  tasks: tasks.length,
  estimate,
})

async function insertBatch(
  tx: Tx,
  engine: Pick<Engine, 'settings'>,
  source: Source,
  all: readonly unknown[],
  options: StartOptions,
): Promise<Started[]> {
  // Before the params are prepared: a repeated request gets the same job although the moment has changed.
  const taken = options.inbox && (await takeMessage(tx, options.inbox))
  if (taken)
    return [{ id: taken.id, status: taken.status, created: false, added: [], ...planOf(source.plan(parseParams(source, taken.params))) }]
  const jobs: Planned[] = []
  for (const params of all) jobs.push(planned(source, await prepareParams(tx, engine, source, params)))
  const priorityOf = ({ params }: Planned) => options.priority ?? source.priority?.(params) ?? PRIORITY.backfill
  const rows = await tx.query<{ id: string }>(
    `insert into backhaul.jobs (id, source, params, priority, active_key, lane_width, lane_widths, lanes_at_once, backlog, tries, pace, weight, bounded_by, open, created_at, trace, origin, label, kind)
     select n.id, $1, n.params, n.priority, n.active_key, n.lane_width, n.lane_widths, n.lanes_at_once, n.backlog, n.tries, n.pace, n.weight, n.bounded_by, n.open,
            clock_timestamp(), $2, $16, n.label, n.kind
       from unnest($3::uuid[], $4::jsonb[], $5::int[], $6::text[], $7::int[], $8::int[], $9::int[], $10::jsonb[], $11::jsonb[], $12::text[], $13::int[], $14::jsonb[], $15::float8[], $17::text[], $18::text[]) with ordinality
              as n(id, params, priority, active_key, lane_width, lanes_at_once, backlog, tries, pace, bounded_by, open, lane_widths, weight, label, kind, place)
      order by n.place
     on conflict (source, active_key) where active_key is not null and status in ${ACTIVE} do nothing
     returning id`,
    [
      source.name,
      traceparent() ?? readTraceparent(options.trace) ?? null,
      jobs.map((job) => job.id),
      jobs.map((job) => JSON.stringify(job.params)),
      jobs.map(priorityOf),
      jobs.map((job) => (options.force ? null : job.plan.activeKey)),
      jobs.map((job) => job.plan.laneWidth ?? 1),
      jobs.map((job) => job.plan.lanesAtOnce ?? 8),
      jobs.map((job) => job.plan.backlog ?? null),
      jobs.map((job) => jsonOf(job.plan.tries)),
      jobs.map((job) => jsonOf(job.plan.pace)),
      jobs.map((job) => boundOf(source, queueOf(source, job.plan.tasks[0]?.stream ?? ''))),
      jobs.map((job) => job.plan.tasks.length),
      jobs.map((job) => jsonOf(job.plan.laneWidths)),
      jobs.map((job) => job.plan.weight ?? null),
      jsonOf(options.origin),
      jobs.map((job) => textOf(source.label?.(job.params) ?? job.plan.activeKey)),
      jobs.map((job) => source.kinds?.of(job.params) ?? null),
    ],
  )
  const made = new Set(rows.map((row) => row.id))
  const created = jobs.filter((job) => made.has(job.id))
  await insertTasksOf(
    tx,
    source,
    created.map(({ id, plan }) => ({ id, tasks: plan.tasks })),
  )
  for (const { id, params } of created) await source.started?.(tx, { id, params, run: 1 })
  const active = await activeJobs(tx, source, [...new Set(jobs.filter((job) => !made.has(job.id)).map((job) => job.plan.activeKey))])
  const started: Started[] = []
  for (const { id, params, plan } of jobs) {
    const job = active.get(plan.activeKey)
    if (made.has(id)) started.push({ id, status: 'queued', created: true, added: [], ...planOf(plan) })
    else if (job)
      started.push({ id: job.id, status: job.status, created: false, added: await join(tx, source, job, params), ...planOf(plan) })
    else throw Object.assign(new Error('the active job ended between two statements'), { code: '40001' })
  }
  if (options.inbox && started[0]) await noteMessage(tx, options.inbox, started[0].id)
  return started
}

/** Adds to an active job what its source finds new in another request for it. @returns that, for people */
async function join(tx: Tx, source: Source, job: Active, params: unknown): Promise<string[]> {
  if (!source.joined) return []
  const tasks = await source.joined(tx, { id: job.id, params: source.params.parse(job.params) }, params)
  const added = await newTasks(tx, job.id, tasks)
  await insertTasks(tx, job.id, source, tasks)
  const names = added.map(({ lane, stage = 0 }) => (lane === undefined || !source.stageLabel ? lane : source.stageLabel(lane, stage)))
  return [...new Set(names.filter((name) => name !== undefined))]
}

interface Active {
  id: string
  status: string
  params: unknown
}

/** The active jobs with these keys. Where the source adds tasks to them they are locked, so that none ends before it has the tasks. */
async function activeJobs(tx: Tx, source: Source, keys: readonly string[]): Promise<Map<string, Active>> {
  if (keys.length === 0) return new Map()
  const rows = await tx.query<Active & { key: string }>(
    `select id, status, params, active_key as key from backhaul.jobs
      where source = $1 and active_key = any($2) and status in ${ACTIVE} order by id${source.joined ? ' for update' : ''}`,
    [source.name, keys],
  )
  return new Map(rows.map(({ key, ...job }) => [key, job]))
}

interface Taken {
  id: string
  status: string
  params: unknown
}

/** Stores a message id. @returns the job that it started before, if any */
async function takeMessage(tx: Tx, inbox: NonNullable<StartOptions['inbox']>): Promise<Taken | undefined> {
  const fresh = await tx.query(
    `insert into backhaul.inbox (queue, message_id, body_hash) values ($1, $2, $3) on conflict (queue, message_id) do nothing returning queue`,
    [inbox.queue, inbox.messageId, inbox.bodyHash],
  )
  if (fresh.length > 0) return undefined
  const [row] = await tx.query<{ body_hash: string } & (Taken | { id: null })>(
    `select i.body_hash, j.id, j.status, j.params from backhaul.inbox i left join backhaul.jobs j on j.id = i.job_id
      where i.queue = $1 and i.message_id = $2 for update of i`,
    [inbox.queue, inbox.messageId],
  )
  if (row?.body_hash !== inbox.bodyHash) {
    throw new Refused(
      'input',
      `messageId ${inbox.messageId} was used before on ${inbox.queue} for another request; send a new id`,
      'messageId',
    )
  }
  // No job: the request was refused, but the rest of its transaction was committed.
  return row.id === null ? undefined : row
}

async function noteMessage(tx: Tx, inbox: NonNullable<StartOptions['inbox']>, jobId: string): Promise<void> {
  await tx.query(`update backhaul.inbox set job_id = $3 where queue = $1 and message_id = $2`, [inbox.queue, inbox.messageId, jobId])
}
