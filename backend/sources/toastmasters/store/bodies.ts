import { gunzipSync, gzipSync } from 'node:zlib'
import type { Reader, Tx } from '../../../base/sql'
import type { Ask, Report } from '../asks'
import type { Day } from '../calendar'
import type { Body } from '../client'

/*
 * Accepted files, each content once: what is read twice, or read again unchanged, only moves the moment of its last read.
 */

/** A file that is held. */
export interface KeptBody {
  via: 'archive' | 'root'
  url: string
  text: string
  hash: string
  fetchedAt: Date
}

/** A file of a district's date, without its content. */
export interface KeptReport {
  report: Report
  hash: string
  logicalDate: Day
  fetchedAt: Date
  /** Bytes before compression. */
  size: number
}

const KEY = 'district_id = $1 and month_end = $2 and as_of = $3'
const keyOf = (ask: Ask): unknown[] => [ask.district ?? '', ask.monthEnd, ask.asOf]

/** Keeps a file. */
export async function keepBody(tx: Tx, body: Body): Promise<void> {
  const { ask, hash, text, table, fetchedAt } = body
  await tx.query(
    `insert into toastmasters.bodies as b (district_id, month_end, as_of, report, hash, logical_date, program_year, content, size, rows, url, via,
            footer_month, footer_as_of, first_fetched_at, last_fetched_at)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $15)
     on conflict (district_id, month_end, as_of, report, hash) do update set
       url = case when excluded.last_fetched_at > b.last_fetched_at then excluded.url else b.url end,
       via = case when excluded.last_fetched_at > b.last_fetched_at then excluded.via else b.via end,
       first_fetched_at = least(b.first_fetched_at, excluded.first_fetched_at),
       last_fetched_at = greatest(b.last_fetched_at, excluded.last_fetched_at)
      where b.first_fetched_at > excluded.first_fetched_at or b.last_fetched_at < excluded.last_fetched_at`,
    [
      ...keyOf(ask),
      ask.report,
      hash,
      body.logicalDate,
      body.programYear,
      gzipSync(text),
      Buffer.byteLength(text),
      table.rows.length,
      body.url,
      body.via,
      table.footer?.month ?? null,
      table.footer?.asOf ?? null,
      fetchedAt,
    ],
  )
}

/** The newest file that answers exactly this question and was read at or after `since`. */
export async function readBody(db: Reader, ask: Ask, since: Date): Promise<KeptBody | undefined> {
  const [row] = await db.query<Omit<KeptBody, 'text'> & { content: Buffer }>(
    `select via, url, content, hash, last_fetched_at as "fetchedAt" from toastmasters.bodies
      where ${KEY} and report = $4 and last_fetched_at >= $5 order by last_fetched_at desc, hash desc limit 1`,
    [...keyOf(ask), ask.report, since],
  )
  if (!row) return undefined
  const { content, ...kept } = row
  return { ...kept, text: gunzipSync(content).toString() }
}

/**
 * The newest of each report of a district's capture, in the order of their names.
 * @param since read at or after this moment
 * @param until first read at or before this one
 */
export async function newestReports(db: Reader, ask: Ask, since: Date, until?: Date): Promise<KeptReport[]> {
  return await db.query<KeptReport>(
    `select distinct on (report) report, hash, logical_date::text as "logicalDate",
            case when $5::timestamptz < last_fetched_at then first_fetched_at else last_fetched_at end as "fetchedAt", size
       from toastmasters.bodies where ${KEY} and last_fetched_at >= $4 and ($5::timestamptz is null or first_fetched_at <= $5)
      order by report, 4 desc, hash desc`,
    [...keyOf(ask), since, until ?? null],
  )
}

/** Contents of a capture's files, by report. */
export async function readTexts(tx: Tx, ask: Ask, hashes: readonly string[]): Promise<Map<Report, string>> {
  const rows = await tx.query<{ report: Report; content: Buffer }>(
    `select report, content from toastmasters.bodies where ${KEY} and hash = any($4)`,
    [...keyOf(ask), hashes],
  )
  return new Map(rows.map((row) => [row.report, gunzipSync(row.content).toString()]))
}
