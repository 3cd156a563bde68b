import type { Tx } from '../../base/sql'
import { itemsOf, type Killmail, type Zkb } from './records'
import { table } from './table'

const idsOf = (rows: readonly { id: bigint }[]): string[] => [...new Set(rows.map((row) => String(row.id)))]

const killmailsTable = table('killmails', 1, [
  'killmail_id bigint',
  'killmail_hash text',
  'listed_hash text',
  'killmail_time timestamptz',
  'solar_system_id bigint',
  'war_id bigint',
  'moon_id bigint',
  'location_id bigint',
  'fitted_value numeric numeric(24,2)',
  'dropped_value numeric numeric(24,2)',
  'destroyed_value numeric numeric(24,2)',
  'total_value numeric numeric(24,2)',
  'droppable_value numeric numeric(24,2)',
  'points numeric int',
  'npc boolean',
  'solo boolean',
  'awox boolean',
  'labels text text[]',
])
const victimsTable = table('killmail_victims', 1, [
  'killmail_id bigint',
  'character_id bigint',
  'corporation_id bigint',
  'alliance_id bigint',
  'faction_id bigint',
  'ship_type_id bigint',
  'damage_taken bigint',
  'position_x float8',
  'position_y float8',
  'position_z float8',
])
const attackersTable = table('killmail_attackers', 2, [
  'killmail_id bigint',
  'seq int',
  'character_id bigint',
  'corporation_id bigint',
  'alliance_id bigint',
  'faction_id bigint',
  'ship_type_id bigint',
  'weapon_type_id bigint',
  'damage_done bigint',
  'final_blow boolean',
  'security_status float8',
])
const itemsTable = table('killmail_items', 2, [
  'killmail_id bigint',
  'seq int',
  'parent_seq int',
  'item_type_id bigint',
  'flag int',
  'singleton int',
  'quantity_dropped bigint',
  'quantity_destroyed bigint',
])

/** A text array as Postgres writes it, for arrays of arrays of different lengths. */
const literal = (texts: readonly string[]): string =>
  `{${texts.map((text) => `"${text.replaceAll('\0', '').replace(/["\\]/g, '\\$&')}"`).join(',')}}`

/** What zKillboard says of a killmail, from `location_id` to `awox`. */
export const valuesOf = (zkb: Zkb): unknown[] => [
  zkb.locationID,
  zkb.fittedValue,
  zkb.droppedValue,
  zkb.destroyedValue,
  zkb.totalValue,
  zkb.totalDroppableValue,
  zkb.points,
  zkb.npc,
  zkb.solo,
  zkb.awox,
]

const headOf = ({ id, hash, listedHash, body, zkb }: Killmail): unknown[] => [
  id,
  hash,
  listedHash,
  body.killmail_time,
  body.solar_system_id,
  body.war_id,
  body.moon_id,
  ...valuesOf(zkb),
  literal(zkb.labels ?? []),
]

const victimOf = ({ id, body: { victim } }: Killmail): unknown[] => [
  id,
  victim.character_id,
  victim.corporation_id,
  victim.alliance_id,
  victim.faction_id,
  victim.ship_type_id,
  victim.damage_taken,
  victim.position?.x,
  victim.position?.y,
  victim.position?.z,
]

const attackersOf = ({ id, body }: Killmail): unknown[][] =>
  body.attackers.map((one, seq) => [
    id,
    seq,
    one.character_id,
    one.corporation_id,
    one.alliance_id,
    one.faction_id,
    one.ship_type_id,
    one.weapon_type_id,
    one.damage_done,
    one.final_blow,
    one.security_status,
  ])

const itemRowsOf = ({ id, body }: Killmail): unknown[][] =>
  itemsOf(body).map((one) => [
    id,
    one.seq,
    one.parentSeq,
    one.item_type_id,
    one.flag,
    one.singleton,
    one.quantity_dropped,
    one.quantity_destroyed,
  ])

/** Stores killmails that are not here, with all their rows. @returns the ids that were new; the others stay as they are */
export async function insertKillmails(tx: Tx, killmails: readonly Killmail[]): Promise<Set<string>> {
  const fresh = new Set(idsOf(await killmailsTable.insert(tx, killmails.map(headOf))))
  const rows = killmails.filter((one) => fresh.has(one.id))
  await victimsTable.insert(tx, rows.map(victimOf))
  await attackersTable.insert(tx, rows.flatMap(attackersOf))
  await itemsTable.insert(tx, rows.flatMap(itemRowsOf))
  return fresh
}

/** Writes killmails again that are here; values they are listed without now stay as they are. @returns those in which something differed */
export async function updateKillmails(tx: Tx, killmails: readonly Killmail[]): Promise<Set<string>> {
  if (killmails.length === 0) return new Set()
  return new Set([
    ...idsOf(await killmailsTable.upsert(tx, killmails.filter(({ zkb }) => zkb.totalValue !== null).map(headOf))),
    ...idsOf(await victimsTable.upsert(tx, killmails.map(victimOf))),
    ...idsOf(await attackersTable.upsert(tx, killmails.flatMap(attackersOf))),
    ...(await trim(tx, 'killmail_attackers', killmails, (one) => one.body.attackers.length)),
    ...idsOf(await itemsTable.upsert(tx, killmails.flatMap(itemRowsOf))),
    ...(await trim(tx, 'killmail_items', killmails, (one) => itemsOf(one.body).length)),
  ])
}

/** Of killmails that are here, those stored under other hashes: their listing has changed. No row is locked. */
export async function withOtherHashes(tx: Tx, killmails: readonly Killmail[]): Promise<Killmail[]> {
  if (killmails.length === 0) return []
  const rows = await tx.query<{ id: bigint }>(
    `select held.killmail_id as id from eve.killmails held
       join unnest($1::bigint[], $2::text[], $3::text[]) as new(id, hash, listed) on new.id = held.killmail_id
      where (held.killmail_hash, held.listed_hash) is distinct from (new.hash, new.listed)`,
    [killmails.map((one) => one.id), killmails.map((one) => one.hash), killmails.map((one) => one.listedHash)],
  )
  const other = new Set(idsOf(rows))
  return killmails.filter((one) => other.has(one.id))
}

/** Removes what an earlier body had beyond this one's. */
async function trim(tx: Tx, table: string, killmails: readonly Killmail[], count: (one: Killmail) => number): Promise<string[]> {
  const rows = await tx.query<{ id: bigint }>(
    `delete from eve.${table} held using unnest($1::bigint[], $2::int[]) as new(id, kept)
      where held.killmail_id = new.id and held.seq >= new.kept returning held.killmail_id as id`,
    [killmails.map((one) => one.id), killmails.map(count)],
  )
  return idsOf(rows)
}
