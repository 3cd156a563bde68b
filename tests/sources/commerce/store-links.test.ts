import fc from 'fast-check'
import type { Db } from '../../../backend/database/db'
import type { AccountRef, OrderRecord } from '../../../backend/sources/commerce/store/records'
import { type Batch, write } from '../../../backend/sources/commerce/store/write'
import { accountOf, connect, order, payment, refund } from '../../support/commerce-records'
import { ownDatabase } from '../../support/database'

let db: Db
ownDatabase(async (opened) => {
  db = opened
  for (const one of [...Object.values(accounts), strange]) await connect(db, one)
})
const empty = () =>
  db.tx((tx) => tx.query('truncate commerce.orders, commerce.refunds, commerce.payments, commerce.order_links, commerce.changed_days'))
beforeEach(empty)

const accounts = {
  etsy: accountOf(1, 'etsy'),
  shopify: accountOf(2, 'shopify'),
  second: accountOf(3, 'shopify'),
  printify: accountOf(4, 'printify'),
}
const strange = accountOf(5, 'etsy', 'another user')
const at = (second: number) => new Date(Date.UTC(2026, 0, 1, 0, 0, second))
const store = (account: AccountRef, batch: Batch, read = 10) => db.tx((tx) => write(tx, account, batch, at(read)))
const made = (platformId: string, part: Partial<OrderRecord> = {}) => order({ platformId, costMinor: 300, totalMinor: null, ...part })
const links = () =>
  db.query<{ id: string; to: string | null; method: string; reason: string | null; isReprint: boolean }>(
    `select order_id as id, shop_platform || ' ' || shop_order_id as to, method, reason, is_reprint as "isReprint" from commerce.order_links order by 1`,
  )
const margins = () => db.query<Record<string, unknown>>('select * from commerce.order_margins order by platform_id')

test('an order of Printify is linked by the id it names, then by the label, else not, with the reason', async () => {
  const named = [
    made('by id', { shopOrderId: '1', shopOrderLabel: 'another' }),
    made('by label', { shopOrderId: '99', shopOrderLabel: '#2' }),
    made('label alone', { shopOrderLabel: '#2' }),
    made('gone', { shopOrderId: '98', shopOrderLabel: '#98' }),
    made('nothing'),
  ]
  await store(accounts.printify, { orders: named })
  expect((await links()).map(({ method, reason }) => `${method} ${reason}`)).toEqual([
    ...['unlinked not_found', 'unlinked not_found', 'unlinked not_found', 'unlinked not_found'],
    'unlinked no_reference',
  ])
  await store(strange, { orders: [order({ platformId: '98', number: '#98' })] })
  await store(accounts.shopify, { orders: [order({ platformId: '1', number: '#1' }), order({ platformId: '2', number: '#2' })] })
  expect(await links()).toEqual([
    { id: 'by id', to: 'shopify 1', method: 'shop_order_id', reason: null, isReprint: false },
    { id: 'by label', to: 'shopify 2', method: 'label', reason: null, isReprint: false },
    { id: 'gone', to: null, method: 'unlinked', reason: 'not_found', isReprint: false },
    { id: 'label alone', to: 'shopify 2', method: 'label', reason: null, isReprint: false },
    { id: 'nothing', to: null, method: 'unlinked', reason: 'no_reference', isReprint: false },
  ])
})

test('of several orders with the id the one with the label is taken; several with the label alone are ambiguous until one is left', async () => {
  await store(accounts.printify, {
    orders: [made('id', { shopOrderId: '1', shopOrderLabel: '#1' }), made('label', { shopOrderLabel: '#7' })],
  })
  await store(accounts.etsy, { orders: [order({ platformId: '1', number: '1' }), order({ platformId: '3', number: '#7' })] })
  expect(await links()).toMatchObject([{ to: 'etsy 1' }, { to: 'etsy 3' }])
  await store(accounts.shopify, { orders: [order({ platformId: '1', number: '#1' }), order({ platformId: '4', number: '#7' })] })
  expect(await links()).toMatchObject([{ to: 'shopify 1' }, { to: null, method: 'unlinked', reason: 'ambiguous' }])
  await store(accounts.shopify, { orders: [order({ platformId: '4', number: '#8', updatedAt: '2026-01-09T00:00:00Z' })] }, 20)
  expect(await links()).toMatchObject([{ to: 'shopify 1' }, { to: 'etsy 3' }])
  await store(accounts.etsy, { goneOrders: ['3'] }, 30)
  expect(await links()).toMatchObject([{ to: 'shopify 1' }, { to: null, reason: 'not_found' }])
})

test('an order of Printify that is gone has no link', async () => {
  await store(accounts.printify, { orders: [made('1')] })
  await store(accounts.printify, { goneOrders: ['1'] }, 20)
  expect(await links()).toEqual([])
})

test('a reprint that names no order takes that of the order it replaces, and of the one before', async () => {
  await store(accounts.printify, {
    orders: [made('again', { reprintOf: 'once' }), made('once', { reprintOf: 'first' }), made('self', { reprintOf: 'self' })],
  })
  await store(accounts.shopify, { orders: [order({ platformId: '1', number: '#1' })] })
  await store(accounts.printify, { orders: [made('first', { shopOrderId: '1' })] })
  expect((await links()).map(({ id, to, isReprint }) => [id, to, isReprint])).toEqual([
    ['again', 'shopify 1', true],
    ['first', 'shopify 1', false],
    ['once', 'shopify 1', true],
    ['self', null, true],
  ])
})

test('links mark the days of both sides: where the cost was and where it is', async () => {
  await store(accounts.printify, { orders: [made('p', { shopOrderId: '1', createdAt: '2026-02-02T00:00:00Z' })] })
  const marks = () => db.query('select account_id as id, day::text as day from commerce.changed_days order by 1, 2')
  const [shop, own] = [
    { id: accounts.shopify.id, day: '2026-01-01' },
    { id: accounts.printify.id, day: '2026-02-02' },
  ]
  expect(await marks()).toEqual([own])
  await db.query('delete from commerce.changed_days')
  await store(accounts.shopify, { orders: [order({ platformId: '1' })] })
  expect(await marks()).toEqual([shop, own])
  await db.query('delete from commerce.changed_days')
  const later = { updatedAt: '2026-01-09T00:00:00Z' }
  await store(
    accounts.printify,
    { orders: [made('p', { shopOrderId: '1', createdAt: '2026-02-02T00:00:00Z', costMinor: 301, ...later })] },
    20,
  )
  expect(await marks()).toEqual([shop, own])
  await db.query('delete from commerce.changed_days')
  await store(accounts.shopify, { orders: [order({ platformId: '1', status: 'closed', ...later })] }, 20)
  expect(await marks()).toEqual([shop])
})

test('the margin of an order is what is left of its total; null, with the reason, where something is not known', async () => {
  await store(accounts.shopify, {
    orders: [
      order({ platformId: '1', totalMinor: 1080, taxMinor: 80, refunds: [refund({ platformId: 'r', amountMinor: 108, taxMinor: 8 })] }),
      order({ platformId: '2' }),
      order({ platformId: '3', currency: 'EUR' }),
      order({ platformId: '4' }),
      order({ platformId: '5' }),
      order({ platformId: '6' }),
      order({ platformId: '7', totalMinor: null }),
    ],
    payments: [payment({ platformId: 'f', orderId: '1', feeMinor: 30 })],
  })
  await store(accounts.printify, {
    orders: [
      made('1a', { shopOrderId: '1' }),
      made('1b', { shopOrderId: '1', reprintOf: '1a', costMinor: 200 }),
      made('1c', { shopOrderId: '1', isCancelled: true, costMinor: 999 }),
      made('3a', { shopOrderId: '3' }),
      made('4a', { shopOrderId: '4', costMinor: null }),
      made('5a', { shopOrderId: '5' }),
      made('5b', { shopOrderId: '5', currency: 'EUR' }),
      made('6a', { shopOrderId: '6', isCancelled: true }),
    ],
  })
  const known = { refunds_minor: 0n, fees_minor: 0n, reprints_minor: 0n, margin_minor: null }
  expect(await margins()).toMatchObject([
    {
      revenue_minor: 1000n,
      refunds_minor: 100n,
      fees_minor: 30n,
      cost_minor: 300n,
      reprints_minor: 200n,
      margin_minor: 370n,
      reason: null,
    },
    { ...known, cost_minor: 0n, reason: 'unlinked' },
    { ...known, currency: 'EUR', cost_currency: 'USD', cost_minor: 300n, reason: 'currencies_differ' },
    { ...known, cost_minor: 0n, reason: 'cost_unknown' },
    { ...known, reprints_minor: null, cost_currency: null, cost_minor: null, reason: 'currencies_differ' },
    { ...known, cost_minor: 0n, margin_minor: 1000n, reason: null },
    { ...known, reason: 'total_unknown' },
  ])
})

test('links are the same in every order of arrival, also doubled: those that the orders tell when all are there', async () => {
  const ids = ['1', '2', '3'] as const
  const shopOrder = fc.record({
    account: fc.constantFrom('etsy', 'shopify', 'second'),
    platformId: fc.constantFrom(...ids),
    number: fc.option(fc.constantFrom('#1', '#2', '#3')),
  })
  const printed = fc.record({
    account: fc.constant('printify'),
    platformId: fc.constantFrom('a', 'b', 'c', 'd'),
    shopOrderId: fc.option(fc.constantFrom(...ids)),
    shopOrderLabel: fc.option(fc.constantFrom('#1', '#2', '#3')),
    reprintOf: fc.option(fc.constantFrom('a', 'b'), { freq: 3 }),
  })
  type Arriving = { account: keyof typeof accounts } & Partial<OrderRecord> & { platformId: string }
  // One more statement of the same order, changed and read later, so that numbers and references move.
  const arrivals = fc.array(fc.oneof(shopOrder, printed), { minLength: 3, maxLength: 8 }) as fc.Arbitrary<Arriving[]>
  const arrive = async (list: (Arriving & { read: number })[]) => {
    await empty()
    for (const { account, read, ...part } of list) {
      await store(accounts[account], { orders: [order({ ...part, updatedAt: at(read).toISOString() })] }, read)
    }
    return await links()
  }
  await fc.assert(
    fc.asyncProperty(arrivals, fc.infiniteStream(fc.nat()), async (list, places) => {
      const read = list.map((one, n) => ({ ...one, read: n }))
      const shuffled = [...read, ...read].map((one) => ({ one, place: places.next().value })).sort((a, b) => a.place - b.place)
      const found = await arrive(read)
      expect(await arrive(shuffled.map(({ one }) => one))).toEqual(found)
      const last = new Map(read.map((one) => [`${one.account} ${one.platformId}`, one]))
      expect(found).toEqual(expected([...last.values()]))
    }),
    { numRuns: 20 },
  )
})

/** The rule again, in plain words. */
function expected(orders: ({ account: keyof typeof accounts } & Partial<OrderRecord> & { platformId: string })[]) {
  const shops = orders.filter(({ account }) => account !== 'printify')
  const printed = orders.filter(({ account }) => account === 'printify')
  const named = (one: (typeof orders)[number], depth = 0): (typeof orders)[number] => {
    const before = printed.find(({ platformId }) => platformId === one.reprintOf)
    return (one.shopOrderId ?? one.shopOrderLabel ?? null) !== null || !before || depth === 8 ? one : named(before, depth + 1)
  }
  return printed
    .map((one) => {
      const { shopOrderId: id = null, shopOrderLabel: label = null } = named(one)
      const byId = id === null ? [] : shops.filter(({ platformId }) => platformId === id)
      const byBoth = byId.filter(({ number }) => label !== null && number === label)
      const byLabel = label === null ? [] : shops.filter(({ number }) => number === label)
      const candidates = [byBoth, byId, byLabel].find((some) => some.length > 0) ?? []
      const [only] = candidates.length === 1 ? candidates : []
      const missing = candidates.length > 1 ? 'ambiguous' : id === null && label === null ? 'no_reference' : 'not_found'
      return {
        id: one.platformId,
        to: only ? `${accounts[only.account].platform} ${only.platformId}` : null,
        method: only ? (byId.length > 0 ? 'shop_order_id' : 'label') : 'unlinked',
        reason: only ? null : missing,
        isReprint: (one.reprintOf ?? null) !== null,
      }
    })
    .sort((a, b) => (a.id < b.id ? -1 : 1))
}
