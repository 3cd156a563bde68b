import type { Reader } from '../../base/sql'

/** Events passed on in one tick of the scheduler. */
const BATCH = 500

/** Whether the pattern `p` takes the event key `e.key`: all, the same, or all that begin like `job.*`. */
const TAKES = `(p = '*' or p = e.key or (right(p, 2) = '.*' and starts_with(e.key, left(p, -1))))`

/**
 * Passes new events of the outbox to the webhooks that want them: those that are active and existed before the event.
 * One statement, so an event is passed to all of them or to none; it does not need the broker.
 * @returns events passed on
 */
export async function fanOut(db: Reader): Promise<number> {
  const rows = await db.query(
    `with fresh as materialized (
       select id, key, payload, created_at from backhaul.events_outbox where fanned_at is null order by id limit ${BATCH} for update skip locked
     ), handed as (
       insert into backhaul.deliveries (webhook_id, event_id, key, payload)
       select w.id, e.id, e.key,
              jsonb_build_object('id', e.id::text, 'key', e.key, 'data', e.payload,
                                 'at', to_char(e.created_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'))
         from fresh e join backhaul.webhooks w on w.active and w.created_at <= e.created_at and exists (select 1 from unnest(w.events) p where ${TAKES})
        order by e.id
       on conflict (webhook_id, event_id) do nothing
     )
     update backhaul.events_outbox o set fanned_at = clock_timestamp() from fresh where o.id = fresh.id returning o.id`,
  )
  return rows.length
}
