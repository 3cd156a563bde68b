import { stringify } from 'csv-stringify/sync'
import { z } from 'zod'

/*
 * A table as a file. Its columns are the fields of its rows' shape; fields of inner objects get a column each, `tasks.done`, and lists
 * are JSON. A file is made page by page: what is in memory does not grow with the table.
 */

export const TABLE_FORMATS = ['csv', 'json'] as const
export type TableFormat = (typeof TABLE_FORMATS)[number]

export const TABLE_TYPES: Record<TableFormat, string> = { csv: 'text/csv', json: 'application/json' }

interface Column {
  name: string
  path: readonly string[]
}

/** The columns of a shape, in the order of its fields. */
export function columnsOf(shape: z.ZodObject, path: readonly string[] = []): Column[] {
  return Object.entries(shape.shape).flatMap(([name, field]) => {
    const own = [...path, name]
    const inner = field instanceof z.ZodNullable ? field.unwrap() : field
    return inner instanceof z.ZodObject ? columnsOf(inner, own) : [{ name: own.join('.'), path: own }]
  })
}

type Cell = string | number | null

function cellOf(row: unknown, path: readonly string[]): Cell {
  const value = path.reduce<unknown>((inner, name) => (inner as Record<string, unknown> | null | undefined)?.[name], row)
  if (value === null || value === undefined) return null
  if (typeof value === 'string' || typeof value === 'number') return value
  return typeof value === 'boolean' || typeof value === 'bigint' ? String(value) : JSON.stringify(value)
}

const OPTIONS = {
  // RFC 4180.
  record_delimiter: '\r\n',
  // The empty string is told from null.
  quoted_match: /^$/,
  // A spreadsheet runs a text that begins with = + - or @; an apostrophe before it keeps it a text.
  escape_formulas: true,
}

async function* csv(shape: z.ZodObject, pages: AsyncIterable<readonly unknown[]>): AsyncGenerator<string> {
  const columns = columnsOf(shape)
  let heading = stringify([columns.map(({ name }) => name)], OPTIONS)
  for await (const rows of pages) {
    const text =
      heading +
      stringify(
        rows.map((row) => columns.map(({ path }) => cellOf(row, path))),
        OPTIONS,
      )
    heading = ''
    if (text !== '') yield text
  }
  if (heading !== '') yield heading
}

/** A list with one row a line, which programs may read line by line as well. */
async function* json(shape: z.ZodObject, pages: AsyncIterable<readonly unknown[]>): AsyncGenerator<string> {
  const known = Object.keys(shape.shape)
  const shown = (row: unknown) => JSON.stringify(Object.fromEntries(known.map((name) => [name, (row as Record<string, unknown>)[name]])))
  let before = '[\n'
  for await (const rows of pages) {
    if (rows.length === 0) continue
    yield before + rows.map(shown).join(',\n')
    before = ',\n'
  }
  yield before === ',\n' ? '\n]\n' : '[]\n'
}

/** The rows of these pages as pieces of a file. @param shape of one row; other fields are left out */
export const tableFile = (format: TableFormat, shape: z.ZodObject, pages: AsyncIterable<readonly unknown[]>): AsyncGenerator<string> =>
  (format === 'csv' ? csv : json)(shape, pages)
