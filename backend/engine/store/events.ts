import type { Tx } from '../../base/sql'
import type { DomainEvent } from '../../contract'

/** Writes domain events to the outbox; they become visible with the rows they describe. */
export async function insertEvents(tx: Tx, events: readonly DomainEvent[]): Promise<void> {
  if (events.length === 0) return
  await tx.query(
    `insert into backhaul.events_outbox (key, payload)
     select e.key, e.payload from unnest($1::text[], $2::jsonb[]) with ordinality as e(key, payload, place) order by e.place`,
    [events.map((event) => event.key), events.map((event) => JSON.stringify(event.payload))],
  )
}
