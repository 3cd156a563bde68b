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

const FOOTER = /^\s*month of\s+([a-z]+)\.?\s*,?\s*as of\s+(\d{1,2}\/\d{1,2}\/\d{4})\s*$/i

function footerOf(record: readonly string[]): Table['footer'] {
  const [, name = '', day = ''] = FOOTER.exec(record.filter((cell) => cell.trim() !== '').join(',')) ?? []
  const month = readMonth(name)
  const asOf = readKeyDate(day)
  return month !== undefined && asOf !== undefined ? { month, asOf } : undefined
}

/** @throws {Unreadable} for what is no table of this form, a cut one among them */
export function readTable(text: string): Table {
  if (text.includes('\0')) throw new Unreadable('it has a NUL character')
  const records = recordsOf(text)
  const [header, ...others] = records
  if (!header) throw new Unreadable('it is empty')
  if (footerOf(header)) throw new Unreadable('it has no header')
  const columns = header.map(normalName)
  if (new Set(columns).size < columns.length) throw new Unreadable('two of its columns have one name')
  const last = others.at(-1)
  const footer = last && footerOf(last)
  const rows = (footer ? others.slice(0, -1) : others).map((cells, place) => {
    if (cells.length !== columns.length) throw new Unreadable(`row ${place + 1} has ${cells.length} fields, its header ${columns.length}`)
    return Object.fromEntries(columns.map((column, n) => [column, cells[n] ?? '']))
  })
  return { columns, rows, ...(footer ? { footer } : {}) }
}

function recordsOf(text: string): string[][] {
  try {
    return parse(text, { bom: true, relax_column_count: true, skip_empty_lines: true, skip_records_with_empty_values: true })
  } catch (error) {
    // A cut file ends inside a quoted field.
    if ((error as { code?: string }).code?.startsWith('CSV_')) throw new Unreadable((error as Error).message)
    throw error
  }
}
