import { Fatal } from '../../base/errors'
import { type Day, readKeyDate } from './calendar'
import type { Table } from './csv'
import { normalClub, normalDistrict } from './ids'

/*
 * Reads the cells of one row by the names of their columns. A column that a year does not have is null; a cell that cannot be read is
 * an error that names it.
 */

/** One row of a file. */
export interface Cells {
  text(column: string): string | null
  number(column: string): number | null
  /** Of the column with this name, or whose name begins with it: awards get longer names from year to year. */
  award(name: string): number | null
  percent(column: string): number | null
  /** `Y` or `N`. */
  flag(column: string): boolean | null
  /** A district's id. */
  district(): string
  /** A club's number, by one of these columns. */
  club(...columns: string[]): string
  /** What of a year with two digits comes after a word: `Charter 12/01/25`. */
  dayAfter(word: string, column: string): Day | null
  readonly values: Record<string, string>
}

const NOTHING = /^(n\/a|-)?$/i
/** What a column of the tables holds. */
const MAX_NUMBER = 2_147_483_647

/** @param what the report, for errors @param row from 1 */
export function cellsOf(table: Table, values: Record<string, string>, what: string, row: number): Cells {
  const unreadable = (column: string, text: string, kind: string): Fatal =>
    new Fatal('processing_failed', `row ${row} of ${what}: the column ${column} is no ${kind}: ${JSON.stringify(text).slice(0, 60)}`)
  const cell = (column: string): string | undefined => (table.columns.includes(column) ? (values[column] ?? '').trim() : undefined)
  const number = (column: string): number | null => {
    const text = cell(column) ?? ''
    if (NOTHING.test(text)) return null
    const value = /^-?(\d+|\d{1,3}(,\d{3})+)$/.test(text) ? Number(text.replaceAll(',', '')) : Number.NaN
    if (!(Math.abs(value) <= MAX_NUMBER)) throw unreadable(column, text, 'whole number')
    return value
  }
  const id = (column: string, read: (text: string) => string | undefined, kind: string): string => {
    const text = values[column] ?? ''
    const found = read(text)
    if (found === undefined) throw unreadable(column, text, kind)
    return found
  }
  return {
    values,
    number,
    award: (name) => number(table.columns.find((column) => column === name || column.startsWith(`${name} `)) ?? name),
    text: (column) => cell(column) ?? null,
    percent(column) {
      const text = cell(column) ?? ''
      if (NOTHING.test(text)) return null
      if (!/^-?(\d+|\d{1,3}(,\d{3})+)(\.\d+)?\s*%$/.test(text)) throw unreadable(column, text, 'percentage')
      return Number.parseFloat(text.replaceAll(',', ''))
    },
    flag(column) {
      const text = cell(column) ?? ''
      if (NOTHING.test(text)) return null
      if (!/^[YN]$/i.test(text)) throw unreadable(column, text, 'Y or N')
      return text.toUpperCase() === 'Y'
    },
    district: () => id('district', normalDistrict, 'district'),
    club: (...columns) => id(columns.find((name) => table.columns.includes(name)) ?? '', normalClub, 'club number'),
    dayAfter(word, column) {
      const text = cell(column) ?? ''
      const [, month, day, year] = new RegExp(`\\b${word}\\w*\\s+(\\d{1,2})/(\\d{1,2})/(\\d{2})\\b`, 'i').exec(text) ?? []
      return month === undefined ? null : (readKeyDate(`${month}/${day}/20${year}`) ?? null)
    },
  }
}
