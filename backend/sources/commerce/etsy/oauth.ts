import { createHash } from 'node:crypto'
import { z } from 'zod'
import { Refused } from '../../../base/errors'
import type { HttpRequest, SettingValues, Tokens } from '../../../contract'
import type { Shop, Speaker } from '../accounts/way'
import { maybeCurrency, maybeId, maybeSeconds, maybeText } from '../reading'
import { type EtsyKey, keyHeader, keyLabel, missingKey } from './key'
import type { etsySettings } from './settings'
import { type Asker, askTokens } from './tokens'

/*
 * How a seller connects a shop: the link to follow, the code that comes back exchanged for tokens, and the shop they are for.
 * Authorization code with PKCE.
 */

/** What is asked of the seller: receipts and ledger, listings, the shop itself. */
export const ETSY_SCOPES = ['transactions_r', 'listings_r', 'shops_r'] as const

const challengeOf = (verifier: string): string => createHash('sha256').update(verifier).digest('base64url')

/** @throws {Refused} `setup` while the key is not set */
function requireKey(settings: SettingValues): void {
  const why = missingKey(settings as EtsyKey)
  if (why !== undefined) throw new Refused('setup', why)
}

/**
 * The page of Etsy on which the seller allows access.
 * @param redirectUri as it is registered at Etsy; the browser comes back there with `code` and `state`
 * @throws {Refused} `setup` while the key is not set
 */
export function authorizeUrl(settings: SettingValues, ask: { redirectUri: string; state: string; verifier: string }): string {
  requireKey(settings)
  const { ETSY_OAUTH_URL: base, ETSY_API_KEY: keystring = '' } = settings as SettingValues<typeof etsySettings>
  const query = new URLSearchParams({
    response_type: 'code',
    client_id: keystring,
    redirect_uri: ask.redirectUri,
    scope: ETSY_SCOPES.join(' '),
    state: ask.state,
    code_challenge: challengeOf(ask.verifier),
    code_challenge_method: 'S256',
  })
  return `${base}/oauth/connect?${query}`
}

/**
 * Tokens for the code that came back, which works once.
 * @param redirectUri the same as in the link
 * @throws {Refused} `input` where Etsy refuses the code, `setup` while the key is not set
 * @throws {RetryLater} or {Throttled} where Etsy cannot be asked now
 */
export async function exchangeCode(asker: Asker, ask: { code: string; verifier: string; redirectUri: string }): Promise<Tokens> {
  requireKey(asker.settings)
  const { code, verifier, redirectUri } = ask
  const form = { grant_type: 'authorization_code', redirect_uri: redirectUri, code, code_verifier: verifier }
  const found = await askTokens(asker, form)
  if ('tokens' in found) return found.tokens
  const says = [found.error, found.description].filter(Boolean).join(': ')
  throw new Refused('input', `Etsy refuses the code (${says}): connect the account again from the start.`, 'code')
}

const self = z.object({ user_id: maybeId, shop_id: maybeId })
const shop = z.object({
  shop_name: maybeText,
  currency_code: maybeCurrency,
  create_date: maybeSeconds,
  created_timestamp: maybeSeconds,
})

/**
 * The shop of an account.
 * @throws {Refused} `input` for a user without a shop, or `state` where Etsy does not accept tokens that are not stored yet
 * @throws {Held}, {RetryLater}, {Throttled} or {Fatal} where Etsy does not tell
 */
export async function shopOf({ http, settings }: Asker, speaker: Speaker): Promise<Shop> {
  requireKey(settings)
  const by: Pick<HttpRequest<unknown>, 'account' | 'headers'> = 'credential' in speaker
    ? { account: speaker.credential }
    : { headers: { Authorization: `Bearer ${speaker.tokens.access}`, ...keyHeader(settings) } }
  const get = async <T>(path: string, schema: z.ZodType<T>): Promise<T | undefined> => {
    const { data } = await http('etsy').request({ ...by, path: `/v3/application${path}`, schema, scopeOf: keyLabel(settings) })
    return data
  }
  const shopId = (await get('/users/me', self))?.shop_id ?? null
  if (shopId === null) throw new Refused('input', 'This Etsy user has no shop: connect as a user who sells.')
  const its = await get(`/shops/${shopId}`, shop)
  return {
    shopId,
    name: its?.shop_name ?? null,
    currency: its?.currency_code ?? null,
    createdAt: its?.create_date ?? its?.created_timestamp ?? null,
    // Etsy allows all that was asked for, or nothing.
    scopes: ETSY_SCOPES,
  }
}
