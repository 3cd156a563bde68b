import type { QueueName } from '../../../../queues/names'
import type { Id } from '../../../base/json'
import type { Reader } from '../../../base/sql'
import { CAPACITY, LAZY, WAKE_AGAIN } from '../../store'
import { openIds } from './claims'

/**
 * Ids gather until no new one came for 2 s or the oldest has waited 20 s; before that only full batches wake a worker. Asked of no more
 * ids than there is room for: that many are full batches.
 */
const SETTLED = `(max(asked_at) < clock_timestamp() - interval '2 seconds' or min(asked_at) < clock_timestamp() - interval '20 seconds'
  or min(priority) < 2 or max(attempts) > 0)`

/** Chooses open ids of a kind and marks them as woken. @returns their ids, sorted */
export async function markLookupsWoken(db: Reader, kind: string, { queue, batch }: { queue: QueueName; batch: number }): Promise<Id[]> {
  const rows = await db.query<{ id: Id }>(
    `with ${LAZY}, capacity as (${CAPACITY}), room as materialized (
       select $2 * 2 * coalesce((select places from capacity where queue = $3), 1) as ids
     ), open as materialized (${openIds('$1', '(select ids from room)')}), ripe as (
       select case when ${SETTLED} then count(*) else count(*) / $2 * $2 end as ids from open
     ), chosen as (
       select place from (select * from open order by priority, due_at, id limit (select ids from ripe)) o where ${WAKE_AGAIN}
     ), held as (
       select l.ctid as place from backhaul.lookups l
        where l.ctid = any (array(select place from chosen)) and l.kind = $1 and l.claim is null order by l.id for update of l skip locked
     )
     update backhaul.lookups l set woken_at = clock_timestamp(), wakes = wakes + 1
       from lazy where l.ctid = any (array(select place from held)) returning l.id`,
    [kind, batch, queue],
  )
  return rows.map((row) => row.id).sort()
}

/** Removes the mark of ids whose wake-up was not confirmed, so that it is published again at once. */
export async function unmarkLookupsWoken(db: Reader, kind: string, ids: readonly Id[]): Promise<void> {
  await db.query(
    `update backhaul.lookups set woken_at = null, wakes = greatest(0, wakes - 1) where kind = $1 and id = any($2) and claim is null`,
    [kind, ids],
  )
}
