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
  /** Of the first of these columns that the file has. */
  number(...columns: string[]): number | null
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

/** @param what the report, for errors @param row from 1 */
export function cellsOf(table: Table, values: Record<string, string>, what: string, row: number): Cells {
  const unreadable = (column: string, text: string, kind: string): Fatal =>
    new Fatal('processing_failed', `row ${row} of ${what}: the column ${column} is no ${kind}: ${JSON.stringify(text).slice(0, 60)}`)
  const cell = (column: string): string | undefined => (table.columns.includes(column) ? (values[column] ?? '').trim() : undefined)
  const number = (...columns: string[]): number | null => {
    const column = columns.find((name) => table.columns.includes(name))
    const text = column === undefined ? '' : (cell(column) ?? '')
    if (column === undefined || NOTHING.test(text)) return null
    if (!/^-?\d{1,3}(,?\d{3})*$|^-?\d+$/.test(text)) throw unreadable(column, text, 'whole number')
    return Number(text.replace(/,/g, ''))
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
    text: (column) => cell(column) ?? null,
    percent(column) {
      const text = cell(column) ?? ''
      if (NOTHING.test(text)) return null
      if (!/^-?\d+(\.\d+)?\s*%$/.test(text)) throw unreadable(column, text, 'percentage')
      return Number.parseFloat(text)
    },
    flag(column) {
      const text = (cell(column) ?? '').toUpperCase()
      if (NOTHING.test(text)) return null
      if (text !== 'Y' && text !== 'N') throw unreadable(column, text, 'Y or N')
      return text === 'Y'
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
