import { type Ask, json, type Reply } from '../base/exchange'
import type { SandboxApi, SandboxSettings } from '../base/source'
import { APP_ID, type PrintifyTokens } from './printify-tokens'

/** printify.com, where a merchant allows an app: here at once, as the merchant who is set to consent. */
export class PrintifyConsent implements SandboxApi {
  readonly name = 'printify-oauth'
  readonly prefix = '/printify-oauth'
  readonly env = 'PRINTIFY_OAUTH_URL'
  readonly limits = {}

  constructor(
    private readonly settings: SandboxSettings,
    private readonly tokens: PrintifyTokens,
  ) {}

  route({ path }: Ask): string {
    return path === '/app/authorize' ? 'authorize' : 'unknown'
  }

  police(): undefined {
    return undefined
  }

  answer(ask: Ask): Reply {
    if (ask.path !== '/app/authorize') return json({ error: 'Not found' }, 404)
    const query = new URLSearchParams(ask.query)
    const of = (name: string) => query.get(name) ?? ''
    const wrong = wrongWith(of)
    if (wrong !== undefined) return json({ error: 'invalid_request', error_description: wrong }, 400)
    const isDenied = this.settings.context.faults.take('printify-consent-denied', this.name, ask) !== undefined
    const target = new URL(of(isDenied ? 'decline_url' : 'accept_url'))
    if (!isDenied) target.searchParams.set('code', this.tokens.consent())
    if (of('state') !== '') target.searchParams.set('state', of('state'))
    return { status: 302, headers: { location: target.href } }
  }

  reset(): void {
    this.tokens.reset()
  }
}

/** A sentence for the first parameter that does not fit. */
function wrongWith(of: (name: string) => string): string | undefined {
  if (of('app_id') !== APP_ID) return 'app_id is unknown'
  for (const name of ['accept_url', 'decline_url']) {
    if (!URL.canParse(of(name))) return `${name} is no address`
    const { protocol, hostname } = new URL(of(name))
    if (/^[\d.]+$/.test(hostname) || hostname.startsWith('[')) return `${name} must have a domain, no IP address`
    if (protocol !== 'https:' && hostname !== 'localhost') return `${name} must use https`
  }
  return undefined
}
