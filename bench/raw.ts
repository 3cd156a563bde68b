import type { Db } from '../backend/db'
import { insertRows, rowsOf } from './synthetic'

/** The least that can be done: the same pages made, each written by the same statement and committed. @returns ms */
export async function raw(db: Db, pages: number, rows: readonly number[]): Promise<number> {
  const client = await db.pool.connect()
  const reader = {
    query: async <R extends object>(sql: string, values?: readonly unknown[]) => (await client.query<R>(sql, values as unknown[])).rows,
  }
  try {
    const began = performance.now()
    for (let page = 0; page < pages; page++) {
      await client.query('begin')
      await insertRows(reader, rowsOf(0, page, rows))
      await client.query('commit')
    }
    return performance.now() - began
  } finally {
    client.release()
  }
}
