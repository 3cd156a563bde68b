import type { Reader } from '../../../base/sql'
import type { Day } from '../calendar'
import type { Detail } from '../prepared'
import type { Reason } from './revisions'

/** What is stored of a logical date, which is its id. */
export interface Snapshot {
  id: Day
  programYear: string
  monthEnd: Day
  /** Newest capture it holds. */
  asOf: Day | null
  /** Partial: its summary is missing, or in full detail a district in scope. */
  status: 'complete' | 'partial'
  detail: Detail
  isFinal: boolean
  schemaVersion: string
  calculationVersion: string
  createdAt: Date
  updatedAt: Date
  /** Districts in its summary. */
  districtsListed: number
  /** Those of them that are configured; all where none is. */
  districtsInScope: number
  /** Districts of which all reports are stored. */
  districtsStored: number
  clubs: number
  /** Bytes of the files it is made of. */
  size: number
  /** Files asked for it that were refused. */
  errors: number
}

export interface SnapshotFilters {
  status?: Snapshot['status']
  schemaVersion?: string
  calculationVersion?: string
  createdAfter?: Date
  createdBefore?: Date
  /** At least so many districts; in summary detail those in the summary. */
  minDistricts?: number
  /** Dates before this one. */
  before?: Day
  limit: number
}

/** Dates that one call counts the rows of; with filters it may find fewer than its limit and say where to go on. */
const MAX_COUNTED = 500

const COLUMNS = `s.logical_date::text as id, s.program_year as "programYear", s.month_end::text as "monthEnd", s.as_of::text as "asOf", s.status,
  s.detail, s.is_final as "isFinal", s.schema_version as "schemaVersion", s.calculation_version as "calculationVersion",
  s.created_at as "createdAt", s.updated_at as "updatedAt", s.districts_listed as "districtsListed",
  s.districts_in_scope as "districtsInScope", s.districts_stored as "districtsStored", s.clubs, s.size::float8 as size,
  (select count(*)::int from toastmasters.mismatches m where m.logical_date = s.logical_date) as errors`

/**
 * Snapshots, newest date first.
 * @returns `next`: dates before this one may match too; null: these are all
 */
export async function listSnapshots(db: Reader, filters: SnapshotFilters): Promise<{ snapshots: Snapshot[]; next: Day | null }> {
  const counted = await db.query<{ id: Day }>(
    `select logical_date::text as id from toastmasters.snapshots
      where ($1::date is null or logical_date < $1) and ($2::text is null or schema_version = $2) and ($3::text is null or calculation_version = $3)
        and ($4::timestamptz is null or created_at > $4) and ($5::timestamptz is null or created_at < $5)
      order by logical_date desc limit ${MAX_COUNTED + 1}`,
    [filters.before, filters.schemaVersion, filters.calculationVersion, filters.createdAfter, filters.createdBefore].map(
      (value) => value ?? null,
    ),
  )
  const ids = counted.slice(0, MAX_COUNTED).map((row) => row.id)
  const found = await db.query<Snapshot>(
    `select ${COLUMNS} from toastmasters.snapshot_status s
      where s.logical_date = any($1::date[]) and ($2::text is null or s.status = $2)
        and case s.detail when 'full' then s.districts_stored else s.districts_listed end >= $3
      order by s.logical_date desc limit $4`,
    [ids, filters.status ?? null, filters.minDistricts ?? 0, filters.limit + 1],
  )
  const snapshots = found.slice(0, filters.limit)
  if (found.length > filters.limit) return { snapshots, next: snapshots.at(-1)?.id ?? null }
  return { snapshots, next: counted.length > MAX_COUNTED ? (ids.at(-1) ?? null) : null }
}

/** One district in a snapshot. */
export interface SnapshotDistrict {
  districtId: string
  /** Whether it is in the summary of the date. */
  isListed: boolean
  /** Whether all its reports are stored; the fields after it are null where they are not. */
  isStored: boolean
  asOf: Day | null
  fetchedAt: Date | null
  storedAt: Date | null
  isFinal: boolean | null
  clubs: number | null
  members: number | null
}

/** A snapshot with its districts; undefined where nothing of that date is stored. */
export async function readSnapshot(db: Reader, id: Day): Promise<(Snapshot & { districts: SnapshotDistrict[] }) | undefined> {
  const [snapshot] = await db.query<Snapshot>(`select ${COLUMNS} from toastmasters.snapshot_status s where s.logical_date = $1`, [id])
  if (!snapshot) return undefined
  const districts = await db.query<SnapshotDistrict>(
    `select district_id as "districtId", l.district_id is not null as "isListed", d.clubs is not null as "isStored", d.as_of::text as "asOf",
            d.fetched_at as "fetchedAt", d.stored_at as "storedAt", d.is_final as "isFinal", d.clubs, d.members
       from (select district_id from toastmasters.districts_summary where logical_date = $1) l
       full join (select * from toastmasters.district_snapshots where logical_date = $1) d using (district_id)
      order by 1`,
    [id],
  )
  return { ...snapshot, districts }
}

/** A version that was stored. */
export interface Revision {
  asOf: Day
  hash: string
  /** Of its files. */
  hashes: string[]
  /** When each of its files was last read. */
  readAt: Date[]
  isFinal: boolean
  size: number
  reason: Reason
  storedAt: Date
  /** Null: the current one. */
  supersededAt: Date | null
}

/** Versions of a district's date, or of a date's summary (`SUMMARY`), newest capture first. */
export async function readRevisions(db: Reader, date: Day, scope: string, limit = 100): Promise<Revision[]> {
  return await db.query<Revision>(
    `select as_of::text as "asOf", hash, hashes, read_at as "readAt", is_final as "isFinal", size, reason, stored_at as "storedAt",
            superseded_at as "supersededAt"
       from toastmasters.revisions where logical_date = $1 and scope = $2 order by as_of desc, stored_at desc, hash limit $3`,
    [date, scope, limit],
  )
}
