import type { Id } from '../../base/json'
import type { Reader, Tx } from '../../base/sql'
import type { Written } from '../../contract'
import type { Row } from './records'
import { type Identified, type ListedRepos, type SyncedRepo, writeIdentities, writeListed, writeSynced } from './store-repos'

/*
 * Statements on records. Rows of a page are sorted by their conflict key; texts compare by code unit (the columns are COLLATE "C").
 */

/** A stretch of a listing in which the host showed these keys and no others. */
export interface Shown {
  did: string
  collection: string
  /** Absent: from the lowest key on. */
  from?: string
  /** The first key above the stretch; absent: it reaches to the highest. */
  below?: string
  keys: string[]
}

/** Every key a repo has in a collection, at one revision. */
export interface Whole {
  did: string
  collection: string
  keys: string[]
}

/** What a step of any stream writes. */
export interface Batch {
  rows?: Row[]
  /** The revision at which the rows were read. */
  rev?: string
  /** What is held and was not shown is marked as missing at that revision. */
  shown?: Shown[]
  /** Collections whose deletions cannot be proved after all: their marks are removed. */
  unmark?: { did: string; collection: string }[]
  /** What is marked as missing at this revision in these collections goes. */
  sweep?: { did: string; rev: string; collections: string[] }
  /** What is held and not among these goes. */
  whole?: Whole[]
  identified?: Identified[]
  listed?: ListedRepos
  synced?: SyncedRepo[]
  relay?: { relay: string; collection: string; cursor: string }
}

/** Names a record as it is held, for `known`. */
export const nameOf = ({ uri, cid }: Pick<Row, 'uri' | 'cid'>): Id => `${uri} ${cid}`

/** Which of these records are held as they are. */
export async function known(db: Reader, ids: readonly Id[]): Promise<Set<Id>> {
  const rows = await db.query<{ id: string }>(
    `select r.uri || ' ' || r.cid as id from unnest($1::text[], $2::text[]) as w(uri, cid) join atproto.records r on r.uri = w.uri and r.cid = w.cid`,
    [ids.map((id) => id.slice(0, id.lastIndexOf(' '))), ids.map((id) => id.slice(id.lastIndexOf(' ') + 1))],
  )
  return new Set(rows.map((row) => row.id))
}

/** Which of a repo's collections have rows. */
export async function heldCollections(db: Reader, did: string, collections: readonly string[]): Promise<Set<string>> {
  const rows = await db.query<{ collection: string }>(
    `select c as collection from unnest($2::text[]) c where exists (select 1 from atproto.records r where r.did = $1 and r.collection = c)`,
    [did, collections],
  )
  return new Set(rows.map((row) => row.collection))
}

/** Whether any of a repo's records in these collections is marked as missing at this revision. */
export async function hasMissing(db: Reader, did: string, rev: string, collections: readonly string[]): Promise<boolean> {
  const sql = `select 1 from atproto.records where did = $1 and missing_rev = $2 and collection = any($3) limit 1`
  return (await db.query(sql, [did, rev, collections])).length > 0
}

/** Everything a step found, in the page's transaction. */
export async function write(tx: Tx, batch: Batch): Promise<Written> {
  // Those that are identified are among the listed ones: all are locked in one order.
  if (batch.listed) await writeListed(tx, batch.listed)
  await writeIdentities(tx, batch.identified ?? [])
  const written = await upsert(tx, batch.rows ?? [], batch.rev ?? '')
  for (const shown of batch.shown ?? []) await mark(tx, shown, batch.rev ?? '')
  for (const { did, collection } of batch.unmark ?? []) await unmark(tx, did, collection)
  let deleted = 0
  for (const whole of batch.whole ?? []) deleted += await keepOnly(tx, whole)
  if (batch.sweep) deleted += await sweep(tx, batch.sweep)
  await writeSynced(tx, batch.synced ?? [])
  if (batch.relay) await writeRelayCursor(tx, batch.relay)
  return { ...written, deleted }
}

/** JSON one statement takes; a jsonb array may have 256 MB. */
const MAX_BYTES = 16 * 1024 * 1024

async function upsert(tx: Tx, rows: readonly Row[], rev: string): Promise<Written> {
  // A record that is listed twice is one row.
  const sorted = [...new Map(rows.map((row) => [row.uri, row])).values()].sort((a, b) => (a.uri < b.uri ? -1 : 1))
  const written = { new: 0, updated: 0, unchanged: rows.length }
  for (let from = 0, to = 0; from < sorted.length; from = to) {
    for (let bytes = 0; to < sorted.length && (to === from || bytes < MAX_BYTES); to++) bytes += sorted[to]?.json.length ?? 0
    const part = await upsertPart(tx, sorted.slice(from, to), rev)
    written.new += part.new
    written.updated += part.updated
    written.unchanged -= part.new + part.updated
  }
  return written
}

/** Records travel as one JSON text: quoted one by one for an array of texts they cost the worker and Postgres twice as much. */
async function upsertPart(tx: Tx, rows: readonly Row[], rev: string): Promise<Pick<Written, 'new' | 'updated'>> {
  const [written] = await tx.query<{ new: number; updated: number }>(
    `with written as (
       insert into atproto.records as held (uri, did, collection, rkey, cid, record, seen_rev)
       select uri, split_part(uri, '/', 3), split_part(uri, '/', 4), split_part(uri, '/', 5), cid, record, $4
         from rows from (unnest($1::text[]), unnest($2::text[]), jsonb_array_elements($3::jsonb)) as n(uri, cid, record)
       on conflict (uri) do update
          set cid = excluded.cid, record = excluded.record, seen_rev = excluded.seen_rev, missing_rev = null, indexed_at = clock_timestamp()
        where held.cid is distinct from excluded.cid
       returning (xmax = 0) as fresh
     ) select count(*) filter (where fresh)::int as new, count(*) filter (where not fresh)::int as updated from written`,
    [rows.map((row) => row.uri), rows.map((row) => row.cid), `[${rows.map((row) => row.json).join(',')}]`, rev],
  )
  return written ?? { new: 0, updated: 0 }
}

async function mark(tx: Tx, { did, collection, from, below, keys }: Shown, rev: string): Promise<void> {
  // A reading that was cut short may have marked at the same revision what is shown now.
  await unmark(tx, did, collection, keys)
  await tx.query(
    `update atproto.records set missing_rev = $6
      where did = $1 and collection = $2 and ($3::text is null or rkey >= $3) and ($4::text is null or rkey < $4) and rkey <> all($5)
        and missing_rev is distinct from $6`,
    [did, collection, from ?? null, below ?? null, keys, rev],
  )
}

/** @param keys these only; absent: all of the collection */
async function unmark(tx: Tx, did: string, collection: string, keys?: readonly string[]): Promise<void> {
  await tx.query(
    `update atproto.records set missing_rev = null
      where did = $1 and collection = $2 and missing_rev is not null and ($3::text[] is null or rkey = any($3))`,
    [did, collection, keys ?? null],
  )
}

async function sweep(tx: Tx, { did, rev, collections }: NonNullable<Batch['sweep']>): Promise<number> {
  const gone = await tx.query(`delete from atproto.records where did = $1 and missing_rev = $2 and collection = any($3) returning 1`, [
    did,
    rev,
    collections,
  ])
  return gone.length
}

async function keepOnly(tx: Tx, { did, collection, keys }: Whole): Promise<number> {
  const gone = await tx.query(
    `delete from atproto.records r where r.did = $1 and r.collection = $2
        and not exists (select 1 from unnest($3::text[]) k where k = r.rkey) returning 1`,
    [did, collection, keys],
  )
  return gone.length
}

/** Where the relay's list of a collection was left. */
export async function relayCursor(db: Reader, relay: string, collection: string): Promise<string | undefined> {
  const [row] = await db.query<{ cursor: string }>(`select cursor from atproto.relay_cursors where relay = $1 and collection = $2`, [
    relay,
    collection,
  ])
  return row?.cursor
}

async function writeRelayCursor(tx: Tx, { relay, collection, cursor }: NonNullable<Batch['relay']>): Promise<void> {
  await tx.query(
    `insert into atproto.relay_cursors as held (relay, collection, cursor) values ($1, $2, $3)
     on conflict (relay, collection) do update set cursor = excluded.cursor, updated_at = clock_timestamp()
      where held.cursor is distinct from excluded.cursor`,
    [relay, collection, cursor],
  )
}
