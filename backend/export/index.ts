import type { Writable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { Db } from '../database/db'
import { type Row, readRows } from './cursor'
import { FORMATS } from './formats'
import type { Query } from './relation'

export { formatOf } from './formats'
export { jobRelation, PARTS } from './job'
export { queryFor, type Relation, type Selection } from './relation'
export { exportTables, tableRelation } from './tables'

export interface Exported {
  rows: number
  bytes: number
}

/** Above this many rows an estimate is enough for a progress bar. */
const MAX_COUNTED = 2_000_000

/** The number of rows of a query: exact, or Postgres' estimate when there are many. */
export async function countRows(db: Db, { sql, count, values }: Query): Promise<number> {
  const [explained] = await db.query<{ 'QUERY PLAN': [{ Plan: { 'Plan Rows': number } }] }>(`explain (format json) ${sql}`, values)
  const estimate = explained?.['QUERY PLAN'][0].Plan['Plan Rows'] ?? 0
  if (estimate > MAX_COUNTED) return estimate
  return (await db.query<{ n: number }>(count, values))[0]?.n ?? 0
}

/**
 * Writes the rows of a query to a stream at the stream's pace, in memory that does not grow with the rows. The stream stays open.
 * @param report called after each batch
 * @throws what `readRows` throws, the stream's own errors, and AbortError after the signal
 */
export async function exportRows(
  db: Db,
  query: Query,
  options: { format: string; to: Writable; signal?: AbortSignal; report?: (soFar: Exported) => void },
): Promise<Exported> {
  const soFar: Exported = { rows: 0, bytes: 0 }
  async function* counted(): AsyncGenerator<Row[]> {
    for await (const rows of readRows(db, query, options.signal)) {
      soFar.rows += rows.length
      yield rows
      options.report?.(soFar)
    }
  }
  async function* pieces(): AsyncGenerator<string | Uint8Array> {
    const encode = FORMATS[options.format] as (typeof FORMATS)[string]
    for await (const piece of encode(query.columns, counted())) {
      soFar.bytes += Buffer.byteLength(piece)
      yield piece
    }
  }
  await pipeline(pieces, options.to, { signal: options.signal, end: false })
  return soFar
}
