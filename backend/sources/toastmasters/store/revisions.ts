import type { Tx } from '../../../base/sql'
import type { Day } from './types'

/*
 * Which version of a date is the current one: the newer capture; of one capture the version that was read later. So all orders in
 * which versions arrive end in the same state. What is not current stays as a superseded revision.
 */

/** The scope of a summary. */
export const SUMMARY = '*'

/** A version of a district's date, or of a date's summary. */
export interface Version {
  logicalDate: Day
  /** A district, or `SUMMARY`. */
  scope: string
  asOf: Day
  hash: string
  /** Of its files. */
  hashes: readonly string[]
  /** When the newest of its files was read. */
  fetchedAt: Date
  isFinal: boolean
  /** Bytes of its files. */
  size: number
}

export type Reason = 'no_existing' | 'newer_data' | 'same_day_refresh' | 'existing_is_newer'

/** What becomes of a version: its rows are written, they are held already, or another version is newer. */
export interface Decision {
  outcome: 'new' | 'updated' | 'unchanged' | 'older'
  /** What is known of this version now: it may have been read later before, or as final. */
  fetchedAt: Date
  isFinal: boolean
}

interface Row {
  asOf: Day
  hash: string
  fetchedAt: Date
  isFinal: boolean
  isCurrent: boolean
}

type Rank = Pick<Row, 'asOf' | 'hash' | 'fetchedAt'>

/** Greater than 0: `a` is newer. Two that were read in the same millisecond are told apart by their hash. */
function compare(a: Rank, b: Rank): number {
  if (a.asOf !== b.asOf) return a.asOf < b.asOf ? -1 : 1
  if (a.fetchedAt.getTime() !== b.fetchedAt.getTime()) return a.fetchedAt.getTime() - b.fetchedAt.getTime()
  return a.hash < b.hash ? -1 : Number(a.hash > b.hash)
}

/** Records a version and decides whether it is the current one. The caller holds the lock of its scope. */
export async function decide(tx: Tx, version: Version): Promise<Decision> {
  const rows = await tx.query<Row>(
    `select as_of::text as "asOf", hash, fetched_at as "fetchedAt", is_final as "isFinal", superseded_at is null as "isCurrent"
       from toastmasters.revisions
      where logical_date = $1 and scope = $2 and (superseded_at is null or (as_of = $3 and hash = $4))`,
    [version.logicalDate, version.scope, version.asOf, version.hash],
  )
  const own = rows.find((row) => row.asOf === version.asOf && row.hash === version.hash)
  const current = rows.find((row) => row.isCurrent)
  const known = {
    fetchedAt: own && own.fetchedAt > version.fetchedAt ? own.fetchedAt : version.fetchedAt,
    isFinal: version.isFinal || own?.isFinal === true,
  }
  if (own?.isCurrent) {
    await keep(tx, { ...version, ...known }, undefined)
    return { outcome: 'unchanged', ...known }
  }
  const reason = reasonOf({ ...version, ...known }, current)
  const isNewer = reason !== 'existing_is_newer'
  if (isNewer && current) await supersede(tx, version)
  await keep(tx, { ...version, ...known }, reason)
  return { outcome: isNewer ? (current ? 'updated' : 'new') : 'older', ...known }
}

function reasonOf(version: Rank, current: Rank | undefined): Reason {
  if (!current) return 'no_existing'
  if (compare(version, current) < 0) return 'existing_is_newer'
  return version.asOf > current.asOf ? 'newer_data' : 'same_day_refresh'
}

async function supersede(tx: Tx, { logicalDate, scope }: Version): Promise<void> {
  await tx.query(
    `update toastmasters.revisions set superseded_at = clock_timestamp()
      where logical_date = $1 and scope = $2 and superseded_at is null`,
    [logicalDate, scope],
  )
}

/** @param reason absent: it is the current one and stays so */
async function keep(tx: Tx, version: Version, reason: Reason | undefined): Promise<void> {
  await tx.query(
    `insert into toastmasters.revisions as r (logical_date, scope, as_of, hash, hashes, fetched_at, is_final, size, reason, superseded_at)
     values ($1, $2, $3, $4, $5, $6, $7, $8, coalesce($9, 'no_existing'), case when $9 = 'existing_is_newer' then clock_timestamp() end)
     on conflict (logical_date, scope, as_of, hash) do update set
       fetched_at = excluded.fetched_at, is_final = excluded.is_final,
       reason = case when excluded.superseded_at is null then coalesce($9, r.reason) else r.reason end,
       superseded_at = case when excluded.superseded_at is not null then coalesce(r.superseded_at, excluded.superseded_at) end
      where r.fetched_at <> excluded.fetched_at or r.is_final <> excluded.is_final
         or (r.superseded_at is null) <> (excluded.superseded_at is null)`,
    [
      version.logicalDate,
      version.scope,
      version.asOf,
      version.hash,
      version.hashes,
      version.fetchedAt,
      version.isFinal,
      version.size,
      reason ?? null,
    ],
  )
}
