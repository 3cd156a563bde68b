import type { Tx } from '../../../backend/base/sql'
import type { Db } from '../../../backend/database/db'
import { retention } from '../../../backend/sources/commerce/store/retention'
import { ownDatabase } from '../../support/database'
import { size } from '../../support/size'

/** Of each table, half of them expired. */
const ROWS = size(20_000, 100_000)
const LINES_EACH = 1_000
const account = '00000000-0000-4000-8000-000000000001'

let db: Db
ownDatabase(async (opened) => {
  db = opened
  // Old operations are the first half; each has some lines, so that few of them hold many.
  await db.query(
    `insert into commerce.bulk_operations (account_id, operation_id, entity, "window", status, updated_at)
     select $1, 'op ' || n, 'orders', 'w', 'completed', case when n <= $2 / 2 then clock_timestamp() - interval '18 days' else clock_timestamp() - interval '16 days' end
       from generate_series(1, $2::int) n`,
    [account, ROWS],
  )
  await db.query(
    `insert into commerce.bulk_lines (account_id, operation_id, line, content)
     select $1, 'op ' || (case when n <= $2 / 2 then 1 else $2 end - n / $3), n, '{}' from generate_series(1, $2::int) n`,
    [account, ROWS, LINES_EACH],
  )
  await db.query(`update commerce.bulk_lines set operation_id = 'op ' || (line / $1 + 1) where line <= $2 / 2`, [LINES_EACH, ROWS])
  await db.query(
    `insert into commerce.oauth_states (state_hash, user_id, platform, expires_at)
     select 'state ' || n, 'u', 'etsy', clock_timestamp() + case when n <= $1 / 2 then -25 else -23 end * interval '1 hour' from generate_series(1, $1::int) n`,
    [ROWS],
  )
  for (const table of ['bulk_operations', 'bulk_lines', 'oauth_states']) await db.query(`vacuum analyze commerce.${table}`)
})

const countOf = async (table: string) => (await db.query<{ n: number }>(`select count(*)::int as n from commerce.${table}`))[0]?.n

/** Rows that the connection has read of the source's tables. */
async function rowsRead(tx: Tx): Promise<number> {
  const [row] = await tx.query<{ rows: number }>(
    `select sum(seq_tup_read + idx_tup_fetch)::float8 as rows from pg_stat_xact_user_tables where schemaname = 'commerce'`,
  )
  return row?.rows ?? 0
}

/** Sweeps as retention does, until nothing is left. @returns rows deleted, calls, and the most rows that one call read */
async function sweep(name: keyof typeof retention): Promise<{ deleted: number; calls: number; read: number }> {
  let [deleted, calls, read] = [0, 0, 0]
  for (let gone = -1; gone !== 0; calls++) {
    await db.tx(async (tx) => {
      const before = await rowsRead(tx)
      gone = await retention[name](tx)
      read = Math.max(read, (await rowsRead(tx)) - before)
    })
    deleted += gone
  }
  return { deleted, calls, read }
}

test('what nobody goes on with is deleted in small batches, an operation after its lines, and the rest stays', async () => {
  // An operation that has lines stays until they are gone.
  const first = await sweep('bulk_operations')
  expect(first.deleted).toBe(ROWS / 2 - ROWS / 2 / LINES_EACH - 1)
  const lines = await sweep('bulk_lines')
  expect([lines.deleted, lines.calls < 100]).toEqual([ROWS / 2, true])
  await sweep('bulk_operations')
  const states = await sweep('oauth_states')
  expect(states.deleted).toBe(ROWS / 2)
  expect([await countOf('bulk_operations'), await countOf('bulk_lines'), await countOf('oauth_states')]).toEqual([
    ROWS / 2,
    ROWS / 2,
    ROWS / 2,
  ])
  // A batch reads what it deletes, the operations it belongs to, and no table as a whole.
  for (const { read } of [first, lines, states]) expect(read).toBeLessThan(10_000)
})
