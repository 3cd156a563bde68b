import { createHmac, randomUUID } from 'node:crypto'
import { CLIENT_SECRET } from '../../../backend/sandbox/commerce/shopify-access'
import { domainOf } from '../../../backend/sandbox/commerce/shopify-store'
import { createRouteContext } from '../../../backend/service/routes/context'
import { commerce } from '../../../backend/sources/commerce'
import { check as checkAccounts } from '../../../backend/sources/commerce/accounts/check'
import { authorizeUrl } from '../../../backend/sources/commerce/printify/oauth'
import { fractionOf, sentenceOf } from '../../../backend/sources/commerce/routes/progress'
import { type AccountWorld, accountWorld, bearer } from '../../support/commerce-accounts'

/* People connect the accounts of their shops, through the platforms' own pages, on real services. */

let it_: AccountWorld
beforeAll(async () => {
  it_ = await accountWorld()
}, 120_000)
afterAll(() => it_?.close())
beforeEach(() => it_.sandbox.reset())

const ask = (method: string, path: string, body?: unknown) => it_.served.ask(method, `/api/commerce${path}`, body, bearer)
const query = <Row extends object>(sql: string, values: unknown[] = []) => it_.served.service.db.query<Row>(sql, values)
const newUser = () => `user-${randomUUID().slice(0, 8)}`
const seller = (n = 0) => {
  const found = it_.sandbox.commerce.world.users[n]
  if (!found) throw new Error(`the sandbox has no seller ${n}`)
  return found
}
const shopify = (n = 0) => domainOf(seller(n))

async function begin(platform: string, userId: string, shop?: string): Promise<string> {
  const { status, body } = await ask('POST', `/connect/${platform}`, { userId, shop })
  if (status !== 201) throw new Error(body.detail)
  return body.url
}
const connectEtsy = async (userId: string, n = 0) => {
  it_.sandbox.commerce.etsy.access.consenting = n
  return await it_.follow(await begin('etsy', userId))
}
const check = (userId: string) => {
  const actor = { who: 'admin', address: '127.0.0.1', entryPoint: 'rest' } as const
  return checkAccounts(userId, undefined, createRouteContext(it_.served.service, commerce, actor, { id: 'test' }))
}
const accountsOf = async (userId: string) => (await ask('GET', `/users/${userId}`)).body.accounts

/** Signs what Shopify sends, so that a test may send something else. */
function signed(address: string, change: (query: URLSearchParams) => void): string {
  const url = new URL(address)
  change(url.searchParams)
  url.searchParams.delete('hmac')
  const parts = [...url.searchParams].map(([name, value]) => `${name}=${value}`).sort()
  url.searchParams.set('hmac', createHmac('sha256', CLIENT_SECRET).update(parts.join('&')).digest('hex'))
  return url.href
}

describe('a connection by a link', () => {
  test('of Etsy: the user allows it, comes back, and the shop is connected', async () => {
    const userId = newUser()
    const { status, text } = await connectEtsy(userId)
    const { id, name, currency, createdAt } = seller().shops.etsy
    expect([status, text]).toEqual([200, expect.stringContaining(`${name} (etsy/${id}) is connected.`)])
    expect(text).toContain('is not endorsed or certified by Etsy, Inc.')
    expect(await accountsOf(userId)).toEqual([
      {
        id: expect.any(String),
        platform: 'etsy',
        account: `etsy/${id}`,
        name,
        currency,
        scopes: ['transactions_r', 'listings_r', 'shops_r'],
        state: 'connected',
        reason: null,
        notes: [],
      },
    ])
    const [row] = await query('select shop_created_at as at, credential_id as credential from commerce.accounts where user_id = $1', [
      userId,
    ])
    expect(row).toEqual({ at: new Date(createdAt * 1000), credential: `etsy/${userId}/${id}` })
    const [action] = await query(`select who, verb, target from backhaul.actions where verb = 'account.connect' order by id desc limit 1`)
    expect(action).toEqual({ who: 'nobody', verb: 'account.connect', target: `etsy/${id}` })
  })

  test('of Shopify: what was allowed is compared with what is needed', async () => {
    const userId = newUser()
    it_.sandbox.commerce.shopify.access.withhold(seller(), ['read_all_orders', 'read_customers'])
    const { status, text } = await it_.follow(await begin('shopify', userId, shopify()))
    expect([status, text]).toEqual([200, expect.stringContaining('only the orders of the last 60 days')])
    const [account] = await accountsOf(userId)
    expect(account).toMatchObject({
      account: `shopify/${shopify()}`,
      state: 'connected',
      scopes: expect.not.arrayContaining(['read_all_orders']),
    })
    expect(account.notes).toEqual([
      'The scope read_all_orders is missing: Shopify shows only the orders of the last 60 days.',
      'The scope read_customers is missing: customers cannot be read.',
    ])
  })

  test('of Printify: all shops of the account, with the currency that was named; its tokens are refreshed', async () => {
    const userId = newUser()
    const { printify } = it_.sandbox.commerce
    await fetch(`${it_.sandbox.url}/_sandbox/commerce/printify/consent`, { method: 'POST', body: '{"user": 1}' })
    const { status, body } = await ask('POST', '/connect/printify', { userId, currency: 'usd' })
    expect(status).toBe(201)
    expect([...new URL(body.url).searchParams.keys()]).toEqual(['app_id', 'accept_url', 'decline_url', 'state'])
    const page = await it_.follow(body.url)
    const shops = Object.values(seller(1).printify.shops).map((id) => `printify/${id}`)
    expect([page.status, await accountsOf(userId)]).toEqual([
      200,
      shops.map((account) => expect.objectContaining({ account, currency: 'USD', state: 'connected', notes: [] })),
    ])
    const [before] = await query<{ sealed: string; left: number }>(
      `select sealed, extract(epoch from expires_at - now())::float8 as left from backhaul.credentials where id like $1`,
      [`printify/${userId}/%`],
    )
    expect(before?.left).toBeGreaterThan(5.9 * 3600)
    expect(before?.left).toBeLessThanOrEqual(6 * 3600)
    const works = async () => (await check(userId)).map((one) => one.works)
    printify.tokens.expire(seller(1))
    expect(await works()).toEqual([true, true])
    const [after] = await query<{ sealed: string }>('select sealed from backhaul.credentials where id like $1', [`printify/${userId}/%`])
    expect(after?.sealed).not.toBe(before?.sealed)
    // An outage where tokens are given is no word about the account; a refresh token that is dead is.
    printify.tokens.expire(seller(1))
    it_.sandbox.fault({ name: 'printify-token-500', times: 9 })
    expect(await works()).toEqual([null, null])
    expect(await accountsOf(userId)).toMatchObject([{ state: 'connected' }, { state: 'connected' }])
  })

  test('of Printify, whose tokens were revoked: a person must connect it again, and does so without naming the currency', async () => {
    const userId = newUser()
    const { printify } = it_.sandbox.commerce
    const connect = async (more = {}) => await it_.follow((await ask('POST', '/connect/printify', { userId, ...more })).body.url)
    await connect({ currency: 'EUR' })
    printify.tokens.revoke(seller())
    await check(userId)
    expect(await accountsOf(userId)).toMatchObject([{ state: 'reauth_required' }, { state: 'reauth_required' }])
    await connect()
    expect(await accountsOf(userId)).toMatchObject([
      { state: 'connected', currency: 'EUR' },
      { state: 'connected', currency: 'EUR' },
    ])
  })

  test('of two callbacks with one state that come at once, one wins', async () => {
    const userId = newUser()
    const { headers } = await fetch(await begin('etsy', userId), { redirect: 'manual' })
    const back = headers.get('location') ?? ''
    const all = await Promise.all([it_.open(back), it_.open(back), it_.open(back)])
    expect(all.map(({ status }) => status).sort()).toEqual([200, 409, 409])
    expect(all.filter(({ text }) => text.includes('works only once'))).toHaveLength(2)
    expect(await accountsOf(userId)).toHaveLength(1)
  })

  test('a program that checks the address does not use it up', async () => {
    const { headers } = await fetch(await begin('etsy', newUser()), { redirect: 'manual' })
    const back = new URL(headers.get('location') ?? '')
    await fetch(`${it_.served.url}${back.pathname}${back.search}`, { method: 'HEAD' })
    expect((await it_.open(back.href)).status).toBe(200)
  })

  test('again: the account keeps its row, and has the new tokens', async () => {
    const userId = newUser()
    await connectEtsy(userId)
    const [before] = await accountsOf(userId)
    it_.sandbox.commerce.etsy.access.revoke(0)
    await connectEtsy(userId)
    expect(await accountsOf(userId)).toEqual([before])
    const [{ n } = { n: 0 }] = await query<{ n: number }>('select count(*)::int as n from backhaul.credentials where id like $1', [
      `%${userId}%`,
    ])
    expect(n).toBe(1)
  })

  test('two users may connect the same shop', async () => {
    const [alice, bob] = [newUser(), newUser()]
    await connectEtsy(alice)
    await connectEtsy(bob)
    expect((await accountsOf(alice))[0].account).toBe((await accountsOf(bob))[0].account)
    expect((await accountsOf(alice))[0].id).not.toBe((await accountsOf(bob))[0].id)
  })
})

describe('what comes back and is not right', () => {
  const refusal = async (address: string) => {
    const { status, text } = await it_.open(address)
    expect(text).toContain('<h1>Not connected</h1>')
    return [status, /<p>(.*)<\/p>/.exec(text)?.[1]]
  }

  test('a state that was never begun, writes nothing', async () => {
    const [{ n: before } = { n: 0 }] = await query<{ n: number }>('select count(*)::int as n from backhaul.actions')
    expect(await refusal('http://a/api/commerce/callback/etsy?code=x&state=forged')).toEqual([
      400,
      expect.stringContaining('its state is unknown'),
    ])
    expect(await refusal('http://a/api/commerce/callback/etsy')).toEqual([400, expect.stringContaining('its state is unknown')])
    expect(await refusal('http://a/api/commerce/callback/ebay?state=x')).toEqual([400, expect.stringContaining('There is no platform')])
    const [{ n } = { n: 0 }] = await query<{ n: number }>('select count(*)::int as n from backhaul.actions')
    expect(n).toBe(before)
  })

  test('a state of another platform', async () => {
    const state = new URL(await begin('etsy', newUser())).searchParams.get('state')
    const forged = signed(
      `http://a/api/commerce/callback/shopify?code=x&state=${state}&shop=${shopify()}&timestamp=${Math.floor(Date.now() / 1000)}`,
      () => undefined,
    )
    expect(await refusal(forged)).toEqual([400, expect.stringContaining('its state is unknown')])
  })

  test('a link that was followed too late', async () => {
    const userId = newUser()
    const url = await begin('etsy', userId)
    await query(`update commerce.oauth_states set expires_at = clock_timestamp() where user_id = $1`, [userId])
    const { status, text } = await it_.follow(url)
    expect([status, text]).toEqual([409, expect.stringContaining('followed too late')])
    expect((await ask('GET', `/users/${userId}`)).status).toBe(404)
  })

  test('a user who does not allow it', async () => {
    it_.sandbox.fault({ name: 'etsy-consent-denied', times: 1 })
    const { status, text } = await connectEtsy(newUser())
    expect([status, text]).toEqual([409, expect.stringContaining('the access was not allowed (access_denied)')])
  })

  test('a merchant who does not allow it, and a code of Printify that is spent', async () => {
    const link = async () => (await ask('POST', '/connect/printify', { userId: newUser() })).body.url
    it_.sandbox.fault({ name: 'printify-consent-denied', times: 1 })
    const denied = await it_.follow(await link())
    expect([denied.status, denied.text]).toEqual([
      400,
      expect.stringContaining('Printify sent no code, as where the access is not allowed'),
    ])
    const { headers } = await fetch(await link(), { redirect: 'manual' })
    const back = new URL(headers.get('location') ?? '')
    back.searchParams.set('code', 'spent')
    expect(await refusal(back.href)).toEqual([
      400,
      expect.stringContaining('Printify refuses the code (invalid_request: The code is invalid)'),
    ])
  })

  test('a forged callback of Shopify, which leaves the link as it is', async () => {
    it_.sandbox.fault({ name: 'shopify-forged-callback', times: 1 })
    const url = await begin('shopify', newUser(), shopify())
    const { status, text } = await it_.follow(url)
    expect([status, text]).toEqual([400, expect.stringContaining('Shopify did not send this')])
    expect((await it_.follow(url)).status).toBe(200)
  })

  test('a callback of Shopify that was changed, is old, or is of another shop', async () => {
    const { headers } = await fetch(await begin('shopify', newUser(), shopify()), { redirect: 'manual' })
    const back = headers.get('location') ?? ''
    expect(await refusal(back.replace('code=', 'code=x'))).toEqual([400, expect.stringContaining('did not send this')])
    expect(await refusal(signed(back, (its) => its.set('timestamp', '1700000000')))).toEqual([400, expect.stringContaining('too old')])
    expect(await refusal(signed(back, (its) => its.set('shop', 'evil.example.com')))).toEqual([400, expect.stringContaining('no domain')])
    expect(await refusal(signed(back, (its) => its.set('shop', shopify(1))))).toEqual([
      400,
      expect.stringContaining('another shop answered'),
    ])
    expect((await it_.open(back)).status).toBe(200)
    expect((await it_.open(`${back}&state=x`)).status).toBe(400)
  })

  test('a page shows what came with the address as text only', async () => {
    const { headers } = await fetch(await begin('etsy', newUser()), { redirect: 'manual' })
    const back = new URL(headers.get('location') ?? '')
    back.searchParams.set('error', '<script>alert(1)</script>')
    const { text } = await it_.open(back.href)
    expect(text).toContain('the access was not allowed')
    expect(text).not.toContain('<script')
  })

  test('a platform that is down', async () => {
    it_.sandbox.fault({ name: 'status', status: 503, match: 'oauth/token', times: 9 })
    const { status, text } = await connectEtsy(newUser())
    expect([status, text]).toEqual([503, expect.stringContaining('try again later')])
  })
})

test.each([
  ['no platform', 'ebay', { userId: 'u' }, 400, 'the platforms are etsy, shopify, printify'],
  ['no user', 'etsy', {}, 400, 'userId'],
  ['an odd user', 'etsy', { userId: 'a/b' }, 400, 'letters, digits'],
  ['no code of a currency', 'printify', { userId: 'u', currency: 'dollars' }, 400, 'must be a code of ISO 4217'],
  ['a currency where the platform tells it', 'etsy', { userId: 'u', currency: 'USD' }, 400, 'leave it out'],
  ['no shop', 'shopify', { userId: 'u' }, 400, 'shop is missing'],
  ['an address of another site', 'shopify', { userId: 'u', shop: 'evil.example.com' }, 400, 'must be the address of a Shopify shop'],
  ['a shop where none is needed', 'etsy', { userId: 'u', shop: 'x' }, 400, 'leave it out'],
  ['an unknown field', 'etsy', { userId: 'u', token: 'x' }, 400, 'is not a known field'],
])('a connection is not begun with %s', async (_, platform, body, status, says) => {
  const answer = await ask('POST', `/connect/${platform}`, body)
  expect([answer.status, JSON.stringify(answer.body)]).toEqual([status, expect.stringContaining(says)])
})

test.each([
  ['http://127.0.0.1:3000', false],
  ['http://[::1]:3000', false],
  ['http://shop.example', false],
  ['https://203.0.113.7', false],
  ['http://localhost:3000', true],
  ['https://shop.example', true],
])('Printify sends people back to %s: %s', (base, isTaken) => {
  const url = () =>
    authorizeUrl({ PRINTIFY_APP_ID: 'a', PRINTIFY_OAUTH_URL: 'https://printify.com' }, { redirectUri: `${base}/x`, state: 's' })
  if (isTaken) expect(new URL(url()).searchParams.get('accept_url')).toBe(`${base}/x`)
  else expect(url).toThrow('Printify takes only https with a domain')
})

test('only an administrator begins a connection, and anybody may come back', async () => {
  expect((await it_.served.ask('POST', '/api/commerce/connect/etsy', { userId: 'u' })).status).toBe(401)
})

test('an account is removed with its tokens; its user, or nobody, is asked for by a name', async () => {
  const userId = newUser()
  await connectEtsy(userId)
  const [{ id }] = await accountsOf(userId)
  expect(await ask('DELETE', `/accounts/${id}`)).toMatchObject({ status: 200, body: { id, state: 'removed' } })
  expect(await query('select 1 from backhaul.credentials where id like $1', [`%${userId}%`])).toEqual([])
  expect(await ask('DELETE', `/accounts/${id}`)).toMatchObject({
    status: 409,
    body: { detail: expect.stringContaining('was removed already') },
  })
  expect(await ask('DELETE', `/accounts/${randomUUID()}`)).toMatchObject({ status: 404 })
  expect(await ask('DELETE', '/accounts/nonsense')).toMatchObject({ status: 404 })
  expect(await ask('GET', '/users/nobody')).toMatchObject({
    status: 404,
    body: { detail: expect.stringContaining('There is no user nobody') },
  })
  // Connecting again brings it back.
  await connectEtsy(userId)
  expect(await accountsOf(userId)).toMatchObject([{ id, state: 'connected' }])
})

test('a plan is one that has a weight', async () => {
  expect(await ask('PUT', '/users/alice/plan', { plan: 'pro' })).toMatchObject({
    status: 200,
    body: { user_id: 'alice', plan: 'pro', accounts: 0 },
  })
  expect(await ask('GET', '/users/alice')).toMatchObject({ status: 200, body: { plan: 'pro', accounts: [], backfill_status: null } })
  expect(await ask('PUT', '/users/alice/plan', { plan: 'gold' })).toMatchObject({
    status: 400,
    body: { detail: expect.stringContaining('must be one of free, pro, business') },
  })
})

test('figures by day are those of the user, within the days that are asked for', async () => {
  const userId = newUser()
  await connectEtsy(userId)
  const [{ id, account }] = await accountsOf(userId)
  await query(
    `insert into commerce.daily_financials (account_id, day, currency, orders, revenue_minor, profit_minor)
     select $1, day::date, 'USD', 1, 9007199254740993, -5 from generate_series('2026-01-01'::date, '2026-01-31', '1 day') day`,
    [id],
  )
  const { status, body } = await ask('GET', `/users/${userId}/financials?from=2026-01-30&to=2026-02-03`)
  expect([status, body.daily_financials.map(({ day }: { day: string }) => day)]).toEqual([200, ['2026-01-30', '2026-01-31']])
  expect(body.daily_financials[0]).toMatchObject({
    account_id: id,
    account,
    currency: 'USD',
    revenue_minor: '9007199254740993',
    profit_minor: -5,
  })
  expect(await ask('GET', `/users/${userId}/financials?from=2026-02-30`)).toMatchObject({ status: 400 })
  expect(await ask('GET', `/users/${userId}/financials?from=2026-03-02&to=2026-03-01`)).toMatchObject({ status: 400 })
  expect(await ask('GET', `/users/${userId}/financials?from=2020-01-01&to=2026-03-01`)).toMatchObject({ status: 400 })
})

test('a backfill is started once; what is connected meanwhile is added to it', async () => {
  const userId = newUser()
  const none = await ask('POST', `/users/${userId}/backfill`)
  expect([none.status, none.body.detail]).toEqual([
    400,
    `No account of user ${userId} is connected: connect one with yarn accounts connect.`,
  ])
  await connectEtsy(userId)
  const sync = await ask('POST', `/users/${userId}/sync`)
  expect([sync.status, sync.body.detail]).toEqual([400, expect.stringContaining('has been read completely yet')])
  const first = await ask('POST', `/users/${userId}/backfill`, { since: '2y', newestFirst: true })
  expect(first).toMatchObject({ status: 202, body: { status: 'queued', created: true } })
  await it_.follow(await begin('shopify', userId, shopify()))
  const again = await ask('POST', `/users/${userId}/backfill`)
  const shop = `shopify/${shopify()}`
  expect(again).toMatchObject({
    status: 200,
    body: { job_id: first.body.job_id, created: false, added: [`orders of ${shop}`, `products of ${shop}`, `customers of ${shop}`] },
  })
  await it_.follow((await ask('POST', '/connect/printify', { userId, currency: 'USD' })).body.url)
  const printify = (await accountsOf(userId)).flatMap((one: { platform: string; account: string }) =>
    one.platform === 'printify' ? [`orders of ${one.account}`, `products of ${one.account}`] : [],
  )
  const start = 'mutation ($params: JSON!) { startBackfill(source: "commerce", params: $params) { created added message } }'
  const byGraphql = await it_.served.ask('POST', '/graphql', { query: start, variables: { params: { userId } } }, bearer)
  expect(byGraphql.body.data.startBackfill).toEqual({
    created: false,
    added: expect.arrayContaining(printify),
    message: expect.stringMatching(/^Not queued again: .* Added to it: orders of printify/),
  })
  expect(printify).toHaveLength(4)
  const byRest = await it_.served.ask('POST', '/api/jobs', { source: 'commerce', params: { userId } }, bearer)
  expect(byRest).toMatchObject({ status: 200, body: { id: first.body.job_id, created: false, added: [] } })
  const { body } = await ask('GET', `/users/${userId}`)
  expect(body).toMatchObject({ backfill_status: 'in_progress', jobs: [{ id: first.body.job_id }] })
  expect(
    body.sync_jobs
      .map((row: { platform: string; entity: string; priority: number }) => `${row.platform} ${row.entity} ${row.priority}`)
      .sort(),
  ).toEqual([
    ...['etsy listings 2', 'etsy orders 1', 'etsy payments 3'],
    ...['printify orders 1', 'printify orders 1', 'printify products 2', 'printify products 2'],
    ...['shopify customers 3', 'shopify orders 1', 'shopify products 2'],
  ])
  expect(body.progress).toContainEqual({
    account: `etsy/${seller().shops.etsy.id}`,
    entity: 'orders',
    sentence: 'Orders: waiting',
    fraction: null,
  })
})

test.each([
  [{ platforms: ['ebay'] }, 'platforms'],
  [{ entities: ['refunds'] }, 'entities'],
  [{ since: 'yesterday' }, 'since'],
  [{ since: '2999-01-01' }, 'since'],
  [{ userId: 'another' }, 'userId'],
  [{ kind: 'roll_up' }, 'kind'],
  [{ prepared: {} }, 'prepared'],
])('a backfill of %j is refused, naming the field', async (body, field) => {
  expect(await ask('POST', '/users/alice/backfill', body)).toMatchObject({
    status: 400,
    body: { errors: [{ field: expect.stringContaining(field) }] },
  })
})

test.each([
  [{ status: 'queued', found: 0n, expected: null, reason: null }, 'Orders: waiting', null],
  [{ status: 'running', found: 450n, expected: 1200n, reason: null }, 'Syncing orders… 450/1,200', 0.375],
  [{ status: 'running', found: 450n, expected: null, reason: null }, 'Syncing orders… 450', null],
  [{ status: 'completed', found: 1200n, expected: 1200n, reason: null }, 'Orders: 1,200/1,200', 1],
  [{ status: 'completed', found: 9n, expected: null, reason: 'the count is capped' }, 'Orders: 9, not verified: the count is capped', 1],
  [
    { status: 'failed', found: 9n, expected: 12n, reason: '1 of 3 parts were not read' },
    'Orders: failed, 1 of 3 parts were not read',
    0.75,
  ],
] as const)('progress of %j', (row, sentence, fraction) => {
  expect([sentenceOf({ entity: 'orders', ...row }), fractionOf(row)]).toEqual([sentence, fraction])
})
