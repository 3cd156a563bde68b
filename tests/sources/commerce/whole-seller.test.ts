import type { Source } from '../../../backend/contract'
import type { Report } from '../../../backend/engine/jobs/report'
import { foretell, report } from '../../../backend/engine/jobs/verbs'
import { CHANNELS, type User } from '../../../backend/sandbox/commerce/people'
import { commerce } from '../../../backend/sources/commerce'
import { connectSeller } from '../../../bench/commerce/sellers'
import { storedFigures, storedLinks, storedOrders, trueFigures, trueLinks, trueOrders } from '../../support/commerce-truth'
import { type PrintifyWorld, printifyWorld } from '../../support/printify'
import { until } from '../../support/until'

/* A seller on all three platforms, through all streams: whichever side of a link comes first, costs and figures are those of the sandbox. */

const OPEN = { requests: 1_000_000, perMs: 1_000 }
let it_: PrintifyWorld
beforeAll(async () => {
  it_ = await printifyWorld(
    { users: 2, ordersPerShop: 24, productsPerShop: 10, shopifyBulkPerSecond: 100_000 },
    { printify: OPEN, etsy: { ...OPEN, perDay: 1_000_000 }, 'shopify.graphql': OPEN, 'shopify.rest': OPEN },
  )
  for (const app of Object.keys(commerce.workers)) await it_.worker({ app })
}, 120_000)
afterAll(() => it_?.close())

const user = (number: number) => it_.world.users[number] as User

const connectShop = async (platform: 'etsy' | 'shopify', number: number): Promise<string> =>
  (await connectSeller(it_.db, it_.sandbox, user(number), { platforms: [platform] }))[platform]

async function run(number: number, request: object = {}): Promise<Report> {
  const id = await it_.startJob(commerce, { userId: user(number).id, ...request })
  await it_.ended(id, 60_000)
  await until(async () => (await it_.db.query(`select 1 from backhaul.jobs where status in ('queued', 'running')`)).length === 0, {
    timeoutMs: 60_000,
  })
  return await report(it_, id)
}

test.each([
  [0, 'Printify comes first'],
  [1, 'the shops come first'],
])(
  'seller %i: %s',
  async (number) => {
    const seller = user(number)
    const ids = { etsy: '', shopify: '', printify: { etsy: '', shopify: '' } }
    const printed = async () => {
      const [etsy, shopify] = await it_.connectAll(number)
      ids.printify = { etsy: etsy?.id ?? '', shopify: shopify?.id ?? '' }
      expect(await run(number, { platforms: ['printify'] })).toMatchObject({ status: 'completed', verified: true })
    }
    const sold = async () => {
      ids.etsy = await connectShop('etsy', number)
      ids.shopify = await connectShop('shopify', number)
      expect(await run(number, { platforms: ['etsy', 'shopify'] })).toMatchObject({ status: 'completed' })
    }
    // Orders that are still open.
    const open = it_.printify.truth
      .links(seller)
      .flatMap(({ channel, orderId, cost }) => (orderId !== null && cost > 0 ? [{ channel, id: orderId }] : []))
    for (const { channel, id } of open) it_.world.edit(seller, channel, id, { shippedAt: null })
    for (const side of number === 0 ? [printed, sold] : [sold, printed]) await side()
    const proved = async () => {
      for (const channel of CHANNELS) {
        expect(await storedOrders(it_.db, ids[channel])).toEqual(trueOrders(it_.world, seller, channel))
        expect(await storedLinks(it_.db, ids.printify[channel])).toEqual(trueLinks(it_.world, it_.printify.orders, seller, channel))
      }
      const mine = new Set([ids.etsy, ids.shopify, ids.printify.etsy, ids.printify.shopify])
      const figures = new Map([...(await storedFigures(it_.db))].filter(([key]) => mine.has(key.split(' ')[0] as string)))
      expect(figures).toEqual(trueFigures(it_.world, it_.printify.orders, seller, ids))
    }
    await proved()

    // What changes afterwards is right after the next sync: a cancelled order costs nothing.
    const at = it_.world.now() - 60
    for (const channel of CHANNELS) {
      const [cancelled, refunded] = open.filter((one) => one.channel === channel)
      it_.world.cancel(seller, channel, cancelled?.id as number, { at })
      it_.world.refund(seller, channel, refunded?.id as number, { at })
      it_.world.add(seller, channel, { at })
      it_.printify.orders.add(seller, channel)
    }
    expect(await run(number, { kind: 'incremental' })).toMatchObject({ status: 'completed' })
    await proved()
    const reasons = await it_.db.query('select distinct reason from commerce.order_links where account_id = $1 and reason is not null', [
      ids.printify.shopify,
    ])
    expect(reasons).toContainEqual({ reason: 'no_reference' })
  },
  180_000,
)

test('what ends an entity or a job makes no request, and waits for no other job', async () => {
  const rows = await it_.db.query<{ stream: string }>('select distinct stream from backhaul.tasks where asks_nothing order by stream')
  expect(rows.map(({ stream }) => stream)).toEqual(['$finish', 'etsy_end', 'printify_end', 'shopify_end'])
})

test('what was never read is not foretold, and why is told; what was read takes about as many requests again', async () => {
  const { id: userId } = user(0)
  const foretold = async (request: object) => {
    const params = commerce.params.parse({ userId, ...request })
    return (await foretell(() => it_.db, it_, commerce as unknown as Source, params)).plan.estimate
  }
  const before = await foretold({})
  expect(before.requests).toEqual({ etsy: expect.any(Number), printify: expect.any(Number), shopify: null })
  expect(before.note).toMatch(/^records and requests are by what the last backfill found; Shopify's limit counts the points/)
  const { requests } = await run(0, { platforms: ['etsy', 'printify'] })
  for (const api of ['etsy', 'printify']) {
    const made = requests[api]?.requests ?? 0
    expect((before.requests[api] as number) / made).toBeGreaterThan(0.85)
    expect((before.requests[api] as number) / made).toBeLessThan(1.15)
  }
  expect(await foretold({ kind: 'incremental' })).toMatchObject({
    requests: { etsy: null, printify: null, shopify: null },
    note: 'how much has changed is known once it is read',
  })
  await it_.db.query(`update commerce.sync_jobs set status = 'failed' where user_id = $1 and platform = 'etsy' and entity = 'payments'`, [
    userId,
  ])
  expect(await foretold({ platforms: ['etsy'] })).toMatchObject({
    requests: { etsy: null },
    note: expect.stringContaining('what was never read is known once its first page is read'),
  })
}, 120_000)
