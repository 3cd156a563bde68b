import type { HttpUse } from './api'
import type { HttpFactory, Source } from './source'
import type { Tokens } from './tokens'

/** Tokens as they are stored. */
export interface StoredTokens {
  tokens: Tokens
  /** Raised each time other tokens are saved. */
  version: bigint
}

/** Which credential a request needs, and what a refresh may use. */
export interface CredentialAsk {
  source: Source
  kind: string
  id: string
  use: HttpUse
  /** Makes clients for the refresh. */
  http: HttpFactory
}

/** The tokens of accounts, as the HTTP client gets them. Every method throws {Held} where a person must act. */
export interface Credentials {
  /**
   * Tokens to send a request with, refreshed when they expire soon.
   * @throws {Throttled} while they have expired and another process refreshes them, or TOKEN_KEY lacks their key
   * @throws {RetryLater} when they have expired and the refresh failed
   */
  tokens(ask: CredentialAsk): Promise<StoredTokens>
  /** Other tokens than those that were denied: the ones that another process saved meanwhile, or refreshed. */
  replaced(ask: CredentialAsk, denied: StoredTokens): Promise<StoredTokens>
  /** Notes that a person must act, because the replaced tokens were denied as well. @throws always */
  giveUp(ask: CredentialAsk, denied: StoredTokens): Promise<never>
}
