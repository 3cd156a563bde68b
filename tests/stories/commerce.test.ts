import type { User } from '../../backend/sandbox/commerce/people'
import { startSandbox } from '../../backend/sandbox/server'
import { type Connected, connectSeller, TOKEN_KEY } from '../../bench/commerce/sellers'
import { storedFigures, storedLinks, storedOrders, trueFigures, trueLinks, trueOrders } from '../support/commerce-truth'
import { size } from '../support/size'
import { type Sandbox, type System, system } from '../support/system'
import { until } from '../support/until'

/*
 * A seller on three platforms, whose APIs fail in every way they know, while workers are killed. In the end the tables
 * are those of the platforms: orders, links and figures to the minor unit. What changes meanwhile is right after the first sync.
 */

/** Of Etsy and of Shopify; Printify makes about half of each: 420 on the three platforms together, or 12,000. */
const ORDERS = size(140, 4000)
const PLATFORMS = ['etsy', 'shopify', 'printify'] as const
/** How long a run may take on a machine that is busy with others, ms. */
const LONGEST_MS = 240_000
const FAULTS = [
  { name: 'status', status: 503, probability: 0.02 },
  { name: 'reset-connection', probability: 0.02 },
  { name: 'truncated-json', probability: 0.01 },
  { name: 'etsy-second-429', probability: 0.03 },
  { name: 'shopify-throttled', probability: 0.03 },
  { name: 'shopify-lost', probability: 0.05 },
  { name: 'shopify-bulk-busy', times: 2 },
  { name: 'shopify-bulk-fails', times: 1 },
  { name: 'shopify-file-cut', times: 2 },
  { name: 'shopify-range-ignored', times: 1 },
  { name: 'shopify-refresh-500', times: 1 },
  { name: 'etsy-refresh-500', times: 1 },
]

let sandbox: Sandbox
let it_: System
let user: User
let ids: Connected

beforeAll(async () => {
  sandbox = await startSandbox({ users: 1, ordersPerShop: ORDERS, productsPerShop: 60, speed: 50, seed: 9, scale: 1, repos: 1, pdses: 1 })
  user = sandbox.commerce.world.users[0] as User
  it_ = await system({ sandbox, env: { TOKEN_KEY, TURN_SECONDS: '3' } })
  ids = await connectSeller(it_.db, sandbox, user)
}, 60_000)
afterAll(async () => {
  await it_?.close()
  await sandbox?.close()
})

/** Every record was expected and came. */
const VERIFIED = { status: 'completed', verified: true }

interface JobRow {
  id: string
  kind: string
  status: string
  verified: boolean | null
  reason: string | null
}
const jobsOf = (kind: string) =>
  it_.db.query<JobRow>(
    `select id, params ->> 'kind' as kind, status::text, (report ->> 'verified')::boolean as verified, report ->> 'reason' as reason
       from backhaul.jobs where source = 'commerce' and params ->> 'kind' = $1 order by created_at`,
    [kind],
  )
const allEnded = () =>
  until(async () => (await it_.db.query(`select 1 from backhaul.jobs where completed_at is null limit 1`)).length === 0, {
    timeoutMs: LONGEST_MS,
    what: 'every job has ended',
  })
const seenOf = async (platform: string) =>
  Number(
    (
      await it_.db.query<{ n: number }>(`select coalesce(sum(seen), 0)::float8 as n from backhaul.tasks where queue = $1`, [
        `${platform}_backfill_queue`,
      ])
    )[0]?.n,
  )

async function compare(): Promise<void> {
  const { world, printify } = sandbox.commerce
  for (const channel of ['etsy', 'shopify'] as const) {
    expect(await storedOrders(it_.db, ids[channel])).toEqual(trueOrders(world, user, channel))
    expect(await storedLinks(it_.db, ids.printify[channel])).toEqual(trueLinks(world, printify.orders, user, channel))
  }
  expect(await storedFigures(it_.db)).toEqual(trueFigures(world, printify.orders, user, ids))
}

/** While they are being read: a refund that leaves the time of change as it was, cancels, a part of the money back, a new order. */
function changeOrders(): void {
  const { world } = sandbox.commerce
  const idAt = (channel: 'etsy' | 'shopify', index: number) => world.sales(user, channel)[index]?.id ?? 0
  world.refund(user, 'etsy', idAt('etsy', 20), { quiet: true })
  world.cancel(user, 'etsy', idAt('etsy', 41))
  world.refund(user, 'shopify', idAt('shopify', 31), { amount: 7 })
  world.cancel(user, 'shopify', idAt('shopify', 52))
  for (const channel of ['etsy', 'shopify'] as const) world.add(user, channel)
}

/** How many bulk operations Shopify has started for the seller. */
const startedBulks = () => Object.values(sandbox.commerce.shopify.bulk.statusOf(user.number)).reduce((sum, count) => sum + count, 0)
const knownBulks = async () => Number((await it_.db.query<{ n: bigint }>('select count(*) as n from commerce.bulk_operations'))[0]?.n)

test('the tables are those of the platforms, whatever fails and whoever is killed', async () => {
  const workers = await Promise.all(PLATFORMS.map((platform) => it_.supervised(`worker-${platform}`)))
  await it_.scheduler()
  sandbox.fault({ name: 'shopify-late', match: '#BulkRun$', times: 1, ms: 60_000 })
  const { code, out, err } = await it_.run('dist/scripts/queue.js', 'commerce', user.id, '--json')
  expect([code, err]).toEqual([0, ''])
  const [job] = (JSON.parse(out) as { jobs: { id: string }[] }).jobs
  // Shopify has started an operation, and the worker dies before it has the answer: nothing is committed.
  await until(async () => startedBulks() > (await knownBulks()), { timeoutMs: LONGEST_MS, what: 'the start of a bulk operation' })
  await workers[1]?.kill()
  for (const fault of FAULTS) sandbox.fault(fault)
  for (const [n, platform] of (['etsy', 'shopify'] as const).entries()) {
    await until(async () => (await seenOf(platform)) > 0, { timeoutMs: LONGEST_MS, what: `${platform} is being read` })
    await workers[n]?.kill()
  }
  changeOrders()
  expect(await it_.ended(job?.id ?? '', LONGEST_MS)).toBe('completed')
  sandbox.clearFaults()
  await allEnded()
  expect(await jobsOf('backfill')).toMatchObject([VERIFIED])
  expect(await jobsOf('incremental')).toMatchObject([VERIFIED])
  await compare()
  expect(startedBulks()).toBe(await knownBulks())
  expect(sandbox.violations().last).toEqual([])
  const profile = await it_.db.query(
    `select backfill_status as status, backfill_completed_at is not null as completed from commerce.profiles`,
  )
  expect(profile).toEqual([{ status: 'completed', completed: true }])
}, 600_000)
