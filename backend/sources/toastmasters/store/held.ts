import type { Reader } from '../../../base/sql'
import type { Day } from '../calendar'
import type { Detail } from '../prepared'
import { SUMMARY } from './revisions'

/** What is held of a district on a date. */
export interface Held {
  date: Day
  districtId: string
  detail: Detail
  /** Day of the capture it is from. */
  asOf: Day
  fetchedAt: Date
  /** Whether it was the last word on the date when it was read. */
  isFinal: boolean
}

/**
 * The dates, of those between two in SQL, whose summary has fewer rows than the file it comes from: somebody deleted some of them. It costs
 * a few rows of each date. Whether a district has all its clubs is not asked: they are a hundred times as many
 * (`clubs_differ` in integrity.ts finds it).
 */
const partialSummaries = (from: string, to: string): string => `
  select r.logical_date from toastmasters.revisions r
    join toastmasters.bodies b on b.district_id = '' and b.logical_date = r.logical_date and b.as_of = r.as_of and b.hash = r.hash
   where r.scope = '${SUMMARY}' and r.superseded_at is null and r.logical_date between ${from} and ${to}
     and b.rows > (select count(*) from toastmasters.districts_summary s where s.logical_date = r.logical_date)`

/**
 * What is held from one date to another, both included; a district has a row for each detail. A summary that is not whole is not held.
 */
export async function readHeld(db: Reader, from: Day, to: Day): Promise<Held[]> {
  const rowsOf = (table: string, detail: Detail) =>
    `select logical_date::text as date, district_id as "districtId", '${detail}' as detail, as_of::text as "asOf", fetched_at as "fetchedAt",
            is_final as "isFinal" from toastmasters.${table} where logical_date between $1 and $2`
  return await db.query<Held>(
    `${rowsOf('districts_summary', 'summary')} and logical_date not in (${partialSummaries('$1', '$2')}) union all ${rowsOf('district_snapshots', 'full')} order by 1, 2, 3`,
    [from, to],
  )
}

/** The districts in the summary of a date; none where none is held. */
export async function readDistricts(db: Reader, date: Day): Promise<string[]> {
  const rows = await db.query<{ id: string }>(
    'select district_id as id from toastmasters.districts_summary where logical_date = $1 order by 1',
    [date],
  )
  return rows.map((row) => row.id)
}

/** The districts in the summary of the newest date that has one. */
export async function latestDistricts(db: Reader): Promise<string[]> {
  const rows = await db.query<{ id: string }>(
    `select district_id as id from toastmasters.districts_summary
      where logical_date = (select max(logical_date) from toastmasters.districts_summary) order by 1`,
  )
  return rows.map((row) => row.id)
}

/**
 * The months, by their last days, with a date of which something is not stored: a line of the summary, or in full detail a district's
 * statistics.
 * @param districts those asked for; null: those in the summary of the date
 */
export async function monthsLacking(
  db: Reader,
  from: Day,
  to: Day,
  { detail, districts }: { detail: Detail; districts: readonly string[] | null },
): Promise<Day[]> {
  const rows = await db.query<{ end: Day }>(
    `select distinct ((date_trunc('month', d) + interval '1 month')::date - 1)::text as "end"
       from generate_series($1::date, $2::date, interval '1 day') d
      where case when $3 then exists (select from unnest($4::text[]) w where not exists
                                        (select from toastmasters.district_snapshots s where s.logical_date = d::date and s.district_id = w))
                 else not exists (select from toastmasters.districts_summary s where s.logical_date = d::date) end
         or not $3 and d::date in (${partialSummaries('$1', '$2')})
         or $5 and exists (select from toastmasters.districts_summary s where s.logical_date = d::date and not exists
                             (select from toastmasters.district_snapshots f where f.logical_date = d::date and f.district_id = s.district_id))`,
    [from, to, detail === 'full' && districts !== null, districts ?? [], detail === 'full' && districts === null],
  )
  return rows.map(({ end }) => end)
}
