import type { Id } from '../../../base/json'
import type { Reader, Tx } from '../../../base/sql'
import type { KeptRefusal } from '../../../contract'

const REFUSED = `kind = $1 and error is not null and asked <= answered and fresh_until > clock_timestamp()`

/** Ids of a kind that its source refused, while that is believed. @param after only those behind this id */
export const refusedIds = (db: Reader, kind: string, limit: number, after = ''): Promise<KeptRefusal[]> =>
  db.query<KeptRefusal>(
    `select id, error as reason, denied_at as "refusedAt", fresh_until as until from backhaul.lookups
      where ${REFUSED} and id > $3 order by id limit $2`,
    [kind, limit, after],
  )

/** Forgets that ids of a kind were refused. @param ids absent: all of the kind @returns those that were */
export async function forgetRefused(tx: Tx, kind: string, ids?: readonly Id[]): Promise<Id[]> {
  const rows = await tx.query<{ id: Id }>(
    `with held as materialized (
       select id from backhaul.lookups where ${REFUSED} and ($2::text[] is null or id = any($2)) order by id for update
     )
     update backhaul.lookups l set denied_at = null, fresh_until = null from held where l.kind = $1 and l.id = held.id returning l.id`,
    [kind, ids ?? null],
  )
  return rows.map((row) => row.id)
}
