import type { Db } from '../backend/db'
import type { Row } from '../backend/sources/atproto/records'
import { write } from '../backend/sources/atproto/store'

/** Every row a run left behind, in the order repos are listed. */
export const heldRows = (db: Db): Promise<Row[]> =>
  db.query<Row>('select uri, did, collection, rkey, cid, record::text as json from atproto.records order by did, collection, rkey desc')

/** The least that can be done: these rows in batches of this size, each by the source's own statement and committed. @returns ms */
export async function rawRows(db: Db, rows: readonly Row[], batch: number): Promise<number> {
  const client = await db.pool.connect()
  const tx = {
    inTransaction: true as const,
    query: async <R extends object>(sql: string, values?: readonly unknown[]) => (await client.query<R>(sql, values as unknown[])).rows,
  }
  try {
    const began = performance.now()
    for (let at = 0; at < rows.length; at += batch) {
      await client.query('begin')
      await write(tx, { rows: rows.slice(at, at + batch), rev: '3mphnta44upuc' })
      await client.query('commit')
    }
    return performance.now() - began
  } finally {
    client.release()
  }
}
