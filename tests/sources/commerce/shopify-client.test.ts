import fc from 'fast-check'
import { z } from 'zod'
import { Held, RetryLater, Throttled } from '../../../backend/base/errors'
import type { Db } from '../../../backend/database/db'
import { isDenied, understandShopify } from '../../../backend/sources/commerce/shopify/apis'
import { bulkQuery, POLL, RUN } from '../../../backend/sources/commerce/shopify/bulk-queries'
import { AccessDenied, ask, call } from '../../../backend/sources/commerce/shopify/client'
import { GONE, readFile } from '../../../backend/sources/commerce/shopify/files'
import { countOf, ordersPage, SHOP } from '../../../backend/sources/commerce/shopify/queries'
import { ownDatabase } from '../../support/database'
import { shopifyClient } from '../../support/shopify-client'
import { stillShopify } from '../../support/shopify-sandbox'

let db: Db
let it_: Awaited<ReturnType<typeof stillShopify>>
let client: Awaited<ReturnType<typeof shopifyClient>>
ownDatabase(async (opened, url) => {
  db = opened
  it_ = await stillShopify()
  client = await shopifyClient(it_, db, url)
})
afterAll(async () => {
  await client?.gate.close()
  await it_?.sandbox.close()
})
beforeEach(async () => {
  it_.sandbox.reset()
  await db.query('truncate backhaul.gates, backhaul.gate_windows cascade')
  await connect()
})

const connect = ({ scopes, expires = false, inMs = 3_600_000 }: { scopes?: string[]; expires?: boolean; inMs?: number } = {}) => {
  const { access_token: access, refresh_token: refresh } = it_.shopify.access.grant(it_.user, { scopes, expires })
  return client.connect({ access, ...(refresh ? { refresh, expiresAt: new Date(Date.now() + inMs).toISOString() } : {}) })
}
const fault = (name: string, options: object = {}) => it_.sandbox.fault({ name, times: 1, ...options })
const shop = () => ask(client.io, client.shop, SHOP)
const error = async (work: Promise<unknown>) => await work.then(() => undefined).catch((one: Error) => one)
const refreshes = () => it_.sandbox.requests('shopify').filter(({ path }) => path.includes('access_token')).length

describe('GraphQL', () => {
  test('a shop tells its rights and what it is', async () => {
    const { data, notes, sentAt } = await shop()
    expect(data.currentAppInstallation.accessScopes.map(({ handle }) => handle)).toContain('read_all_orders')
    expect(data.shop).toMatchObject({ myshopifyDomain: `${client.shop.name}.myshopify.com`, currencyCode: it_.user.shops.shopify.currency })
    expect([notes, Math.abs(Date.now() - sentAt.getTime()) < 10_000]).toEqual([[], true])
  })

  test('a query books what it may cost and uses what it did; how large the bucket is, is learned', async () => {
    const query = ordersPage(true)
    const { data } = await ask(client.io, client.shop, query, { query: 'status:any', sortKey: 'ID' })
    const [gate] = (await client.gate.list()).filter(({ name }) => name.startsWith('shopify.graphql'))
    const used = gate?.used.requests
    expect(data.page.edges).toHaveLength(6)
    expect(gate?.learned).toEqual({ requests: 2000 })
    expect(used).toBeGreaterThan(100)
    expect(used).toBeLessThan(query.cost)
  })

  test('a version that fell forward is named', async () => {
    fault('shopify-version')
    expect((await shop()).notes).toEqual([expect.stringMatching(/version 2026-01 .* instead of 2026-10: set SHOPIFY_API_VERSION/)])
  })

  test('throttled with HTTP 200 or 429, a query waits as long as Shopify says', async () => {
    fault('shopify-throttled', { available: 0 })
    // Its points come back at 100 in a second.
    const query = ordersPage(true)
    const first = await error(ask(client.io, client.shop, query, { query: 'status:any', sortKey: 'ID' }))
    expect(first).toBeInstanceOf(Throttled)
    const waitMs = (first as Throttled).until.getTime() - Date.now()
    expect([waitMs > query.cost * 10 - 500, waitMs < query.cost * 10 + 100]).toEqual([true, true])
    expect(await error(shop())).toBeInstanceOf(Throttled)
    await db.query('truncate backhaul.gates, backhaul.gate_windows cascade')
    fault('shopify-429', { seconds: 30 })
    const second = (await error(shop())) as Throttled
    expect(second).toBeInstanceOf(Throttled)
    expect(second.until.getTime() - Date.now()).toBeGreaterThan(25_000)
  })

  test('a denied field names the right that lacks, in both APIs', async () => {
    await connect({ scopes: ['read_orders'] })
    const denied = await error(ask(client.io, client.shop, countOf('customers')))
    expect(denied).toBeInstanceOf(AccessDenied)
    expect(denied).toMatchObject({ key: 'credential/shopify/user/shop', message: expect.stringContaining('read_customers') })
    const rest = await error(call(client.io, client.shop, '/customers.json', z.unknown()))
    expect([rest instanceof AccessDenied, (rest as AccessDenied).says]).toEqual([true, expect.stringContaining('read_customers')])
  })

  test('an answer with an error is never data, whatever it has besides', async () => {
    const query = { ...SHOP, name: 'Odd', text: 'query Odd { shop { nothing } }' }
    expect(await error(ask(client.io, client.shop, query))).toMatchObject({ kind: 'graphql', message: expect.stringContaining('nothing') })
    const other = { ...SHOP, text: 'query Shop { shop { id } }' }
    expect(await error(ask(client.io, client.shop, other))).toMatchObject({
      kind: 'shape',
      message: expect.stringContaining('currentAppInstallation'),
    })
  })
})

test('what throttles is told for any figures, and no more is used than a bucket holds or gets back', () => {
  const figure = fc.integer({ min: 1, max: 20_000 })
  fc.assert(
    fc.property(figure, figure, figure, fc.integer({ min: 0, max: 20_000 }), (requested, most, perSecond, left) => {
      const cost = {
        requestedQueryCost: requested,
        actualQueryCost: null,
        throttleStatus: { maximumAvailable: most, currentlyAvailable: left, restoreRate: perSecond },
      }
      const body = (errors?: object[]) => JSON.stringify({ errors, extensions: { cost } })
      const answer = { status: 200, headers: {}, parts: ['shopify.graphql'] }
      const { error: none, limits = [], remaining, cost: paid } = understandShopify({ ...answer, text: body() })
      expect([none, remaining?.[0]?.tokens, paid?.['shopify.graphql']]).toEqual([undefined, left, requested])
      expect(limits[0]?.requests).toBe(Math.min(most, perSecond * 20))
      const before = Date.now()
      const refused = understandShopify({ ...answer, text: body([{ message: 'Throttled', extensions: { code: 'THROTTLED' } }]) })
      const lacking = Math.max(0, requested - left)
      const waitMs = (refused.error as Throttled).until.getTime() - before
      expect(waitMs).toBeGreaterThanOrEqual((lacking / perSecond) * 1000)
      expect(waitMs).toBeLessThan((lacking / perSecond) * 1000 + 1000)
      expect(refused.cost).toEqual({ 'shopify.graphql': 0 })
    }),
  )
})

test('calls of REST are counted as Shopify counts them', () => {
  const of = (limit: string) =>
    understandShopify({ status: 200, text: '{}', parts: ['shopify.rest'], headers: { 'x-shopify-shop-api-call-limit': limit } })
  expect(of('32/80')).toMatchObject({ limits: [{ requests: 80 }], remaining: [{ tokens: 48 }] })
  expect(of('90/80').remaining).toEqual([{ api: 'shopify.rest', tokens: 0 }])
  expect(of('many')).toEqual({})
})

describe('tokens', () => {
  test('one that expires is refreshed, and the refresh token replaced', async () => {
    await connect({ expires: true, inMs: 1000 })
    await shop()
    await shop()
    expect(refreshes()).toBe(1)
    it_.shopify.access.expire(it_.user)
    await shop()
    expect(refreshes()).toBe(2)
    expect([await client.state(), it_.sandbox.violations().total]).toEqual([{ state: 'ready', reason: null }, 0])
  })

  test('a token endpoint that is down keeps the shop connected; a refused grant needs a person', async () => {
    await connect({ expires: true })
    it_.shopify.access.expire(it_.user)
    fault('shopify-refresh-500')
    expect(await error(shop())).toMatchObject({ kind: 'http_500' })
    expect(await client.state()).toMatchObject({ state: 'ready' })
    await db.query('update backhaul.credentials set lease_until = null')
    fault('shopify-refresh-revoked')
    expect(await error(shop())).toBeInstanceOf(Held)
    expect(await client.state()).toMatchObject({ state: 'reauth_required', reason: expect.stringContaining('invalid_grant') })
  })

  test('one without an end survives an odd refusal, and is dead when it is refused again', async () => {
    fault('shopify-401')
    expect((await shop()).data.shop.name).toBe(client.shop.name)
    it_.shopify.access.revoke(it_.user)
    expect(await error(shop())).toBeInstanceOf(Held)
    expect(await client.state()).toMatchObject({ state: 'reauth_required', reason: expect.stringContaining('uninstalled') })
  })

  test("one of an app of the shop's own is asked for again", async () => {
    await client.connect({ access: 'shpat_old', extra: { grant: 'client_credentials' } })
    expect((await shop()).data.shop.name).toBe(client.shop.name)
    expect(await client.state()).toEqual({ state: 'ready', reason: null })
  })

  test('a 401 of something before Shopify is no refusal of the token', () => {
    const answer = {
      status: 401,
      headers: {},
      text: '{"errors":"[API] Invalid API key or access token (unrecognized login or wrong password)"}',
    }
    expect([isDenied(answer), understandShopify(answer).error]).toEqual([true, undefined])
    for (const text of ['', '<h1>Unauthorized</h1>', '{"message":"Invalid API key or access token"}']) {
      expect(isDenied({ ...answer, text })).toBe(false)
      expect(understandShopify({ ...answer, text }).error).toBeInstanceOf(RetryLater)
    }
  })
})

describe('bulk files', () => {
  const ended = async () => {
    const { run } = (await ask(client.io, client.shop, RUN, { query: bulkQuery('orders', 'status:any', true) })).data
    it_.pass(600_000)
    const { operation } = (await ask(client.io, client.shop, POLL, { id: run.bulkOperation?.id ?? '' })).data
    return { url: operation?.url ?? '', size: Number(operation?.fileSize) }
  }
  const read = (url: string, from: number, to: number) => readFile(client.io, client.shop, url, { from, to })

  test('a file is read in parts, of which none is longer than asked', async () => {
    const { url, size } = await ended()
    const whole = Buffer.from((await it_.get(url)).text)
    const parts: Uint8Array[] = []
    for (let from = 0; from < size; ) {
      fault('shopify-range-ignored')
      const part = await read(url, from, from + 99_999)
      if (part === GONE) throw new Error('the file is gone')
      parts.push(part.bytes)
      expect([part.bytes.length <= 100_000, part.range.total]).toEqual([true, size])
      from = part.range.to + 1
    }
    expect(Buffer.concat(parts).equals(whole)).toBe(true)
  })

  test('an address that is no longer valid is told apart from a connection that breaks', async () => {
    const { url } = await ended()
    fault('shopify-file-cut')
    expect(await error(read(url, 0, 99_999))).toBeInstanceOf(RetryLater)
    fault('shopify-file-gone')
    expect(await read(url, 0, 99_999)).toBe(GONE)
  })

  test('nothing is sent to a host that is not Shopify’s', async () => {
    fault('shopify-bulk-foreign-host')
    const { url } = await ended()
    expect(await error(read(url, 0, 99_999))).toMatchObject({ kind: 'file_host', message: expect.stringContaining('files.example') })
    const io = (base: string) => ({ ...client.io, settings: { ...client.io.settings, SHOPIFY_URL: base } })
    const real = 'https://{shop}.myshopify.com'
    const sent: string[] = []
    const http = () => ({ base: '', request: async ({ scopeOf }: { scopeOf?: unknown }) => sent.push(String(scopeOf)) }) as never
    for (const address of [
      'http://storage.googleapis.com/a',
      'https://storage.googleapis.com.evil.example/a',
      'https://a:b@storage.googleapis.com/a',
      'https://other.myshopify.com/a',
      'https://169.254.169.254/a',
      'no address',
    ])
      expect([address, await error(readFile({ ...io(real), http }, client.shop, address, { from: 0, to: 1 }))]).toEqual([
        address,
        expect.objectContaining({ kind: 'file_host' }),
      ])
    for (const address of ['https://storage.googleapis.com/a?b=c', `https://${client.shop.name}.myshopify.com/a`])
      await readFile({ ...io(real), http }, client.shop, address, { from: 0, to: 1 })
    expect(sent).toEqual(['storage.googleapis.com', `${client.shop.name}.myshopify.com`])
  })
})
