import type { RouteContext } from './route'
import type { SettingValues } from './settings'

/*
 * Accounts that people connect, for `yarn accounts`. The source keeps them; their tokens are in its credentials.
 */

/** How the accounts of one platform are connected. */
export interface AccountPlatform {
  /** What people call it: `Etsy`. */
  name: string
  /** The token that may be entered in place of following a link: `personal access token`; absent: none. */
  token?: string
  /** Whether the app of the settings may be the shop's own: the platform then gives it tokens without asking anybody. */
  mayOwnApp?: boolean
  /** How a shop is named, where a connection begins with it: `example.myshopify.com`. */
  shop?: string
  /** Whether the platform tells no currency of its shops, so that a person may name it. */
  hasNoCurrency?: boolean
  /** What must be set before one is connected, in a sentence; undefined: nothing. */
  unset?(settings: SettingValues): string | undefined
}

/** `reauth_required`: a person must connect it again. */
export type AccountState = 'connected' | 'reauth_required' | 'removed'

export interface AccountInfo {
  id: string
  userId: string
  platform: string
  /** Platform and shop, as jobs call its lane: `etsy/4711`. */
  account: string
  /** What its owner calls it. */
  name: string | null
  currency: string | null
  /** What the user has allowed, in the platform's words. */
  scopes: string[]
  state: AccountState
  /** What a person must do; null unless its state is `reauth_required`. */
  reason: string | null
  /** Sentences about what cannot be read of it. */
  notes: string[]
}

export interface AccountCheck extends AccountInfo {
  /** Whether the platform answered with its tokens; null: it could not be asked, see `reason`. */
  works: boolean | null
}

/** A connection that waits for the user. */
export interface AccountLink {
  /** For `connected`; no secret. */
  id: string
  /** What the user opens in a browser; it works once. */
  url: string
  expiresAt: Date
}

export interface AccountAsk {
  platform: string
  userId: string
  shop?: string
  /** ISO 4217, where the platform tells none. */
  currency?: string
}

/** All of them throw {Refused} with one sentence that says what is wrong and what to do. */
export interface Accounts {
  platforms: Readonly<Record<string, AccountPlatform>>
  /** Begins a connection. */
  connect(ask: AccountAsk, context: RouteContext): Promise<AccountLink>
  /** The accounts that a link connected; undefined while the user has not come back. @param id of the link */
  connected(id: string, context: RouteContext): Promise<AccountInfo[] | undefined>
  /** Connects by a token that a person entered. @param ask `token`: null for the shop's own app */
  add(ask: AccountAsk & { token: string | null }, context: RouteContext): Promise<AccountInfo[]>
  /** Those of a user, or of all users. */
  list(userId: string | undefined, context: RouteContext): Promise<AccountInfo[]>
  /** Sends one cheap request for each account. @param account only this one, by its id or as `AccountInfo.account` */
  check(userId: string, account: string | undefined, context: RouteContext): Promise<AccountCheck[]>
  /** Deletes its tokens. What was read of it stays. */
  remove(userId: string, account: string, context: RouteContext): Promise<AccountInfo>
  /**
   * Sets the plan of a user, which decides the user's share where a limit is scarce; also before the first account is connected.
   * @returns how many accounts of the user are connected
   */
  setPlan?(userId: string, plan: string, context: RouteContext): Promise<number>
}
