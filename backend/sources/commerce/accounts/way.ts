import type { AccountPlatform, Io, SettingValues, Tokens } from '../../../contract'

/*
 * How the accounts of one platform are connected. The steps around it are the same for all of them.
 */

/** What asks a platform. */
export interface Asker {
  http: Io['http']
  settings: SettingValues
}

/** Whom a request is for: the id of a credential, or tokens that are not stored yet, with what the limits count them by. */
export type Speaker = { credential: string } | { tokens: Tokens; label: string }

/** A shop that tokens give access to. */
export interface Shop {
  /** The platform's id; of Shopify its domain. */
  shopId: string
  name: string | null
  /** ISO 4217; null: not known. */
  currency: string | null
  /** When it was opened: its history starts here. ISO 8601; null: not known. */
  createdAt: string | null
  /** What the user has allowed, in the platform's words. */
  scopes: readonly string[]
}

/** What comes back from the platform with the user, by name. */
export type Callback = Readonly<Record<string, string>>

/** What a connection was begun with. */
export interface Begun {
  redirectUri: string
  state: string
  /** Of PKCE. */
  verifier: string
  /** Of Shopify. */
  shopId: string | null
}

/** A connection by a link that the user follows. */
export interface Consent {
  /** @throws {Refused} `setup` while a setting is missing */
  url(settings: SettingValues, begun: Begun): string
  /** Before the state is used: whether the platform itself sent this. @throws {Refused} `input` for a forged one */
  check?(settings: SettingValues, callback: Callback): void
  /** @param begun `label`: what the limits count it by @throws {Refused}, {RetryLater}, {Throttled} or {Fatal} */
  exchange(asker: Asker, code: string, begun: Omit<Begun, 'state'> & { label: string }): Promise<Tokens>
}

export interface Way extends AccountPlatform {
  /** One of the source's `credentials`. */
  kind: string
  consent: Consent
  /** The id of a shop as a person may name it. @throws {Refused} `input` naming `shop` */
  shopIdOf?(text: string): string
  /** Tokens as a person enters them. @param shopId of Shopify @throws {Refused} `input` naming `token`, without showing it */
  tokensOf?(text: string, shopId: string | null): Tokens
  /** Tokens of the shop's own app. @throws {Refused}, {Dead}, {RetryLater}, {Throttled} or {Fatal} */
  ownTokens?(asker: Asker, shopId: string | null): Promise<Tokens>
  /**
   * The shops of an account, with at least one.
   * @throws {Refused} where there is none, {Held} where the tokens are dead, {RetryLater}, {Throttled} or {Fatal}
   */
  shopsOf(asker: Asker, speaker: Speaker, shopId: string | null): Promise<Shop[]>
  /** What cannot be read with these scopes, in sentences. */
  missing(scopes: readonly string[]): string[]
}
