import type { Reader, Tx } from '../../../backend/base/sql'
import type { Db } from '../../../backend/database/db'
import { countOpen, countOrders, countProducts, meetsStored, openOrders } from '../../../backend/sources/commerce/printify/held'
import { accountOf, connect } from '../../support/commerce-records'
import { ownDatabase } from '../../support/database'

/* What a sync asks the database costs as much as it reads, whatever is held. */

const ORDERS = 100_000
/** Every so many-th may still change. */
const OPEN_EVERY = 1_000
const shop = accountOf(1, 'printify')
const since = new Date('2026-06-01T00:00:00Z')

let db: Db
ownDatabase(async (opened) => {
  db = opened
  await connect(db, shop)
  await db.query(
    `insert into commerce.orders (account_id, platform, platform_id, status, created_at, is_paid, raw, read_at, fingerprint, stored_in)
     select $1, 'printify', lpad(n::text, 7, '0'), case when n % $3 = 0 then 'on-hold' else 'fulfilled' end,
            timestamptz '2020-01-01' + n * interval '20 minutes', true, '{}', case when n > $2 - 100 then $4::timestamptz else $4::timestamptz - interval '1 hour' end, 'held', 0
       from generate_series(1, $2::int) n`,
    [shop.id, ORDERS, OPEN_EVERY, since],
  )
  await db.query('vacuum analyze commerce.orders')
})

/** Rows of orders that the connection has read. */
async function rowsRead(tx: Tx): Promise<number> {
  const [row] = await tx.query<{ n: number }>(
    `select sum(seq_tup_read + idx_tup_fetch)::float8 as n from pg_stat_xact_user_tables where relname = 'orders'`,
  )
  return row?.n ?? 0
}
async function cost(ask: (reader: Reader) => Promise<unknown>, result: unknown): Promise<number> {
  return await db.tx(async (tx) => {
    const before = await rowsRead(tx)
    expect(await ask(tx)).toEqual(result)
    return (await rowsRead(tx)) - before
  })
}
const ids = Array.from({ length: 10 }, (_, n) => String(ORDERS - n).padStart(7, '0'))
const oldest = new Date(Date.UTC(2020, 0, 1) + (ORDERS - 99) * 20 * 60_000).toISOString()

test.each<[string, (reader: Reader) => Promise<unknown>, unknown]>([
  ['what the newest pages stored', (reader) => countOrders(reader, shop.id, since, oldest), 100],
  ['whether a page meets what is stored', (reader) => meetsStored(reader, shop.id, ids, new Date(since.getTime() + 1)), true],
  ['whether a page of unknown orders does', (reader) => meetsStored(reader, shop.id, ['none'], since), false],
  ['whether many orders are open', (reader) => countOpen(reader, shop.id, since, 50), 50],
  ['the next open orders', async (reader) => (await openOrders(reader, shop.id, since, '0050000', 20)).length, 20],
  ['no open order', (reader) => openOrders(reader, shop.id, since, '9', 20), []],
  ['no product', (reader) => countProducts(reader, shop.id, since), 0],
])('%s', async (_, ask, result) => {
  expect(await cost(ask, result)).toBeLessThan(300)
})
