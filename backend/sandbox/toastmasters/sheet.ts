import { type Day, MONTHS, type Month, numberOf, paddedOf, partsOf } from './calendar'
import type { Table } from './world'

/** An export before it is written. */
export interface Sheet extends Table {
  footer: { month: Month; asOf: Day } | undefined
  form?: 'full-month' | 'unpadded' | 'quoted' | 'row'
  /** What stands before the header. */
  start?: string
  lineEnd?: string
  /** The row that lacks its last cells. */
  shortRow?: number
}

const FULL = 'January February March April May June July August September October November December'.split(' ')
const MISSING = 3
const quoted = (cell: string): string => `"${cell.replaceAll('"', '""')}"`
const line = (cells: string[]): string => cells.map(quoted).join(',')

function footerOf({ footer, form, columns }: Sheet): string[] {
  if (!footer) return []
  const n = numberOf(footer.month) - 1
  const { year, month, day } = partsOf(footer.asOf)
  const asOf = form === 'unpadded' ? `${month}/${day}/${year}` : paddedOf(footer.asOf)
  const text = `Month of ${form === 'full-month' ? FULL[n] : MONTHS[n]}, As of ${asOf}`
  if (form === 'quoted') return [quoted(text)]
  return [form === 'row' ? line(columns.map((name) => (/^district$/i.test(name) ? text : ''))) : text]
}

/** The bytes: header and cells quoted, the footer not, CRLF. */
export function writeSheet(sheet: Sheet): string {
  const { columns, rows, start = '', lineEnd = '\r\n', shortRow } = sheet
  const cells = rows.map((row, n) => columns.slice(0, n === shortRow ? -MISSING : undefined).map((name) => row[name] ?? ''))
  return start + [line(columns), ...cells.map(line), ...footerOf(sheet)].map((text) => text + lineEnd).join('')
}
