import { toJsonCell } from './cells'
import type { Column } from './columns'
import type { Row } from './cursor'

/** Makes one JSON object of a row. */
function objectWriter(columns: readonly Column[]): (row: Row) => string {
  const names = columns.map((column) => `${JSON.stringify(column.name)}:`)
  return (row) => `{${row.map((cell, at) => names[at] + (cell === null ? 'null' : toJsonCell(columns[at] as Column, cell))).join(',')}}`
}

/** One JSON object per line. */
export async function* ndjson(columns: readonly Column[], batches: AsyncIterable<Row[]>): AsyncGenerator<string> {
  const write = objectWriter(columns)
  for await (const rows of batches) yield `${rows.map(write).join('\n')}\n`
}

/** One JSON array with one object per line. */
export async function* json(columns: readonly Column[], batches: AsyncIterable<Row[]>): AsyncGenerator<string> {
  const write = objectWriter(columns)
  let before = '[\n'
  for await (const rows of batches) {
    yield before + rows.map(write).join(',\n')
    before = ',\n'
  }
  yield before === '[\n' ? '[]\n' : '\n]\n'
}
