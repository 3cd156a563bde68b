import { signatureOf } from '../../backend/sandbox/commerce/shopify-access'
import { SHOPIFY_FAULTS } from '../../backend/sandbox/commerce/shopify-faults'
import { type Json, stillShopify } from '../support/shopify-sandbox'

let it_: Awaited<ReturnType<typeof stillShopify>>
beforeAll(async () => {
  it_ = await stillShopify()
})
afterAll(() => it_.sandbox.close())
afterEach(() => it_.sandbox.reset())

const SHOP = 'query Shop { shop { id } }'
const fault = (name: string, options: object = {}) => it_.sandbox.fault({ name, times: 1, ...options })
const ask = async (query = SHOP): Promise<Json> => (await it_.ask(query)).json()
const refresh = (token: string | undefined) =>
  it_.post(
    `${it_.of()}/admin/oauth/access_token`,
    JSON.stringify({
      client_id: 'sandbox-client-id',
      client_secret: 'sandbox-client-secret',
      grant_type: 'refresh_token',
      refresh_token: token,
    }),
    { 'content-type': 'application/json' },
  )
const callback = async () => {
  const query = new URLSearchParams({
    client_id: 'sandbox-client-id',
    redirect_uri: 'http://127.0.0.1:9/callback',
    scope: 'read_orders',
    state: 'some state',
  })
  const answer = await it_.get(`${it_.of()}/admin/oauth/authorize?${query}`)
  return new URL(answer.headers.get('location') as string).searchParams
}

test('each of them is in the list of the sandbox', async () => {
  const { known } = (await it_.get(`${it_.sandbox.url}/_sandbox/faults`)).json()
  expect(Object.keys(known.commerce)).toEqual(expect.arrayContaining(Object.keys(SHOPIFY_FAULTS)))
})

describe('of the limits', () => {
  test('a query is throttled, and its shop has no points until they are back', async () => {
    fault('shopify-throttled')
    const { errors, extensions } = await ask()
    expect(errors).toEqual([{ message: 'Throttled', extensions: { code: 'THROTTLED' } }])
    expect(extensions.cost.throttleStatus.currentlyAvailable).toBe(0)
    expect((await ask()).errors).toHaveLength(1)
    it_.pass(1000)
    expect((await ask()).data.shop.id).toMatch(/^gid:/)
  })

  test('HTTP 429 says how long to wait, and 401 whatever the token', async () => {
    fault('shopify-429', { seconds: 4 })
    const busy = await it_.ask(SHOP)
    expect([busy.status, busy.headers.get('retry-after')]).toEqual([429, '4.0'])
    fault('shopify-401', { match: 'graphql.json#Shop$' })
    expect([(await it_.ask('query Other { shop { id } }')).status, (await it_.ask(SHOP)).status]).toEqual([200, 401])
  })
})

describe('of the answers', () => {
  test('another version answers', async () => {
    fault('shopify-version', { version: '2025-10' })
    expect((await it_.ask(SHOP)).headers.get('x-shopify-api-version')).toBe('2025-10')
  })

  test('a count stops, a field is denied', async () => {
    fault('shopify-count')
    expect((await ask('{ ordersCount(limit: null) { count precision } }')).data.ordersCount).toEqual({
      count: 25_001,
      precision: 'AT_LEAST',
    })
    fault('shopify-denied', { field: 'orders' })
    const { data, errors } = await ask('{ products(first: 1) { nodes { id } } orders(first: 1) { nodes { id } } }')
    expect([data, errors[0].extensions.code]).toEqual([null, 'ACCESS_DENIED'])
  })

  test('a search of products matches whole days', async () => {
    const [{ updatedAt }] = it_.shopify.truth.products(it_.user) as [Json]
    const search = `{ products(first: 250, query: "updated_at:>'${updatedAt.slice(0, 10)}T23:59:59Z'") { nodes { updatedAt } } }`
    const times = async () => (await ask(search)).data.products.nodes.map((one: Json) => one.updatedAt)
    expect(await times()).not.toContain(updatedAt)
    fault('shopify-midnight')
    expect(await times()).toContain(updatedAt)
  })
})

describe('of the tokens', () => {
  test('the endpoint fails for a while, refuses, or changes the tokens and is not heard', async () => {
    const { refresh_token: token } = it_.shopify.access.grant(it_.user)
    fault('shopify-refresh-500')
    expect((await refresh(token)).status).toBe(500)
    fault('shopify-refresh-revoked')
    expect((await refresh(token)).json().error).toBe('invalid_grant')
    fault('shopify-refresh-lost')
    await expect(refresh(token)).rejects.toThrow()
    expect((await refresh(token)).json().access_token).toMatch(/^shpat_/)
  })

  test('the seller refuses, or the callback is forged', async () => {
    fault('shopify-consent-denied')
    const denied = await callback()
    expect([denied.get('error'), denied.get('code'), denied.get('hmac')]).toEqual(['access_denied', null, signatureOf(denied)])
    fault('shopify-forged-callback')
    const forged = await callback()
    expect(forged.get('hmac')).not.toBe(signatureOf(forged))
  })
})

test('the controls grant, withhold, end and show', async () => {
  const control = async (path: string, body?: object): Promise<Json> =>
    (body
      ? await it_.post(`${it_.sandbox.url}/_sandbox/commerce/shopify${path}`, JSON.stringify(body))
      : await it_.get(`${it_.sandbox.url}/_sandbox/commerce/shopify${path}`)
    ).json()
  await control('/scopes', { user: 0, scopes: 'read_all_orders' })
  const tokens = await control('/tokens', { user: 0 })
  expect(tokens.scope).not.toContain('read_all_orders')
  expect((await control('/scopes', { scopes: 'read_minds' })).message).toContain('there is no scope read_minds')
  const status = async () => (await it_.ask(SHOP, {}, it_.auth(tokens.access_token))).status
  expect(await status()).toBe(200)
  await control('/tokens/expire', { user: 0 })
  expect([await status(), (await refresh(tokens.refresh_token)).status]).toEqual([401, 200])
  await control('/tokens/revoke', { user: 0 })
  expect((await refresh(tokens.refresh_token)).status).toBe(400)
  expect(await control('/tokens', { expires: false })).not.toHaveProperty('expires_in')
  for (const what of ['orders', 'products', 'customers']) expect((await control(`/truth?user=0&of=${what}`)).length).toBeGreaterThan(0)
})
