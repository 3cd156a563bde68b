import { createHmac, timingSafeEqual } from 'node:crypto'
import { Refused } from '../../../base/errors'
import { shopName } from './ids'

/*
 * How a person connects a shop: the shop's page of consent sends them back to the callback with a code, signed by the secret of the app.
 * Routes call these; nothing here asks the network.
 */

/** What a backfill reads; `read_all_orders` must be granted by Shopify, else orders end 60 days ago. */
export const SCOPES = ['read_orders', 'read_all_orders', 'read_products', 'read_customers', 'read_inventory'] as const

/** What scopes allow: one to write is one to read as well, which Shopify then leaves out of its lists. */
export const expandedScopes = (scopes: readonly string[]): string[] => [
  ...new Set(scopes.flatMap((scope) => [scope, scope.replace(/^write_/, 'read_')])),
]

/** A callback older than this is refused: it may be a copy, ms. */
const MAX_AGE_MS = 10 * 60_000
/** The shop's clock may be ahead by so much, ms. */
const MAX_AHEAD_MS = 60_000

export interface Consent {
  /** The name in the shop's domain. */
  shop: string
  clientId: string
  redirectUri: string
  /** Unguessable; comes back with the callback. */
  state: string
  scopes?: readonly string[]
}

/** The address of the page where the seller agrees. @param base `SHOPIFY_URL` */
export function consentUrl(base: string, { shop, clientId, redirectUri, state, scopes = SCOPES }: Consent): string {
  const query = new URLSearchParams({ client_id: clientId, scope: scopes.join(','), redirect_uri: redirectUri, state })
  return `${base.replace('{shop}', shop)}/admin/oauth/authorize?${query}`
}

/** How Shopify signs the parameters of a callback: all but `hmac`, sorted. */
export function signatureOf(query: URLSearchParams, secret: string): string {
  const parts = [...query].filter(([name]) => name !== 'hmac').map(([name, value]) => `${name}=${value}`)
  return createHmac('sha256', secret).update(parts.sort().join('&')).digest('hex')
}

function isSigned(query: URLSearchParams, secret: string): boolean {
  const [given, expected] = [query.get('hmac') ?? '', signatureOf(query, secret)].map((text) => Buffer.from(text)) as [Buffer, Buffer]
  return given.length === expected.length && timingSafeEqual(given, expected)
}

export interface Callback {
  shop: string
  code: string
  state: string
}

/**
 * What a callback says, once it is certain that Shopify sent it. Whose state it is, the caller checks.
 * @param now ms since 1970
 * @throws {Refused} `input` for one that Shopify did not sign, that is old, that names no shop, or by which the seller refused
 */
export function readCallback(query: URLSearchParams, secret: string, now: number): Callback {
  const of = (name: string): string => query.get(name) ?? ''
  if (!isSigned(query, secret))
    throw new Refused('input', 'hmac is wrong: Shopify did not send this. Start again from your own page.', 'hmac')
  const age = now - Number(of('timestamp')) * 1000
  if (!(age <= MAX_AGE_MS && age >= -MAX_AHEAD_MS))
    throw new Refused('input', 'timestamp is too old or missing: connect the shop again.', 'timestamp')
  const shop = shopName(of('shop'))
  if (shop === undefined) throw new Refused('input', 'shop is no domain of a Shopify shop, such as example.myshopify.com.', 'shop')
  if (of('error') !== '')
    throw new Refused('input', `${shop} was not connected: the seller refused (${of('error').slice(0, 60)}).`, 'error')
  if (of('code') === '') throw new Refused('input', 'code is missing: connect the shop again.', 'code')
  return { shop, code: of('code'), state: of('state') }
}
