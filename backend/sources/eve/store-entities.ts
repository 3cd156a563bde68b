import type { Tx } from '../../base/sql'
import type { Entities, EntityKind } from './records'

/** Tables of entities in the order everybody writes them. */
export const ENTITY_TABLES: Record<EntityKind, { table: string; key: string }> = {
  character: { table: 'characters', key: 'character_id' },
  corporation: { table: 'corporations', key: 'corporation_id' },
  alliance: { table: 'alliances', key: 'alliance_id' },
  type: { table: 'types', key: 'type_id' },
}

/** Makes a row, nameless so far, for each entity that has none; rows that are here are neither changed nor locked. */
export async function insertEntities(tx: Tx, entities: Partial<Entities>): Promise<void> {
  for (const [kind, { table, key }] of Object.entries(ENTITY_TABLES)) {
    const ids = entities[kind as EntityKind] ?? []
    if (ids.length === 0) continue
    await tx.query(
      `insert into eve.${table} (${key}) select id from unnest($1::bigint[]) as id
        where not exists (select 1 from eve.${table} held where held.${key} = id) order by id on conflict do nothing`,
      [ids],
    )
  }
}
