import { gunzipSync } from 'node:zlib'
import { messageOf } from '../../../base/errors'
import type { Reader } from '../../../base/sql'
import { hashOf } from '../cache'
import type { Day } from '../calendar'

/*
 * Whether what is stored is what was read. It is computed again from files and rows, for some dates at a time.
 */

export interface Issue {
  kind: 'file_damaged' | 'file_missing' | 'clubs_differ' | 'revision_missing' | 'sums_differ'
  date: Day
  /** Null: the summary. */
  districtId: string | null
  message: string
}

export interface Integrity {
  isValid: boolean
  /** At most `MAX_ISSUES`. */
  issues: Issue[]
  recommendations: string[]
  checked: { dates: number; files: number; from: Day | null; to: Day | null }
}

export interface Window {
  /** Dates before this one; the newest by default. */
  before?: Day
  /** Dates that are checked. */
  dates: number
}

const MAX_ISSUES = 100
/** Files read at once. */
const PAGE = 100

const ADVICE: Record<Issue['kind'], string> = {
  file_damaged: 'Restore the damaged files from a backup, or backfill their dates with skipExisting: false.',
  file_missing: 'Backfill the dates whose files are missing with skipExisting: false.',
  clubs_differ: 'Backfill the districts whose clubs differ from their figures with skipExisting: false, enableCaching: false.',
  revision_missing: 'Backfill the dates without a current revision with skipExisting: false, enableCaching: false.',
  sums_differ: 'Compare the rows with their files: the dashboards may have published sums that do not add up.',
}

/** Checks the files and rows of some dates. */
export async function storeIntegrity(db: Reader, { before, dates }: Window): Promise<Integrity> {
  const found = await db.query<{ id: Day }>(
    'select logical_date::text as id from toastmasters.snapshots where ($1::date is null or logical_date < $1) order by logical_date desc limit $2',
    [before ?? null, dates],
  )
  const ids = found.map((row) => row.id)
  const issues: Issue[] = []
  for (const check of [missingFiles, differingClubs, missingRevisions, differingSums]) issues.push(...(await check(db, ids)))
  const files = await checkFiles(db, ids, issues)
  const kinds = [...new Set(issues.map((issue) => issue.kind))]
  return {
    isValid: issues.length === 0,
    issues: issues.slice(0, MAX_ISSUES),
    recommendations: kinds.map((kind) => ADVICE[kind]),
    checked: { dates: ids.length, files, from: ids.at(-1) ?? null, to: ids[0] ?? null },
  }
}

/** @returns the files that were read */
async function checkFiles(db: Reader, ids: readonly Day[], issues: Issue[]): Promise<number> {
  let files = 0
  for (const id of ids) {
    for (let after = ''; ; ) {
      const page = await db.query<{ key: string; district: string; report: string; hash: string; content: Buffer }>(
        `select concat_ws(' ', district_id, month_end, as_of, report, hash) collate "C" as key, district_id as district, report, hash, content
           from toastmasters.bodies
          where logical_date = $1 and concat_ws(' ', district_id, month_end, as_of, report, hash) collate "C" > $2 order by 1 limit ${PAGE}`,
        [id, after],
      )
      for (const { district, report, hash, content } of page) {
        const fault = faultOf(content, hash)
        if (fault) issues.push({ kind: 'file_damaged', date: id, districtId: district || null, message: `the file of ${report} ${fault}` })
      }
      files += page.length
      if (page.length < PAGE) break
      after = page.at(-1)?.key ?? ''
    }
  }
  return files
}

function faultOf(content: Buffer, hash: string): string | undefined {
  try {
    return hashOf(gunzipSync(content).toString()) === hash ? undefined : 'is not the one that was read: its hash differs'
  } catch (error) {
    // zlib throws for what is no gzip.
    return `cannot be decompressed: ${messageOf(error)}`
  }
}

type Found = Omit<Issue, 'kind'>
const issuesOf = async (db: Reader, kind: Issue['kind'], sql: string, ids: readonly Day[]): Promise<Issue[]> =>
  (await db.query<Found>(`${sql} limit ${MAX_ISSUES}`, [ids])).map((row) => ({ kind, ...row }))

const missingFiles = (db: Reader, ids: readonly Day[]) =>
  issuesOf(
    db,
    'file_missing',
    `select r.logical_date::text as date, nullif(r.scope, '*') as "districtId", 'a file of the revision of ' || r.as_of || ' is missing: ' || h.hash as message
       from toastmasters.revisions r cross join unnest(r.hashes) as h(hash)
      where r.logical_date = any($1::date[])
        and not exists (select from toastmasters.bodies b where b.logical_date = r.logical_date and b.hash = h.hash)`,
    ids,
  )

const differingClubs = (db: Reader, ids: readonly Day[]) =>
  issuesOf(
    db,
    'clubs_differ',
    `select d.logical_date::text as date, d.district_id as "districtId", 'it has ' || count(c.club_number) || ' clubs, its figures say ' || d.clubs as message
       from toastmasters.district_snapshots d left join toastmasters.clubs c using (logical_date, district_id)
      where d.logical_date = any($1::date[])
      group by d.logical_date, d.district_id having count(c.club_number) <> d.clubs or d.clubs = 0
         or sum(c.active_members) is distinct from d.members`,
    ids,
  )

const missingRevisions = (db: Reader, ids: readonly Day[]) =>
  issuesOf(
    db,
    'revision_missing',
    `select date::text, "districtId", 'its rows belong to no current revision' as message
       from (select distinct logical_date, null::text, '*', as_of from toastmasters.districts_summary where logical_date = any($1::date[])
              union all
             select logical_date, district_id, district_id, as_of from toastmasters.district_snapshots where logical_date = any($1::date[])
            ) as row(date, "districtId", scope, as_of)
      where not exists (select from toastmasters.revisions r
                         where r.logical_date = row.date and r.scope = row.scope and r.as_of = row.as_of and r.superseded_at is null)`,
    ids,
  )

/** Sums that held in every file known. */
const differingSums = (db: Reader, ids: readonly Day[]) =>
  issuesOf(
    db,
    'sums_differ',
    `select logical_date::text as date, district_id as "districtId", message from (
       select logical_date, district_id, 'distinguished clubs of its tiers are not their total' as message from toastmasters.districts_summary
        where logical_date = any($1::date[]) and total_distinguished_clubs <> distinguished_clubs + select_distinguished_clubs
              + presidents_distinguished_clubs + coalesce(smedley_distinguished_clubs, 0)
        union all
       select logical_date, district_id, 'its payments are not their total' from toastmasters.districts_summary
        where logical_date = any($1::date[])
          and total_ytd_payments <> new_payments + april_payments + october_payments + late_payments + charter_payments
        union all
       select logical_date, district_id, 'payments of club ' || club_number || ' are not their total' from toastmasters.clubs
        where logical_date = any($1::date[]) and total_to_date <> new_payments + total_renewals + total_charter
     ) as found`,
    ids,
  )
