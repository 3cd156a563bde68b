import type { Db } from '../../../backend/database/db'
import { CHANNELS, type Channel, type User } from '../../../backend/sandbox/commerce/people'
import { orderOf } from '../../../backend/sandbox/commerce/printify-documents'
import { PrintifyOrders } from '../../../backend/sandbox/commerce/printify-orders'
import type { Sale } from '../../../backend/sandbox/commerce/sales'
import { World } from '../../../backend/sandbox/commerce/world'
import type { AccountRef, OrderRecord } from '../../../backend/sources/commerce/store/records'
import { nextMarkedDays, rollUp } from '../../../backend/sources/commerce/store/roll-up'
import { type Batch, write } from '../../../backend/sources/commerce/store/write'
import { accountOf, connect, order, payment, refund } from '../../support/commerce-records'
import { paymentsOf, saleRecord } from '../../support/commerce-sold'
import { noFigures, storedFigures, trueFigures } from '../../support/commerce-truth'
import { ownDatabase } from '../../support/database'

let db: Db
ownDatabase((opened) => {
  db = opened
})
const TABLES = ['accounts', 'orders', 'refunds', 'payments', 'order_links', 'changed_days', 'daily_financials']
beforeEach(async () => {
  await db.tx((tx) => tx.query(`truncate ${TABLES.map((table) => `commerce.${table}`).join(', ')}`))
  await Promise.all([shop, maker].map((one) => connect(db, one)))
})

const at = (second: number) => new Date(Date.UTC(2026, 11, 1, 0, 0, second))
const store = (account: AccountRef, batch: Batch, read = 10) => db.tx((tx) => write(tx, account, batch, at(read)))
/** Rolls up all that is marked; the days that were. */
async function rollUpAll(): Promise<string[]> {
  const days: string[] = []
  for (const { user } of await db.query<{ user: string }>('select distinct user_id as user from commerce.accounts order by 1')) {
    let after: { account: string | null; day: string | null } = { account: null, day: null }
    for (;;) {
      const part = await nextMarkedDays(db, user, after, 50)
      if (!part) break
      days.push(...(await db.tx((tx) => rollUp(tx, part.accountId, part.days))))
      after = { account: part.accountId, day: part.days.at(-1) as string }
    }
  }
  return days
}
const plain = noFigures
const figures = () => storedFigures(db)
const [shop, maker] = [accountOf(1, 'shopify'), accountOf(2, 'printify')]

test('days are of UTC; a refund counts on its own day, a fee on its own, a cost on the day of the order of the shop', async () => {
  await store(maker, { orders: [order({ platformId: 'p', shopOrderId: '1', costMinor: 300, createdAt: '2026-01-03T00:00:00Z' })] })
  await store(shop, {
    orders: [
      order({
        ...{ platformId: '1', createdAt: '2026-01-02T00:30:00+01:00', totalMinor: 1080, taxMinor: 80 },
        refunds: [refund({ platformId: 'r', createdAt: '2026-01-04T23:59:59.999Z', amountMinor: 108, taxMinor: 8 })],
      }),
    ],
    payments: [payment({ platformId: 'f', createdAt: '2026-01-05T00:00:00Z', feeMinor: 30 })],
  })
  await rollUpAll()
  expect(await figures()).toEqual(
    new Map([
      [`${shop.id} 2026-01-01 USD`, { ...plain, orders: 1, revenue: 1000, tax: 80, cogs: 300, profit: 700 }],
      [`${shop.id} 2026-01-04 USD`, { ...plain, refunds: 100, profit: -100 }],
      [`${shop.id} 2026-01-05 USD`, { ...plain, fees: 30, profit: -30 }],
    ]),
  )
})

test('unpaid, test and deleted orders count nothing, and a cancelled one only if money went back', async () => {
  const refunds = [refund({ platformId: 'r', createdAt: '2026-01-01T13:00:00Z', amountMinor: 1000 })]
  await store(shop, {
    orders: [
      order({ platformId: 'unpaid', isPaid: false }),
      order({ platformId: 'test', isTest: true, refunds: [refund({ platformId: 'of a test', createdAt: '2026-01-01T13:00:00Z' })] }),
      order({ platformId: 'gone' }),
      order({ platformId: 'cancelled', isCancelled: true }),
      order({ platformId: 'refunded', isCancelled: true, refunds }),
    ],
  })
  await store(shop, { goneOrders: ['gone'] }, 20)
  await rollUpAll()
  expect([...(await figures()).values()]).toEqual([{ ...plain, orders: 1, revenue: 1000, refunds: 1000 }])
})

test('currencies are never added; where none is known it is XXX', async () => {
  await store(shop, { orders: [order({ platformId: '1', currency: 'EUR' }), order({ platformId: '2' })] })
  const made = { costMinor: 300, totalMinor: null, currency: null }
  await store(maker, {
    orders: [order({ platformId: 'p', shopOrderId: '1', ...made }), order({ platformId: 'q', ...made, reprintOf: 'x' })],
  })
  await rollUpAll()
  expect(await figures()).toEqual(
    new Map([
      [`${shop.id} 2026-01-01 EUR`, { ...plain, orders: 1, revenue: 1000, profit: 1000 }],
      [`${shop.id} 2026-01-01 USD`, { ...plain, orders: 1, revenue: 1000, profit: 1000 }],
      [`${shop.id} 2026-01-01 XXX`, { ...plain, cogs: 300, profit: -300 }],
      [`${maker.id} 2026-01-01 XXX`, { ...plain, reprints: 300, profit: -300 }],
    ]),
  )
})

test('only marked days are computed; figures that are 0 again have no row, and those that stay are left alone', async () => {
  await store(shop, { orders: [order({ platformId: '1' }), order({ platformId: '2', createdAt: '2026-02-01T00:00:00Z' })] })
  expect(await rollUpAll()).toEqual(['2026-01-01', '2026-02-01'])
  const versions = () => db.query('select day::text as day, xmin::text from commerce.daily_financials order by 1')
  const before = await versions()
  expect(await db.tx((tx) => rollUp(tx, shop.id, ['2026-01-01', '2026-02-01']))).toEqual([])
  const later = { updatedAt: '2026-05-01T00:00:00Z' }
  await store(shop, { orders: [order({ platformId: '1', status: 'closed', ...later })] }, 20)
  expect(await rollUpAll()).toEqual(['2026-01-01'])
  expect(await versions()).toEqual(before)
  await store(shop, { orders: [order({ platformId: '1', isPaid: false, ...later })] }, 30)
  expect(await rollUpAll()).toEqual(['2026-01-01'])
  expect(await versions()).toEqual(before.slice(1))
})

test('the mark of a page that is committed beside a roll-up is not lost', async () => {
  await store(shop, { orders: [order({ platformId: '1' })] })
  const rolled = await db.tx(async (tx) => {
    const days = await rollUp(tx, shop.id, ['2026-01-01'])
    const page = store(shop, { orders: [order({ platformId: '2' })] }, 20)
    const waiting = `select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`
    const waits = async () => (await db.query(waiting)).length > 0
    while (!(await waits())) await db.query('select 1')
    return { days, page }
  })
  await rolled.page
  expect(await rollUpAll()).toEqual(['2026-01-01'])
  expect([...(await figures()).values()]).toMatchObject([{ orders: 2 }])
})

const NOW = Date.UTC(2026, 10, 21, 15)

function madeRecords(world: World, made: PrintifyOrders, user: User, channel: Channel): OrderRecord[] {
  return made.list(user, channel).map((one) => {
    const { id, metadata, total_price, total_shipping, created_at } = orderOf(world, user, channel, one)
    const { shop_order_id: named, shop_order_label: label } = metadata as { shop_order_id?: number | string; shop_order_label?: string }
    return order({
      platformId: id,
      createdAt: created_at.replace(' ', 'T'),
      updatedAt: null,
      isCancelled: one.status === 'canceled',
      totalMinor: null,
      costMinor: total_price + total_shipping,
      shopOrderId: named === undefined ? null : String(named),
      shopOrderLabel: label ?? null,
      reprintOf: one.reprintOf ?? null,
    })
  })
}

test.each([2, 4])('the figures of seller %i are those of the sandbox, to the minor unit, also after changes', async (number) => {
  const options = { seed: 7, users: 5, ordersPerShop: 120, productsPerShop: 12, end: NOW, oddities: true }
  const world = new World({ ...options, clock: () => NOW })
  const made = new PrintifyOrders(world)
  const user = world.users[number] as User
  const accounts = { etsy: accountOf(11, 'etsy'), shopify: accountOf(12, 'shopify'), printify: accountOf(13, 'printify') }
  const printify = accounts.printify.id
  const ids = { etsy: accounts.etsy.id, shopify: accounts.shopify.id, printify: { etsy: printify, shopify: printify } }
  await Promise.all(Object.values(accounts).map((one) => connect(db, one)))
  const pages = (list: readonly OrderRecord[]) =>
    Array.from({ length: Math.ceil(list.length / 50) }, (_, n) => list.slice(n * 50, n * 50 + 50))
  const readAll = async (read: number) => {
    const printed = async () => {
      for (const channel of CHANNELS)
        for (const orders of pages(madeRecords(world, made, user, channel))) await store(accounts.printify, { orders }, read)
    }
    const sold = async () => {
      for (const channel of CHANNELS) {
        const records = world.sales(user, channel).map((sale) => saleRecord(world, user, channel, sale))
        for (const orders of pages(records)) await store(accounts[channel], { orders }, read)
        await store(accounts[channel], { payments: paymentsOf(world, user, channel) }, read)
      }
    }
    for (const side of number === 2 ? [printed, sold] : [sold, printed]) await side()
  }
  await readAll(10)
  await rollUpAll()
  expect(await figures()).toEqual(trueFigures(world, made, user, ids))
  await readAll(20)
  expect(await rollUpAll()).toEqual([])
  const idOf = (channel: Channel, index: number) => (world.sales(user, channel)[index] as Sale).id
  world.refund(user, 'etsy', idOf('etsy', 20), { quiet: true })
  world.refund(user, 'shopify', idOf('shopify', 30), { amount: 7 })
  world.cancel(user, 'etsy', idOf('etsy', 40))
  world.add(user, 'shopify')
  await readAll(30)
  expect((await rollUpAll()).length).toBeLessThan(20)
  expect(await figures()).toEqual(trueFigures(world, made, user, ids))
})
