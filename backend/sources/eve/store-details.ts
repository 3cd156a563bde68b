import type { Id } from '../../base/json'
import type { Reader, Tx } from '../../base/sql'
import type { Answers } from '../../contract'
import type { EntityKind } from './records'
import { ENTITY_TABLES, insertEntities } from './store-entities'
import { type Table, table } from './table'

type Kind = Exclude<EntityKind, 'character'>

/** An entity as ESI describes it; `values` by the names of its columns. */
export interface Detail {
  id: Id
  etag: string | null
  values: Record<string, unknown>
}

const COLUMNS: Record<Kind, string[]> = {
  corporation: [
    'name text',
    'ticker text',
    'ceo_id bigint',
    'creator_id bigint',
    'alliance_id bigint',
    'faction_id bigint',
    'home_station_id bigint',
    'member_count int',
    'shares bigint',
    'tax_rate float8',
    'date_founded timestamptz',
    'url text',
    'war_eligible boolean',
  ],
  alliance: [
    'name text',
    'ticker text',
    'creator_id bigint',
    'creator_corporation_id bigint',
    'executor_corporation_id bigint',
    'faction_id bigint',
    'date_founded timestamptz',
  ],
  type: [
    'name text',
    'group_id bigint',
    'market_group_id bigint',
    'mass float8',
    'volume float8',
    'packaged_volume float8',
    'capacity float8',
    'radius float8',
    'portion_size int',
    'published boolean',
  ],
}

const tableOf = (kind: Kind): Table =>
  table(ENTITY_TABLES[kind].table, 1, [
    `${ENTITY_TABLES[kind].key} bigint`,
    ...COLUMNS[kind],
    'etag text',
    'checked_at timestamptz',
    'deleted_at timestamptz',
  ])
const tables: Record<Kind, Table> = { corporation: tableOf('corporation'), alliance: tableOf('alliance'), type: tableOf('type') }

/** ETags of entities whose description is held. */
export async function etagsOf(db: Reader, kind: Kind, ids: readonly Id[]): Promise<Map<Id, string>> {
  const { table, key } = ENTITY_TABLES[kind]
  const rows = await db.query<{ id: bigint; etag: string }>(
    `select ${key} as id, etag from eve.${table} where ${key} = any($1::bigint[]) and etag is not null and name is not null`,
    [ids],
  )
  return new Map(rows.map((row) => [String(row.id), row.etag]))
}

/** Stores what changed, notes when the unchanged was asked about, marks what does not exist. */
export async function writeDetails(tx: Tx, kind: Kind, { found, answered, missing, lookups }: Answers<Detail>): Promise<void> {
  const { table, key } = ENTITY_TABLES[kind]
  const now = new Date()
  const rows = [...found].sort((a, b) => Number(a.id) - Number(b.id))
  await tables[kind].upsert(
    tx,
    rows.map(({ id, etag, values }) => [id, ...COLUMNS[kind].map((one) => values[one.split(' ')[0] as string]), etag, now, null]),
  )
  const changed = new Set(found.map((one) => one.id))
  const gone = missing.map((one) => one.id)
  const others = [...answered.filter((id) => !changed.has(id)), ...gone].sort((a, b) => Number(a) - Number(b))
  if (others.length > 0) {
    await tx.query(
      `insert into eve.${table} as held (${key}, checked_at, deleted_at)
       select id, $2::timestamptz, case when id = any($3::bigint[]) then $2::timestamptz end from unnest($1::bigint[]) as id
       on conflict (${key}) do update set checked_at = excluded.checked_at,
         deleted_at = case when excluded.deleted_at is not null then coalesce(held.deleted_at, excluded.deleted_at) end`,
      [others, now, gone],
    )
  }
  await insertEntities(tx, { alliance: [...(lookups?.alliance ?? [])].sort((a, b) => Number(a) - Number(b)) })
}
