import { randomUUID } from 'node:crypto'
import type { Io } from '../../../backend/contract'
import { orders as stream } from '../../../backend/sources/commerce/etsy/streams/orders'
import type { Account } from '../../../backend/sources/commerce/store/accounts'
import { type EtsyWorld, etsyWorld } from '../../support/etsy-world'
import { isFull } from '../../support/size'

/* A shop with as many orders as offsets reach; all of them are read with `FULL_SIZE=1`. */

const REACH = 12_100
let world: EtsyWorld
let account: Account
beforeAll(async () => {
  world = await etsyWorld({ users: 1, ordersPerShop: 12_000, productsPerShop: 5, oddities: false })
  account = await world.connect()
}, 120_000)
afterAll(() => world?.close())

const seller = () => world.users[0] as EtsyWorld['users'][number]
const paid = () => world.sandbox.commerce.world.sales(seller(), 'etsy').filter(({ paidAt }) => paidAt !== null).length
const window = () => ({ from: seller().shops.etsy.createdAt, to: Math.floor(Date.now() / 1000) })
const start = () => ({
  ...{ account: account.id, what: 'created', ...window(), newestFirst: false, isWhole: true, full: 0 },
  place: { offset: 0, seen: 0, tail: [], reading: 1, counted: 0 },
})
const read = (cursor: unknown) => {
  const io = { http: world.suite.http('backfill'), held: world.suite.db, settings: world.suite.route().settings } as unknown as Io
  const step = { key: 'key', cursor: stream.cursor.parse(cursor), params: {}, source: 'commerce', job: randomUUID(), attempts: 0 }
  return stream.read(step as unknown as Parameters<typeof stream.read>[0], io)
}

test('a page that is written twice changes nothing the second time', async () => {
  for (const expected of [
    { new: 100, unchanged: 0 },
    { new: 0, unchanged: 100 },
  ]) {
    const { batch } = await read(start())
    expect(await world.suite.db.tx((tx) => stream.write(tx, batch))).toMatchObject({ ...expected, updated: 0, deleted: 0 })
  }
})

async function readAll(): Promise<void> {
  world.asked()
  const report = await world.run({ entities: ['orders'] }, 110_000)
  expect(report).toMatchObject({ status: 'completed', verified: true, seen: REACH, expected: REACH, requests: { etsy: { requests: 123 } } })
  const [held] = await world.suite.db.query<{ orders: number; lines: number }>(
    `select (select count(*)::int from commerce.orders) as orders, (select count(*)::int from commerce.line_items) as lines`,
  )
  const lines = world.sandbox.commerce.etsy.truth.receipts(seller()).reduce((sum, { transactions }) => sum + transactions.length, 0)
  expect(held).toEqual({ orders: REACH, lines })
}

test('case 1: 12,100 orders are read to offset 12,000, in 123 requests; of 12,101 the window is split in halves', async () => {
  const { world: shops } = world.sandbox.commerce
  for (let missing = REACH - paid(); missing > 0; missing--) shops.add(seller(), 'etsy', { at: shops.now() - 86_400 })
  const last = await read({ ...start(), place: { ...start().place, offset: 12_000, seen: 12_000 } })
  expect(last).toMatchObject({ next: null, expected: REACH, batch: { found: 100, rows: { orders: { length: 100 } } } })
  expect(last.failed).toBeUndefined()
  if (isFull) await readAll()

  shops.add(seller(), 'etsy', { at: shops.now() - 86_400 })
  const { tasks = [], next, foreseen } = await read(start())
  expect([next, foreseen?.[0]?.expected]).toEqual([null, REACH + 1])
  const windows = tasks.map(({ cursor }) => cursor as unknown as { from: number; to: number })
  const { from, to } = window()
  const end = windows.at(-1)?.to ?? 0
  const half = from + Math.floor((end - from) / 2)
  expect(end).toBeCloseTo(to, -1)
  expect(windows).toMatchObject([
    { from, to: half },
    { from: half, to: end },
  ])
}, 150_000)
