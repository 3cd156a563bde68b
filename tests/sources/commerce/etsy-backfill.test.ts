import * as jobs from '../../../backend/engine/jobs/verbs'
import type { Product } from '../../../backend/sandbox/commerce/products'
import type { Account } from '../../../backend/sources/commerce/store/accounts'
import { type EtsyWorld, etsyWorld } from '../../support/etsy-world'

/* Shops of the sandbox are read by a real worker; what is held then must be what the sandbox has. */

const ORDERS = 320
let world: EtsyWorld
let account: Account
beforeAll(async () => {
  world = await etsyWorld({ users: 2, ordersPerShop: ORDERS, productsPerShop: 130 })
}, 120_000)
afterAll(() => world?.close())
beforeEach(async () => {
  await world.fresh()
  account = await world.connect()
})

type Entry = Record<string, unknown>
const json = <T>(value: T): T => JSON.parse(JSON.stringify(value))
const by = (name: string) => (a: object, b: object) => (String((a as Entry)[name]) < String((b as Entry)[name]) ? -1 : 1)
const seller = () => world.users[0] as EtsyWorld['users'][number]
const sales = () => world.sandbox.commerce.world.sales(seller(), 'etsy')
function truth() {
  const { truth: its } = world.sandbox.commerce.etsy
  return {
    orders: json(its.receipts(seller())).sort(by('receipt_id')),
    listings: json(its.listings(seller())).sort(by('listing_id')),
    payments: json(its.ledger(seller())).sort(by('entry_id')),
  }
}
/** Expects that every table is what the sandbox has, document by document. */
async function expectTruth(): Promise<void> {
  const its = truth()
  for (const table of ['orders', 'listings', 'payments'] as const) expect(await world.held(table, account)).toEqual(its[table])
}
const rows = <Row extends object>(sql: string): Promise<Row[]> => world.suite.db.query<Row>(sql, [account.id])
const orders = { entities: ['orders'] }
const fault = (name: string, more: object = {}) => world.sandbox.fault({ name, ...more })

test('a backfill holds the truth, proven; entries know their receipts, buyers are customers', async () => {
  const report = await world.run()
  expect(report).toMatchObject({ status: 'completed', verified: true, rejected: 0, failures: [] })
  await expectTruth()
  const paid = sales().filter(({ paidAt }) => paidAt !== null)
  const stages = report.stages.filter(({ stage }) => stage % 2 === 1).map(({ seen, expected }) => [seen, expected])
  expect(stages).toEqual([truth().orders, truth().listings, truth().payments].map(({ length }) => [length, length]))
  const { orders: done, listings, payments } = await world.synced(report.job)
  expect(done).toMatchObject({ status: 'completed', found: BigInt(paid.length), expected: BigInt(paid.length), reason: null })
  expect(listings).toMatchObject({ status: 'completed', found: BigInt(truth().listings.length) })
  expect(payments).toMatchObject({ status: 'completed', found: BigInt(truth().payments.length), cursor: expect.any(String) })

  const linked = await rows<{ type: string; reference: string; order_id: string | null; reason: string | null; currency: string }>(
    `select type, reference_id as reference, order_id, reason, currency from commerce.payments where account_id = $1`,
  )
  for (const { type, reference, order_id: order, reason, currency } of linked) {
    // Case 9: some payments name the currency of their buyer.
    expect(currency).toBe('USD')
    if (type === 'vat_seller_services') expect([order, reason, reference]).toEqual([null, 'no_reference', '0'])
    else if (type === 'DISBURSE2') expect([order, reason]).toEqual([null, null])
    else if (type === 'transaction') expect([order, reason]).toEqual([reference.slice(0, -3), null])
    else expect([order, reason]).toEqual([reference.slice(0, -1), null])
  }
  expect(linked.filter(({ type }) => type === 'REFUND_GROSS').length).toBeGreaterThan(0)
  expect(linked.filter(({ type }) => type === 'vat_seller_services').length).toBeGreaterThan(0)

  const buyers = new Set(truth().orders.map(({ buyer_user_id: id }) => String(id)))
  const customers = await rows<{ id: string; name: string }>(`select platform_id as id, name from commerce.customers where account_id = $1`)
  expect(new Set(customers.map(({ id }) => id))).toEqual(buyers)
  expect(customers.every(({ name }) => name.length > 0)).toBe(true)
}, 120_000)

test('the same again changes no row, and costs no more requests', async () => {
  await world.run({ entities: ['orders', 'listings'] })
  const before = world.asked()
  const again = await world.run({ entities: ['orders', 'listings'] })
  expect(again).toMatchObject({ status: 'completed', verified: true, new: 0, updated: 0, deleted: 0 })
  expect(again.unchanged).toBe(truth().orders.length + truth().listings.length)
  expect(world.asked()).toEqual(before)
}, 120_000)

test('orders take a request for 99 of them, never one of their own', async () => {
  const report = await world.run(orders)
  const count = truth().orders.length
  // And two by the sync that follows.
  expect(world.asked()).toEqual({ receipts: Math.ceil((count - 1) / 99) + 2 })
  expect(report.requests.etsy?.requests).toBe(Math.ceil((count - 1) / 99))
}, 120_000)

test('entries that were read before the orders they are about are linked by the next sync', async () => {
  const since = new Date((sales()[240]?.createdAt as number) * 1000).toISOString().slice(0, 10)
  const open = () => rows(`select 1 from commerce.payments where account_id = $1 and reason = 'transaction_not_read'`)
  await world.run({ entities: ['payments'], since })
  expect((await open()).length).toBeGreaterThan(50)
  await world.run(orders)
  expect(await open()).toEqual([])
  const wrong = await rows(
    `select 1 from commerce.payments where account_id = $1 and type = 'transaction' and order_id is distinct from left(reference_id, -3)`,
  )
  expect(wrong).toEqual([])
}, 120_000)

test('only what was made since then is read, the newest first', async () => {
  const since = new Date((sales()[200]?.createdAt as number) * 1000).toISOString().slice(0, 10)
  const report = await world.run({ since, newestFirst: true, entities: ['orders', 'payments'] })
  expect(report).toMatchObject({ status: 'completed', verified: true })
  const from = Date.parse(since) / 1000
  const wanted = truth().orders.filter(({ created_timestamp: at }) => at >= from)
  expect(await world.held('orders', account)).toEqual(wanted)
  expect(await world.held('payments', account)).toEqual(truth().payments.filter(({ created_timestamp: at }) => at >= from))
  const read = await rows<{ at: Date }>(
    `select created_at as at from commerce.orders where account_id = $1 order by stored_at, created_at desc`,
  )
  expect(read.map(({ at }) => at.getTime())).toEqual(read.map(({ at }) => at.getTime()).sort((a, b) => b - a))
}, 120_000)

test('case 1: a window that offsets do not reach is split into halves, which hold everything', async () => {
  fault('etsy-count', { count: 12_101, times: 1, match: '/receipts' })
  const report = await world.run(orders)
  expect(report).toMatchObject({ status: 'completed', verified: true, streams: { etsy_orders: { done: 3 } } })
  expect(await world.held('orders', account)).toEqual(truth().orders)
  const windows = await world.suite.db.query<{ from: number; to: number }>(
    `select (cursor ->> 'from')::int as from, (cursor ->> 'to')::int as to from backhaul.tasks
      where job_id = $1 and stream = 'etsy_orders' order by 1, 2 desc`,
    [report.job],
  )
  const [whole, first, second] = windows
  expect([first?.from, first?.to, second?.to]).toEqual([whole?.from, second?.from, whole?.to])
}, 120_000)

test('case 1: one second with more than offsets reach fails as window_too_dense, and everything else is read', async () => {
  const at = world.sandbox.commerce.world.now() - 86_400
  for (let n = 0; n < 12_101; n++) world.sandbox.commerce.world.add(seller(), 'etsy', { at })
  const report = await world.run(orders)
  expect(report).toMatchObject({ status: 'partial', verified: false, failedBy: { window_too_dense: 1, not_read: 1 } })
  expect(report.failures[0]?.error).toMatch(/Etsy counts 12101 receipts in the second .* and shows 12100 of them/)
  expect((await world.held('orders', account)).length).toBe(truth().orders.length - 12_101)
  expect(world.asked().receipts).toBeLessThan(120)
  expect((await world.synced(report.job)).orders).toMatchObject({
    status: 'failed',
    reason: expect.stringContaining('Etsy counts 12101 receipts'),
  })
}, 120_000)

test('a count that is wrong for ever ends as count_mismatch; a retry reads the whole window again', async () => {
  fault('etsy-phantom', { match: '/receipts' })
  const id = await world.start({ entities: ['orders', 'listings'] })
  const report = await world.ended(id)
  expect(report).toMatchObject({ status: 'partial', failedBy: { count_mismatch: 1, not_read: 1 } })
  expect(report.failures[0]?.error).toMatch(/do not add up, also when they are read again: Etsy counts \d+ and shows \d+/)
  const synced = await world.synced(id)
  expect([synced.orders?.status, synced.listings?.status]).toEqual(['failed', 'completed'])
  expect(synced.orders?.found).toBe(BigInt(truth().orders.length))
  world.sandbox.clearFaults()
  world.asked()
  await jobs.retry(world.suite, id)
  expect(await world.ended(id)).toMatchObject({ status: 'completed', failures: [] })
  expect((await world.synced(id)).orders).toMatchObject({ status: 'completed' })
  expect(await world.held('orders', account)).toEqual(truth().orders)
}, 120_000)

test('a count that is wrong once is read again', async () => {
  fault('etsy-phantom', { match: '/receipts', after: 3, times: 1 })
  expect(await world.run(orders)).toMatchObject({ status: 'completed', verified: true })
  expect(await world.held('orders', account)).toEqual(truth().orders)
}, 120_000)

test('an absurd count that never ends makes no endless windows', async () => {
  fault('etsy-count', { count: 100_000, match: '/receipts' })
  const report = await world.run(orders)
  expect(report.status).not.toBe('completed')
  expect(report.tasks.total).toBeLessThan(20)
}, 120_000)

test('case 7: listings that are listed twice leave the job unverified, with the reason, and nothing is taken for deleted', async () => {
  world.sandbox.commerce.world.editProduct(seller(), 3, { state: 'active' })
  await world.run({ entities: ['listings'] })
  const count = truth().listings.length
  world.sandbox.commerce.world.editProduct(seller(), 3, { state: 'sold_out' })
  fault('etsy-duplicate-listings', { count: 13 })
  const report = await world.run({ entities: ['listings'] })
  expect(report).toMatchObject({ status: 'completed', verified: false, deleted: 0 })
  expect(Object.keys(report.unverified)).toEqual([
    `Etsy lists ${count - 1 + 13} listings, of which only ${count - 1} are different; listings that are gone were not marked`,
  ])
  expect(await world.held('listings', account)).toHaveLength(count)
  expect((await world.synced(report.job)).listings).toMatchObject({
    status: 'completed',
    reason: expect.stringContaining('13') && expect.any(String),
  })
}, 120_000)

test('a listing that is no longer active has no status, until a reading of all states tells it, or that the listing is gone', async () => {
  const states = ['active', 'sold_out', 'inactive', 'draft', 'expired']
  const readStates = () => world.run({ entities: ['listings'], listingStates: states })
  await readStates()
  const all = json(world.sandbox.commerce.etsy.truth.listings(seller(), states as never)).sort(by('listing_id'))
  expect(await world.held('listings', account)).toEqual(all)
  const [gone] = truth().listings
  const { number } = world.sandbox.commerce.world.products(seller()).find(({ id }) => id === gone?.listing_id) as Product
  const statusOf = async () =>
    await world.suite.db.query('select status, deleted_at is not null as "isDeleted" from commerce.listings where platform_id = $1', [
      String(gone?.listing_id),
    ])
  world.sandbox.commerce.world.editProduct(seller(), number, { state: 'expired' })
  expect(await world.run({ entities: ['listings'] })).toMatchObject({ status: 'completed', verified: true, deleted: 0 })
  expect(await statusOf()).toEqual([{ status: null, isDeleted: false }])
  expect(await readStates()).toMatchObject({ verified: true, deleted: 0 })
  expect(await statusOf()).toEqual([{ status: 'expired', isDeleted: false }])
  world.sandbox.commerce.world.editProduct(seller(), number, { state: 'removed' as never })
  expect(await readStates()).toMatchObject({ verified: true, deleted: 1 })
  expect(await statusOf()).toEqual([{ status: 'expired', isDeleted: true }])
}, 120_000)
