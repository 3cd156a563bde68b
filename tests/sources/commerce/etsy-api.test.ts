import { z } from 'zod'
import { Dead, Fatal, Held, RetryLater, Throttled } from '../../../backend/base/errors'
import type { HttpRequest, RawAnswer, Source } from '../../../backend/contract'
import { commerce } from '../../../backend/sandbox/commerce'
import { KEYSTRING, SHARED_SECRET } from '../../../backend/sandbox/commerce/etsy-access'
import { openSandbox, type SandboxOf } from '../../../backend/sandbox/server'
import { randomText } from '../../../backend/sources/commerce/accounts/connect'
import { etsy, isTokenDenied, understandEtsy } from '../../../backend/sources/commerce/etsy/api'
import { keyLabel, missingKey } from '../../../backend/sources/commerce/etsy/key'
import { authorizeUrl, exchangeCode, shopOf } from '../../../backend/sources/commerce/etsy/oauth'
import { etsySettings } from '../../../backend/sources/commerce/etsy/settings'
import { etsyCredential } from '../../../backend/sources/commerce/etsy/tokens'
import { countingSource } from '../../support/counting-source'
import { visit } from '../../support/sandbox'
import { type Sandboxed, sandboxed } from '../../support/sandboxed'

/* How Etsy is asked, what its answers mean, and how a shop is connected. */

const ID = 'etsy/user/20000000'
const REDIRECT = 'https://backhaul.example/etsy'

let sandbox: SandboxOf<{ commerce: typeof commerce }>
let it_: Sandboxed
const source: Source = {
  ...countingSource({ pages: 1, rowsPerPage: 1, tasks: [] }),
  name: 'etsy-only',
  apis: { etsy },
  credentials: { etsy: etsyCredential },
  settings: etsySettings,
}
beforeAll(async () => {
  sandbox = await openSandbox({ commerce }, { users: 2, ordersPerShop: 20, productsPerShop: 5 })
  it_ = await sandboxed(source, sandbox, { etsy: { requests: 1_000, perMs: 1_000 } })
}, 120_000)
afterAll(async () => {
  await it_?.close()
  await sandbox?.close()
})
beforeEach(async () => {
  sandbox.reset()
  await it_.db.query('delete from backhaul.gates')
})

const settings = () => it_.route().settings
const asker = () => ({ http: it_.http(), settings: settings() })
const request = (more: Partial<HttpRequest<unknown>> = {}) => ({
  path: `/v3/application/shops/${sandbox.commerce.world.users[0]?.shops.etsy.id}/receipts`,
  account: ID,
  scopeOf: keyLabel(settings()),
  schema: z.unknown(),
  ...more,
})
const ask = (more: Partial<HttpRequest<unknown>> = {}) => it_.http()('etsy').request(request(more))
async function connect(expiresInMs = 3_600_000): Promise<void> {
  const { access_token: access, refresh_token: refresh } = sandbox.commerce.etsy.access.grant(0)
  const tokens = { access, refresh, expiresAt: new Date(Date.now() + expiresInMs).toISOString() }
  const route = it_.route()
  await route.act('account.connect', ID, {}, (tx) => route.credentials.save(tx, { id: ID, kind: 'etsy', tokens }))
}
const state = async () => (await it_.route().credentials.state([ID]))[0]
const failure = (work: Promise<unknown>): Promise<Error> =>
  work.then(
    () => Promise.reject(new Error('it was answered')),
    (error: Error) => error,
  )
const gate = async () => {
  const [row] = await it_.db.query<{ name: string; learned: { requests?: number; day?: number } | null }>(
    `select name, learned from backhaul.gates where name like 'etsy:%'`,
  )
  return row
}
const leaseRunsOut = () => it_.db.query('update backhaul.credentials set lease_until = clock_timestamp()')

describe('a request', () => {
  test('carries the key in both halves and the token, and counts by a label of the key', async () => {
    await connect()
    expect((await ask()).status).toBe(200)
    const label = keyLabel(settings())
    expect(label).toMatch(/^key-[0-9a-f]{8}$/)
    expect(keyLabel({ ...settings(), ETSY_SHARED_SECRET: 'another' })).toBe(label)
    expect(keyLabel({ ...settings(), ETSY_API_KEY: 'another' })).not.toBe(label)
    expect((await gate())?.name).toBe(`etsy:${label}`)
  })

  test('teaches the limit of the day, and never a higher one of the second than ours', async () => {
    await connect()
    await ask()
    expect((await gate())?.learned).toEqual({ requests: 5, day: 10_000 })
  })

  test('without a part of the key waits, and says which part is missing', async () => {
    await connect()
    for (const [name, text] of [
      ['ETSY_API_KEY', 'ETSY_API_KEY (the keystring) is not set'],
      ['ETSY_SHARED_SECRET', 'ETSY_SHARED_SECRET is not set'],
    ] as const) {
      const without = { ...settings(), [name]: undefined }
      expect(() => keyLabel(without)).toThrow(Throttled)
      expect(() => keyLabel(without)).toThrow(text)
      expect(() => authorizeUrl(without, { redirectUri: REDIRECT, state: 's', verifier: 'v' })).toThrow(text)
    }
    expect(missingKey({ ETSY_API_KEY: undefined, ETSY_SHARED_SECRET: undefined })).toContain('are not set')
    expect(() => etsySettings.ETSY_API_KEY.schema.parse('keystring:secret')).toThrow('ETSY_SHARED_SECRET')
    expect(() => etsySettings.ETSY_SHARED_SECRET.schema.parse('keystring:secret')).toThrow('ETSY_API_KEY')
  })
})

describe('a refusal', () => {
  test('for a missing scope fails what needs it, and says what to do', async () => {
    await connect()
    sandbox.fault({ name: 'etsy-403-scope', times: 1 })
    const error = await failure(ask())
    expect(error).toBeInstanceOf(Fatal)
    expect(error).toMatchObject({ kind: 'missing_scope', message: expect.stringContaining('transactions_r') })
  })

  test('of the token is answered by one refresh', async () => {
    await connect()
    sandbox.commerce.etsy.access.expire(0)
    expect((await ask()).status).toBe(200)
    expect(sandbox.violations().last).toEqual([])
  })

  test.each([
    ['text/html', '<html><body>Unauthorized</body></html>'],
    ['application/json', '{"message":"Unauthorized"}'],
    ['application/json', '{"error":"denied by proxy"}'],
  ])('401 of somebody else (%s %s) says nothing about the token', async (type, body) => {
    await connect()
    sandbox.fault({ name: 'status', status: 401, body, headers: { 'content-type': type }, times: 1 })
    expect(await failure(ask())).toBeInstanceOf(RetryLater)
    expect((await state())?.state).toBe('ready')
    expect(sandbox.requests('etsy').map(({ route }) => route)).toEqual(['receipts'])
  })

  test('case 5: 429 of the second without Retry-After waits about a second', async () => {
    await connect()
    sandbox.fault({ name: 'etsy-second-429', times: 1 })
    const error = await failure(ask())
    expect(error).toBeInstanceOf(Throttled)
    const ms = (error as Throttled).until.getTime() - Date.now()
    expect(ms).toBeGreaterThan(500)
    expect(ms).toBeLessThan(2_500)
  })

  test('case 5: 429 of the day parks everything for as long as it says', async () => {
    await connect()
    sandbox.fault({ name: 'etsy-day-429', times: 1, seconds: 7_200 })
    const error = await failure(ask())
    expect(error).toBeInstanceOf(Throttled)
    const ms = (error as Throttled).until.getTime() - Date.now()
    expect(ms).toBeGreaterThan(7_100_000)
    expect(ms).toBeLessThan(7_300_000)
    expect(await failure(ask())).toBeInstanceOf(Throttled)
    expect(sandbox.violations().last).toEqual([])
    expect(sandbox.requests('etsy')).toHaveLength(1)
  })

  test('of the key is a fault of the settings: everything waits, with the reason, and the account stays connected', async () => {
    await connect()
    sandbox.fault({ name: 'etsy-403-key', times: 1 })
    const error = await failure(ask())
    expect(error).toBeInstanceOf(Throttled)
    expect(error).toMatchObject({ on: 'Etsy to accept ETSY_API_KEY and ETSY_SHARED_SECRET' })
    const body = '{"error":"Shared secret is required in x-api-key header."}'
    expect(understandEtsy({ status: 403, headers: {}, text: body }).error?.message).toMatch(/Shared secret is required.*set ETSY_API_KEY/)
    expect((await state())?.state).toBe('ready')
    const [blocked] = await it_.db.query<{ reason: string }>(`select blocked_reason as reason from backhaul.gates where name like 'etsy:%'`)
    expect(blocked?.reason).toContain('the key is refused (403: Shared secret is required')
  })
})

describe('what the headers tell', () => {
  const answer = (headers: Record<string, string>, more: Partial<RawAnswer> = {}): RawAnswer => ({
    status: 200,
    headers,
    text: '{}',
    ...more,
  })

  test('is believed, also from a header that lost its last letter', () => {
    const today = { 'x-remaining-today': '4711', 'x-limit-per-day': '100000' }
    const expected = {
      remaining: [
        { api: 'etsy', tokens: 3 },
        { api: 'etsy', tokens: 4711, span: 'day' },
      ],
      limits: [{ api: 'etsy', requests: 5, day: 100_000 }],
    }
    const limit = { 'x-limit-per-second': '150' }
    expect(understandEtsy(answer({ ...today, ...limit, 'x-remaining-this-second': '3' }))).toEqual(expected)
    expect(understandEtsy(answer({ ...today, ...limit, 'x-remaining-this-secon': '3' }))).toEqual(expected)
    expect(understandEtsy(answer({ 'x-limit-per-second': '2' }))).toMatchObject({ limits: [{ requests: 2 }] })
    expect(understandEtsy(answer({ 'x-remaining-today': '-', 'x-limit-per-day': 'many' }))).toEqual({ remaining: [], limits: [] })
  })

  test('a day that is used up without a time is tried again after a quarter of an hour; another 429 is left to the general rule', () => {
    const verdict = understandEtsy(answer({ 'x-remaining-today': '0' }, { status: 429 }))
    expect(verdict.error).toBeInstanceOf(Throttled)
    expect((verdict.error as Throttled).until.getTime() - Date.now()).toBeGreaterThan(14 * 60_000)
    expect(understandEtsy(answer({ 'retry-after': '9' }, { status: 429 })).error).toBeUndefined()
  })

  test.each([
    [401, '{"error":"invalid_token","error_description":"access token is expired or unknown"}', true],
    [401, '{"error":"Bearer token missing or invalid"}', true],
    [401, '{"error":"Invalid API key: the token of the app is unknown"}', false],
    [403, '{"error":"invalid_token"}', false],
    [401, 'null', false],
    [401, '', false],
  ])('%i %s denies the token: %p', (status, text, isDenied) => {
    expect(isTokenDenied({ status, headers: {}, text })).toBe(isDenied)
  })
})

describe('a refresh', () => {
  test('replaces both tokens, and the next one uses the new', async () => {
    for (const _ of [1, 2]) {
      await connect(-1)
      expect((await ask()).status).toBe(200)
    }
    expect(sandbox.violations().last).toEqual([])
    expect((await state())?.expiresAt?.getTime()).toBeGreaterThan(Date.now() + 3_500_000)
  })

  test('case 3: answered with 500, then 200, keeps the account connected', async () => {
    await connect(-1)
    sandbox.fault({ name: 'etsy-refresh-500', times: 1 })
    expect(await failure(ask())).toBeInstanceOf(RetryLater)
    expect((await state())?.state).toBe('ready')
    await leaseRunsOut()
    expect((await ask()).status).toBe(200)
    expect((await state())?.state).toBe('ready')
  })

  test('case 4: answered with invalid_grant, needs a person; connecting again ends that', async () => {
    await connect(-1)
    sandbox.fault({ name: 'etsy-refresh-revoked', times: 1 })
    const error = await failure(ask())
    expect(error).toBeInstanceOf(Held)
    expect(error).toMatchObject({ key: `credential/${ID}`, reason: expect.stringContaining('refresh_token is revoked') })
    expect((await state())?.state).toBe('reauth_required')
    await connect()
    expect((await ask()).status).toBe(200)
  })

  test('refused because of our app is tried again later, and kills no account', async () => {
    const refusal = { status: 400, body: '{"error":"invalid_client","error_description":"client_id is unknown"}' }
    const headers = { 'content-type': 'application/json' }
    await connect(-1)
    sandbox.fault({ name: 'status', ...refusal, headers, times: 1 })
    expect(await failure(ask())).toMatchObject({ name: 'RetryLater', kind: 'token_refused' })
    sandbox.fault({ name: 'status', status: 400, body: '<html>Bad Request</html>', headers: { 'content-type': 'text/html' }, times: 1 })
    await leaseRunsOut()
    expect(await failure(ask())).toMatchObject({ name: 'RetryLater', kind: 'no_answer' })
    expect((await state())?.state).toBe('ready')
  })

  test('is impossible without a refresh token', async () => {
    const refresh = etsyCredential.refresh as NonNullable<typeof etsyCredential.refresh>
    await expect(refresh({ access: 'a' }, {} as never, ID)).rejects.toThrow(Dead)
  })
})

describe('connecting', () => {
  const link = (verifier: string, state = 'state-1') => authorizeUrl(settings(), { redirectUri: REDIRECT, state, verifier })
  /** Follows the link as the browser of a seller. */
  const consent = async (verifier: string): Promise<URLSearchParams> => {
    const { status, headers } = await visit(link(verifier), {})
    expect(status).toBe(302)
    return new URL(headers.get('location') ?? '').searchParams
  }

  test('the link asks for what is needed, and the code becomes tokens of a shop', async () => {
    sandbox.commerce.etsy.access.consenting = 1
    const verifier = randomText()
    expect(verifier).toMatch(/^[\w-]{43}$/)
    const back = await consent(verifier)
    expect(back.get('state')).toBe('state-1')
    const tokens = await exchangeCode(asker(), { code: back.get('code') ?? '', verifier, redirectUri: REDIRECT })
    expect(tokens).toMatchObject({ access: expect.any(String), refresh: expect.any(String) })
    expect(Date.parse(tokens.expiresAt ?? '')).toBeGreaterThan(Date.now() + 3_500_000)
    const { id, name, currency, createdAt } = sandbox.commerce.world.users[1]?.shops.etsy ?? {}
    expect(await shopOf(asker(), { tokens, label: 'etsy/alice' })).toEqual({
      shopId: String(id),
      name,
      currency,
      createdAt: new Date((createdAt ?? 0) * 1000).toISOString(),
      scopes: ['transactions_r', 'listings_r', 'shops_r'],
    })
  })

  test('a code works once, and only with its verifier', async () => {
    const verifier = randomText()
    const code = (await consent(verifier)).get('code') ?? ''
    const exchange = (with_: string) => exchangeCode(asker(), { code, verifier: with_, redirectUri: REDIRECT })
    const error = await failure(exchange(randomText()))
    expect(error).toMatchObject({ name: 'Refused', code: 'input', message: expect.stringContaining('invalid_grant') })
    expect(error.message).not.toContain(code)
    await expect(exchange(verifier)).rejects.toThrow('connect the account again from the start')
  })

  test('a user without a shop is told so', async () => {
    const body = '{"user_id":1,"shop_id":null}'
    sandbox.fault({ name: 'status', status: 200, body, headers: { 'content-type': 'application/json' }, match: 'users/me' })
    await expect(shopOf(asker(), { tokens: { access: '1.x' }, label: 'etsy/alice' })).rejects.toThrow('has no shop')
  })

  test('no error shows a token or a part of the key', async () => {
    const access = '100000.averysecretaccesstoken'
    sandbox.fault({ name: 'status', status: 404, body: `{"error":"${access} ${KEYSTRING} ${SHARED_SECRET}"}` })
    const { message, stack } = await failure(shopOf(asker(), { tokens: { access }, label: 'etsy/alice' }))
    for (const secret of [access, KEYSTRING, SHARED_SECRET]) expect(`${message} ${stack}`).not.toContain(secret)
  })
})
