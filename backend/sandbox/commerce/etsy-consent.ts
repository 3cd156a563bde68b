import type { SandboxSettings } from '../base/source'
import { Consent, type Parameter } from './consent'
import { type Access, KEYSTRING, SCOPES } from './etsy-access'

/** www.etsy.com, where a seller agrees to connect. */
export class EtsyConsent extends Consent {
  readonly name = 'etsy-oauth'
  readonly prefix = '/etsy-oauth'
  readonly env = 'ETSY_OAUTH_URL'
  protected readonly page = '/oauth/connect'
  protected readonly refusal = 'etsy-consent-denied'

  constructor(
    settings: SandboxSettings,
    private readonly access: Access,
  ) {
    super(settings)
  }

  protected wrongWith(of: Parameter): string | undefined {
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

  protected target(of: Parameter, isRefused: boolean): URL {
    const target = new URL(of('redirect_uri'))
    if (isRefused) {
      target.searchParams.set('error', 'access_denied')
      target.searchParams.set('error_description', 'The user denied the request')
    } else target.searchParams.set('code', this.access.consent(of('scope').split(' '), of('code_challenge'), of('redirect_uri')))
    target.searchParams.set('state', of('state'))
    return target
  }

  reset(): void {
    this.access.reset()
  }
}
