import { randomBytes } from 'node:crypto'
import type { Json } from '../../base/json'
import type { Reader, Tx } from '../../base/sql'
import type { DomainEvent, Written } from '../../contract'
import type { Intent } from './ids'
import { type Content, fingerprintOf } from './records'
import { compareMoments, type Moment } from './truth'

/*
 * Statements on listings. Every write is guarded by the moment of the upstream's statement: an older statement changes nothing, whatever
 * the order in which they come. A deleted row stays for a while as a tombstone, so that an older update does not bring it back.
 */

/** A listing as it is, or that it is gone. */
export interface Statement {
  id: string
  moment: Moment
  /** Absent: it is gone. */
  content?: Content
  /** The document as it came, for the event. */
  document?: Json
  /** Of one that is gone, where it is known. */
  steamid?: string
}

/** A row that a snapshot shows as it is held. */
export interface Confirmed {
  id: string
  mark: string
  moment: Moment
}

/** What a step writes. */
export interface Batch {
  statements: Statement[]
  confirmed?: Confirmed[]
  inventories?: Inventory[]
  /** When its handler began, ms since 1970; null: it came by itself. */
  began: number | null
  /** Further figures by the name of their counter. */
  counts?: Record<string, number>
}

/** What an inventory held: every item of it, or why it cannot be known. */
export interface Inventory {
  steamid: string
  /** `[asset id, defindex, quality]`. */
  items: [string, number, number][]
}

/** Every column that a statement sets. */
const COLUMNS = `steamid, appid, item_defindex, item_quality_id, intent, item_name, market_name, metal, keys, currencies, raw_value, short_value,
  long_value, details, listed_at, bumped_at, status, user_agent_client, user_name, user_premium, user_online, user_banned, user_trade_offer_url,
  item_tradable, item_craftable, item_quality_color, item_particle_name, item_particle_type, spell_ids, strange_part_ids, paint_id, paint_name,
  paint_color, paint_secondary_hex, mark, fingerprint`
const NAMES = COLUMNS.split(',').map((name) => name.trim())

const MOMENT = (row: string) => `(${row}.observed_at, ${row}.observed_rank, ${row}.observed_event)`
/** The number of this transaction, by which it knows what it changed itself. */
const TRANSACTION = `pg_current_xact_id()::text::bigint`
const NOW_MS = `(extract(epoch from clock_timestamp()) * 1000)::bigint`

/** Rows of one statement, as `jsonb_populate_recordset` takes them. */
const rowOf = ({ id, moment, content, steamid }: Statement) => ({
  id,
  ...(content ? { ...content, fingerprint: fingerprintOf(content) } : { steamid: steamid ?? null }),
  observed_at: new Date(moment.at * 1000),
  observed_rank: moment.rank,
  observed_event: moment.event,
})

/** The newest statement about each listing, in the order in which rows are locked. */
export function newest(statements: readonly Statement[]): Statement[] {
  const byId = new Map<string, Statement>()
  for (const one of statements) {
    const other = byId.get(one.id)
    if (!other || compareMoments(other.moment, one.moment) < 0) byId.set(one.id, one)
  }
  return [...byId.values()].sort((a, b) => (a.id < b.id ? -1 : 1))
}

/** Writes what is newer than what is held, with its events. */
export async function write(tx: Tx, batch: Batch): Promise<Written & { events: DomainEvent[] }> {
  const statements = newest(batch.statements)
  const present = statements.filter((one) => one.content)
  const changed = await upsert(tx, present)
  const gone = await remove(
    tx,
    statements.filter((one) => !one.content),
  )
  await confirm(tx, batch.confirmed ?? [])
  await keepInventories(tx, batch.inventories ?? [])
  const documents = new Map(present.map((one) => [one.id, one.document ?? null]))
  const event = (kind: 'listing-update' | 'listing-delete', payload: Json): DomainEvent => ({
    key: `tf2.${kind}`,
    payload: { id: randomBytes(12).toString('hex'), event: kind, payload, generation_timestamp: batch.began },
  })
  const added = changed.filter((row) => row.is_new).length
  return {
    new: added,
    updated: changed.length - added,
    unchanged: batch.statements.filter((one) => one.content).length - changed.length,
    deleted: gone.length,
    counts: batch.counts,
    events: [
      ...changed.map(({ id }) => event('listing-update', documents.get(id) ?? null)),
      ...gone.map(({ id, steamid }) => event('listing-delete', { id, steamid })),
    ],
  }
}

/** @returns rows whose content is another now, or that are there again */
async function upsert(tx: Tx, statements: readonly Statement[]): Promise<{ id: string; is_new: boolean }[]> {
  if (statements.length === 0) return []
  const rows = await tx.query<{ id: string; is_new: boolean; changed: boolean }>(
    `insert into tf2.listings as l (id, ${COLUMNS}, observed_at, observed_rank, observed_event, is_deleted, created_at, updated_at, updated_in)
     select r.id, ${NAMES.map((name) => (name === 'spell_ids' || name === 'strange_part_ids' ? `coalesce(r.${name}, '{}')` : `r.${name}`)).join(', ')},
            r.observed_at, r.observed_rank, r.observed_event, false, ${NOW_MS}, ${NOW_MS}, ${TRANSACTION}
       from jsonb_populate_recordset(null::tf2.listings, $1::jsonb) r order by r.id
     on conflict (id) do update set
       ${NAMES.map((name) => `${name} = excluded.${name}`).join(', ')},
       observed_at = excluded.observed_at, observed_rank = excluded.observed_rank, observed_event = excluded.observed_event,
       is_deleted = false, deleted_at = null,
       updated_at = case when l.is_deleted or l.fingerprint is distinct from excluded.fingerprint then ${NOW_MS} else l.updated_at end,
       updated_in = case when l.is_deleted or l.fingerprint is distinct from excluded.fingerprint then ${TRANSACTION} else l.updated_in end
     where ${MOMENT('l')} < ${MOMENT('excluded')}
     returning l.id, l.xmax = 0 as is_new, l.updated_in = ${TRANSACTION} as changed`,
    [JSON.stringify(statements.map(rowOf))],
  )
  return rows.filter((row) => row.changed)
}

/** @returns rows that were there */
async function remove(tx: Tx, statements: readonly Statement[]): Promise<{ id: string; steamid: string | null }[]> {
  if (statements.length === 0) return []
  return await tx.query(
    `with statements as materialized (
       select id, steamid, observed_at, observed_rank, observed_event from jsonb_populate_recordset(null::tf2.listings, $1::jsonb)
     ), stones as (
       insert into tf2.listings as l (id, steamid, appid, observed_at, observed_rank, observed_event, is_deleted, deleted_at, created_at, updated_at, updated_in)
       select s.id, s.steamid, 440, s.observed_at, s.observed_rank, s.observed_event, true, ${NOW_MS}, ${NOW_MS}, ${NOW_MS}, null from statements s order by s.id
       on conflict (id) do update set
         observed_at = excluded.observed_at, observed_rank = excluded.observed_rank, observed_event = excluded.observed_event,
         is_deleted = true,
         deleted_at = case when l.is_deleted then l.deleted_at else ${NOW_MS} end,
         updated_at = case when l.is_deleted then l.updated_at else ${NOW_MS} end,
         updated_in = case when l.is_deleted then l.updated_in else ${TRANSACTION} end
       where ${MOMENT('l')} < ${MOMENT('excluded')}
       returning l.id, l.steamid, l.updated_in = ${TRANSACTION} as was_there
     )
     select id, steamid from stones where was_there order by id`,
    [JSON.stringify(statements.map(rowOf))],
  )
}

/** What a snapshot shows as it is held was true when the snapshot was made. */
async function confirm(tx: Tx, confirmed: readonly Confirmed[]): Promise<void> {
  if (confirmed.length === 0) return
  const sorted = [...confirmed].sort((a, b) => (a.id < b.id ? -1 : 1))
  await tx.query(
    `with shown as materialized (
       select l.id, s.at, s.rank, s.event from unnest($1::text[], $2::text[], $3::timestamptz[], $4::smallint[], $5::text[]) as s(id, mark, at, rank, event)
         join tf2.listings l on l.id = s.id and l.mark = s.mark and not l.is_deleted
          and (l.observed_at, l.observed_rank, l.observed_event) < (s.at, s.rank, s.event)
        order by l.id for update of l
     )
     update tf2.listings l set observed_at = shown.at, observed_rank = shown.rank, observed_event = shown.event from shown where l.id = shown.id`,
    [
      sorted.map((one) => one.id),
      sorted.map((one) => one.mark),
      sorted.map((one) => new Date(one.moment.at * 1000)),
      sorted.map((one) => one.moment.rank),
      sorted.map((one) => one.moment.event),
    ],
  )
}

/** An inventory is believed for so long, minutes. */
const INVENTORY_MINUTES = 5

async function keepInventories(tx: Tx, inventories: readonly Inventory[]): Promise<void> {
  if (inventories.length === 0) return
  const sorted = [...inventories].sort((a, b) => (a.steamid < b.steamid ? -1 : 1))
  await tx.query(
    `insert into tf2.inventories (steamid, items, read_at)
     select steamid, items, clock_timestamp() from unnest($1::text[], $2::jsonb[]) as i(steamid, items)
     on conflict (steamid) do update set items = excluded.items, read_at = excluded.read_at`,
    [sorted.map((one) => one.steamid), sorted.map((one) => JSON.stringify(one.items))],
  )
}

/** Inventories read within the last minutes, by seller. */
export async function readInventories(db: Reader, steamids: readonly string[]): Promise<Map<string, Inventory>> {
  const rows = await db.query<Inventory>(
    `select steamid, items from tf2.inventories where steamid = any($1) and read_at > clock_timestamp() - interval '${INVENTORY_MINUTES} minutes'`,
    [steamids],
  )
  return new Map(rows.map((row) => [row.steamid, row]))
}

/** A row that is held. */
export interface Held {
  id: string
  steamid: string
  intent: Intent
  mark: string
  /** Unix time, seconds. */
  at: number
}

/** Live rows of an item. */
export const heldOf = (db: Reader, name: string, intents: readonly Intent[]): Promise<Held[]> =>
  db.query<Held>(
    `select id, steamid, intent, mark, extract(epoch from observed_at)::float8 as at from tf2.listings
      where item_name = $1 and intent = any($2) and not is_deleted order by id`,
    [name, intents],
  )

/** Names of live rows by their numbers. */
export async function heldNames(db: Reader, defindexes: readonly number[], quality: number): Promise<string[]> {
  const rows = await db.query<{ name: string }>(
    `select distinct item_name as name from tf2.listings
      where item_defindex = any($1) and item_quality_id = $2 and not is_deleted order by 1`,
    [defindexes, quality],
  )
  return rows.map((row) => row.name)
}

/** Rows deleted in one statement. */
const SWEEP = 2_000

const swept = async (db: Reader, from: string): Promise<number> =>
  (await db.query(`delete from ${from.split(' ')[0]} where ctid = any(array(select ctid from ${from} limit ${SWEEP})) returning 1`)).length

/**
 * Tombstones stop statements from before the deletion; after a week none of those is on its way any more. Inventories are believed
 * for minutes.
 */
export const retention = {
  tombstones: (db: Reader) =>
    swept(db, `tf2.listings where is_deleted and deleted_at < (extract(epoch from clock_timestamp() - interval '7 days') * 1000)::bigint`),
  inventories: (db: Reader) => swept(db, `tf2.inventories where read_at < clock_timestamp() - interval '1 hour'`),
}
