import type { Report } from '../../../backend/engine/jobs/report'
import { report, retry } from '../../../backend/engine/jobs/verbs'
import { CHANNELS, type Channel, type User } from '../../../backend/sandbox/commerce/people'
import { commerce } from '../../../backend/sources/commerce'
import type { Account } from '../../../backend/sources/commerce/store/accounts'
import { readProfile } from '../../../backend/sources/commerce/store/profiles'
import { readSyncJobs } from '../../../backend/sources/commerce/store/sync-jobs'
import { type PrintifyWorld, printifyWorld } from '../../support/printify'
import { until } from '../../support/until'

/* A seller's Printify account as jobs read it, with its worker and all that follows a backfill. */

let it_: PrintifyWorld
const shops = {} as Record<Channel, Account>
beforeAll(async () => {
  it_ = await printifyWorld({ users: 2, ordersPerShop: 150, productsPerShop: 70 })
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

test('a dead token holds the account where it is; connected again, it goes on and reads nothing twice', async () => {
  const account = await it_.connect('etsy', { user: 1 })
  const before = it_.asked().length
  it_.sandbox.fault({ name: 'printify-401', after: 3 })
  const id = await it_.startJob(commerce, request(1))
  await until(async () => (await it_.db.query('select 1 from backhaul.tasks where job_id = $1 and held_by is not null', [id])).length > 0)
  it_.sandbox.clearFaults()
  await it_.connect('etsy', { user: 1 })
  expect(await it_.ended(id)).toBe('completed')
  const pages = it_
    .asked()
    .slice(before)
    .filter((line) => line.startsWith('200') && line.includes(`/${account.shopId}/orders.json`))
  const total = it_.printify.truth.orders(user(1), 'etsy').length
  // Each page, page 1 again, and page 1 of the sync that follows.
  expect(pages.length).toBeLessThanOrEqual(Math.ceil(total / 10) + 2)
}, 120_000)

test('an entity that fails is marked, blocks no other, and is completed by a retry', async () => {
  const real = it_.printify.orders.list.bind(it_.printify.orders)
  const list = jest.spyOn(it_.printify.orders, 'list')
  list.mockImplementation((...of) => real(...of).map((order, n, all) => (n === 17 ? (all[3] ?? order) : order)))
  const id = await it_.startJob(commerce, request(1))
  expect(await it_.ended(id)).toBe('partial')
  list.mockRestore()
  const status = async () =>
    (await readSyncJobs(it_.db, user(1).id, 30))
      .filter(({ jobId }) => jobId === id)
      .map((row) => `${row.entity} ${row.status} ${row.reason}`)
  expect(await status()).toEqual([expect.stringMatching(/^orders failed .*Printify counts \d+ orders of shop/), 'products completed null'])
  expect(await readProfile(it_.db, user(1).id)).toMatchObject({ backfillStatus: 'completed_with_errors' })
  await retry(it_, id, { column: 'orders' })
  expect(await it_.ended(id)).toBe('completed')
  expect(await status()).toEqual(['orders completed null', 'products completed null'])
}, 120_000)
