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

export const DISTRICT_REPORTS = ['clubperformance', 'districtperformance', 'divisionperformance'] as const
type DistrictReport = (typeof DISTRICT_REPORTS)[number]

/** Members by club. */
export type Members = Record<string, number>

/** A report of a capture of district 42 whose clubs have so many members; each member has paid in October. */
export function reportFor(report: DistrictReport, members: Members, ask: Partial<Ask> = {}, change: Partial<Body> = {}): Body {
  const { district = '42' } = ask
  const rows = Object.entries(members).map(([club, count]): Record<string, string> => {
    const head = { District: district ?? '', Division: 'A', Area: '01' }
    const named = { ...head, Club: club, 'Club Name': `Club ${club}` }
    const paid = String(count)
    switch (report) {
      case 'clubperformance': {
        const numbered = { ...head, 'Club Number': club, 'Club Name': `Club ${club}` }
        return { ...numbered, 'Club Status': 'Active', 'Mem. Base': '20', 'Active Members': paid }
      }
      case 'districtperformance': {
        const renewals = { New: '0', 'Late Ren.': '0', 'Oct. Ren.': paid, 'Apr. Ren.': '0', 'Total Ren.': paid }
        return { ...named, ...renewals, 'Total Chart': '0', 'Total to Date': paid }
      }
      default:
        return { ...named, 'October Renewals': paid, 'Membership to date': paid }
    }
  })
  return bodyFor(askFor({ ...ask, report, district }), rows, change)
}
