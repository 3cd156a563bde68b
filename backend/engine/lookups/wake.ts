import type { Broker } from '../../../queues/broker'
import type { QueueName } from '../../../queues/names'
import type { Reader } from '../../base/sql'
import { markLookupsWoken, unmarkLookupsWoken } from './store'

/**
 * Publishes wake-ups for the open ids of one kind, a batch a message; marked first, as in `wake`.
 * @returns wake-ups the broker has confirmed
 */
export async function wakeLookups(db: Reader, broker: Broker, kind: string, lookup: { queue: QueueName; batch: number }): Promise<number> {
  if (broker.state === 'blocked') return 0
  const { queue, batch } = lookup
  const ids = await markLookupsWoken(db, kind, lookup)
  const batches = Array.from({ length: Math.ceil(ids.length / batch) }, (_, place) => ids.slice(place * batch, (place + 1) * batch))
  if (batches.length === 0) return 0
  const sent = await broker.publish(batches.map((part) => ({ queue, body: { kind, ids: part } })))
  const lost = batches.filter((_, place) => sent[place] !== 'confirmed').flat()
  if (lost.length > 0) await unmarkLookupsWoken(db, kind, lost)
  return sent.filter((one) => one === 'confirmed').length
}
