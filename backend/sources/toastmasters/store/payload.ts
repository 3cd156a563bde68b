import type { Reader } from '../../../base/sql'
import type { Day } from '../calendar'
import type { ClubRow, SummaryRow } from '../records'
import { CLUB_COLUMNS, SUMMARY_COLUMNS, selected } from './rows'

/** The statistics of a district on a date. */
export interface DistrictPayload {
  districtId: string
  /** Its line in the summary; null where the date has none. */
  summary: SummaryRow | null
  /** Null where not all of its reports are stored. */
  figures: DistrictFigures | null
  clubs: ClubRow[]
}

export interface DistrictFigures {
  asOf: Day
  fetchedAt: Date
  isFinal: boolean
  clubs: number
  clubsActive: number
  clubsLow: number
  clubsIneligible: number
  clubsSuspended: number
  clubsDistinguished: number
  members: number | null
  membersBase: number | null
  payments: number | null
}

export interface PayloadPage {
  /** Only these; all by default. */
  districts?: readonly string[]
  /** Districts after this one. */
  after?: string
  /** Districts of one answer: a date has up to 17,000 clubs. */
  limit: number
}

const FIGURES = `as_of::text as "asOf", fetched_at as "fetchedAt", is_final as "isFinal", clubs, clubs_active as "clubsActive",
  clubs_low as "clubsLow", clubs_ineligible as "clubsIneligible", clubs_suspended as "clubsSuspended",
  clubs_distinguished as "clubsDistinguished", members, members_base as "membersBase", payments`

/**
 * What is stored of a date, some districts at a time.
 * @returns `next`: the last of these districts, when there are more after it
 */
export async function readPayload(
  db: Reader,
  id: Day,
  { districts, after, limit }: PayloadPage,
): Promise<{ districts: DistrictPayload[]; next: string | null }> {
  const found = await db.query<{ id: string }>(
    `select district_id as id from toastmasters.districts_summary where logical_date = $1 and ($2::text[] is null or district_id = any($2)) and district_id > $3
      union
     select district_id from toastmasters.district_snapshots where logical_date = $1 and ($2::text[] is null or district_id = any($2)) and district_id > $3
      order by 1 limit $4`,
    [id, districts ?? null, after ?? '', limit + 1],
  )
  const ids = found.slice(0, limit).map((row) => row.id)
  const of = <Row extends object>(table: string, columns: string, more = '') =>
    db.query<Row & { districtId: string }>(
      `select district_id as "districtId", ${columns} from toastmasters.${table} where logical_date = $1 and district_id = any($2) ${more}`,
      [id, ids],
    )
  const [summaries, figures, clubs] = await Promise.all([
    of<SummaryRow>('districts_summary', selected(SUMMARY_COLUMNS)),
    of<DistrictFigures>('district_snapshots', FIGURES),
    of<ClubRow>('clubs', `club_number as "clubNumber", ${selected(CLUB_COLUMNS)}`, 'order by club_number'),
  ])
  const payloads = ids.map((districtId): DistrictPayload => {
    const isOf = (row: { districtId: string }) => row.districtId === districtId
    return {
      districtId,
      summary: summaries.find(isOf) ?? null,
      figures: figures.find(isOf) ?? null,
      clubs: clubs.filter(isOf),
    }
  })
  return { districts: payloads, next: found.length > limit ? (ids.at(-1) ?? null) : null }
}
