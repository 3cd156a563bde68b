import { z } from 'zod'
import { Dead, RetryLater } from '../../../base/errors'
import { jsonIn } from '../../../base/json'
import type { CredentialKind, HttpAnswer, HttpRequest, Tokens } from '../../../contract'
import { isDenied } from './apis'

/*
 * Tokens of shops. Those of an app that people install are refreshed, each time with a new refresh token; those of an app of the shop's
 * own last a day and are asked for again; older ones have no end.
 */

const answer = z.object({
  access_token: z.string().min(1),
  scope: z.string().optional(),
  expires_in: z.number().positive().optional(),
  refresh_token: z.string().min(1).optional(),
})
export type TokenAnswer = z.output<typeof answer>

/** The client id and secret of the app. */
export interface App {
  id: string
  secret: string
}

/** Asks a shop for tokens. @param shop its name @param form what for */
export const tokenRequest = (shop: string, { id, secret }: App, form: Record<string, string>): HttpRequest<TokenAnswer> => ({
  method: 'POST',
  path: '/admin/oauth/access_token',
  form: { client_id: id, client_secret: secret, ...form },
  scopeOf: shop,
  schema: answer,
  accept: [400],
  isAnswer: ({ text }) => refusal.safeParse(jsonIn(text)).success,
})

/** Exchanges the code of a callback for tokens, which expire and are refreshed. */
export const exchangeRequest = (shop: string, app: App, code: string): HttpRequest<TokenAnswer> =>
  tokenRequest(shop, app, { code, expiring: '1' })

/** By Shopify's words: https://datatracker.ietf.org/doc/html/rfc6749#section-5.2 */
const refusal = z.object({ error: z.string(), error_description: z.string().optional() })

/**
 * The tokens of an answer.
 * @param extra kept with them
 * @throws {Dead} for a grant that is refused
 * @throws {RetryLater} `oauth` for any other refusal: the app itself is not set up right
 */
export function tokensOf(shop: string, { data, text, sentAt }: HttpAnswer<TokenAnswer>, extra: Record<string, string> = {}): Tokens {
  if (!data) {
    const { error, error_description: says = '' } = refusal.parse(jsonIn(text))
    if (error === 'invalid_grant') throw new Dead(`${error}: ${says}`)
    throw new RetryLater('oauth', `Shopify refuses to give tokens (${error}: ${says}): check SHOPIFY_CLIENT_ID and SHOPIFY_CLIENT_SECRET`)
  }
  return {
    access: data.access_token,
    ...(data.refresh_token === undefined ? {} : { refresh: data.refresh_token }),
    ...(data.expires_in === undefined ? {} : { expiresAt: new Date(sentAt.getTime() + data.expires_in * 1000).toISOString() }),
    host: shop,
    extra: { ...extra, ...(data.scope === undefined ? {} : { scopes: data.scope }) },
  }
}

/** In `extra.grant`: tokens of an app of the shop's own. */
export const CLIENT_GRANT = 'client_credentials'

export const shopifyTokens: CredentialKind = {
  async refresh(tokens, { http, settings }, id) {
    const { host: shop, refresh, extra = {} } = tokens
    if (shop === undefined) throw new Dead('the shop of its tokens is not known')
    const { SHOPIFY_CLIENT_ID: appId, SHOPIFY_CLIENT_SECRET: secret } = settings
    const form: Record<string, string> =
      refresh !== undefined ? { grant_type: 'refresh_token', refresh_token: refresh } : { grant_type: CLIENT_GRANT }
    if (refresh === undefined && extra.grant !== CLIENT_GRANT) return await checked(http('shopify'), shop, tokens)
    if (typeof appId !== 'string' || typeof secret !== 'string')
      throw new RetryLater('oauth', `the tokens of ${id} cannot be refreshed: set SHOPIFY_CLIENT_ID and SHOPIFY_CLIENT_SECRET`)
    return tokensOf(shop, await http('shopify').request(tokenRequest(shop, { id: appId, secret }, form)), extra)
  },
}

/**
 * Tokens without an end that were denied. They are asked about once more: a person would have to make new ones.
 * @throws {Dead} when they are denied again
 */
async function checked(
  http: ReturnType<Parameters<NonNullable<CredentialKind['refresh']>>[1]['http']>,
  shop: string,
  tokens: Tokens,
): Promise<Tokens> {
  const { status } = await http.request({
    path: '/admin/oauth/access_scopes.json',
    headers: { 'X-Shopify-Access-Token': tokens.access },
    scopeOf: shop,
    schema: z.object({ access_scopes: z.array(z.unknown()) }),
    accept: [401],
    isAnswer: isDenied,
  })
  if (status === 401) throw new Dead('the shop refuses its token, which was replaced or whose app was uninstalled')
  return tokens
}
