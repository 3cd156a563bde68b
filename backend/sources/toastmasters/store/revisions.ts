import type { Tx } from '../../../base/sql'
import type { Day } from '../calendar'

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
  /** When each of its files was read. */
  readAt: readonly Date[]
  isFinal: boolean
  /** Bytes of its files. */
  size: number
  /** Of a summary: its rows. */
  rows?: number
}

export type Reason = 'no_existing' | 'newer_data' | 'same_day_refresh' | 'existing_is_newer'

/** What becomes of a version: its rows are written, they are held already, or another version is newer. */
export interface Decision {
  outcome: 'new' | 'updated' | 'unchanged' | 'older'
  /** When the newest of its files was last read. */
  fetchedAt: Date
  /** Whether it was ever read as final. */
  isFinal: boolean
}

type Rank = Pick<Version, 'asOf' | 'hashes' | 'readAt'>

interface Row extends Rank {
  hash: string
  isFinal: boolean
  isCurrent: boolean
  hasRows: boolean
}

const total = (moments: readonly Date[]): number => moments.reduce((sum, moment) => sum + moment.getTime(), 0)
const newest = (moments: readonly Date[]): Date => new Date(Math.max(...moments.map((moment) => moment.getTime())))

/**
 * Greater than 0: `a` is newer. While a capture is being read again its files are of two readings: what has more of the later one is
 * newer. Files that were read in the same millisecond are told apart by their hashes.
 */
function compare(a: Rank, b: Rank): number {
  if (a.asOf !== b.asOf) return a.asOf < b.asOf ? -1 : 1
  const later = total(a.readAt) - total(b.readAt)
  if (later !== 0) return later
  const [left, right] = [a.hashes.join(' '), b.hashes.join(' ')]
  return left < right ? -1 : Number(left > right)
}

/** Records a version and decides whether it is the current one. The caller holds the lock of its scope. */
export async function decide(tx: Tx, version: Version): Promise<Decision> {
  const rows = await tx.query<Row>(
    `select as_of::text as "asOf", hash, hashes, read_at as "readAt", is_final as "isFinal", superseded_at is null as "isCurrent",
            case when scope = '${SUMMARY}' then (select count(*) from toastmasters.districts_summary d where d.logical_date = r.logical_date) >= $5::int
                 else exists (select from toastmasters.district_snapshots d where d.logical_date = r.logical_date and d.district_id = r.scope) end as "hasRows"
       from toastmasters.revisions r
      where logical_date = $1 and scope = $2 and (superseded_at is null or (as_of = $3 and hash = $4))`,
    [version.logicalDate, version.scope, version.asOf, version.hash, version.rows ?? null],
  )
  const own = rows.find((row) => row.asOf === version.asOf && row.hash === version.hash)
  const current = rows.find((row) => row.isCurrent)
  const known = { ...version, readAt: latest(version.readAt, own?.readAt), isFinal: version.isFinal || own?.isFinal === true }
  const decision = { fetchedAt: newest(known.readAt), isFinal: known.isFinal }
  if (own?.isCurrent) {
    await keep(tx, known, undefined)
    // Rows that somebody deleted are written again.
    return { outcome: own.hasRows ? 'unchanged' : 'new', ...decision }
  }
  const reason = reasonOf(known, current)
  const isNewer = reason !== 'existing_is_newer'
  if (isNewer && current) await supersede(tx, version)
  await keep(tx, known, reason)
  return { outcome: isNewer ? (current ? 'updated' : 'new') : 'older', ...decision }
}

/** The later reading of each file. */
const latest = (read: readonly Date[], before: readonly Date[] = []): Date[] =>
  read.map((moment, place) => newest([moment, before[place] ?? moment]))

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
    `insert into toastmasters.revisions as r (logical_date, scope, as_of, hash, hashes, read_at, is_final, size, reason, superseded_at)
     values ($1, $2, $3, $4, $5, $6, $7, $8, coalesce($9, 'no_existing'), case when $9 = 'existing_is_newer' then clock_timestamp() end)
     on conflict (logical_date, scope, as_of, hash) do update set
       read_at = excluded.read_at, is_final = excluded.is_final,
       reason = case when excluded.superseded_at is null then coalesce($9, r.reason) else r.reason end,
       superseded_at = case when excluded.superseded_at is not null then coalesce(r.superseded_at, excluded.superseded_at) end
      where r.read_at <> excluded.read_at or r.is_final <> excluded.is_final
         or (r.superseded_at is null) <> (excluded.superseded_at is null)`,
    [
      version.logicalDate,
      version.scope,
      version.asOf,
      version.hash,
      version.hashes,
      version.readAt,
      version.isFinal,
      version.size,
      reason ?? null,
    ],
  )
}
