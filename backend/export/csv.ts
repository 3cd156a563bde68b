import { stringify } from 'csv-stringify/sync'
import { readable } from './cells'
import type { Column } from './columns'
import type { Row } from './cursor'

/*
 * As Postgres' own `copy … csv` reads it: nothing between two commas is null, "" is an empty string. Cells are never changed:
 * a text that begins with = + - or @ stays as it is, so a spreadsheet should import such columns as text.
 */

const OPTIONS = {
  record_delimiter: '\n',
  // Alone on a line `\.` ends the data of a copy; the empty string is told from null.
  quoted_match: [/^$/, /^\\\.$/],
}

/** Heading and rows; one piece a batch. The heading comes with the first rows, so that a query that fails writes nothing. */
export async function* csv(columns: readonly Column[], batches: AsyncIterable<Row[]>): AsyncGenerator<string> {
  let heading = stringify([columns.map((column) => column.name)], OPTIONS)
  for await (const rows of batches) {
    const cells = rows.map((row) => row.map((cell, at) => (cell === null ? null : readable(columns[at] as Column, cell))))
    yield heading + stringify(cells, OPTIONS)
    heading = ''
  }
  if (heading) yield heading
}
