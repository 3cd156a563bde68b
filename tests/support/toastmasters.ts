import { createHash } from 'node:crypto'
import type { Ask, Report } from '../../backend/sources/toastmasters/asks'
import { keyDate } from '../../backend/sources/toastmasters/calendar'
import type { Body } from '../../backend/sources/toastmasters/client'
import { readTable } from '../../backend/sources/toastmasters/csv'

/** A question for a file of May 2026, closing or not; without a district the summary. */
export function askFor(change: Partial<Ask> = {}): Ask {
  const ask = { report: 'districtsummary' as Report, district: null, monthEnd: '2026-05-31', asOf: '2026-06-03', programYear: '2025-2026' }
  const it = { ...ask, ...change }
  const key = [it.report, ...(it.district ? [it.district] : []), keyDate(it.monthEnd), keyDate(it.asOf), it.programYear].join('~')
  return { key, ...it }
}

/** A file of these lines, as the dashboards export them. */
export function bodyFor(ask: Ask, rows: Record<string, string>[], change: Partial<Body> = {}): Body {
  const columns = Object.keys(rows[0] ?? {})
  const month = Number((ask.asOf < ask.monthEnd ? ask.asOf : ask.monthEnd).slice(5, 7))
  const name = new Date(Date.UTC(2000, month - 1)).toLocaleString('en', { month: 'short', timeZone: 'UTC' })
  const [year, monthOfDay, day] = ask.asOf.split('-')
  const lines = [
    columns.map((column) => `"${column}"`).join(','),
    ...rows.map((row) => columns.map((column) => `"${row[column]}"`).join(',')),
    `Month of ${name}, As of ${monthOfDay}/${day}/${year}`,
  ]
  const text = lines.map((line) => `${line}\r\n`).join('')
  return {
    ask,
    via: 'archive',
    url: `https://dashboards.example/${ask.programYear}/export.aspx?type=CSV&report=${ask.key}`,
    text,
    hash: createHash('sha256').update(text).digest('hex'),
    table: readTable(text),
    logicalDate: ask.asOf < ask.monthEnd ? ask.asOf : ask.monthEnd,
    programYear: ask.programYear,
    fetchedAt: new Date('2026-06-04T10:00:00Z'),
    cached: false,
    ...change,
  }
}
