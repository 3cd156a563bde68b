import type { Tx } from '../../../backend/base/sql'
import type { Db } from '../../../backend/database/db'
import {
  countCancelled,
  firstOrderAt,
  linkedOrders,
  ordersOfLines,
  paymentsOfLines,
  rawPayments,
  readBefore,
} from '../../../backend/sources/commerce/store/held'
import { nextMarkedDays, rollUp } from '../../../backend/sources/commerce/store/roll-up'
import { write } from '../../../backend/sources/commerce/store/write'
import { accountOf, connect, line, order, payment, refund } from '../../support/commerce-records'
import { ownDatabase } from '../../support/database'
import { size } from '../../support/size'

/** Orders of the shop that are held, ten a day, each made by Printify. */
const ORDERS = size(50_000, 100_000)
const TABLES = ['orders', 'line_items', 'refunds', 'payments', 'order_links']
const [shop, maker] = [accountOf(1, 'shopify'), accountOf(2, 'printify')]

let db: Db
ownDatabase(async (opened) => {
  db = opened
  for (const one of [shop, maker]) await connect(db, one)
  const times = `timestamptz '1990-01-01 12:00Z' + n / 10 * interval '1 day'`
  const held = `timestamptz '2026-01-01', 'held', 0 from generate_series(1, $2::int) n`
  const fill = (table: string, columns: string, values: string, id: string) =>
    db.query(
      `insert into commerce.${table} (account_id, ${columns}, raw, read_at, fingerprint, stored_in) select $1::uuid, ${values}, '{}', ${held}`,
      [id, ORDERS],
    )
  const columns = 'platform, platform_id, number, created_at, currency, total_minor, is_paid'
  await fill('orders', columns, `'shopify', n::text, '#' || n, ${times}, 'USD', 1000, true`, shop.id)
  const made = 'platform, platform_id, created_at, currency, cost_minor, is_paid, shop_order_id'
  await fill('orders', made, `'printify', 'p' || n, ${times}, 'USD', 300, true, n::text`, maker.id)
  await fill('line_items', 'platform, platform_id, order_id, position, quantity', `'shopify', n::text, n::text, 0, 1`, shop.id)
  const moved = 'platform, platform_id, order_id, created_at, currency, amount_minor'
  await fill('refunds', moved, `'shopify', n::text, n::text, ${times}, 'USD', 10`, shop.id)
  await fill('payments', `${moved}, kind, fee_minor`, `'shopify', n::text, n::text, ${times}, 'USD', -30, 'fee', 30`, shop.id)
  await db.query(
    `insert into commerce.order_links (account_id, order_id, shop_account_id, shop_platform, shop_order_id, method, is_reprint)
     select $1, 'p' || n, $2, 'shopify', n::text, 'shop_order_id', false from generate_series(1, $3::int) n`,
    [maker.id, shop.id, ORDERS],
  )
  for (const table of TABLES) await db.query(`analyze commerce.${table}`)
})

/** Rows that the transaction has read so far from the tables that grow. */
async function touched(tx: Tx): Promise<number> {
  const [row] = await tx.query<{ rows: number }>(
    `select sum(seq_tup_read + idx_tup_fetch)::float8 as rows from pg_stat_xact_user_tables where schemaname = 'commerce' and relname = any($1)`,
    [TABLES],
  )
  return (row as { rows: number }).rows
}

const PAGE = 100
/** One scan of a table would read ten times as many. */
const MAX_READ = 5000
const FIRST = ORDERS / 2
/** Half of them are held already. */
const numbers = Array.from({ length: PAGE }, (_, n) => (n % 2 === 0 ? FIRST + n : ORDERS + 1 + n))
const readAt = new Date('2026-06-01T00:00:00Z')
const createdAt = '1995-01-01T12:00:00Z'

test('a page of a shop reads as many rows as it has, whatever is held', async () => {
  await db.tx(async (tx) => {
    const orders = numbers.map((n) =>
      order({
        ...{ platformId: String(n), number: `#${n}`, createdAt },
        ...{ lines: [line({ platformId: String(n) })], refunds: [refund({ platformId: String(n), createdAt })] },
      }),
    )
    const payments = numbers.map((n) => payment({ platformId: String(n), orderId: String(n), createdAt, feeMinor: 31 }))
    expect(await write(tx, shop, { orders, payments }, readAt)).toMatchObject({ new: PAGE, updated: PAGE })
    expect(await touched(tx)).toBeLessThan(MAX_READ)
  })
})

test('a page of Printify links its orders and reads as many rows as it has', async () => {
  await db.tx(async (tx) => {
    const orders = numbers.map((n) =>
      order({ platformId: `p${n}`, createdAt, costMinor: 301, shopOrderId: String(n), shopOrderLabel: `#${n}` }),
    )
    await write(tx, maker, { orders }, readAt)
    expect(await touched(tx)).toBeLessThan(MAX_READ)
  })
})

test('a roll-up reads the days that changed', async () => {
  const { days = [] } = (await nextMarkedDays(db, shop.userId, { account: shop.id, day: null }, 30)) ?? {}
  expect(days.length).toBeGreaterThan(4)
  await db.tx(async (tx) => {
    expect(await rollUp(tx, shop.id, days)).toEqual(days)
    expect(await touched(tx)).toBeLessThan(MAX_READ)
  })
})

test('what a sync of Etsy compares with what is held reads as many rows as it is about', async () => {
  const ids = Array.from({ length: PAGE }, (_, n) => String(1 + n))
  await db.tx(async (tx) => {
    expect(await firstOrderAt(tx, shop)).toEqual(new Date('1990-01-01T12:00:00Z'))
    expect(await countCancelled(tx, shop, { from: 0, to: 4_000_000_000 })).toBe(0)
    expect(await paymentsOfLines(tx, shop, 500)).toEqual([])
    expect((await linkedOrders(tx, shop, ids)).size).toBe(PAGE)
    expect((await ordersOfLines(tx, shop, ids)).size).toBe(PAGE)
    expect(await rawPayments(tx, shop, ids)).toHaveLength(PAGE)
    expect(await readBefore(tx, shop, new Map(ids.map((id) => [id, readAt])))).toHaveLength(PAGE)
    expect(await touched(tx)).toBeLessThan(MAX_READ)
  })
})

test.each([
  ['an order', `platform = 'shopify' and platform_id = '17'`],
  ['the orders of a week', `created_at >= '1992-03-01' and created_at < '1992-03-08'`],
])('the margin of %s is found through indexes', async (_, where) => {
  const plan = await db.query<{ 'QUERY PLAN': string }>(
    `explain select * from commerce.order_margins where account_id = '${shop.id}' and ${where}`,
  )
  const text = plan.map((row) => row['QUERY PLAN']).join('\n')
  expect(text).not.toContain('Seq Scan')
  expect(text).toMatch(/Index (Only )?Scan/)
})
