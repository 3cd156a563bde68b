import { mix } from '../base/random'
import type { User } from './people'
import { timeText } from './printify-documents'
import type { World } from './world'

export const APP_ID = 'sandbox-printify-app'
const ACCESS_SECONDS = 6 * 3600
const CODE_SECONDS = 600

/** As the token endpoints answer. */
export interface PrintifyTokenAnswer {
  access_token: string
  refresh_token: string
  expire_at: string
}
interface Grant {
  user: number
  /** Seconds since 1970. */
  until: number
}

/**
 * Personal tokens: one of an account at a time, which holds until it is revoked. Tokens of the app: access for six hours, and refresh tokens
 * that work once.
 */
export class PrintifyTokens {
  /** Which merchant consents next. */
  consenting = 0
  private numbers = 0
  private readonly generations = new Map<number, number>()
  private readonly codes = new Map<string, Grant>()
  private readonly access = new Map<string, Grant>()
  private readonly refreshers = new Map<string, number>()
  constructor(private readonly world: World) {}

  /** The living personal token of a seller. */
  of({ number }: Pick<User, 'number'>): string {
    return `sandbox-printify-token-${number}-${this.generations.get(number) ?? 0}`
  }

  /** Ends every token of a seller; `of` tells the next personal one. */
  revoke({ number }: Pick<User, 'number'>): void {
    this.generations.set(number, (this.generations.get(number) ?? 0) + 1)
    this.expire({ number })
    for (const [token, user] of this.refreshers) if (user === number) this.refreshers.delete(token)
  }

  /** Ends the access tokens of the app for a seller; the refresh token goes on. */
  expire({ number }: Pick<User, 'number'>): void {
    for (const [token, { user }] of this.access) if (user === number) this.access.delete(token)
  }

  reader(token: string): User | undefined {
    const grant = this.access.get(token)
    if (grant) return grant.until > this.world.now() ? this.world.users[grant.user] : undefined
    const user = this.world.users[Number(/^sandbox-printify-token-(\d+)-/.exec(token)?.[1] ?? Number.NaN)]
    return user && this.of(user) === token ? user : undefined
  }

  /** The merchant agrees: a code to exchange. */
  consent(): string {
    const code = this.secret(961)
    this.codes.set(code, { user: this.consenting, until: this.world.now() + CODE_SECONDS })
    return code
  }

  /** Tokens for a code, which is used up; undefined where it does not fit. */
  exchange(code: string): PrintifyTokenAnswer | undefined {
    const found = this.codes.get(code)
    this.codes.delete(code)
    return found && found.until > this.world.now() ? this.grant(found.user) : undefined
  }

  /** New tokens for a refresh token; undefined for one that is dead. */
  refresh(token: string): PrintifyTokenAnswer | undefined {
    const user = this.refreshers.get(token)
    this.refreshers.delete(token)
    return user === undefined ? undefined : this.grant(user)
  }

  private grant(user: number): PrintifyTokenAnswer {
    const until = this.world.now() + ACCESS_SECONDS
    const [access, refresh] = [this.secret(962), this.secret(963)]
    this.access.set(access, { user, until })
    this.refreshers.set(refresh, user)
    return { access_token: access, refresh_token: refresh, expire_at: timeText(until) }
  }

  private secret(kind: number): string {
    const part = (n: number) => mix(this.world.options.seed, kind, this.numbers, n).toString(36).padStart(7, '0')
    this.numbers++
    return Array.from({ length: 6 }, (_, n) => part(n)).join('')
  }

  reset(): void {
    this.consenting = 0
    this.generations.clear()
    this.codes.clear()
    this.access.clear()
    this.refreshers.clear()
  }
}

/** Printify's token endpoints: a code or a refresh token for tokens, asked for with the id of the app. */
export function tokensFor(tokens: PrintifyTokens, path: string, form: URLSearchParams): PrintifyTokenAnswer | string {
  const of = (name: string) => form.get(name) ?? ''
  if (of('app_id') !== APP_ID) return 'The app is unknown'
  if (path === 'refresh') return tokens.refresh(of('refresh_token')) ?? 'The refresh token is invalid'
  return tokens.exchange(of('code')) ?? 'The code is invalid'
}
