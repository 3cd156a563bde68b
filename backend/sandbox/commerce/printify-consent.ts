import type { SandboxSettings } from '../base/source'
import { Consent, type Parameter } from './consent'
import { APP_ID, type PrintifyTokens } from './printify-tokens'

/** printify.com, where a merchant allows an app. */
export class PrintifyConsent extends Consent {
  readonly name = 'printify-oauth'
  readonly prefix = '/printify-oauth'
  readonly env = 'PRINTIFY_OAUTH_URL'
  protected readonly page = '/app/authorize'
  protected readonly refusal = 'printify-consent-denied'

  constructor(
    settings: SandboxSettings,
    private readonly tokens: PrintifyTokens,
  ) {
    super(settings)
  }

  protected wrongWith(of: Parameter): string | undefined {
    if (of('app_id') !== APP_ID) return 'app_id is unknown'
    for (const name of ['accept_url', 'decline_url']) {
      if (!URL.canParse(of(name))) return `${name} is no address`
      const { protocol, hostname } = new URL(of(name))
      if (/^[\d.]+$/.test(hostname) || hostname.startsWith('[')) return `${name} must have a domain, no IP address`
      if (protocol !== 'https:' && hostname !== 'localhost') return `${name} must use https`
    }
    return undefined
  }

  protected target(of: Parameter, isRefused: boolean): URL {
    const target = new URL(of(isRefused ? 'decline_url' : 'accept_url'))
    if (!isRefused) target.searchParams.set('code', this.tokens.consent())
    if (of('state') !== '') target.searchParams.set('state', of('state'))
    return target
  }

  reset(): void {
    this.tokens.reset()
  }
}
