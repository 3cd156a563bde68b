import { type Ask, json, type Reply } from '../base/exchange'
import type { SandboxApi, SandboxSettings } from '../base/source'
import { type Access, KEYSTRING, SCOPES } from './etsy-access'

/** www.etsy.com, where a seller agrees to connect: here at once, as the seller who is set to consent. */
export class EtsyConsent implements SandboxApi {
  readonly name = 'etsy-oauth'
  readonly prefix = '/etsy-oauth'
  readonly env = 'ETSY_OAUTH_URL'
  readonly limits = {}

  constructor(
    private readonly settings: SandboxSettings,
    private readonly access: Access,
  ) {}

  route({ path }: Ask): string {
    return path === '/oauth/connect' ? 'connect' : 'unknown'
  }

  police(): undefined {
    return undefined
  }

  answer(ask: Ask): Reply {
    if (ask.path !== '/oauth/connect') return json({ error: 'Not found' }, 404)
    const query = new URLSearchParams(ask.query)
    const of = (name: string) => query.get(name) ?? ''
    const wrong = wrongWith(of)
    if (wrong !== undefined) return json({ error: 'invalid_request', error_description: wrong }, 400)
    const target = new URL(of('redirect_uri'))
    if (this.settings.context.faults.take('etsy-consent-denied', this.name, ask)) {
      target.searchParams.set('error', 'access_denied')
      target.searchParams.set('error_description', 'The user denied the request')
    } else target.searchParams.set('code', this.access.consent(of('scope').split(' '), of('code_challenge'), of('redirect_uri')))
    target.searchParams.set('state', of('state'))
    return { status: 302, headers: { location: target.href } }
  }

  reset(): void {
    this.access.reset()
  }
}

/** A sentence for the first parameter that does not fit. */
function wrongWith(of: (name: string) => string): string | undefined {
  if (of('response_type') !== 'code') return 'response_type must be code'
  if (of('client_id') !== KEYSTRING) return 'client_id is unknown'
  if (!URL.canParse(of('redirect_uri'))) return 'redirect_uri is no address'
  if (of('state') === '') return 'state is missing'
  if (of('code_challenge_method') !== 'S256' || of('code_challenge') === '') return 'code_challenge with the method S256 is missing'
  const unknown = of('scope')
    .split(' ')
    .find((scope) => !SCOPES.includes(scope))
  return unknown === undefined ? undefined : `scope ${unknown} is unknown`
}
