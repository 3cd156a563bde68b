/** What gives access to one account of an upstream. It is stored sealed with TOKEN_KEY and shown nowhere. */
export interface Tokens {
  access: string
  refresh?: string
  /** When `access` expires, ISO 8601; absent: not known. */
  expiresAt?: string
  /**
   * The only host that gets them, as `scopeOf` names it. Needed where the host of the API comes from data: without it, any host could
   * be sent the tokens of any account.
   */
  host?: string
  /** Whatever else belongs to the account, such as the granted scopes. Fields whose names mark them as secret are hidden as well. */
  extra?: Record<string, string>
}
