import { type Ask, json, type Reply } from '../base/exchange'
import type { Violations } from '../base/violations'
import type { Take } from './faults'
import type { User } from './people'
import { CLIENT_ID, CLIENT_SECRET, SCOPES, type ShopifyAccess, type ShopifyTokens, signatureOf } from './shopify-access'
import { domainOf } from './shopify-store'

const refused = (error: string, description: string): Reply => json({ error, error_description: description }, 400)

/** A shop's page of consent, which agrees at once: a redirect that is signed with the app's secret. */
export function answerConsent(access: ShopifyAccess, user: User, ask: Ask, take: Take): Reply {
  const query = new URLSearchParams(ask.query)
  const of = (name: string) => query.get(name) ?? ''
  if (of('client_id') !== CLIENT_ID) return refused('invalid_request', 'client_id is unknown')
  if (!URL.canParse(of('redirect_uri'))) return refused('invalid_request', 'redirect_uri is no address')
  const scopes = of('scope').split(/[ ,]+/)
  const unknown = scopes.find((scope) => !SCOPES.includes(scope))
  if (unknown !== undefined) return refused('invalid_scope', `scope ${unknown} is unknown`)
  const target = new URL(of('redirect_uri'))
  const { searchParams: given } = target
  if (take('shopify-consent-denied')) given.set('error', 'access_denied')
  else given.set('code', access.consent(user, scopes))
  given.set('host', Buffer.from(`admin.shopify.com/store/${user.shops.shopify.name}`).toString('base64url'))
  given.set('shop', domainOf(user))
  given.set('state', of('state'))
  given.set('timestamp', String(Math.floor(ask.at / 1000)))
  given.set('hmac', take('shopify-forged-callback') ? '0'.repeat(64) : signatureOf(given))
  return { status: 302, headers: { location: target.href } }
}

/** The parameters of a body, which may be a form or JSON. */
function formOf({ headers, body }: Ask): (name: string) => string {
  if (!headers['content-type']?.startsWith('application/json')) {
    const form = new URLSearchParams(body)
    return (name) => form.get(name) ?? ''
  }
  try {
    const given = JSON.parse(body)
    return (name) => String(given?.[name] ?? '')
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error
    return () => ''
  }
}

/** The token endpoint of a shop: codes, refresh tokens and the app's own credentials for access. */
export function answerTokens(access: ShopifyAccess, violations: Violations, user: User, ask: Ask, take: Take): Reply {
  if (ask.method !== 'POST') return json({ errors: 'Not Found' }, 404)
  if (take('shopify-refresh-500')) return json({ errors: 'Internal Server Error' }, 500)
  const of = formOf(ask)
  if (of('client_id') !== CLIENT_ID || of('client_secret') !== CLIENT_SECRET)
    return refused('invalid_client', 'client_id or client_secret is wrong')
  const given = (tokens: ShopifyTokens | undefined, what: string): Reply =>
    tokens ? json(tokens) : refused('invalid_grant', `${what} is expired, used or unknown`)
  if (of('grant_type') === 'client_credentials') return json(access.grantClient(user))
  if (of('grant_type') !== 'refresh_token') return given(access.exchange(user, of('code'), of('expiring') === '1'), 'code')
  if (take('shopify-refresh-revoked')) return given(undefined, 'refresh_token')
  if (access.wasReplaced(of('refresh_token'))) violations.add('shopify-refresh-again', 'a refresh token was used after its successor')
  const tokens = access.refresh(user, of('refresh_token'))
  return tokens && take('shopify-refresh-lost') ? { status: 200, cut: true } : given(tokens, 'refresh_token')
}
