import { ALARM } from '../../../queues/alarm'
import { hashOf } from '../../../queues/messages'
import type { QueueName } from '../../../queues/names'
import { Refused } from '../../base/errors'
import type { Json } from '../../base/json'
import { requireAccess } from '../../config/apis'
import type { RouteStart, Source } from '../../contract'
import { PRIORITY, type Started, type StartOptions, startJobs } from '../../engine/jobs/verbs'
import { wake } from '../../engine/wake'
import type { Service } from '../base/context'
import { checkedParams, sourceOf } from '../base/registry'
import { type Actor, act, originOf } from '../suite/actions'
import { getJob, type JobSummary } from './list'

export { PRIORITY } from '../../engine/jobs/verbs'

/** How long an entry point waits for a broker that does not answer, ms; the scheduler can wake the workers later. */
const BROKER_MS = 2000

/**
 * Sends the wake-ups of what is committed.
 * @param work sends them
 * @returns why they could not be sent; the scheduler sends them once the broker is back
 */
export async function sendWakeUps({ broker }: Pick<Service, 'broker'>, work: () => Promise<unknown>): Promise<string | undefined> {
  try {
    await broker.ready(BROKER_MS)
  } catch (error) {
    if (!(error instanceof Refused)) throw error
    return error.message
  }
  await work()
  if (broker.state === 'connected') return undefined
  return broker.state === 'blocked' ? ALARM : 'The connection to RabbitMQ was lost just now.'
}

/**
 * Starts one job for each request, all in one transaction, then wakes the workers once.
 * @param onProgress called after each batch with the number of jobs inserted
 */
export async function startRequests(
  service: Service,
  source: Source,
  requests: readonly unknown[],
  options: StartOptions & { queue?: QueueName },
  onProgress?: (done: number) => void,
): Promise<{ jobs: Started[]; broker?: string }> {
  const jobs = await startJobs(service, source, requests, options, onProgress)
  return { jobs, broker: await sendWakeUps(service, () => wake(service.db, service.broker, options.queue)) }
}

export interface StartAsk extends RouteStart {
  source: string
  params: unknown
  /** W3C trace context of the request. */
  trace?: string
}

export interface StartedJob {
  job: JobSummary
  /** False: it was active already, or the idempotency key belongs to it. */
  created: boolean
  /** What the request added to a job that was active already, for people: `orders of etsy/4711`. */
  added: string[]
  /** Why no worker could be woken yet; the job is stored and the scheduler wakes one later. */
  broker: string | null
}

/**
 * Starts a job for a person at an entry point.
 * @throws {Refused} `input` naming the field, `missing` for an unknown source, `state` for a key that belongs to another request, `setup`
 */
export async function startJob(service: Service, actor: Actor, ask: StartAsk): Promise<StartedJob> {
  const { source: name, params, force, priority } = ask
  const source = sourceOf(service, name)
  const request = checkedParams(source, params)
  requireAccess(source, service.config)
  const options = { force, priority: PRIORITY[priority ?? 'backfill'], inbox: inboxOf(ask), trace: ask.trace, origin: originOf(actor) }
  const detail = { source: name, params: params as Json, force: force ?? false, priority: priority ?? 'backfill' }
  const work = () => refusingKey(ask.idempotencyKey, () => startRequests(service, source, [request], options))
  const { jobs, broker } = await act(service, actor, 'job.start', null, detail, work, (done) => done.jobs[0]?.id ?? null)
  const [started] = jobs
  if (!started) throw new Error('no job was started')
  return { job: await getJob(service, started.id), created: started.created, added: started.added, broker: broker ?? null }
}

const KEY = /^[\x21-\x7e]{1,200}$/

/** @throws {Refused} `input` for an invalid key */
export function inboxOf({ idempotencyKey: key, source, params, force, priority }: StartAsk): StartOptions['inbox'] {
  if (key === undefined) return undefined
  if (!KEY.test(key)) throw new Refused('input', 'Idempotency-Key must be 1 to 200 visible ASCII characters.', 'Idempotency-Key')
  const bodyHash = hashOf({ source, params: params as Json, force: force ?? false, priority: priority ?? 'backfill' })
  return { queue: 'api', messageId: key, bodyHash }
}

/** @throws {Refused} `state` when the key was used for another request */
export async function refusingKey<T>(key: string | undefined, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (key === undefined || !(error instanceof Refused) || error.field !== 'messageId') throw error
    throw new Refused('state', `Idempotency-Key ${key} was used before for another request; send a new key.`, 'Idempotency-Key')
  }
}
