import type { Ask, Report, Via } from './asks'
import { type Day, logicalDate, monthEndOf, previousMonthEnd, programYearOf } from './calendar'
import { readTable, type Table, Unreadable } from './csv'
import { normalDistrict } from './ids'

/*
 * Whether an answer is the file that was asked for. The dashboards answer 200 with a page for people, with today's file, or with that
 * of another day, and only its content tells.
 */

/** What the check needs of an answer. */
export interface FileAnswer {
  status: number
  text: string
}

export type Checked =
  | { table: Table; logicalDate: Day; programYear: string }
  | { none: 'unavailable'; reason: string }
  | { wrong: 'fetch_failed' | 'validation_failed'; reason: string; retry: boolean }

/** Columns that each report has had in every year. */
const REQUIRED: Record<Report, string[]> = {
  districtsummary: ['region', 'district', 'paid clubs', 'active clubs'],
  clubperformance: ['district', 'division', 'area', 'club number', 'club name', 'active members', 'goals met'],
  districtperformance: ['district', 'division', 'area', 'club', 'club name', 'total to date'],
  divisionperformance: ['district', 'division', 'area', 'club'],
}

const wrong = (reason: string): Checked => ({ wrong: 'validation_failed', reason, retry: false })
const failed = (reason: string): Checked => ({ wrong: 'fetch_failed', reason, retry: true })

/** @param via where it was asked: the root serves today's file for much that it does not have */
export function checkBody(ask: Ask, via: Via, { status, text }: FileAnswer): Checked {
  if (status !== 200) return failed(`${ask.key} was answered with status ${status}`)
  if (/^[\s\uFEFF]*[<{]/.test(text)) return failed(`${ask.key} was answered with a web page: ${excerpt(text)}`)
  let table: Table
  try {
    table = readTable(text)
  } catch (error) {
    if (error instanceof Unreadable) return failed(`the file of ${ask.key} cannot be read: ${error.message}`)
    throw error
  }
  return checkTable(ask, via, table)
}

function checkTable(ask: Ask, via: Via, table: Table): Checked {
  const missing = REQUIRED[ask.report].filter((column) => !table.columns.includes(column))
  if (missing.length > 0)
    return wrong(`the file of ${ask.key} lacks the column ${missing.join(', ')}; its columns are ${table.columns.join(', ').slice(0, 200)}`)
  if (table.rows.length === 0) return withoutRows(ask, table)
  const date = dateOf(ask, via, table)
  if (typeof date !== 'string') return date
  const other = otherDistrict(ask, table)
  if (other !== undefined) return wrong(`the file of ${ask.key} has rows of district ${JSON.stringify(other).slice(0, 40)}`)
  return { table, logicalDate: date, programYear: programYearOf(date) }
}

/** The last line of a file without rows says the day that was asked for; without that line, it may be the beginning of one with rows. */
function withoutRows(ask: Ask, { footer }: Table): Checked {
  if (!footer) return failed(`the file of ${ask.key} ends after its header`)
  if (footer.asOf !== ask.asOf) return otherDay(ask, footer.asOf)
  return { none: 'unavailable', reason: `the dashboards have no rows for ${ask.key}` }
}

const otherDay = (ask: Ask, asOf: Day): Checked => wrong(`the file of ${ask.key} is of ${asOf}, not of ${ask.asOf}`)

/** The date a file is about; a check that failed where it is not that of the request. */
function dateOf(ask: Ask, via: Via, { footer }: Table): Day | Checked {
  if (!footer) {
    // The year is in the archive's path, and its old files lack the line; the root says nothing else of what it serves.
    if (via === 'root') return wrong(`the file of ${ask.key} does not say which day it is of`)
    return ask.asOf > ask.monthEnd ? ask.monthEnd : ask.asOf
  }
  if (footer.asOf !== ask.asOf) return otherDay(ask, footer.asOf)
  const date = logicalDate(footer.month, footer.asOf)
  const month = date && monthEndOf(date)
  // A day early in a month may be a capture of the month before, which is still closing.
  const mayBeBefore = ask.asOf <= ask.monthEnd
  if (date === undefined || (month !== ask.monthEnd && !(mayBeBefore && month === previousMonthEnd(ask.monthEnd))))
    return wrong(`the file of ${ask.key} is of month ${footer.month}, as of ${footer.asOf}`)
  return date
}

function otherDistrict(ask: Ask, { rows }: Table): string | undefined {
  for (const { district = '' } of rows) {
    const id = normalDistrict(district)
    if (id === undefined || (ask.district !== null && id !== ask.district)) return district
  }
  return undefined
}

const excerpt = (text: string): string =>
  text
    .trimStart()
    .slice(0, 10_000)
    .replace(/<(script|style)\b[\s\S]*?<\/\1>/gi, ' ')
    .replace(/<[^>]*>/g, ' ')
    .replace(/\s+/g, ' ')
    .trim()
    .slice(0, 120)
