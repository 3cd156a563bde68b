import { z } from 'zod'
import { Dead, Refused, RetryLater } from '../../../base/errors'
import { jsonIn } from '../../../base/json'
import type { CredentialKind, SettingValues, Tokens } from '../../../contract'
import type { Asker, Begun } from '../accounts/way'
import { maybeText, maybeTime } from '../reading'
import type { printifySettings } from './api'

/*
 * Printify's OAuth for apps: https://developers.printify.com/#connecting-to-printify. It has no secret of the app and no PKCE; the app is
 * named by its id. Access lasts six hours.
 */

/** What the documentation says of access tokens, where an answer does not tell, ms. */
const ACCESS_MS = 6 * 3_600_000
/** When a refusal that is no verdict on the account is tried again, ms. */
const AGAIN_MS = 5 * 60_000

const answer = z.object({ access_token: z.string().min(1), refresh_token: z.string().min(1).optional(), expire_at: maybeTime })
const refusal = z.object({ error: z.string().min(1), error_description: maybeText })

/** @throws {Refused} `setup` while the app is not set */
function appIdOf(settings: SettingValues): string {
  const { PRINTIFY_APP_ID: id } = settings as SettingValues<typeof printifySettings>
  if (id) return id
  throw new Refused(
    'setup',
    'PRINTIFY_APP_ID is not set: people connect Printify by a link through your app; set its id in .env and restart, or connect with a token (yarn accounts add printify).',
  )
}

/** @throws {Refused} `setup` for an address to which Printify sends nobody */
function requireTaken(redirectUri: string): void {
  const { protocol, hostname } = new URL(redirectUri)
  const isNumber = /^[\d.]+$/.test(hostname) || hostname.startsWith('[')
  if (!isNumber && (protocol === 'https:' || hostname === 'localhost')) return
  throw new Refused(
    'setup',
    `COMMERCE_CALLBACK_URL is ${new URL(redirectUri).origin}, and Printify takes only https with a domain, or http://localhost: set it in .env and restart.`,
    'COMMERCE_CALLBACK_URL',
  )
}

/**
 * The page of Printify on which the merchant allows access. The browser comes back with `code` and `state`.
 * @throws {Refused} `setup` while a setting is missing or does not fit
 */
export function authorizeUrl(settings: SettingValues, { redirectUri, state }: Pick<Begun, 'redirectUri' | 'state'>): string {
  const id = appIdOf(settings)
  requireTaken(redirectUri)
  const { PRINTIFY_OAUTH_URL: base } = settings as SettingValues<typeof printifySettings>
  return `${base}/app/authorize?${new URLSearchParams({ app_id: id, accept_url: redirectUri, decline_url: redirectUri, state })}`
}

type Found = { tokens: Tokens } | { error: string; says: string }

/** @param scopeOf what the limits count it by @param before kept where Printify names no other refresh token */
async function askTokens(
  { http, settings }: Asker,
  path: string,
  form: Record<string, string>,
  scopeOf: string,
  before?: string,
): Promise<Found> {
  const { data, text, sentAt } = await http('printify').request({
    method: 'POST',
    path: `/${String(settings.PRINTIFY_API_VERSION)}/app/oauth/tokens${path}`,
    form: { app_id: appIdOf(settings), ...form },
    schema: answer,
    scopeOf,
    accept: [400],
    isAnswer: (its) => refusal.safeParse(jsonIn(its.text)).success,
  })
  if (data) {
    const refresh = data.refresh_token ?? before
    const expiresAt = data.expire_at ?? new Date(sentAt.getTime() + ACCESS_MS).toISOString()
    return { tokens: { access: data.access_token, expiresAt, ...(refresh === undefined ? {} : { refresh }) } }
  }
  const { error, error_description: description } = refusal.parse(jsonIn(text))
  return { error, says: [error, description].filter(Boolean).join(': ').slice(0, 200) }
}

/**
 * Tokens for the code that came back, which works once.
 * @throws {Refused} `input` where Printify refuses the code, `setup` while the app is not set
 * @throws {RetryLater} or {Throttled} where Printify cannot be asked now
 */
export async function exchangeCode(asker: Asker, code: string, label: string): Promise<Tokens> {
  const found = await askTokens(asker, '', { code }, label)
  if ('tokens' in found) return found.tokens
  throw new Refused('input', `Printify refuses the code (${found.says}): connect the account again from the start.`, 'code')
}

/** Printify does not publish its codes of errors: one about the token itself is told by its words. */
const isOfToken = ({ error, says }: { error: string; says: string }): boolean =>
  error === 'invalid_grant' || /refresh.?token|revoked|expired/i.test(says)

/** Tokens of an app that a merchant allowed are refreshed; personal ones last a year, and one that is refused needs a person. */
export const printifyCredential: CredentialKind = {
  async refresh({ refresh }, io, id) {
    if (refresh === undefined) throw new Dead('a personal access token cannot be refreshed, and Printify refuses this one')
    const found = await askTokens(io, '/refresh', { refresh_token: refresh }, id, refresh)
    if ('tokens' in found) return found.tokens
    if (isOfToken(found)) throw new Dead(found.says)
    // About our app or our request, not about the account.
    throw new RetryLater('token_refused', `Printify refuses to refresh tokens (${found.says})`, new Date(Date.now() + AGAIN_MS))
  },
}
