import type { Account } from '../../../backend/sources/commerce/store/accounts'
import { type EtsyWorld, etsyWorld } from '../../support/etsy-world'

/* Shops of the sandbox are read by a real worker; what is held then must be what the sandbox has. */

let world: EtsyWorld
let account: Account
beforeAll(async () => {
  world = await etsyWorld({ users: 3, ordersPerShop: 320, productsPerShop: 130 })
}, 120_000)
afterAll(() => world?.close())
beforeEach(async () => {
  await world.fresh()
  account = await world.connect()
})

const json = <T>(value: T): T => JSON.parse(JSON.stringify(value))
const byId = (name: string) => (a: object, b: object) => {
  const [one, other] = [a, b].map((it) => String((it as Record<string, unknown>)[name])) as [string, string]
  return one < other ? -1 : 1
}
const truth = () => {
  const { etsy } = world.sandbox.commerce
  const user = world.users[0] as EtsyWorld['users'][number]
  return {
    orders: json(etsy.truth.receipts(user)).sort(byId('receipt_id')),
    listings: json(etsy.truth.listings(user)).sort(byId('listing_id')),
    payments: json(etsy.truth.ledger(user)).sort(byId('entry_id')),
  }
}
/** Expects that every table is what the sandbox has. */
async function expectTruth(): Promise<void> {
  const its = truth()
  for (const table of ['orders', 'listings', 'payments'] as const) expect(await world.held(table, account)).toEqual(its[table])
}

test('a backfill holds the whole truth, proven, in few requests', async () => {
  const report = await world.run()
  expect(report).toMatchObject({ status: 'completed', verified: true, rejected: 0, failures: [] })
  await expectTruth()
}, 120_000)
