import { z } from 'zod'
import { Dead, RetryLater } from '../../../base/errors'
import type { CredentialKind, Io, SettingValues, Tokens } from '../../../contract'
import { refusalIn } from './api'
import { keyLabel, keyOf } from './key'

/** What asks Etsy. */
export interface Asker {
  http: Io['http']
  settings: SettingValues
}

const answer = z.object({
  access_token: z.string().min(1),
  refresh_token: z.string().min(1).optional(),
  expires_in: z.number().positive(),
})

/** When a refusal that is no verdict on the account is tried again, ms. */
const AGAIN_MS = 5 * 60_000

/**
 * Asks the token endpoint, which takes forms only.
 * @param before kept where Etsy names no other refresh token
 * @returns the tokens, or Etsy's refusal
 * @throws {RetryLater} for every answer that is neither
 */
export async function askTokens(
  { http, settings }: Asker,
  form: Record<string, string>,
  before?: string,
): Promise<{ tokens: Tokens } | { error: string; description: string }> {
  const { status, data, text, sentAt } = await http('etsy').request({
    method: 'POST',
    path: '/v3/public/oauth/token',
    form: { ...form, client_id: keyOf(settings).keystring },
    schema: answer,
    parts: { 'etsy.token': 1 },
    scopeOf: keyLabel(settings),
    accept: [400, 401],
    isAnswer: (its) => refusalIn(its) !== undefined,
  })
  if (data) {
    const expiresAt = new Date(sentAt.getTime() + data.expires_in * 1000).toISOString()
    const refresh = data.refresh_token ?? before
    return { tokens: { access: data.access_token, expiresAt, ...(refresh === undefined ? {} : { refresh }) } }
  }
  return refusalIn({ text }) ?? { error: `http ${status}`, description: '' }
}

/** The tokens of an Etsy account: an hour of access, and a refresh token that works once. */
export const etsyCredential: CredentialKind = {
  async refresh({ refresh }, io) {
    if (refresh === undefined) throw new Dead('no refresh token is stored')
    const found = await askTokens(io, { grant_type: 'refresh_token', refresh_token: refresh }, refresh)
    if ('tokens' in found) return found.tokens
    const says = [found.error, found.description].filter(Boolean).join(': ')
    if (found.error === 'invalid_grant') throw new Dead(says)
    // About our app or our request, not about the account.
    throw new RetryLater('token_refused', `Etsy refuses to refresh tokens (${says})`, new Date(Date.now() + AGAIN_MS))
  },
}
