import { challengeOf } from '../../backend/sandbox/commerce/etsy-access'
import type { User } from '../../backend/sandbox/commerce/people'
import type { Sale } from '../../backend/sandbox/commerce/sales'
import { publishedSchemas, stillCommerce } from '../support/commerce-sandbox'

const published = publishedSchemas('etsy-schemas.json')
const KEY = { 'x-api-key': 'sandbox-keystring:sandbox-shared-secret' }
const DAY = 86_400

let it_: Awaited<ReturnType<typeof stillCommerce>>
let user: User
beforeAll(async () => {
  it_ = await stillCommerce({ users: 2, ordersPerShop: 300, productsPerShop: 60 })
  user = it_.world.users[0] as User
})
afterAll(() => it_.sandbox.close())
afterEach(() => it_.sandbox.reset())

const auth = (number = 0) => ({ ...KEY, authorization: `Bearer ${it_.etsy.access.grant(number).access_token}` })
const etsy = (path: string, headers: Record<string, string> = auth()) => {
  it_.pass(200)
  return it_.get(`${it_.sandbox.urls.ETSY_URL}/v3/application${path}`, headers)
}
const shop = (path: string, headers?: Record<string, string>) => etsy(`/shops/${user.shops.etsy.id}${path}`, headers)
const form = (fields: Record<string, string>) => {
  it_.pass(200)
  return it_.post(`${it_.sandbox.urls.ETSY_URL}/v3/public/oauth/token`, new URLSearchParams(fields).toString(), {
    'content-type': 'application/x-www-form-urlencoded',
  })
}
const refresh = (token: string) => form({ grant_type: 'refresh_token', client_id: 'sandbox-keystring', refresh_token: token })
const sold = () => it_.world.sales(user, 'etsy')
const seconds = (span: { min?: number; max?: number }, name: string) =>
  `${span.min === undefined ? '' : `&min_${name}=${span.min}`}${span.max === undefined ? '' : `&max_${name}=${span.max}`}`
/** Every entry of a list, page by page. */
async function all(path: string): Promise<Record<string, unknown>[]> {
  const found: Record<string, unknown>[] = []
  for (let offset = 0; ; offset += 100) {
    const page = (await shop(`${path}${path.includes('?') ? '&' : '?'}limit=100&offset=${offset}`)).json()
    found.push(...page.results)
    if (found.length >= page.count || page.results.length === 0) return found
  }
}

describe('the published schemas', () => {
  test('every answer fits them, and receipts, listings, entries and payments have every field', async () => {
    const receipts = await all('/receipts?was_paid=true')
    const ledger = it_.etsy.truth.ledger(user)
    const answers = {
      Pong: (await etsy('/openapi-ping', KEY)).json(),
      Self: (await etsy('/users/me')).json(),
      Shop: (await shop('')).json(),
      ShopReceipts: { count: receipts.length, results: receipts },
      ShopListings: (await shop('/listings?limit=100')).json(),
      PaymentAccountLedgerEntries: { count: ledger.length, results: ledger },
      Payments: { count: 1, results: it_.etsy.truth.payments(user) },
      ErrorSchema: (await shop('/receipts?limit=0')).json(),
    }
    for (const [name, answer] of Object.entries(answers))
      expect({ name, faults: published.faultsOf(name, answer) }).toEqual({ name, faults: [] })
    const [entry] = ledger.filter(({ parent_entry_id: parent }) => parent !== undefined)
    expect(Object.keys(receipts[0] as object).sort()).toEqual(published.fieldsOf('ShopReceipt'))
    expect(Object.keys(answers.ShopListings.results[0]).sort()).toEqual(published.fieldsOf('ShopListing'))
    expect(Object.keys(entry as object).sort()).toEqual(published.fieldsOf('PaymentAccountLedgerEntry'))
    expect(Object.keys(answers.Payments.results[0] as object).sort()).toEqual(published.fieldsOf('Payment'))
  })
})

describe('receipts', () => {
  test('paid ones in closed ascending windows are the truth, each with its transactions, refunds and shipments', async () => {
    const { createdAt } = user.shops.etsy
    const middle = sold()[150]?.createdAt as number
    const windows = [
      { min: createdAt, max: middle - 1 },
      { min: middle, max: Date.UTC(2026, 5, 30) / 1000 },
    ]
    const found = []
    for (const window of windows) found.push(...(await all(`/receipts?was_paid=true&sort_order=asc${seconds(window, 'created')}`)))
    expect(found).toEqual(it_.etsy.truth.receipts(user))
    expect(found.length).toBe(sold().filter(({ paidAt }) => paidAt !== null).length)
    expect((found[7] as { transactions: object[] }).transactions.length).toBeGreaterThan(0)
  })

  test('newest first by default, 25 of them, and a limit above 100 is quietly cut', async () => {
    const page = (await shop('/receipts')).json()
    expect([page.count, page.results.length, page.results[0].receipt_id]).toEqual([300, 25, sold().at(-1)?.id])
    expect((await shop('/receipts?limit=500')).json().results).toHaveLength(100)
    const first = (await shop('/receipts?sort_on=updated&sort_order=asc&limit=100')).json().results.map(at)
    expect(first).toEqual([...first].sort((a, b) => a - b))
  })
  const at = ({ updated_timestamp }: { updated_timestamp: number }) => updated_timestamp

  test('offset 12,000 is the last one; what is no number or too early is refused', async () => {
    expect((await shop('/receipts?offset=12000')).status).toBe(200)
    const beyond = await shop('/receipts?offset=12001')
    expect([beyond.status, beyond.json()]).toEqual([400, { error: 'Offset provided is greater than the maximum offset allowed.' }])
    for (const query of ['limit=0', 'limit=ten', 'min_created=1', 'was_paid=perhaps', 'sort_on=price', 'sort_order=sideways', 'offset=-1'])
      expect([query, (await shop(`/receipts?${query}`)).status]).toEqual([query, 400])
  })

  test('of 12,101 receipts in one second, one is out of reach however they are asked for', async () => {
    const at = it_.world.now()
    for (let n = 0; n < 12_101; n++) it_.world.add(user, 'etsy', { at })
    const last = (await shop(`/receipts?limit=100&offset=12000&sort_order=asc&min_created=${at}&max_created=${at}`)).json()
    expect([last.count, last.results.length, last.results.at(-1).receipt_id]).toEqual([12_101, 100, (sold().at(-1)?.id ?? 0) - 1])
  })

  test('was_canceled and was_paid filter, without them all are listed', async () => {
    const cancelled = sold().filter(({ cancelledAt }) => cancelledAt !== null)
    expect((await shop('/receipts?was_canceled=true')).json().count).toBe(cancelled.length)
    expect((await shop('/receipts?was_canceled=null')).json().count).toBe(300)
    const shipped = sold().filter(({ shippedAt }) => shippedAt !== null)
    expect((await shop('/receipts?was_shipped=true')).json().count).toBe(shipped.length)
    expect((await shop('/receipts?was_delivered=true')).json().count).toBe(shipped.length)
    it_.world.edit(user, 'etsy', sold().at(-1)?.id as number, { shippedAt: it_.world.now() })
    expect((await shop(`/receipts?was_delivered=false&was_shipped=true`)).json().count).toBe(1)
    expect((await shop('/receipts?was_paid=false')).json().count).toBe(sold().filter(({ paidAt }) => paidAt === null).length)
  })

  test('a refund may leave the time of change alone; the ledger tells of it', async () => {
    const [sale] = sold().filter(({ refunds, paidAt }) => refunds.length === 0 && paidAt !== null) as [Sale]
    it_.pass(1000)
    it_.world.refund(user, 'etsy', sale.id, { amount: 50, quiet: true })
    const receipt = (await shop(`/receipts/${sale.id}`)).json()
    expect([receipt.updated_timestamp, receipt.status, receipt.refunds[0].amount.amount]).toEqual([
      sale.updatedAt,
      'partially refunded',
      50,
    ])
    const now = it_.world.now()
    const page = (await shop(`/payment-account/ledger-entries?min_created=${now - 3600}&max_created=${now}`)).json()
    expect(page.results).toEqual([
      expect.objectContaining({
        ledger_type: 'REFUND_GROSS',
        reference_type: 'payment_adjustment',
        amount: -50,
        payment_adjustments: [expect.objectContaining({ payment_id: sale.id * 10, total_adjustment_amount: 50 })],
      }),
    ])
  })

  test('a new receipt comes first and shifts the pages of whoever reads newest first', async () => {
    const before = (await shop('/receipts?limit=10')).json().results.at(-1).receipt_id
    const { id } = it_.world.add(user, 'etsy')
    expect((await shop('/receipts?limit=10')).json().results[0].receipt_id).toBe(id)
    expect((await shop('/receipts?limit=10&offset=10')).json().results[0].receipt_id).toBe(before)
  })
})

describe('listings, ledger and payments', () => {
  test('listings are those of a state', async () => {
    const states = ['active', 'inactive', 'sold_out', 'draft', 'expired']
    const counts = []
    for (const state of states) counts.push((await shop(`/listings?state=${state}`)).json().count)
    expect(counts.reduce((sum, count) => sum + count, 0)).toBe(60)
    for (const count of counts) expect(count).toBeGreaterThan(0)
    expect(await all('/listings?sort_order=asc')).toEqual(it_.etsy.truth.listings(user))
  })

  test('a ledger window of 31 days passes, one second more does not, and both ends are required', async () => {
    const min = user.shops.etsy.createdAt
    expect((await shop(`/payment-account/ledger-entries?min_created=${min}&max_created=${min + 31 * DAY}`)).status).toBe(200)
    const long = await shop(`/payment-account/ledger-entries?min_created=${min}&max_created=${min + 31 * DAY + 1}`)
    expect([long.status, long.json().error]).toEqual([
      400,
      'Time window between min_created and max_created must be no more than 2678400 seconds (31 days).',
    ])
    expect((await shop(`/payment-account/ledger-entries?min_created=${min}`)).status).toBe(400)
  })

  test('windows of the ledger are the truth, and the balance follows from the amounts', async () => {
    const found = []
    for (let min = user.shops.etsy.createdAt; min < Date.UTC(2026, 5, 30) / 1000; min += 30 * DAY)
      found.push(...(await all(`/payment-account/ledger-entries?min_created=${min}&max_created=${min + 30 * DAY - 1}`)).reverse())
    expect(found).toEqual(it_.etsy.truth.ledger(user))
    let balance = 0
    for (const entry of it_.etsy.truth.ledger(user)) {
      balance += entry.amount
      expect(entry.balance).toBe(balance)
    }
    expect(found).toContainEqual(expect.objectContaining({ ledger_type: 'vat_seller_services', reference_type: 'etsy', reference_id: '0' }))
  })

  test('payments by entries, by ids and by receipt are the same; some name the buyer’s currency', async () => {
    const [sale] = sold().filter(({ paidAt }) => paidAt !== null) as [Sale]
    const byEntries = (await shop(`/payment-account/ledger-entries/payments?ledger_entry_ids=${sale.id}000,${sale.id}100`)).json()
    expect(byEntries.results).toEqual([expect.objectContaining({ payment_id: sale.id * 10, receipt_id: sale.id })])
    expect((await shop(`/payments?payment_ids=${sale.id * 10}`)).json()).toEqual(byEntries)
    expect((await shop(`/receipts/${sale.id}/payments`)).json()).toEqual(byEntries)
    expect((await shop('/payments')).status).toBe(400)
    expect(it_.etsy.truth.payments(user)).toContainEqual(expect.objectContaining({ buyer_currency: 'CAD', shop_currency: 'USD' }))
  })
})

describe('who may ask', () => {
  test('the key is keystring and shared secret; the token is the seller’s and has the scope', async () => {
    const asked = async (headers: Record<string, string>, path = '/receipts') => {
      const { status, json } = await shop(path, headers)
      return [status, json().error]
    }
    expect(await asked({ 'x-api-key': 'sandbox-keystring' })).toEqual([403, 'Shared secret is required in x-api-key header.'])
    expect(await asked({})).toEqual([403, "Invalid API key: should be in the format 'keystring:shared_secret'."])
    expect(await asked(KEY)).toEqual([401, 'invalid_token'])
    expect(await asked(KEY, '')).toEqual([200, undefined])
    expect(await asked(auth(1))).toEqual([403, 'User does not own this shop.'])
    const narrow = it_.etsy.access.grant(0, ['shops_r']).access_token
    expect(await asked({ ...KEY, authorization: `Bearer ${narrow}` })).toEqual([403, 'insufficient_scope'])
    expect((await etsy('/shops/1/receipts')).status).toBe(404)
    const headers = auth()
    it_.pass(3600 * 1000)
    expect(await asked(headers)).toEqual([401, 'invalid_token'])
  })

  test('a seller connects with PKCE: a code is good once, with its verifier and address', async () => {
    const verifier = 'v'.repeat(43)
    const connect = (over: Record<string, string> = {}) =>
      it_.get(
        `${it_.sandbox.urls.ETSY_OAUTH_URL}/oauth/connect?${new URLSearchParams({
          response_type: 'code',
          client_id: 'sandbox-keystring',
          redirect_uri: 'http://127.0.0.1:9/callback',
          scope: 'transactions_r listings_r shops_r',
          state: 'some state',
          code_challenge: challengeOf(verifier),
          code_challenge_method: 'S256',
          ...over,
        })}`,
      )
    it_.etsy.access.consenting = 1
    const target = new URL((await connect()).headers.get('location') as string)
    expect(target.searchParams.get('state')).toBe('some state')
    const code = target.searchParams.get('code') as string
    const exchange = (code_verifier: string, given = code) =>
      form({
        grant_type: 'authorization_code',
        client_id: 'sandbox-keystring',
        redirect_uri: 'http://127.0.0.1:9/callback',
        code: given,
        code_verifier,
      })
    const tokens = (await exchange(verifier)).json()
    expect(tokens).toEqual({
      access_token: expect.stringMatching(/^100001\./),
      token_type: 'Bearer',
      expires_in: 3600,
      refresh_token: expect.stringMatching(/^100001\./),
    })
    expect((await exchange(verifier)).json().error).toBe('invalid_grant')
    const other = new URL((await connect()).headers.get('location') as string).searchParams.get('code') as string
    expect((await exchange('another', other)).json().error).toBe('invalid_grant')
    const wrong: Record<string, string>[] = [
      { state: '' },
      { client_id: 'x' },
      { code_challenge_method: 'plain' },
      { scope: 'receipts_r' },
      { redirect_uri: 'x' },
    ]
    for (const over of wrong) expect((await connect(over)).status).toBe(400)
    it_.sandbox.fault({ name: 'etsy-consent-denied', times: 1 })
    expect((await connect()).headers.get('location')).toContain('error=access_denied')
  })

  test('a refresh token is good once; a second use is counted', async () => {
    const first = it_.etsy.access.grant(0)
    const second = (await refresh(first.refresh_token)).json()
    expect(second.refresh_token).not.toBe(first.refresh_token)
    const again = await refresh(first.refresh_token)
    expect([again.status, again.json()]).toEqual([400, { error: 'invalid_grant', error_description: 'refresh_token is revoked' }])
    expect(it_.sandbox.violations().byKind).toEqual({ 'etsy-refresh-again': 1 })
    expect((await refresh(second.refresh_token)).status).toBe(200)
    const third = it_.etsy.access.grant(0)
    it_.etsy.access.revoke(0)
    expect((await refresh(third.refresh_token)).status).toBe(400)
    const body = JSON.stringify({ grant_type: 'refresh_token', client_id: 'sandbox-keystring', refresh_token: third.refresh_token })
    const asJson = await it_.post(`${it_.sandbox.urls.ETSY_URL}/v3/public/oauth/token`, body, { 'content-type': 'application/json' })
    expect(asJson.json().error).toBe('invalid_request')
  })

  test('the token endpoint may fail, refuse, or lose its answer after the tokens changed', async () => {
    const { refresh_token } = it_.etsy.access.grant(0)
    it_.sandbox.fault({ name: 'etsy-refresh-500', times: 1 })
    expect((await refresh(refresh_token)).status).toBe(500)
    it_.sandbox.fault({ name: 'etsy-refresh-revoked', times: 1 })
    expect((await refresh(refresh_token)).json().error).toBe('invalid_grant')
    it_.sandbox.fault({ name: 'etsy-refresh-lost', times: 1 })
    await expect(refresh(refresh_token)).rejects.toThrow()
    expect((await refresh(refresh_token)).status).toBe(400)
  })
})

describe('limits', () => {
  test('the second is checked before the day; each refusal in its form, each counted', async () => {
    const still = await stillCommerce({ users: 1, ordersPerShop: 1, etsyPerSecond: 3, etsyPerDay: 5 })
    try {
      const ping = () => still.get(`${still.sandbox.urls.ETSY_URL}/v3/application/openapi-ping`, KEY)
      const first = await ping()
      expect(
        ['x-limit-per-second', 'x-remaining-this-second', 'x-limit-per-day', 'x-remaining-today'].map((name) => first.headers.get(name)),
      ).toEqual(['3', '2', '5', '4'])
      await ping()
      await ping()
      const fast = await ping()
      expect([fast.status, fast.json().error, fast.headers.get('retry-after')]).toEqual([429, 'Exceeded per second rate limit', null])
      still.pass(1000)
      await ping()
      expect((await ping()).headers.get('x-remaining-today')).toBe('0')
      still.pass(1000)
      const spent = await ping()
      expect([spent.status, spent.headers.get('x-remaining-today'), spent.headers.get('retry-after')]).toEqual([429, '0', '86398'])
      expect(still.sandbox.violations().byKind).toEqual({ 'etsy-second': 1, 'etsy-day': 1 })
      still.pass(1000)
      await ping()
      expect(still.sandbox.violations().byKind).toEqual({ 'etsy-second': 1, 'etsy-day': 1, 'etsy-while-told-to-wait': 1 })
      still.pass(DAY * 1000)
      expect((await ping()).status).toBe(200)
    } finally {
      await still.sandbox.close()
    }
  })

  test('the product is told the scaled limits; an open sandbox has none', async () => {
    expect(it_.sandbox.limits.etsy).toEqual({ requests: 10, perMs: 1000, perDay: 10_000, dayMs: 86_400_000 })
    const fast = await stillCommerce({ users: 1, ordersPerShop: 1, speed: 10, etsyDay: 60 })
    expect(fast.sandbox.limits.etsy).toEqual({ requests: 10, perMs: 100, perDay: 10_000, dayMs: 6000 })
    await fast.sandbox.close()
  })
})

describe('faults', () => {
  const faulted = async (name: string, path: string, options: object = {}) => {
    it_.sandbox.fault({ name, times: 1, ...options })
    return await shop(path)
  }

  test('refusals and headers', async () => {
    expect([(await faulted('etsy-401', '/receipts')).status, (await faulted('etsy-403-scope', '/receipts')).json().error]).toEqual([
      401,
      'insufficient_scope',
    ])
    expect((await faulted('etsy-403-key', '/receipts')).json().error).toBe('Shared secret is required in x-api-key header.')
    expect((await faulted('etsy-second-429', '/receipts')).headers.get('retry-after')).toBeNull()
    expect((await faulted('etsy-cut-header', '/receipts')).headers.get('x-remaining-this-secon')).not.toBeNull()
    const day = await faulted('etsy-day-429', '/receipts', { seconds: 30 })
    expect([day.status, day.headers.get('retry-after')]).toEqual([429, '30'])
    expect((await shop('/receipts')).status).toBe(429)
    it_.pass(31_000)
    expect((await shop('/receipts')).status).toBe(200)
  })

  test('lists that are odd', async () => {
    expect((await faulted('etsy-title-case', '/receipts')).json().results[0].status).toMatch(/^[A-Z]/)
    expect((await faulted('etsy-count', '/receipts')).json().count).toBe(12_101)
    expect((await faulted('etsy-phantom', '/receipts')).json().count).toBe(301)
    expect((await faulted('etsy-no-transactions', '/receipts')).json().results[0].transactions).toEqual([])
    expect((await faulted('etsy-no-currency', '/receipts', { entry: 1 })).json().results[1].grandtotal).toEqual({
      amount: expect.any(Number),
      divisor: 100,
    })
    expect((await faulted('etsy-bad-entry', '/receipts')).json().results[0].receipt_id).toBeUndefined()
    it_.sandbox.fault({ name: 'etsy-duplicate-listings' })
    const listings = await all('/listings')
    const { length } = it_.etsy.truth.listings(user)
    expect([listings.length, new Set(listings.map(({ listing_id: id }) => id)).size]).toEqual([length + 13, length])
  })
})

test('orders change and truth is asked for by control routes as well', async () => {
  const control = async (path: string, body?: object) => {
    const url = `${it_.sandbox.url}/_sandbox/commerce${path}`
    return (await (body ? it_.post(url, JSON.stringify(body)) : it_.get(url))).json()
  }
  const { id } = await control('/orders', { channel: 'etsy' })
  await control('/orders/cancel', { channel: 'etsy', id })
  await control('/orders/edit', { channel: 'etsy', id, shipping: 5 })
  expect((await control('/etsy/truth?of=receipts')).at(-1)).toMatchObject({
    receipt_id: id,
    status: 'canceled',
    total_shipping_cost: { amount: 5 },
  })
  expect(await control('/orders/refund', { channel: 'etsy', id: 5 })).toMatchObject({ message: 'there is no order 5 in this shop' })
  expect(await control('/etsy/tokens', { user: 1 })).toMatchObject({ token_type: 'Bearer' })
  expect(await control('/etsy/tokens', { user: 7 })).toMatchObject({ message: 'there is no user 7; there are 2, from 0' })
  expect((await control('/users'))[0]).toEqual(user)
})
