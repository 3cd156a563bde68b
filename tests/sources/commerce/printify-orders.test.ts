import type { Channel, User } from '../../../backend/sandbox/commerce/people'
import { readOrderOf } from '../../../backend/sources/commerce/printify/client'
import { firstOrdersCursor, type OrdersCursor, printifyOrders } from '../../../backend/sources/commerce/printify/orders'
import { readOrder } from '../../../backend/sources/commerce/printify/records'
import type { Account } from '../../../backend/sources/commerce/store/accounts'
import type { OrderRecord } from '../../../backend/sources/commerce/store/records'
import { type PrintifyWorld, printifyWorld } from '../../support/printify'

/* The orders of a shop, read page by page at the sandbox and stored in a real database. */

let it_: PrintifyWorld
let shop: Account
beforeAll(async () => {
  it_ = await printifyWorld({ users: 2, ordersPerShop: 120, productsPerShop: 20 })
  shop = await it_.connect('etsy')
}, 120_000)
afterAll(() => it_?.close())
beforeEach(async () => {
  it_.sandbox.reset()
  await it_.db.query(
    'truncate commerce.orders, commerce.line_items, commerce.fulfillments, commerce.order_links, commerce.changed_days, backhaul.gates cascade',
  )
})

const user = (number = 0) => it_.world.users[number] as User
const truth = (channel: Channel = 'etsy') =>
  it_.printify.truth.orders(user(), channel).map((raw) => readOrder(JSON.parse(JSON.stringify(raw)), 'USD') as OrderRecord)
const backfill = (between?: (cursor: OrdersCursor, page: number) => unknown, from: string | null = null) =>
  it_.read(printifyOrders, firstOrdersCursor(shop.id, from, false), between)
const sync = (from: string, between?: (cursor: OrdersCursor, page: number) => unknown) =>
  it_.read(printifyOrders, firstOrdersCursor(shop.id, from, true), between)
/** Nothing was made after it. */
const END = '2026-06-30T00:00:00.000Z'

const columns = `platform_id as id, status, cost_minor::int as cost, shop_order_id as "shopOrderId", shop_order_label as label, reprint_of as "reprintOf",
  is_cancelled as "isCancelled", created_at as "createdAt"`
const stored = (account = shop) =>
  it_.db.query<{ id: string; status: string }>(
    `select ${columns} from commerce.orders where account_id = $1 and deleted_at is null order by 1`,
    [account.id],
  )
const expected = (channel: Channel = 'etsy') =>
  truth(channel)
    .map(({ platformId: id, status, costMinor: cost, shopOrderId, shopOrderLabel: label, reprintOf, isCancelled, createdAt }) => ({
      ...{ id, status, cost, shopOrderId, label, reprintOf, isCancelled, createdAt: new Date(createdAt as string) },
    }))
    .sort((a, b) => (a.id < b.id ? -1 : 1))
const countOf = async (table: string) =>
  (await it_.db.query<{ n: number }>(`select count(*)::int as n from commerce.${table} where deleted_at is null`))[0]?.n
const pagesOf = (count: number) => Math.ceil(count / 10)

describe('a backfill', () => {
  test('stores each order once, with lines and shipments, in a request for ten and one more', async () => {
    const all = truth()
    const read = await backfill()
    expect(await stored()).toEqual(expected())
    expect(read).toMatchObject({ new: all.length, updated: 0, found: all.length, rejected: 0, last: { next: null } })
    expect(read.last.failed ?? read.last.unverified).toBeUndefined()
    expect(it_.asked()).toHaveLength(pagesOf(all.length) + 1)
    expect(await countOf('line_items')).toBe(all.flatMap(({ lines }) => lines).length)
    expect(await countOf('fulfillments')).toBe(all.flatMap(({ fulfillments }) => fulfillments).length)
    expect(read.pages[0]?.foreseen).toEqual([{ lane: `printify/${shop.shopId}`, stage: 1, expected: all.length }])
  })

  test('stores nothing the second time', async () => {
    await backfill()
    const again = await backfill()
    expect(again).toMatchObject({ new: 0, updated: 0, deleted: 0 })
    expect(again.unchanged).toBeGreaterThanOrEqual(truth().length)
  })

  test('of an account without a currency has none', async () => {
    const euros = await it_.connect('shopify', { currency: null })
    await it_.read(printifyOrders, firstOrdersCursor(euros.id, null, false))
    expect((await stored(euros)).map(({ id }) => id)).toEqual(expected('shopify').map(({ id }) => id))
    const currencies = await it_.db.query('select distinct currency from commerce.orders')
    expect(currencies).toEqual([{ currency: null }])
  })

  test('11 orders that arrive while it reads pages of 10 are read too, and each order once', async () => {
    const read = await backfill((_, page) => {
      if (page === 2) for (let n = 0; n < 11; n++) it_.printify.orders.add(user(), 'etsy')
    })
    expect(await stored()).toEqual(expected())
    expect([read.new, read.found, read.last.failed]).toEqual([truth().length, truth().length, undefined])
  })

  test('an order that vanishes from a page that was read costs no other order, and is marked as gone', async () => {
    const [newest] = truth().slice(-1) as [OrderRecord]
    const read = await backfill((_, page) => {
      if (page === 2) it_.printify.orders.remove(newest.platformId)
    })
    expect(await stored()).toEqual(expected())
    expect(read.last.failed).toBeUndefined()
    const gone = await it_.db.query('select platform_id as id from commerce.orders where deleted_at is not null')
    expect(gone).toEqual([{ id: newest.platformId }])
  })

  test('orders that come and go at any moment never cost one that stays', async () => {
    const stays = truth().filter((_, n) => n % 7 !== 3)
    const goes = truth().filter((_, n) => n % 7 === 3)
    const read = await backfill((_, page) => {
      if (page < 10 && page % 2 === 0) it_.printify.orders.add(user(), 'etsy')
      const one = page % 3 === 1 ? goes.pop() : undefined
      if (one) it_.printify.orders.remove(one.platformId)
    })
    const ids = new Set((await stored()).map(({ id }) => id))
    expect(stays.filter(({ platformId }) => !ids.has(platformId))).toEqual([])
    expect(read.last.failed).toBeUndefined()
    expect(await stored()).toEqual(expected())
  })

  test('from a moment on reads the newest pages only, and stores nothing older', async () => {
    const all = truth()
    const from = all.at(-25)?.createdAt as string
    const wanted = all.filter(({ createdAt }) => (createdAt as string) >= from)
    const read = await backfill(undefined, from)
    expect((await stored()).map(({ id }) => id)).toEqual(wanted.map(({ platformId }) => platformId).sort())
    expect([read.new, read.last.failed, read.last.unverified]).toEqual([wanted.length, undefined, undefined])
    expect(it_.asked().length).toBeLessThan(7)
  })

  test('fails if orders are missing after three readings, and a retry starts anew', async () => {
    const real = it_.printify.orders.list.bind(it_.printify.orders)
    const list = jest.spyOn(it_.printify.orders, 'list')
    // The list shows one order twice, and another one not at all.
    list.mockImplementation((...of) => real(...of).map((order, n, all) => (n === 17 ? (all[3] ?? order) : order)))
    const { last, pages } = await backfill()
    list.mockRestore()
    const total = truth().length
    expect(last.failed).toMatchObject({
      kind: 'count_mismatch',
      reason: `Printify counts ${total} orders of shop ${shop.shopId}, but shows ${total - 1}; they were read 3 times`,
    })
    expect(pages).toHaveLength(3 * (pagesOf(total) + 2))
    const retried = await it_.read(printifyOrders, last.failed?.from as OrdersCursor)
    expect(retried.last.failed).toBeUndefined()
    expect(await stored()).toEqual(expected())
  })

  test('of a shop that shows nothing any more takes no order for gone, and is no proof', async () => {
    await backfill()
    const list = jest.spyOn(it_.printify.orders, 'list').mockReturnValue([])
    const read = await backfill()
    const synced = await sync(END)
    list.mockRestore()
    for (const { deleted, last } of [read, synced])
      expect([deleted, last.unverified]).toEqual([0, expect.stringContaining('none was taken for gone')])
    expect(await stored()).toEqual(expected())
  })

  test('of a shop that never comes to rest is complete in the end: what vanished while it was read does not count', async () => {
    const goes = truth().filter(({ status }) => status === 'fulfilled')
    // Each reading loses one that it has read.
    const read = await backfill((_, page) => (page % 11 === 8 ? it_.printify.orders.remove(goes.pop()?.platformId as string) : undefined))
    expect([read.last.failed, read.last.unverified]).toEqual([undefined, undefined])
    const ids = new Set((await stored()).map(({ id }) => id))
    expect(truth().every(({ platformId }) => ids.has(platformId))).toBe(true)
  })

  test('that is not told how many there are reads to the end, and says that it is no proof', async () => {
    it_.sandbox.fault({ name: 'printify-bare-list' })
    const { last } = await backfill()
    expect(last).toMatchObject({ next: null, unverified: `Printify did not say how many orders of shop ${shop.shopId} there are` })
    expect(await stored()).toEqual(expected())
  })

  test('believes the size of a page that the answer names', async () => {
    it_.sandbox.fault({ name: 'printify-fifty' })
    await backfill()
    expect(await stored()).toEqual(expected())
    expect(it_.asked()).toHaveLength(Math.ceil(truth().length / 50) + 1)
    it_.sandbox.clearFaults()
    it_.sandbox.fault({ name: 'printify-fifty', times: 2 })
    await backfill()
    expect(await stored()).toEqual(expected())
  })

  test('rejects an order without an id, and then takes no order for gone', async () => {
    await backfill()
    it_.sandbox.fault({ name: 'printify-bad-order', entry: 2 })
    const read = await backfill()
    expect(read.rejected).toBeGreaterThan(0)
    expect([read.deleted, read.last.failed]).toEqual([0, undefined])
    expect(await stored()).toEqual(expected())
  })

  test('stores an order whose costs are not told', async () => {
    it_.sandbox.fault({ name: 'printify-absent-cost', entry: 0 })
    await backfill()
    const unknown = await it_.db.query('select platform_id as id from commerce.orders where cost_minor is null')
    expect(unknown).toHaveLength(pagesOf(truth().length))
  })
})

describe('a sync', () => {
  /** Some of the older orders are not made yet. */
  beforeEach(() => {
    for (const { id, shippedAt } of it_.world.sales(user(), 'etsy').slice(0, 20))
      if (shippedAt !== null) it_.world.edit(user(), 'etsy', id, { shippedAt: null })
  })
  const open = () => truth().filter(({ status }) => status === 'on-hold' || status === 'in-production')

  test('reads page 1 and the orders that may still change, each by its id', async () => {
    await backfill()
    const before = it_.asked().length
    const { last, new: added } = await sync(END)
    expect([last.failed, last.unverified, added]).toEqual([undefined, undefined, 0])
    const asked = it_.asked().slice(before)
    const onPage1 = new Set(
      truth()
        .slice(-10)
        .map(({ platformId }) => platformId),
    )
    const byId = open().filter(({ platformId }) => !onPage1.has(platformId))
    expect(asked).toHaveLength(1 + byId.length)
    expect(asked.slice(1).sort()).toEqual(byId.map(({ platformId }) => `200 /shops/${shop.shopId}/orders/${platformId}.json`).sort())
  })

  test('finds new orders, and what became of the open ones', async () => {
    await backfill()
    const [held] = open().filter(({ shopOrderId }) => shopOrderId !== null) as [OrderRecord]
    it_.world.cancel(user(), 'etsy', Number(held.shopOrderId))
    for (let n = 0; n < 23; n++) it_.printify.orders.add(user(), 'etsy')
    const read = await sync(END)
    expect(read.new).toBe(23)
    expect((await stored()).find(({ id }) => id === held.platformId)?.status).toBe('canceled')
    expect(await stored()).toEqual(expected())
    expect((await sync(END)).updated).toBe(0)
  })

  test('takes an order that Printify no longer has for gone only after it has read the whole list', async () => {
    await backfill()
    const [held] = open() as [OrderRecord]
    it_.printify.orders.remove(held.platformId)
    const before = it_.asked().length
    const read = await sync(END)
    expect([read.deleted > 0, read.last.failed]).toEqual([true, undefined])
    expect(await stored()).toEqual(expected())
    expect(
      it_
        .asked()
        .slice(before)
        .filter((line) => line.startsWith('404')),
    ).toHaveLength(1)
    // It is not asked for again.
    const then = it_.asked().length
    await sync(END)
    expect(
      it_
        .asked()
        .slice(then)
        .filter((line) => line.startsWith('404')),
    ).toEqual([])
  })

  test('after a backfill of the newest orders does not read the older ones', async () => {
    const from = new Date(Date.parse(truth().at(-3)?.createdAt as string)).toISOString()
    await backfill(undefined, from)
    expect(await stored()).toHaveLength(3)
    const before = it_.asked().length
    await sync(END)
    expect(it_.asked().length - before).toBe(1)

    // Nor where there was none among the newest.
    await it_.db.query('delete from commerce.orders')
    it_.printify.orders.add(user(), 'etsy')
    const then = it_.asked().length
    await sync(END)
    expect(it_.asked().length - then).toBeLessThanOrEqual(3)
  })

  test('reads the whole list where that takes fewer requests', async () => {
    await backfill()
    await it_.db.query(`update commerce.orders set status = 'on-hold'`)
    const before = it_.asked().length
    await sync(END)
    expect(it_.asked().length - before).toBeLessThanOrEqual(1 + pagesOf(truth().length) + 1)
    expect(await stored()).toEqual(expected())
  })

  test('goes on where it was after an error, and reads each open order once', async () => {
    await backfill()
    const before = it_.asked().length
    it_.sandbox.fault({ name: 'printify-500', match: '/orders/', after: 3, times: 1 })
    const { last } = await sync(END, () => it_.db.query('update backhaul.gates set blocked_until = null'))
    expect(last.failed).toBeUndefined()
    const asked = it_
      .asked()
      .slice(before)
      .filter((line) => line.startsWith('200') && line.includes('/orders/'))
    expect(new Set(asked).size).toBe(asked.length)
    const onPage1 = new Set(
      truth()
        .slice(-10)
        .map(({ platformId }) => platformId),
    )
    expect(asked).toHaveLength(open().filter(({ platformId }) => !onPage1.has(platformId)).length)
  })
})

test('another order than the one asked for is an error, and not stored', async () => {
  await backfill()
  const [first, second] = truth() as [OrderRecord, OrderRecord]
  it_.sandbox.fault({
    ...{ name: 'status', status: 200, headers: { 'content-type': 'application/json' }, body: JSON.stringify(second.raw), times: 1 },
  })
  const work = readOrderOf(it_.io, shop, first.platformId)
  await expect(work).rejects.toMatchObject({ kind: 'shape', message: expect.stringContaining('another order than') })
})

test('a page that another worker stored already changes nothing', async () => {
  const io = it_.io
  const step = {
    key: 'k',
    cursor: firstOrdersCursor(shop.id, null, false),
    params: {} as never,
    source: 'commerce',
    job: crypto.randomUUID(),
    attempts: 0,
  }
  const page = await printifyOrders.read(step, io)
  expect(await it_.db.tx((tx) => printifyOrders.write(tx, page.batch))).toMatchObject({ new: 10 })
  expect(await it_.db.tx((tx) => printifyOrders.write(tx, page.batch))).toMatchObject({ new: 0, updated: 0, unchanged: 10 })
})
