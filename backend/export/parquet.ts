import type { ByteWriter, ParquetWriter } from 'hyparquet-writer'
import type { Column } from './columns'
import type { Row } from './cursor'
import { type ParquetColumn, parquetColumn } from './parquet-columns'

/** Rows of a row group; fewer when they are large. */
const GROUP_ROWS = 20_000
const GROUP_CHARACTERS = 32_000_000

type Values = ReturnType<ParquetColumn['read']> | null

/** Takes what the writer has written so far; it continues with an empty buffer. */
function take(bytes: ByteWriter): Uint8Array {
  const made = new Uint8Array(bytes.buffer, 0, bytes.index)
  bytes.buffer = new ArrayBuffer(1024)
  bytes.view = new DataView(bytes.buffer)
  bytes.index = 0
  return made
}

/** Rows for the next row group, a list for each column. */
function createGroup(columns: readonly ParquetColumn[]) {
  let data: Values[][] = columns.map(() => [])
  let size = 0
  return {
    add(row: Row): void {
      row.forEach((cell, at) => {
        data[at]?.push(cell === null ? null : (columns[at] as ParquetColumn).read(cell))
        size += cell?.length ?? 0
      })
    },
    get rows(): number {
      return data[0]?.length ?? 0
    },
    get isFull(): boolean {
      return this.rows >= GROUP_ROWS || size >= GROUP_CHARACTERS
    },
    write(writer: ParquetWriter): void {
      const columnData = columns.map(({ element: { name } }, at) => ({ name, data: data[at] as Values[] }))
      writer.write({ columnData, rowGroupSize: data[0]?.length ?? 0 })
      data = columns.map(() => [])
      size = 0
    },
  }
}

/** A Parquet file, one chunk per row group. Only the footer's few hundred bytes per column and group stay in memory until the end. */
export async function* parquet(columns: readonly Column[], batches: AsyncIterable<Row[]>): AsyncGenerator<Uint8Array> {
  // Imported here because only this format needs it.
  const library = await import('hyparquet-writer')
  const typed = columns.map(parquetColumn)
  const bytes = new library.ByteWriter()
  const schema = [{ name: 'root', num_children: typed.length }, ...typed.map((column) => column.element)]
  const writer = new library.ParquetWriter({ writer: bytes, schema, createdBy: 'Backhaul' })
  const group = createGroup(typed)
  for await (const rows of batches) {
    for (const row of rows) {
      group.add(row)
      if (!group.isFull) continue
      group.write(writer)
      yield take(bytes)
    }
  }
  if (group.rows > 0) group.write(writer)
  writer.finish()
  yield take(bytes)
}
