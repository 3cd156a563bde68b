import type { Id } from '../../base/json'
import type { Tx } from '../../base/sql'
import type { Answers } from '../../contract'
import { insertEntities } from './store-entities'

export interface FoundCharacter {
  id: Id
  name: string
  corporation: Id | null
  alliance: Id | null
  faction: Id | null
}

const byId = (a: { id: Id }, b: { id: Id }): number => Number(a.id) - Number(b.id)
const numeric = (ids: readonly Id[] = []): Id[] => [...ids].sort((a, b) => Number(a) - Number(b))

/** Names and affiliations of characters; a tombstone for those ESI says are deleted, which keep the name that is known. */
export async function writeCharacters(tx: Tx, { found, missing, lookups }: Answers<FoundCharacter>): Promise<void> {
  const gone = numeric(missing.filter((one) => one.reason === 'deleted').map((one) => one.id))
  const deleted = new Set(gone)
  const rows = [...found].sort(byId)
  await tx.query(
    `insert into eve.characters as held (character_id, name, corporation_id, alliance_id, faction_id, deleted_at, checked_at)
     select id, name, corporation, alliance, faction, case when deleted then clock_timestamp() end, clock_timestamp()
       from unnest($1::bigint[], $2::text[], $3::bigint[], $4::bigint[], $5::bigint[], $6::boolean[])
            as new(id, name, corporation, alliance, faction, deleted)
     on conflict (character_id) do update set name = excluded.name,
       corporation_id = coalesce(excluded.corporation_id, held.corporation_id),
       alliance_id = case when excluded.corporation_id is null then held.alliance_id else excluded.alliance_id end,
       faction_id = case when excluded.corporation_id is null then held.faction_id else excluded.faction_id end,
       deleted_at = case when excluded.deleted_at is not null then coalesce(held.deleted_at, excluded.deleted_at) end,
       checked_at = excluded.checked_at`,
    [
      rows.map((one) => one.id),
      rows.map((one) => one.name),
      rows.map((one) => one.corporation),
      rows.map((one) => one.alliance),
      rows.map((one) => one.faction),
      rows.map((one) => deleted.has(one.id)),
    ],
  )
  if (gone.length > 0) {
    await tx.query(
      `insert into eve.characters as held (character_id, deleted_at, checked_at)
       select id, clock_timestamp(), clock_timestamp() from unnest($1::bigint[]) as id
       on conflict (character_id) do update set deleted_at = coalesce(held.deleted_at, excluded.deleted_at), checked_at = excluded.checked_at`,
      [gone],
    )
  }
  await insertEntities(tx, { corporation: numeric(lookups?.corporation), alliance: numeric(lookups?.alliance) })
}
