import { Refused } from '../../../base/errors'
import type { SettingValues, Tokens } from '../../../contract'
import type { Callback, Way } from '../accounts/way'
import { ask } from './client'
import { shopName } from './ids'
import { consentUrl, expandedScopes, readCallback, SCOPES } from './oauth'
import { SHOP } from './queries'
import type { settings } from './settings'
import { type App, CLIENT_GRANT, exchangeRequest, tokenRequest, tokensOf } from './tokens'

type Set = SettingValues<typeof settings>

/** What is missing of the app, in a sentence. */
function unset(set: SettingValues): string | undefined {
  const { SHOPIFY_CLIENT_ID: id, SHOPIFY_CLIENT_SECRET: secret } = set as Set
  const missing = [...(id ? [] : ['SHOPIFY_CLIENT_ID']), ...(secret ? [] : ['SHOPIFY_CLIENT_SECRET'])]
  if (missing.length === 0) return undefined
  const verb = missing.length === 1 ? 'is' : 'are'
  return `${missing.join(' and ')} ${verb} not set: people connect Shopify shops through your app; set its client id and secret in .env and restart.`
}

/** @throws {Refused} `setup` while the app is not set */
function appOf(set: SettingValues): App {
  const why = unset(set)
  if (why !== undefined) throw new Refused('setup', why)
  const { SHOPIFY_CLIENT_ID: id = '', SHOPIFY_CLIENT_SECRET: secret = '' } = set as Set
  return { id, secret }
}

/** The domain of a shop, which a person may also name without `.myshopify.com`, or as an address. */
function shopIdOf(text: string): string {
  const bare = text
    .trim()
    .toLowerCase()
    .replace(/^https?:\/\//, '')
    .replace(/\/.*$/, '')
  const domain = bare.includes('.') ? bare : `${bare}.myshopify.com`
  if (shopName(domain) !== undefined) return domain
  throw new Refused(
    'input',
    `shop must be the address of a Shopify shop such as example.myshopify.com, got ${JSON.stringify(text.slice(0, 60))}.`,
    'shop',
  )
}

const nameOf = (shopId: string | null): string => shopName(shopId ?? '') ?? ''

/** A callback with an error is signed as well: it ends the connection. */
function check(set: SettingValues, callback: Callback): void {
  try {
    readCallback(new URLSearchParams(callback), appOf(set).secret, Date.now())
  } catch (error) {
    if (!(error instanceof Refused && error.field === 'error')) throw error
  }
}

function tokensOfText(text: string, shopId: string | null): Tokens {
  if (/^shp(at|ca|ua)_\w+$/.test(text)) return { access: text, host: nameOf(shopId) }
  const what = text.startsWith('shpss_') ? 'the secret of an app' : 'no access token of Shopify'
  throw new Refused('input', `This is ${what}: paste the Admin API access token, which begins with shpat_.`, 'token')
}

const NEEDS: readonly [scope: string, sentence: string][] = [
  ['read_orders', 'The scope read_orders is missing: orders and payments cannot be read.'],
  ['read_all_orders', 'The scope read_all_orders is missing: Shopify shows only the orders of the last 60 days.'],
  ['read_products', 'The scope read_products is missing: products cannot be read.'],
  ['read_customers', 'The scope read_customers is missing: customers cannot be read.'],
]

/** How Shopify shops are connected: through an app that people install, or with the token of an app of the shop's own. */
export const shopifyWay: Way = {
  name: 'Shopify',
  token: 'Admin API access token',
  shop: 'example.myshopify.com',
  kind: 'shopify',
  unset,
  consent: {
    url: (set, { shopId, redirectUri, state }) =>
      consentUrl((set as Set).SHOPIFY_URL, { shop: nameOf(shopId), clientId: appOf(set).id, redirectUri, state, scopes: SCOPES }),
    check,
    async exchange({ http, settings: set }, code, { shopId }) {
      const shop = nameOf(shopId)
      return tokensOf(shop, await http('shopify').request(exchangeRequest(shop, appOf(set), code)))
    },
  },
  shopIdOf,
  tokensOf: tokensOfText,
  mayOwnApp: true,
  async ownTokens({ http, settings: set }, shopId) {
    const shop = nameOf(shopId)
    const answer = await http('shopify').request(tokenRequest(shop, appOf(set), { grant_type: CLIENT_GRANT }))
    return tokensOf(shop, answer, { grant: CLIENT_GRANT })
  },
  async shopsOf(asker, speaker, shopId) {
    const { data } = await ask(asker, { ...speaker, name: nameOf(shopId) }, SHOP)
    const { shop, currentAppInstallation } = data
    const scopes = expandedScopes(currentAppInstallation.accessScopes.map(({ handle }) => handle))
    if (!NEEDS.some(([scope]) => scopes.includes(scope))) {
      throw new Refused('input', `Nothing may be read of ${shopId}: allow the scopes ${SCOPES.join(', ')}.`)
    }
    // Its tokens are for one host only.
    if (shop.myshopifyDomain !== shopId) {
      throw new Refused('input', `The shop's own address is ${shop.myshopifyDomain}: connect it by that.`, 'shop')
    }
    return [{ shopId, name: shop.name, currency: shop.currencyCode, createdAt: shop.createdAt, scopes }]
  },
  missing: (scopes) => NEEDS.filter(([scope]) => !scopes.includes(scope)).map(([, sentence]) => sentence),
}
