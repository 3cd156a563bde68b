import { report, retry } from '../../../backend/engine/jobs/verbs'
import { commerce as world } from '../../../backend/sandbox/commerce'
import type { User } from '../../../backend/sandbox/commerce/people'
import { openSandbox, type SandboxOf } from '../../../backend/sandbox/server'
import { commerce } from '../../../backend/sources/commerce'
import { saveAccount } from '../../../backend/sources/commerce/store/accounts'
import { readSyncJobs } from '../../../backend/sources/commerce/store/sync-jobs'
import { type Sandboxed, sandboxed } from '../../support/sandboxed'
import { until } from '../../support/until'

/* A seller's Shopify shop as jobs read it, with its worker, inside the limits of the shop, and all that follows a backfill. */

let sandbox: SandboxOf<{ commerce: typeof world }>
let it_: Sandboxed
beforeAll(async () => {
  // The smallest plan, ten times as fast.
  sandbox = await openSandbox({ commerce: world }, { users: 3, ordersPerShop: 140, productsPerShop: 30, shopifyPerSecond: 50, speed: 10 })
  it_ = await sandboxed(commerce, sandbox)
  // What follows a backfill is about all platforms.
  for (const app of Object.keys(commerce.workers)) await it_.worker({ app })
}, 120_000)
afterAll(async () => {
  await it_?.close()
  await sandbox?.close()
})

const user = (number = 0) => sandbox.commerce.world.users[number] as User
const request = (number = 0) => ({ userId: user(number).id, platforms: ['shopify'] })
async function connect(number = 0, scopes?: string[]): Promise<string> {
  const { name, currency, createdAt } = user(number).shops.shopify
  const {
    access_token: access,
    refresh_token: refresh,
    expires_in: seconds = 0,
  } = sandbox.commerce.shopify.access.grant(user(number), scopes && { scopes })
  const credentialId = `shopify/${user(number).id}/${name}.myshopify.com`
  const tokens = { access, ...(refresh ? { refresh } : {}), expiresAt: new Date(Date.now() + seconds * 1000).toISOString(), host: name }
  const route = it_.route()
  return await route.act('account.connect', credentialId, {}, async (tx) => {
    await route.credentials.save(tx, { id: credentialId, kind: 'shopify', tokens })
    return await saveAccount(tx, {
      ...{ userId: user(number).id, platform: 'shopify', shopId: `${name}.myshopify.com`, name, currency, scopes: [], credentialId },
      shopCreatedAt: new Date(createdAt * 1000),
    })
  })
}
async function run(wanted: object) {
  const id = await it_.startJob(commerce, wanted)
  await it_.ended(id, 90_000)
  await until(async () => (await it_.db.query(`select 1 from backhaul.jobs where status in ('queued', 'running')`)).length === 0, {
    timeoutMs: 60_000,
  })
  return { id, ...(await report(it_, id)) }
}
const held = async (table: string, account: string) =>
  (
    await it_.db.query<{ n: number }>(`select count(*)::int as n from commerce.${table} where account_id = $1 and deleted_at is null`, [
      account,
    ])
  )[0]?.n
const synced = async (job: string, number = 0) =>
  (await readSyncJobs(it_.db, user(number).id, 50))
    .filter(({ jobId }) => jobId === job)
    .map((row) => `${row.priority} ${row.entity} ${row.status} ${row.found}/${row.expected} ${row.reason}`)
const truth = (number = 0) => {
  const { shopify } = sandbox.commerce
  return {
    orders: shopify.truth.orders(user(number)).length,
    listings: shopify.truth.products(user(number)).length,
    customers: shopify.truth.customers(user(number)).length,
  }
}

/** How many orders a seller's shop had since then, ms since 1970. */
const soldSince = (number: number, since: number) =>
  sandbox.commerce.world.sales(user(number), 'shopify').filter(({ createdAt }) => createdAt * 1000 >= since).length

test('a backfill reads a shop whole, by bulk operations, inside its limits, and is followed by a sync and the figures', async () => {
  const account = await connect()
  const done = await run({ ...request(), transport: 'bulk' })
  expect(done).toMatchObject({ status: 'completed', verified: true, rejected: 0 })
  const { orders, listings, customers } = truth()
  expect({
    orders: await held('orders', account),
    listings: await held('listings', account),
    customers: await held('customers', account),
  }).toEqual({ orders, listings, customers })
  expect(await synced(done.id)).toEqual([
    `1 orders completed ${orders}/${orders} null`,
    `2 products completed ${listings}/${listings} null`,
    `3 customers completed ${customers}/${customers} null`,
  ])
  expect(sandbox.commerce.shopify.bulk.statusOf(0)).toEqual({ COMPLETED: 3 })
  const kinds = await it_.db.query<{ kind: string; status: string }>(
    `select params ->> 'kind' as kind, status from backhaul.jobs order by created_at`,
  )
  expect(new Set(kinds.map(({ kind, status }) => `${kind} ${status}`))).toEqual(
    new Set(['backfill completed', 'incremental completed', 'roll_up completed']),
  )
  const [day] = await it_.db.query<{ orders: number }>(
    'select sum(orders)::int as orders from commerce.daily_financials where account_id = $1',
    [account],
  )
  expect(day?.orders).toBeGreaterThan(orders / 2)
  expect(await it_.db.query('select 1 from commerce.bulk_lines')).toEqual([])
  expect(sandbox.violations().total).toBe(0)
}, 180_000)

test('by pages, a shop of the smallest plan is read inside its points, and Shopify refuses nothing', async () => {
  const account = await connect(1)
  const done = await run({ ...request(1), transport: 'graphql', entities: ['orders'], since: '2025-09-01' })
  expect([done.status, done.verified, done.reason]).toEqual(['completed', true, expect.anything()])
  expect([soldSince(1, Date.UTC(2025, 8)) > 25, await held('orders', account)]).toEqual([true, soldSince(1, Date.UTC(2025, 8))])
  expect(sandbox.violations().byKind).toEqual({})
  const gates = await it_.route().gates()
  const points = gates.filter(({ name }) => name.startsWith('shopify.graphql'))
  expect(points.length).toBeGreaterThan(0)
  expect(points.map(({ throttled }) => throttled)).toEqual(points.map(() => 0))
}, 180_000)

test('a list that the app may not read blocks no other; with the right it is completed by a retry', async () => {
  await connect(2, ['read_orders', 'read_products'])
  const done = await run(request(2))
  expect(done).toMatchObject({ status: 'partial', verified: false })
  expect(await synced(done.id, 2)).toEqual([
    expect.stringMatching(/^1 orders completed .* Shopify shows only the orders of the last 60 days/),
    expect.stringMatching(/^2 products completed/),
    expect.stringMatching(/^3 customers failed .*read_customers/),
  ])
  const account = await connect(2)
  await retry(it_, done.id, { column: 'customers' })
  await it_.ended(done.id, 60_000)
  expect(await held('customers', account)).toBe(truth(2).customers)
}, 180_000)

test('a dead token holds the shop; connected again, it goes on', async () => {
  const account = await connect(2)
  await it_.db.query('delete from commerce.orders where account_id = $1', [account])
  sandbox.commerce.shopify.access.revoke(user(2))
  const id = await it_.startJob(commerce, { ...request(2), entities: ['orders'], since: '2026-03-01' })
  await until(async () => (await it_.db.query('select 1 from backhaul.tasks where job_id = $1 and held_by is not null', [id])).length > 0)
  await connect(2)
  expect(await it_.ended(id, 90_000)).toBe('completed')
  expect(await held('orders', account)).toBe(soldSince(2, Date.UTC(2026, 2)))
}, 180_000)
