import type { Io } from './io'
import type { Tokens } from './tokens'

/*
 * Accounts that people connect. A source chooses the id of each credential, `etsy/4711`; it is a label that everybody may see.
 */

/** One kind of credential of a source, such as the OAuth tokens of one platform. */
export interface CredentialKind {
  /** How long before the access token expires it is refreshed, ms (default 300,000). */
  earlyMs?: number
  /**
   * Asks the upstream for new tokens; at most one process at a time does so for each credential. What it returns replaces the stored
   * tokens as a whole, before the first use. It is aborted after 50 s. Absent: denied tokens need a person.
   * @throws {Dead} when a person must connect the account again, such as for `invalid_grant`
   * @throws {RetryLater} or {Throttled} otherwise: the account stays connected, and a token that has not expired stays in use
   */
  refresh?(tokens: Tokens, io: Pick<Io, 'http' | 'settings' | 'log' | 'signal'>, id: string): Promise<Tokens>
}

/** `reauth_required`: a person must connect the account again. */
export type CredentialState = 'ready' | 'reauth_required'

/** A credential without its tokens. */
export interface CredentialInfo {
  id: string
  kind: string
  state: CredentialState
  /** What a person must do; null while it is ready. */
  reason: string | null
  expiresAt: Date | null
  refreshedAt: Date | null
}
