import { parse } from 'csv-parse/sync'
import { type Day, readKeyDate, readMonth } from './calendar'

/*
 * The files of the dashboards: a header, rows of quoted fields, and a last line that says which month and day they are about.
 */

export interface Table {
  /** By normalized name, in the order of the file. */
  columns: string[]
  rows: Record<string, string>[]
  /** Month (1 to 12) and day of the last line; old files lack it. */
  footer?: { month: number; asOf: Day }
}

/** A file that cannot be read: why. */
export class Unreadable extends Error {
  override name = 'Unreadable'
}

/** Names drift from year to year in case, dots and signs: `Mem. dues on time Oct` is `mem dues on time oct`. */
export const normalName = (name: string): string =>
  name
    .toLowerCase()
    .replace(/%/g, ' percent ')
    .replace(/[^a-z0-9]+/g, ' ')
    .trim()

const FOOTER = /^month of\s+([a-z]+)\.?\s*,?\s*as of\s+(\d{1,2}\/\d{1,2}\/\d{4})$/i
const MAX_FOOTER = 500

/** The footer comes as it is, quoted, or as a row whose other cells are empty. */
function footerOf(line: string): Table['footer'] {
  const text = line.length > MAX_FOOTER ? '' : line.replaceAll('"', '').replace(/[\s,]+$/, '')
  const [, name = '', day = ''] = FOOTER.exec(text.trimStart()) ?? []
  const month = readMonth(name)
  const asOf = readKeyDate(day)
  return month !== undefined && asOf !== undefined ? { month, asOf } : undefined
}

/** @throws {Unreadable} for what is no table of this form, a cut one among them */
export function readTable(text: string): Table {
  if (text.includes('\0')) throw new Unreadable('it has a NUL character')
  const whole = text.trim()
  if (whole === '') throw new Unreadable('it is empty')
  const lastLine = Math.max(whole.lastIndexOf('\n'), whole.lastIndexOf('\r')) + 1
  const footer = footerOf(whole.slice(lastLine))
  // Without a footer, the last row ends with its line.
  if (!footer && !/[\r\n]/.test(text.slice(text.trimEnd().length))) throw new Unreadable('it breaks off in its last row')
  const [header, ...records] = recordsOf(footer ? whole.slice(0, lastLine) : whole)
  if (!header) throw new Unreadable('it has no header')
  const columns = header.map(normalName)
  if (new Set(columns).size < columns.length) throw new Unreadable('two of its columns have one name')
  const rows = records.map((cells) => Object.fromEntries(columns.map((column, n) => [column, cells[n] ?? ''])))
  return { columns, rows, ...(footer ? { footer } : {}) }
}

function recordsOf(text: string): string[][] {
  try {
    // The first kind of line end that is met is not that of every line.
    return parse(text, { record_delimiter: ['\r\n', '\n', '\r'], skip_empty_lines: true })
  } catch (error) {
    // A row of another length, or one that ends inside a quoted field.
    if ((error as { code?: string }).code?.startsWith('CSV_')) throw new Unreadable((error as Error).message)
    throw error
  }
}
