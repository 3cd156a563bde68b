import { Fatal, Held, RetryLater, Throttled } from '../../../backend/base/errors'
import type { RawAnswer } from '../../../backend/contract'
import type { User } from '../../../backend/sandbox/commerce/people'
import { isDenied, printify, printifySettings, understand } from '../../../backend/sources/commerce/printify/api'
import { listOrders, providersOf, readOrderOf } from '../../../backend/sources/commerce/printify/client'
import type { Account } from '../../../backend/sources/commerce/store/accounts'
import { type PrintifyWorld, printifyWorld } from '../../support/printify'

/* How Printify is asked, and what its answers mean. */

let it_: PrintifyWorld
let shop: Account
beforeAll(async () => {
  it_ = await printifyWorld({ users: 2, ordersPerShop: 30, productsPerShop: 20, open: false }, {})
}, 120_000)
afterAll(() => it_?.close())
beforeEach(async () => {
  it_.sandbox.reset()
  await it_.db.query('delete from backhaul.gates')
  shop = await it_.connect('etsy')
})

const user = (number = 0) => it_.world.users[number] as User
const failure = (work: Promise<unknown>): Promise<Error> =>
  work.then(
    () => Promise.reject(new Error('it was answered')),
    (error: Error) => error,
  )
const gates = () =>
  it_.db.query<{ name: string; waits: number }>(
    `select name, coalesce(extract(epoch from blocked_until - clock_timestamp()), 0)::float8 as waits from backhaul.gates order by 1`,
  )
const answer = (status: number, text = '{"message": "no"}', headers: Record<string, string> = {}): RawAnswer => ({ status, text, headers })

describe('a request', () => {
  test('carries the token of the account and counts by its credential, those to the catalog twice', async () => {
    await listOrders(it_.io, shop, 1)
    await providersOf(it_.io, shop)
    expect((await gates()).map(({ name }) => name)).toEqual([`printify.catalog:${shop.credentialId}`, `printify:${shop.credentialId}`])
    expect(printify.limit).toMatchObject({ scope: 'account', requests: 600, perMs: 60_000 })
    expect(printify.parts?.['printify.catalog']).toMatchObject({ requests: 100, perMs: 60_000 })
    expect(it_.asked()).toEqual([`200 /shops/${shop.shopId}/orders.json?page=1&limit=50`, '200 /catalog/print_providers.json'])
  })

  test('goes to the version that is set', async () => {
    const later = { ...it_.io, settings: { ...it_.io.settings, PRINTIFY_API_VERSION: 'v9' } }
    expect(await failure(listOrders(later, shop, 1))).toBeInstanceOf(Fatal)
    expect(it_.sandbox.requests('printify').at(-1)?.path).toContain('/v9/shops/')
    expect(() => printifySettings.PRINTIFY_API_VERSION.schema.parse('2')).toThrow('must be a version such as v1')
    expect(printifySettings.PRINTIFY_URL.schema.parse(undefined)).toBe('https://api.printify.com')
  })

  test('for another page than the answer shows is an error, not the end of the list', async () => {
    const body = { current_page: 1, data: [], last_page: 1, total: 0 }
    it_.sandbox.fault({
      name: 'status',
      times: 1,
      status: 200,
      body: JSON.stringify(body),
      headers: { 'content-type': 'application/json' },
    })
    const error = await failure(listOrders(it_.io, shop, 2))
    expect(error).toMatchObject({ kind: 'shape', message: expect.stringContaining('another page than 2') })
  })
})

describe('a refusal', () => {
  test('of the token needs a person, and names the account', async () => {
    it_.printify.tokens.revoke(user())
    const error = await failure(listOrders(it_.io, shop, 1))
    expect(error).toBeInstanceOf(Held)
    expect((error as Held).key).toBe(`credential/${shop.credentialId}`)
    expect(error.message).not.toContain('sandbox-printify-token')
    // Nothing is sent with it any more.
    const before = it_.asked().length
    expect(await failure(listOrders(it_.io, shop, 1))).toBeInstanceOf(Held)
    expect(it_.asked()).toHaveLength(before)
    await it_.connect('etsy')
    expect((await listOrders(it_.io, shop, 1)).data).toHaveLength(10)
  })

  test('by a gateway says nothing of the token', () => {
    for (const text of ['', '<html>Unauthorized</html>', 'Unauthorized', '"no"']) {
      expect(isDenied(answer(401, text))).toBe(false)
      expect(understand(answer(401, text)).error).toBeInstanceOf(RetryLater)
    }
    expect([isDenied(answer(401)), isDenied(answer(403)), understand(answer(401))]).toEqual([true, false, {}])
  })

  test('of another account’s shop fails what reads it', async () => {
    const strange = { ...shop, shopId: String(user(1).printify.shops.etsy) }
    expect(await failure(listOrders(it_.io, strange, 1))).toMatchObject({
      ...{ name: 'Fatal', kind: 'forbidden', message: expect.stringContaining('connect the account again') },
    })
  })

  test('because of too many requests rests the account as long as it says, else a minute', async () => {
    it_.sandbox.fault({ name: 'printify-429', times: 1, seconds: 7 })
    expect(await failure(listOrders(it_.io, shop, 1))).toBeInstanceOf(Throttled)
    const waits = async () => Math.round(Math.max(...(await gates()).map((gate) => gate.waits)))
    expect(await waits()).toBeGreaterThanOrEqual(6)
    expect(await waits()).toBeLessThanOrEqual(7)
    // The catalog is the same account.
    expect(await failure(providersOf(it_.io, shop))).toBeInstanceOf(Throttled)
    expect(it_.asked()).toHaveLength(1)

    await it_.db.query('delete from backhaul.gates')
    it_.sandbox.reset()
    it_.sandbox.fault({ name: 'printify-429', times: 1 })
    expect(await failure(providersOf(it_.io, shop))).toBeInstanceOf(Throttled)
    expect(await waits()).toBeGreaterThanOrEqual(58)
    expect(await failure(listOrders(it_.io, shop, 1))).toBeInstanceOf(Throttled)
    expect(it_.asked()).toHaveLength(1)
    expect(it_.sandbox.violations().last).toEqual([])
  })

  test('an error rests the account, so that an outage costs few of them; other accounts go on', async () => {
    it_.sandbox.fault({ name: 'printify-500' })
    expect(await failure(listOrders(it_.io, shop, 1))).toMatchObject({ name: 'RetryLater', kind: 'http_500' })
    for (let n = 0; n < 20; n++) expect(await failure(listOrders(it_.io, shop, 1))).toBeInstanceOf(Throttled)
    expect(it_.asked()).toHaveLength(1)
    it_.sandbox.clearFaults()
    const other = await it_.connect('etsy', { user: 1 })
    expect((await listOrders(it_.io, other, 1)).data).toHaveLength(10)
  })

  test('of an order by its id is an answer if it is Printify’s own', async () => {
    expect(await readOrderOf(it_.io, shop, 'none')).toMatchObject({ status: 404, data: undefined })
    expect(it_.sandbox.requests('printify')).toHaveLength(1)
  })
})
