import { createHash } from 'node:crypto'
import { mix } from '../base/random'
import type { World } from './world'

/*
 * Who may read what at Etsy: consent, codes, access tokens of an hour and refresh tokens that are used once.
 */

export const KEYSTRING = 'sandbox-keystring'
export const SHARED_SECRET = 'sandbox-shared-secret'
export const SCOPES = ['transactions_r', 'listings_r', 'shops_r']
const ACCESS_SECONDS = 3600
const REFRESH_SECONDS = 90 * 86_400
const CODE_SECONDS = 60

/** As the token endpoint answers. */
export interface TokenAnswer {
  access_token: string
  token_type: 'Bearer'
  expires_in: number
  refresh_token: string
}
interface Grant {
  user: number
  scopes: string[]
  /** Seconds since 1970. */
  until: number
}
interface Code extends Grant {
  challenge: string
  redirectUri: string
}

export const challengeOf = (verifier: string): string => createHash('sha256').update(verifier).digest('base64url')

export class Access {
  /** Which seller consents next. */
  consenting = 0
  private numbers = 0
  private codes = new Map<string, Code>()
  private tokens = new Map<string, Grant>()
  private refreshers = new Map<string, Grant>()
  private readonly used = new Set<string>()

  constructor(private readonly world: World) {}

  private secret(kind: number): string {
    const part = (n: number) => mix(this.world.options.seed, kind, this.numbers, n).toString(36).padStart(7, '0')
    this.numbers++
    return Array.from({ length: 6 }, (_, n) => part(n)).join('')
  }

  /** The seller agrees: a code to exchange within a minute. */
  consent(scopes: string[], challenge: string, redirectUri: string): string {
    const code = this.secret(951)
    this.codes.set(code, { user: this.consenting, scopes, challenge, redirectUri, until: this.world.now() + CODE_SECONDS })
    return code
  }

  /** Tokens for a code, which is used up; undefined where code, verifier or address do not fit. */
  exchange(code: string, verifier: string, redirectUri: string): TokenAnswer | undefined {
    const found = this.codes.get(code)
    this.codes.delete(code)
    if (!found || found.until < this.world.now() || found.redirectUri !== redirectUri) return undefined
    return found.challenge === challengeOf(verifier) ? this.grant(found.user, found.scopes) : undefined
  }

  /** New tokens for a seller, as after a consent. */
  grant(user: number, scopes: string[] = SCOPES): TokenAnswer {
    const owner = this.world.users[user]?.ownerId
    const [access, refresh] = [`${owner}.${this.secret(952)}`, `${owner}.${this.secret(953)}`]
    this.tokens.set(access, { user, scopes, until: this.world.now() + ACCESS_SECONDS })
    this.refreshers.set(refresh, { user, scopes, until: this.world.now() + REFRESH_SECONDS })
    return { access_token: access, token_type: 'Bearer', expires_in: ACCESS_SECONDS, refresh_token: refresh }
  }

  /** New tokens for a refresh token, which dies at once; undefined for one that is dead. */
  refresh(token: string): TokenAnswer | undefined {
    const found = this.refreshers.get(token)
    this.refreshers.delete(token)
    if (!found || found.until < this.world.now()) return undefined
    this.used.add(token)
    return this.grant(found.user, found.scopes)
  }

  /** Whether a refresh token was used before: two refreshed at once, or tokens were not saved. */
  wasUsed(token: string): boolean {
    return this.used.has(token)
  }

  /** Whom a living access token speaks for. */
  reader(token: string): Grant | undefined {
    const found = this.tokens.get(token)
    return found && found.until > this.world.now() ? found : undefined
  }

  /** Ends the access tokens of a seller; the refresh token goes on. */
  expire(user: number): void {
    for (const [token, grant] of this.tokens) if (grant.user === user) this.tokens.delete(token)
  }

  /** Ends every token of a seller, as a changed password does. */
  revoke(user: number): void {
    this.expire(user)
    for (const [token, grant] of this.refreshers) if (grant.user === user) this.refreshers.delete(token)
  }

  reset(): void {
    this.consenting = 0
    this.codes.clear()
    this.tokens.clear()
    this.refreshers.clear()
    this.used.clear()
  }
}
