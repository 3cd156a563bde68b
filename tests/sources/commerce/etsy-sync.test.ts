import type { Sale } from '../../../backend/sandbox/commerce/sales'
import type { Account } from '../../../backend/sources/commerce/store/accounts'
import { type EtsyWorld, etsyWorld } from '../../support/etsy-world'
import { until } from '../../support/until'

/* What changed at Etsy after a backfill is right after the next sync, also where Etsy does not note it as a change. */

let world: EtsyWorld
let account: Account
beforeAll(async () => {
  const now = new Date(Math.floor(Date.now() / 1000) * 1000)
  world = await etsyWorld({ users: 1, ordersPerShop: 230, productsPerShop: 20, now })
  account = await world.connect()
  await world.run()
}, 120_000)
afterAll(() => world?.close())
beforeEach(() => world.asked())

const etsy = () => world.sandbox.commerce.etsy
const seller = () => world.users[0] as EtsyWorld['users'][number]
const sales = () => world.sandbox.commerce.world.sales(seller(), 'etsy')
const json = <T>(value: T): T => JSON.parse(JSON.stringify(value))
const byId = (name: string) => (a: object, b: object) => {
  const [one = '', other = ''] = [a, b].map((it) => String((it as Record<string, unknown>)[name]))
  return one < other ? -1 : 1
}
const receipts = () => json(etsy().truth.receipts(seller())).sort(byId('receipt_id'))
const sync = () => world.run({ kind: 'incremental' })
/** A sync reads up to the second in which it starts, which is not over yet. */
async function nextSecond(): Promise<void> {
  const second = Math.floor(Date.now() / 1000)
  await until(() => Math.floor(Date.now() / 1000) > second, { what: 'the second to be over' })
}
/** An old paid order without a refund. */
const old = (n: number): Sale => {
  const found = sales().filter(({ paidAt, refunds, cancelledAt }) => paidAt !== null && refunds.length === 0 && cancelledAt === null)[n]
  if (!found) throw new Error('the shop has no such order')
  return found
}
async function expectTruth(): Promise<void> {
  expect(await world.held('orders', account)).toEqual(receipts())
  expect(await world.held('payments', account)).toEqual(json(etsy().truth.ledger(seller())).sort(byId('entry_id')))
}
const orderOf = async ({ id }: Sale) => {
  const [row] = await world.suite.db.query<{ status: string; is_cancelled: boolean; refunded: number }>(
    `select o.status, o.is_cancelled, coalesce((select sum(amount_minor) from commerce.refunds r where r.account_id = o.account_id
       and r.order_id = o.platform_id and r.deleted_at is null), 0)::int as refunded
       from commerce.orders o where o.account_id = $1 and o.platform_id = $2`,
    [account.id, String(id)],
  )
  return row
}

test('a sync in which nothing happened takes a request for each list, and changes nothing', async () => {
  const report = await sync()
  expect(report).toMatchObject({ status: 'completed', verified: true, new: 0, updated: 0, deleted: 0 })
  const { receipts: lists, listings, ledger, ...others } = world.asked()
  expect([lists, listings, ledger, others]).toEqual([2, 1, 1, {}])
}, 60_000)

test('new orders, and what was shipped, edited or paid later, are found', async () => {
  const [made, shipped, unpaid] = [
    world.sandbox.commerce.world.add(seller(), 'etsy'),
    old(3),
    sales().find(({ paidAt }) => paidAt === null) as Sale,
  ]
  const now = world.sandbox.commerce.world.now()
  world.sandbox.commerce.world.edit(seller(), 'etsy', shipped.id, { shippedAt: now })
  world.sandbox.commerce.world.edit(seller(), 'etsy', unpaid.id, { paidAt: now })
  await nextSecond()
  expect(await sync()).toMatchObject({ status: 'completed', verified: true })
  expect(await orderOf(made)).toMatchObject({ status: 'paid' })
  await expectTruth()
}, 60_000)

test('case 6: a refund that leaves the time of change alone is found through the ledger, with one request for its receipt', async () => {
  const [whole, part] = [old(5), old(8)]
  world.sandbox.commerce.world.refund(seller(), 'etsy', whole.id, { quiet: true })
  world.sandbox.commerce.world.refund(seller(), 'etsy', part.id, { quiet: true, amount: 7 })
  expect(await orderOf(whole)).toMatchObject({ refunded: 0 })
  await nextSecond()
  expect(await sync()).toMatchObject({ status: 'completed', verified: true })
  expect(world.asked()).toMatchObject({ receipt: 2 })
  expect(await orderOf(whole)).toMatchObject({ status: 'fully refunded' })
  expect(await orderOf(part)).toMatchObject({ status: 'partially refunded', refunded: 7 })
  await expectTruth()
  const linked = await world.suite.db.query<{ order: string }>(
    `select order_id as order from commerce.payments where account_id = $1 and type = 'REFUND_GROSS' and created_at > now() - interval '1 hour' order by 1`,
    [account.id],
  )
  expect(linked.map(({ order }) => order)).toEqual([whole.id, part.id].map(String).sort())
}, 60_000)

test('a cancel that leaves the time of change alone is found by counting', async () => {
  const [cancelled] = [old(60)]
  world.sandbox.commerce.world.cancel(seller(), 'etsy', cancelled.id, { quiet: true })
  expect(await sync()).toMatchObject({ status: 'completed', verified: true })
  expect(await orderOf(cancelled)).toMatchObject({ is_cancelled: true, status: 'canceled' })
  await expectTruth()
  world.asked()
  await sync()
  expect(world.asked().receipts).toBe(2)
}, 60_000)

test('a receipt that Etsy no longer has is marked as deleted; an outage is no such answer', async () => {
  const gone = old(9)
  world.sandbox.commerce.world.refund(seller(), 'etsy', gone.id, { quiet: true })
  await nextSecond()
  const page = {
    name: 'status',
    status: 404,
    headers: { 'content-type': 'text/html' },
    body: '<html>Not Found</html>',
    match: `/receipts/${gone.id}`,
  }
  world.sandbox.fault({ ...page, times: 1 })
  world.sandbox.fault({
    ...{ name: 'status', status: 404, headers: { 'content-type': 'application/json' }, match: `/receipts/${gone.id}`, after: 0 },
    body: `{"error":"Could not find a receipt with receipt_id ${gone.id}"}`,
  })
  expect(await sync()).toMatchObject({ status: 'completed', deleted: expect.any(Number) })
  const held = (await world.held('orders', account)) as { receipt_id: number }[]
  expect(held.some(({ receipt_id: id }) => id === gone.id)).toBe(false)
  expect(held).toHaveLength(receipts().length - 1)
}, 60_000)
