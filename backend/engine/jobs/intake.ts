import type { Delivery } from '../../../queues/delivery'
import type { readMessage } from '../../../queues/messages'
import type { QueueName } from '../../../queues/names'
import { Refused } from '../../base/errors'
import { isUnreachable } from '../../database/passing'
import { readTraceparent } from '../../tracing'
import { internalError, onceReachable, reject } from '../deliveries'
import type { WorkerEngine } from '../engine'
import { requireIds } from '../lookups/ids'
import { lookupOn } from '../lookups/kinds'
import { ask } from '../lookups/store'
import { wakeLookups } from '../lookups/wake'
import { wake } from '../wake'
import { parseRequest, startJob } from './start'

/*
 * Messages of producers: a request becomes a job, ids become lookups, and anything else becomes a dead letter.
 */

type Message = Exclude<ReturnType<typeof readMessage>, { type: 'wake-up' }>
type Raw = Exclude<Message, { type: 'unreadable' }>

type TakenIn = 'taken' | 'stopping' | { refused: string }

/**
 * Stores a producer's message in the database, or rejects it with the reason.
 * @returns whether the delivery may be acked; false leaves it to the broker
 * @throws when the connection to Postgres is lost after the message was stored
 */
export async function takeIn(engine: WorkerEngine, delivery: Delivery, message: Message): Promise<boolean> {
  const taken: TakenIn = message.type === 'unreadable' ? { refused: message.reason } : await take(engine, delivery, message)
  return taken === 'taken' || (taken !== 'stopping' && (await reject(engine, delivery, taken.refused)))
}

async function take(engine: WorkerEngine, { queue, headers }: Delivery, message: Raw): Promise<TakenIn> {
  try {
    return message.type === 'lookups'
      ? await takeIds(engine, queue, message.ids)
      : await takeRequest(engine, queue, message, readTraceparent(headers.traceparent))
  } catch (error) {
    if (isUnreachable(error)) throw error
    if (error instanceof Refused) return { refused: error.message }
    return { refused: internalError(error) }
  }
}

async function takeIds(engine: WorkerEngine, queue: QueueName, ids: readonly string[]): Promise<TakenIn> {
  const lookup = lookupOn(engine.sources, queue)
  if (!lookup) throw new Refused('input', `${queue} does not accept {"ids": [...]}; send it to a lookup queue`)
  const { kind, definition } = lookup
  const wanted = requireIds(definition.id, ids)
  const asked = await onceReachable(engine, 'a request waits', () =>
    engine.db.tx((tx) => ask(tx, { [kind]: wanted }, { priority: 1, force: true })),
  )
  if (asked === 'stopping') return 'stopping'
  await wakeLookups(engine.db, engine.broker, kind, definition)
  return 'taken'
}

async function takeRequest(
  engine: WorkerEngine,
  queue: QueueName,
  message: Extract<Raw, { type: 'request' }>,
  trace: string | undefined,
): Promise<TakenIn> {
  const source = engine.sources.find((one) => one.requests[queue])
  if (!source) throw new Refused('input', `no source accepts requests on ${queue}`)
  const params = parseRequest(source, queue, message.body)
  const inbox = message.messageId === undefined ? undefined : { queue, messageId: message.messageId, bodyHash: message.bodyHash }
  const priority = source.priorities?.[queue]
  const origin = { kind: 'queue', name: queue } as const
  const started = await onceReachable(engine, 'a request waits', () => startJob(engine, source, params, { inbox, priority, trace, origin }))
  if (started === 'stopping') return 'stopping'
  await wake(engine.db, engine.broker, queue)
  return 'taken'
}
