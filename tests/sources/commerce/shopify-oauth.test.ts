import { Dead, Refused } from '../../../backend/base/errors'
import type { HttpAnswer } from '../../../backend/contract'
import { shopName } from '../../../backend/sources/commerce/shopify/ids'
import { consentUrl, expandedScopes, readCallback, SCOPES, signatureOf } from '../../../backend/sources/commerce/shopify/oauth'
import { exchangeRequest, tokensOf } from '../../../backend/sources/commerce/shopify/tokens'
import { stillShopify } from '../../support/shopify-sandbox'

let it_: Awaited<ReturnType<typeof stillShopify>>
beforeAll(async () => {
  it_ = await stillShopify()
})
afterAll(() => it_.sandbox.close())
afterEach(() => it_.sandbox.reset())

const SECRET = 'sandbox-client-secret'
const NOW = Date.UTC(2026, 10, 21, 15)
const app = { id: 'sandbox-client-id', secret: SECRET }
const shop = () => it_.user.shops.shopify.name
/** The callback that the shop's page of consent leads to. */
async function consented(): Promise<URLSearchParams> {
  const url = consentUrl(it_.sandbox.urls.SHOPIFY_URL, {
    shop: shop(),
    clientId: app.id,
    redirectUri: 'https://app.example/callback',
    state: 'st4te',
  })
  return new URL((await it_.get(url)).headers.get('location') ?? '').searchParams
}
const exchanged = async (code: string) => {
  const { path, form = {} } = exchangeRequest(shop(), app, code)
  const { status, text, json } = await it_.post(`${it_.of()}${path}`, new URLSearchParams(form).toString(), {
    'content-type': 'application/x-www-form-urlencoded',
  })
  return { status, text, headers: {}, sentAt: new Date(NOW), data: status === 200 ? json() : undefined } as HttpAnswer<never>
}

test('a seller who agrees comes back with a code for tokens that expire', async () => {
  const callback = readCallback(await consented(), SECRET, NOW)
  expect(callback).toEqual({ shop: shop(), code: expect.any(String), state: 'st4te' })
  const tokens = tokensOf(callback.shop, await exchanged(callback.code))
  expect(tokens).toMatchObject({
    host: shop(),
    refresh: expect.any(String),
    expiresAt: '2026-11-21T16:00:00.000Z',
    extra: { scopes: SCOPES.join(',') },
  })
  const { data } = (await it_.ask('{ shop { name } }', {}, { 'x-shopify-access-token': tokens.access })).json()
  expect(data.shop.name).toBe(shop())
  // A code is good once.
  const again = await exchanged(callback.code)
  expect(() => tokensOf(shop(), again)).toThrow(Dead)
})

test('a callback that Shopify did not sign, or not now, or for another shop, connects nothing', async () => {
  const query = await consented()
  const forged = (changes: Record<string, string>, sign = true) => {
    const changed = new URLSearchParams(query)
    for (const [name, value] of Object.entries(changes)) changed.set(name, value)
    if (sign) changed.set('hmac', signatureOf(changed, SECRET))
    return () => readCallback(changed, SECRET, NOW)
  }
  expect(forged({}, false)()).toMatchObject({ shop: shop() })
  expect(forged({ shop: 'other.myshopify.com' }, false)).toThrow(/hmac is wrong/)
  expect(forged({ hmac: '' }, false)).toThrow(/hmac is wrong/)
  expect(forged({ shop: 'myshopify.com.evil.example' })).toThrow(/no domain of a Shopify shop/)
  expect(forged({ timestamp: String(NOW / 1000 - 601) })).toThrow(/timestamp/)
  expect(forged({ timestamp: String(NOW / 1000 + 61) })).toThrow(/timestamp/)
  expect(forged({ timestamp: '' })).toThrow(/timestamp/)
  expect(forged({ code: '' })).toThrow(/code is missing/)
  it_.sandbox.fault({ name: 'shopify-forged-callback', times: 1 })
  const other = await consented()
  expect(() => readCallback(other, SECRET, NOW)).toThrow(Refused)
  it_.sandbox.fault({ name: 'shopify-consent-denied', times: 1 })
  const denied = await consented()
  expect(() => readCallback(denied, SECRET, NOW)).toThrow(/the seller refused \(access_denied\)/)
})

test('only a domain that Shopify gave names a shop', () => {
  expect(['Example.myshopify.com ', 'a-1.myshopify.com'].map(shopName)).toEqual(['example', 'a-1'])
  for (const text of [
    'example.com',
    '-a.myshopify.com',
    'a.b.myshopify.com',
    'a.myshopify.com/x',
    'https://a.myshopify.com',
    '.myshopify.com',
    '',
  ])
    expect([text, shopName(text)]).toEqual([text, undefined])
})

test('a scope to write allows to read', () => {
  expect(expandedScopes(['write_orders', 'read_products', 'read_orders'])).toEqual(['write_orders', 'read_orders', 'read_products'])
})
