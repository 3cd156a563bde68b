import type { Broker } from '../../../queues/broker'
import { EVENTS_EXCHANGE } from '../../../queues/names'
import type { Reader } from '../../base/sql'

/**
 * Publishes the events of the outbox in the order of their ids. Not mandatory: an event without subscribers is dropped by the broker.
 * To be called under the scheduler's lock, so that one relay runs. If it dies before it marks an event as published, the event is published twice.
 * @returns events published
 */
export async function relay(db: Reader, broker: Broker, batch = 500): Promise<number> {
  const events = await db.query<{ id: bigint; key: string; payload: unknown; created_at: Date }>(
    `select id, key, payload, created_at from backhaul.events_outbox where published_at is null order by id limit $1`,
    [batch],
  )
  if (events.length === 0 || broker.state !== 'connected') return 0
  const sent = await broker.publish(
    events.map((event) => ({
      exchange: EVENTS_EXCHANGE,
      routingKey: event.key,
      messageId: event.id.toString(),
      mandatory: false,
      body: { id: event.id.toString(), key: event.key, at: event.created_at.toISOString(), data: event.payload as never },
    })),
  )
  const failed = sent.findIndex((one) => one !== 'confirmed')
  const out = failed === -1 ? events : events.slice(0, failed)
  if (out.length > 0) {
    await db.query(`update backhaul.events_outbox set published_at = clock_timestamp() where id = any($1)`, [out.map((event) => event.id)])
  }
  return out.length
}
