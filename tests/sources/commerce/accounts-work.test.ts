import type { RouteContext } from '../../../backend/contract'
import { accounts } from '../../../backend/sources/commerce/accounts'
import { complete } from '../../../backend/sources/commerce/accounts/connect'
import type { Account } from '../../../backend/sources/commerce/store/accounts'
import { type EtsyWorld, etsyWorld } from '../../support/etsy-world'
import { visit } from '../../support/sandbox'
import { until } from '../../support/until'

/* What the work of an account does when a person connects it again, or removes it. */

let world: EtsyWorld
let account: Account
let route: RouteContext
let job: string
const name = () => `etsy/${account.shopId}`

beforeAll(async () => {
  world = await etsyWorld({ users: 2, ordersPerShop: 230, productsPerShop: 20 })
}, 120_000)
afterAll(() => world?.close())
/** A backfill whose lane is held, because the tokens of its account died after the first page. */
beforeEach(async () => {
  await world.fresh()
  account = await world.connect()
  route = world.suite.route()
  world.sandbox.fault({ name: 'slow', ms: 300, match: `/shops/${account.shopId}/receipts` })
  job = await world.start({ entities: ['orders'] })
  await until(async () => (await world.held('orders', account)).length > 0, { what: 'the first page' })
  world.sandbox.commerce.etsy.access.revoke(0)
  await until(async () => (await heldTasks()) === 1, { what: 'the lane to be held' })
  world.sandbox.clearFaults()
}, 60_000)

const heldTasks = async () =>
  (await world.suite.db.query('select 1 from backhaul.tasks where job_id = $1 and held_by is not null', [job])).length

async function connectAgain(): Promise<void> {
  world.sandbox.commerce.etsy.access.consenting = 0
  const { url } = await accounts.connect({ platform: 'etsy', userId: 'seller-0' }, route)
  const { headers } = await visit(url, {})
  await complete('etsy', Object.fromEntries(new URL(headers.get('location') ?? '').searchParams), route)
}

test('connected again by a link, its work goes on at its cursor', async () => {
  expect(await accounts.list('seller-0', route)).toMatchObject([
    { account: name(), state: 'reauth_required', reason: expect.stringContaining('must be connected again') },
  ])
  const before = (await world.held('orders', account)).length
  await connectAgain()
  expect(await world.ended(job)).toMatchObject({ status: 'completed', verified: true, updated: 0, unchanged: 0 })
  expect((await world.held('orders', account)).length).toBeGreaterThan(before)
  expect(await accounts.list('seller-0', route)).toMatchObject([{ id: account.id, state: 'connected', reason: null }])
}, 60_000)

test('removed, its work ends with the reason, and a retry after connecting it again completes', async () => {
  await accounts.remove('seller-0', name(), route)
  expect(await world.ended(job)).toMatchObject({ status: 'failed', failedBy: { account_removed: 1, not_read: 1 } })
  expect((await world.synced(job)).orders).toMatchObject({ status: 'failed', reason: expect.stringContaining('was removed') })
  const rows = await world.suite.db.query('select state, credential_id as credential from commerce.accounts')
  expect(rows).toEqual([{ state: 'removed', credential: account.credentialId }])
  expect(await world.suite.db.query('select 1 from backhaul.credentials')).toEqual([])
  await connectAgain()
  await route.steer('retry', job)
  expect(await world.ended(job)).toMatchObject({ status: 'completed', verified: true })
}, 60_000)
