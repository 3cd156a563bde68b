import type { Source } from '../../backend/contract'
import type { Db } from '../../backend/database/db'
import { analyzeNewTables, LEAST_ROWS } from '../../backend/engine/upkeep/statistics'
import { ownDatabase } from '../support/database'
import { until } from '../support/until'

let db: Db
ownDatabase(async (opened) => {
  db = opened
  await db.query('create schema shop')
  await db.query('create schema foreign_to_us')
})

const sources = [{ name: 'shop' }] as unknown as Source[]
const analyze = () => analyzeNewTables(db, sources)

/** Autovacuum leaves it alone, so that only our own chore can have been there. */
async function fill(table: string, rows: number): Promise<void> {
  await db.query(`create table ${table} (account int, item int, body text, primary key (account, item)) with (autovacuum_enabled = false)`)
  await db.query(`insert into ${table} select 1, n, 'body' from generate_series(1, $1::int) n`, [rows])
  // Postgres counts rows a moment after their commit.
  await until(async () => (await db.query(`select 1 where pg_stat_get_live_tuples($1::regclass) = $2`, [table, rows])).length > 0, {
    what: 'the rows to be counted',
  })
}

test('tables that have been filled are analyzed once: those of sources, not small ones and not those of others', async () => {
  await fill('shop."Order Lines"', LEAST_ROWS)
  await fill('shop.few', LEAST_ROWS - 1)
  await fill('foreign_to_us.lines', LEAST_ROWS)
  expect(await analyze()).toEqual(['shop."Order Lines"'])
  expect(await analyze()).toEqual([])
  const rows = await db.query(
    `select relname, reltuples::int as rows from pg_class where relname in ('Order Lines', 'few', 'lines') order by 2 desc, 1`,
  )
  expect(rows).toEqual([
    { relname: 'Order Lines', rows: LEAST_ROWS },
    { relname: 'few', rows: -1 },
    { relname: 'lines', rows: -1 },
  ])
})

test('a table that somebody locks is passed over, until the next time', async () => {
  await fill('shop.locked', LEAST_ROWS)
  await db.tx(async (tx) => {
    await tx.query('lock table shop.locked in share update exclusive mode')
    expect(await analyze()).toEqual(['shop.locked'])
  })
  expect(await analyze()).toEqual(['shop.locked'])
  expect(await analyze()).toEqual([])
})
