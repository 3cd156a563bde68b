import type { Broker } from '../../queues/broker'
import type { QueueName } from '../../queues/names'
import type { Reader } from '../base/sql'
import { type OpenSpan, openSpan } from '../tracing'
import { type Due, markWoken, unmarkWoken } from './store'

const wakeUpOf = ({ id, queue }: Due, traceparent: string | null) => ({
  queue,
  body: { taskId: id.toString() },
  headers: traceparent ? { traceparent } : undefined,
})

/** Only the first wake-up gets a span: repeats of it add nothing to a trace. */
const publishSpan = ({ id, queue, wakes, trace }: Due): OpenSpan | undefined =>
  trace && wakes === 1 ? openSpan(`publish ${queue}`, { 'backhaul.task': id.toString() }, { parent: trace, kind: 'producer' }) : undefined

/**
 * Publishes wake-ups of tasks that are due. They are marked before they are published, because a worker claims what a wake-up names
 * at once; nothing is locked meanwhile. A lost wake-up is published again; a second one finds nothing to do.
 * @param queue only this one; absent: all
 * @returns wake-ups the broker has confirmed
 */
export async function wake(db: Reader, broker: Broker, queue?: QueueName): Promise<number> {
  if (broker.state === 'blocked') return 0
  const due = await markWoken(db, queue)
  if (due.length === 0) return 0
  const spans = due.map(publishSpan)
  const sent = await broker.publish(due.map((task, place) => wakeUpOf(task, spans[place]?.traceparent ?? task.trace)))
  for (const [place, span] of spans.entries())
    span?.end(sent[place] === 'confirmed' ? undefined : new Error(`the wake-up was ${sent[place]}`))
  const lost = due.filter((_, place) => sent[place] !== 'confirmed').map((task) => task.id)
  if (lost.length > 0) await unmarkWoken(db, lost)
  return due.length - lost.length
}
