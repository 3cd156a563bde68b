import { createHmac } from 'node:crypto'
import { mix } from '../base/random'
import type { User } from './people'
import type { World } from './world'

/*
 * Who may read what at Shopify: consent, codes, access tokens with or without an end, refresh tokens that are replaced.
 */

export const CLIENT_ID = 'sandbox-client-id'
export const CLIENT_SECRET = 'sandbox-client-secret'
export const SCOPES = ['read_orders', 'read_all_orders', 'read_products', 'read_customers', 'read_inventory']
const ACCESS_SECONDS = 3600
const CLIENT_SECONDS = 86_399
const REFRESH_SECONDS = 90 * 86_400
const CODE_SECONDS = 60

/** As the token endpoint answers. */
export interface ShopifyTokens {
  access_token: string
  scope: string
  expires_in?: number
  refresh_token?: string
  refresh_token_expires_in?: number
}
export interface Grant {
  user: number
  scopes: string[]
  /** Seconds since 1970; absent where the token has no end. */
  until?: number
  /** A refresh token that dies when this one is used. */
  replaces?: string
}
interface Code {
  user: number
  scopes: string[]
  until: number
}

/** How Shopify signs the parameters of a redirect: all but `hmac`, sorted. */
export function signatureOf(query: URLSearchParams): string {
  const parts = [...query].filter(([name]) => name !== 'hmac').map(([name, value]) => `${name}=${value}`)
  return createHmac('sha256', CLIENT_SECRET).update(parts.sort().join('&')).digest('hex')
}

export class ShopifyAccess {
  private numbers = 0
  private readonly codes = new Map<string, Code>()
  private readonly tokens = new Map<string, Grant>()
  private readonly refreshers = new Map<string, Grant>()
  private readonly withheld = new Map<number, Set<string>>()
  private readonly used = new Set<string>()

  constructor(private readonly world: World) {}

  private secret(prefix: string): string {
    const part = (n: number) => mix(this.world.options.seed, 981, this.numbers, n).toString(16).padStart(8, '0')
    this.numbers++
    return `${prefix}_${[0, 1, 2, 3].map(part).join('')}`
  }

  /** Scopes that a shop does not grant from now on; those granted already stay. */
  withhold({ number }: User, scopes: string[]): void {
    this.withheld.set(number, new Set(scopes))
  }

  private granted(user: number, scopes: string[]): string[] {
    return scopes.filter((scope) => !this.withheld.get(user)?.has(scope))
  }

  /** The seller agrees: a code to exchange within a minute. */
  consent({ number }: User, scopes: string[]): string {
    const code = this.secret('code')
    this.codes.set(code, { user: number, scopes: this.granted(number, scopes), until: this.world.now() + CODE_SECONDS })
    return code
  }

  /** Tokens for a code, which is used up; undefined where it is dead or of another shop. */
  exchange({ number }: User, code: string, expires: boolean): ShopifyTokens | undefined {
    const found = this.codes.get(code)
    this.codes.delete(code)
    if (found?.user !== number || found.until < this.world.now()) return undefined
    return expires ? this.pair(number, found.scopes) : this.single(number, found.scopes)
  }

  /** A token without a refresh token. @param seconds absent: it has no end */
  private single(user: number, scopes: string[], seconds?: number): ShopifyTokens {
    const access = this.secret('shpat')
    this.tokens.set(access, { user, scopes, ...(seconds === undefined ? {} : { until: this.world.now() + seconds }) })
    return { access_token: access, scope: scopes.join(','), ...(seconds === undefined ? {} : { expires_in: seconds }) }
  }

  private pair(user: number, scopes: string[], replaces?: string): ShopifyTokens {
    const [tokens, refresh] = [this.single(user, scopes, ACCESS_SECONDS), this.secret('shprt')]
    const access = this.tokens.get(tokens.access_token) as Grant
    if (replaces !== undefined) access.replaces = replaces
    this.refreshers.set(refresh, { user, scopes, until: this.world.now() + REFRESH_SECONDS, ...(replaces ? { replaces } : {}) })
    return { ...tokens, refresh_token: refresh, refresh_token_expires_in: REFRESH_SECONDS }
  }

  /** New tokens of a shop, as after a consent; those without an end have no refresh token. */
  grant({ number }: User, { scopes = SCOPES, expires = true } = {}): ShopifyTokens {
    const granted = this.granted(number, scopes)
    return expires ? this.pair(number, granted) : this.single(number, granted)
  }

  /** A token of a day, for an app of the shop's own. */
  grantClient({ number }: User): ShopifyTokens {
    return this.single(number, this.granted(number, SCOPES), CLIENT_SECONDS)
  }

  private kill(refresh: string | undefined): void {
    if (refresh === undefined || !this.refreshers.delete(refresh)) return
    this.used.add(refresh)
  }

  /** New tokens for a refresh token, which lives until one of them is used; undefined for one that is dead or of another shop. */
  refresh({ number }: User, token: string): ShopifyTokens | undefined {
    const found = this.refreshers.get(token)
    if (found?.user !== number || (found.until ?? 0) < this.world.now()) return undefined
    this.kill(found.replaces)
    return this.pair(number, found.scopes, token)
  }

  /** Whether a refresh token is dead because a newer one was used. */
  wasReplaced(token: string): boolean {
    return this.used.has(token)
  }

  /** Whom a living access token speaks for. */
  reader(token: string | undefined): Grant | undefined {
    const found = this.tokens.get(token ?? '')
    if (!found || (found.until !== undefined && found.until <= this.world.now())) return undefined
    this.kill(found.replaces)
    return found
  }

  /** Ends the access tokens of a shop; the refresh token goes on. */
  expire({ number }: User): void {
    for (const [token, { user }] of this.tokens) if (user === number) this.tokens.delete(token)
  }

  /** Ends every token of a shop, as when the app is uninstalled. */
  revoke(user: User): void {
    this.expire(user)
    for (const [token, grant] of this.refreshers) if (grant.user === user.number) this.refreshers.delete(token)
  }

  reset(): void {
    for (const kept of [this.codes, this.tokens, this.refreshers, this.withheld, this.used]) kept.clear()
  }
}
