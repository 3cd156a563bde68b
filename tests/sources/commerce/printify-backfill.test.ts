import type { Report } from '../../../backend/engine/jobs/report'
import { report, retry } from '../../../backend/engine/jobs/verbs'
import { CHANNELS, type Channel, type User } from '../../../backend/sandbox/commerce/people'
import { commerce } from '../../../backend/sources/commerce'
import { type Account, accountOf, saveAccount } from '../../../backend/sources/commerce/store/accounts'
import { readProfile } from '../../../backend/sources/commerce/store/profiles'
import { readSyncJobs } from '../../../backend/sources/commerce/store/sync-jobs'
import { write } from '../../../backend/sources/commerce/store/write'
import { feesOf, saleRecord } from '../../support/commerce-sold'
import { storedFigures, storedLinks, trueFigures, trueLinks } from '../../support/commerce-truth'
import { type PrintifyWorld, printifyWorld } from '../../support/printify'
import { until } from '../../support/until'

/* A seller's Printify account as jobs read it, with its worker and all that follows a backfill. */

let it_: PrintifyWorld
const shops = {} as Record<Channel, Account>
beforeAll(async () => {
  it_ = await printifyWorld({ users: 3, ordersPerShop: 150, productsPerShop: 70 })
  // What follows a backfill is about all platforms.
  for (const app of Object.keys(commerce.workers)) await it_.worker({ app })
}, 120_000)
afterAll(() => it_?.close())

const user = (number = 0) => it_.world.users[number] as User
/** Runs a job and what it starts to their ends. */
async function run(request: object): Promise<Report> {
  const id = await it_.startJob(commerce, request)
  await it_.ended(id)
  await until(async () => (await it_.db.query(`select 1 from backhaul.jobs where status in ('queued', 'running')`)).length === 0)
  return await report(it_, id)
}
const request = (number = 0) => ({ userId: user(number).id, platforms: ['printify'] })

/** What the shops sold, as their own streams would store it. */
async function storeSales(number = 0): Promise<Record<Channel, string>> {
  const seller = user(number)
  const ids = {} as Record<Channel, string>
  for (const platform of CHANNELS) {
    const { id, name, currency } = seller.shops[platform]
    const account = {
      userId: seller.id,
      platform,
      shopId: String(id),
      name,
      currency,
      scopes: [],
      shopCreatedAt: null,
      credentialId: 'none',
    }
    ids[platform] = await it_.db.tx((tx) => saveAccount(tx, account))
    const orders = it_.world.sales(seller, platform).map((sale) => saleRecord(sale, seller.shops[platform]))
    const payments = platform === 'etsy' ? feesOf(it_.world, seller) : []
    const readAt = new Date()
    const ref = await accountOf(it_.db, ids[platform])
    for (let at = 0; at < orders.length; at += 50) await it_.db.tx((tx) => write(tx, ref, { orders: orders.slice(at, at + 50) }, readAt))
    await it_.db.tx((tx) => write(tx, ref, { payments }, readAt))
  }
  return ids
}

const heldIds = async (table: string, account: Account) =>
  (
    await it_.db.query<{ id: string }>(
      `select platform_id as id from commerce.${table} where account_id = $1 and deleted_at is null order by 1`,
      [account.id],
    )
  ).map(({ id }) => id)

test('a backfill reads both shops whole, is verified, and is followed by a sync and the figures', async () => {
  for (const channel of CHANNELS) shops[channel] = await it_.connect(channel)
  const done = await run(request())
  expect(done).toMatchObject({ status: 'completed', verified: true, rejected: 0 })
  for (const channel of CHANNELS) {
    const orders = it_.printify.truth.orders(user(), channel).map(({ id }) => id)
    const products = it_.printify.truth.products(user(), channel).map(({ id }) => id)
    expect(await heldIds('orders', shops[channel])).toEqual(orders.sort())
    expect(await heldIds('printify_products', shops[channel])).toEqual(products.sort())
  }
  const rows = await readSyncJobs(it_.db, user().id, 20)
  const backfill = rows.filter(({ jobType }) => jobType === 'backfill')
  expect(backfill.map(({ entity, status, priority }) => `${priority} ${entity} ${status}`).sort()).toEqual([
    ...['1 orders completed', '1 orders completed', '2 products completed', '2 products completed'],
  ])
  for (const { found, expected, cursor, reason } of backfill) expect([found, cursor !== null, reason]).toEqual([expected, true, null])
  expect(rows.filter(({ jobType }) => jobType === 'incremental').every(({ status }) => status === 'completed')).toBe(true)
  expect(await readProfile(it_.db, user().id)).toMatchObject({ backfillStatus: 'completed' })
  // 10 orders a request, 50 products; names of print providers once a shop and job.
  expect(it_.asked().filter((line) => line.includes('/catalog/'))).toHaveLength(4)
}, 120_000)

test('costs are linked to orders of Etsy and Shopify that come later, and the figures are those of the sandbox', async () => {
  const ids = await storeSales()
  await run({ userId: user().id, kind: 'roll_up' })
  for (const channel of CHANNELS)
    expect(await storedLinks(it_.db, shops[channel].id)).toEqual(trueLinks(it_.world, it_.printify.orders, user(), channel))
  const printify = { etsy: shops.etsy.id, shopify: shops.shopify.id }
  expect(await storedFigures(it_.db)).toEqual(trueFigures(it_.world, it_.printify.orders, user(), { ...ids, printify }))
  const reasons = await it_.db.query(
    'select reason, count(*)::int > 0 as "isAny" from commerce.order_links where reason is not null group by 1 order by 1',
  )
  expect(reasons).toEqual([
    { reason: 'no_reference', isAny: true },
    { reason: 'not_found', isAny: true },
  ])

  // A cancel in the shop costs nothing from the next sync on.
  const link = it_.printify.truth.links(user()).find(({ channel, orderId, cost }) => channel === 'etsy' && orderId !== null && cost > 0)
  it_.world.edit(user(), 'etsy', link?.orderId as number, { shippedAt: null })
  await it_.db.query(`update commerce.orders set status = 'on-hold' where platform_id = $1`, [link?.printifyId])
  it_.world.cancel(user(), 'etsy', link?.orderId as number)
  await storeSales()
  await run({ ...request(), kind: 'incremental' })
  expect(await storedFigures(it_.db)).toEqual(trueFigures(it_.world, it_.printify.orders, user(), { ...ids, printify }))
}, 120_000)

test('costs are linked to orders that were there before', async () => {
  await storeSales(1)
  for (const channel of CHANNELS) {
    const account = await it_.connect(channel, { user: 1 })
    await run({ ...request(1), entities: ['orders'] })
    expect(await storedLinks(it_.db, account.id)).toEqual(trueLinks(it_.world, it_.printify.orders, user(1), channel))
  }
}, 120_000)

test('a dead token holds the account where it is; connected again, it goes on and reads nothing twice', async () => {
  const account = await it_.connect('etsy', { user: 2 })
  const before = it_.asked().length
  it_.sandbox.fault({ name: 'printify-401', after: 3 })
  const id = await it_.startJob(commerce, request(2))
  await until(async () => (await it_.db.query('select 1 from backhaul.tasks where job_id = $1 and held_by is not null', [id])).length > 0)
  it_.sandbox.clearFaults()
  await it_.connect('etsy', { user: 2 })
  expect(await it_.ended(id)).toBe('completed')
  const pages = it_
    .asked()
    .slice(before)
    .filter((line) => line.startsWith('200') && line.includes(`/${account.shopId}/orders.json`))
  const total = it_.printify.truth.orders(user(2), 'etsy').length
  // Each page, page 1 again, and page 1 of the sync that follows.
  expect(pages.length).toBeLessThanOrEqual(Math.ceil(total / 10) + 2)
}, 120_000)

test('an entity that fails is marked, blocks no other, and is completed by a retry', async () => {
  const real = it_.printify.orders.list.bind(it_.printify.orders)
  const list = jest.spyOn(it_.printify.orders, 'list')
  list.mockImplementation((...of) => real(...of).map((order, n, all) => (n === 17 ? (all[3] ?? order) : order)))
  const id = await it_.startJob(commerce, request(2))
  expect(await it_.ended(id)).toBe('partial')
  list.mockRestore()
  const status = async () =>
    (await readSyncJobs(it_.db, user(2).id, 30))
      .filter(({ jobId }) => jobId === id)
      .map((row) => `${row.entity} ${row.status} ${row.reason}`)
  expect(await status()).toEqual([expect.stringMatching(/^orders failed .*Printify counts \d+ orders of shop/), 'products completed null'])
  expect(await readProfile(it_.db, user(2).id)).toMatchObject({ backfillStatus: 'completed_with_errors' })
  await retry(it_, id, { column: 'orders' })
  expect(await it_.ended(id)).toBe('completed')
  expect(await status()).toEqual(['orders completed null', 'products completed null'])
}, 120_000)
