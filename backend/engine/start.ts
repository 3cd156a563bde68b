import { ZodError } from 'zod'
import type { QueueName } from '../../queues/names'
import { readTraceparent, span, traceparent } from '../tracing'
import type { Engine } from './engine'
import { Refused } from './errors'
import { said } from './events'
import { promote } from './lanes'
import type { Plan, Source, Tx } from './source'
import { insertTasks } from './store'

/*
 * How a request becomes a job: parsed by its source, planned, and committed with its first tasks.
 */

/** Lower goes first. */
export const PRIORITY = { live: 0, asked: 1, backfill: 2 } as const

export interface StartOptions {
  priority?: number
  /** Starts one even if the same thing is being backfilled. */
  force?: boolean
  /** One message id, one job. */
  inbox?: { queue: string; messageId: string; bodyHash: string }
  /** W3C trace context of whoever asks (a `traceparent` header); what is not one is left out. */
  trace?: string
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

/** A message that does not name its field itself begins with it. */
const named = (field: string, message: string): string => (field === '' || message.startsWith(field) ? message : `${field}: ${message}`)

function refusing<P>(parse: () => P): P {
  try {
    return parse()
  } catch (error) {
    if (!(error instanceof ZodError)) throw error
    throw Refused.of(error.issues.map(({ path, message }) => ({ field: path.join('.'), message: named(path.join('.'), message) })))
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

/** Inserts a job with its first tasks inside the caller's transaction; the caller says so in the log and rings. */
export function startOne(tx: Tx, source: Source, params: unknown, options: StartOptions): Promise<Started> {
  // A span around the caller goes on the trace he was asked with.
  const parent = traceparent() ? undefined : readTraceparent(options.trace)
  return span('start job', { 'backhaul.source': source.name }, () => insertJob(tx, source, params, options), { parent })
}

async function insertJob(tx: Tx, source: Source, params: unknown, options: StartOptions): Promise<Started> {
  const plan = source.plan(params)
  if (plan.tasks.length === 0) throw new Refused('input', `there is nothing to backfill for ${plan.activeKey}`)
  const taken = options.inbox && (await takeMessage(tx, options.inbox))
  if (taken) return { ...taken, created: false, plan }
  const activeKey = options.force ? null : plan.activeKey
  const priority = options.priority ?? PRIORITY.backfill
  const [job] = await tx.query<{ id: string; status: string }>(
    `insert into backhaul.jobs (source, params, priority, active_key, lane_width, lanes_at_once, backlog, admitted, open, trace)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
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
      traceparent() ?? readTraceparent(options.trace) ?? null,
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
