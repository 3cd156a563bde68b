import type { Reader, Tx } from '../../../base/sql'
import type { Ask, Report } from '../asks'
import type { Day } from '../calendar'

/** A file that is not what was asked for. */
export interface Mismatch {
  ask: Ask
  reason: string
}

/** A refused file of which no right one has come since. */
export interface OpenMismatch {
  at: Date
  report: Report
  /** Null: the summary. */
  districtId: string | null
  /** The day it was asked for. */
  date: Day
  asOf: Day
  reason: string
}

/** Notes that a file was refused; nothing of it is kept. */
export async function saveMismatch(tx: Tx, { ask, reason }: Mismatch): Promise<void> {
  await tx.query(
    `insert into toastmasters.mismatches (report, district_id, month_end, as_of, logical_date, reason)
     values ($1, $2, $3, $4, least($3::date, $4::date), $5)`,
    [ask.report, ask.district ?? '', ask.monthEnd, ask.asOf, reason.replaceAll('\0', '')],
  )
}

/** Refused files of the last hours for which no right one came later, newest first; a few of many. */
export async function openMismatches(db: Reader, sinceHours: number, limit = 100): Promise<OpenMismatch[]> {
  return await db.query<OpenMismatch>(
    `select m.at, m.report, nullif(m.district_id, '') as "districtId", m.logical_date::text as date, m.as_of::text as "asOf", m.reason
       from toastmasters.mismatches m
      where m.at > clock_timestamp() - make_interval(hours => $1)
        and not exists (select from toastmasters.bodies b
                         where b.district_id = m.district_id and b.month_end = m.month_end and b.as_of = m.as_of and b.report = m.report
                           and b.last_fetched_at > m.at)
      order by m.at desc, m.id desc limit $2`,
    [sinceHours, limit],
  )
}
