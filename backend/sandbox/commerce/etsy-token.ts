import { type Ask, json, type Reply } from '../base/exchange'
import type { Violations } from '../base/violations'
import { type Access, KEYSTRING } from './etsy-access'
import type { Take } from './faults'

const refused = (error: string, description: string): Reply => json({ error, error_description: description }, 400)

/** The token endpoint: codes and refresh tokens for access, asked for with a form. */
export function answerToken(access: Access, violations: Violations, ask: Ask, take: Take): Reply {
  if (ask.method !== 'POST') return json({ error: 'method_not_allowed' }, 405)
  if (take('etsy-refresh-500')) return json({ error: 'server_error' }, 500)
  if (take('etsy-refresh-revoked')) return refused('invalid_grant', 'refresh_token is revoked')
  if (!ask.headers['content-type']?.startsWith('application/x-www-form-urlencoded'))
    return refused('invalid_request', 'the body must be application/x-www-form-urlencoded')
  const form = new URLSearchParams(ask.body)
  const of = (name: string) => form.get(name) ?? ''
  if (of('client_id') !== KEYSTRING) return refused('invalid_client', 'client_id is unknown')
  if (of('grant_type') === 'authorization_code') {
    const tokens = access.exchange(of('code'), of('code_verifier'), of('redirect_uri'))
    return tokens ? json(tokens) : refused('invalid_grant', 'code, code_verifier or redirect_uri is invalid')
  }
  if (of('grant_type') !== 'refresh_token') return refused('unsupported_grant_type', 'grant_type is unknown')
  if (access.wasUsed(of('refresh_token'))) violations.add('etsy-refresh-again', 'a refresh token was used a second time')
  const tokens = access.refresh(of('refresh_token'))
  if (!tokens) return refused('invalid_grant', 'refresh_token is revoked')
  return take('etsy-refresh-lost') ? { status: 200, cut: true } : json(tokens)
}
