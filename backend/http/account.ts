import { secretsIn, secretsOf } from '../base/redact'
import type { Account, CredentialAsk, Credentials, HttpRequest, RawAnswer, SettingValues, Tokens } from '../contract'
import { labelOf } from '../gate/limits'
import type { Client } from './client'

/** What the tokens of a request's account add to it. */
export interface As {
  /** Texts that must not be shown. */
  secrets: readonly string[]
  isDenied(answer: RawAnswer): boolean
}

/** A request as it is sent: `headers` contain those of its account. */
export type Outgoing<T = unknown> = Omit<HttpRequest<T>, 'schema'> & { as?: As }

/** The upstream did not accept the tokens of the account. */
export class Denied extends Error {
  override name = 'Denied'
}

/** Adds tokens to a request. @throws {Error} when they are not for the host that the request names */
export function withTokens<R extends Outgoing>(
  { name, manyHosts }: Client,
  account: Account,
  wanted: R,
  tokens: Tokens,
  settings: SettingValues,
): R {
  if (manyHosts && (tokens.host === undefined || tokens.host !== labelOf(wanted.scopeOf, name)))
    throw new Error(`A request to ${name} would send the tokens of ${wanted.account} to another host than theirs.`)
  const headers = account.header(tokens, settings)
  const { access, refresh = '', extra = {} } = tokens
  const secrets = [...secretsIn([access, refresh, ...Object.values(headers)]), ...secretsOf(extra)]
  return { ...wanted, headers: { ...wanted.headers, ...headers }, as: { secrets, isDenied: account.isDenied ?? isUnauthorized } }
}

const isUnauthorized = ({ status }: RawAnswer): boolean => status === 401

/**
 * Sends a request with the tokens of its account, and once more with others when they are denied. Tokens are asked for before the
 * request takes a place of the process: a refresh may need one of the same API.
 * @throws {Held} when a person must connect the account
 */
export async function asAccount<T>(credentials: Credentials, ask: CredentialAsk, send: (tokens: Tokens) => Promise<T>): Promise<T> {
  const first = await credentials.tokens(ask)
  try {
    return await send(first.tokens)
  } catch (error) {
    if (!(error instanceof Denied)) throw error
  }
  const second = await credentials.replaced(ask, first)
  try {
    return await send(second.tokens)
  } catch (error) {
    if (!(error instanceof Denied)) throw error
    return await credentials.giveUp(ask, second)
  }
}
