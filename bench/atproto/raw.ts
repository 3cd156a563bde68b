import type { Db } from '../../backend/database/db'
import type { Row } from '../../backend/sources/atproto/records'

const COLUMNS = ['uri', 'did', 'collection', 'rkey', 'cid', 'json'] as const

/** Every row a run left behind, in the order repos are listed. */
export const heldRows = (db: Db): Promise<Row[]> =>
  db.query<Row>('select uri, did, collection, rkey, cid, record::text as json from atproto.records order by did, collection, rkey desc')

/** The least that can be done: these rows in batches of this size, each by one sorted `unnest` and committed. @returns ms */
export async function rawRows(db: Db, rows: readonly Row[], batch: number): Promise<number> {
  const client = await db.pool.connect()
  try {
    const began = performance.now()
    for (let at = 0; at < rows.length; at += batch) {
      const page = rows.slice(at, at + batch).sort((a, b) => (a.uri < b.uri ? -1 : 1))
      await client.query('begin')
      await client.query(
        `insert into atproto.records (uri, did, collection, rkey, cid, record, seen_rev)
         select uri, did, collection, rkey, cid, record::jsonb, $7
           from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[]) as n(uri, did, collection, rkey, cid, record)
         on conflict do nothing`,
        [...COLUMNS.map((column) => page.map((row) => row[column])), '3mphnta44upuc'],
      )
      await client.query('commit')
    }
    return performance.now() - began
  } finally {
    client.release()
  }
}
