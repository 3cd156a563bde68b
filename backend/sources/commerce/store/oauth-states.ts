import { createHash } from 'node:crypto'
import type { Reader, Tx } from '../../../base/sql'
import type { Platform } from './records'

/*
 * Connections that users have begun. The state itself is only in the link that the user follows; here is its hash.
 */

/** Who has taken one completes it within this time, or died. */
const TAKEN = `interval '2 minutes'`

export interface OauthState {
  userId: string
  platform: Platform
  /** Domain of a Shopify shop. */
  shopId: string | null
  /** ISO 4217, as the person named it; null: none. */
  currency: string | null
  /** The verifier of PKCE, sealed. */
  verifier: string | null
}

/** How a connection stands. */
export interface OauthOutcome extends Omit<OauthState, 'verifier' | 'currency'> {
  /** Nobody has come back with it yet. */
  isOpen: boolean
  isExpired: boolean
  /** It was taken a while ago, and nobody has noted what became of it. */
  isInterrupted: boolean
  /** Why no account was connected. */
  refused: string | null
  /** Accounts that were connected. */
  accountIds: string[]
}

export const stateHash = (state: string): string => createHash('sha256').update(state).digest('hex')

/** Stores a state for so many seconds. Sealing a verifier takes `stateHash` as context. @returns when it expires */
export async function saveState(tx: Tx, state: string, it: OauthState, seconds: number): Promise<Date> {
  const [row] = await tx.query<{ expiresAt: Date }>(
    `insert into commerce.oauth_states (state_hash, user_id, platform, shop_id, currency, verifier, expires_at)
     values ($1, $2, $3, $4, $5, $6, clock_timestamp() + make_interval(secs => $7)) returning expires_at as "expiresAt"`,
    [stateHash(state), it.userId, it.platform, it.shopId, it.currency, it.verifier, seconds],
  )
  return (row as { expiresAt: Date }).expiresAt
}

/** @param hash of the state @returns undefined for one that was never begun here, or long ago */
export async function readState(db: Reader, hash: string): Promise<OauthOutcome | undefined> {
  const [row] = await db.query<OauthOutcome>(
    `select user_id as "userId", platform, shop_id as "shopId", taken_at is null as "isOpen", expires_at <= clock_timestamp() as "isExpired",
            coalesce(taken_at < clock_timestamp() - ${TAKEN}, false) as "isInterrupted", refused, account_ids as "accountIds"
       from commerce.oauth_states where state_hash = $1`,
    [hash],
  )
  return row
}

/** Takes a state, which works once; undefined: unknown, used or expired. */
export async function takeState(tx: Tx, hash: string): Promise<OauthState | undefined> {
  const [row] = await tx.query<OauthState>(
    `update commerce.oauth_states s set taken_at = clock_timestamp(), verifier = null
       from (select * from commerce.oauth_states where state_hash = $1 and taken_at is null and expires_at > clock_timestamp() for update) old
      where s.state_hash = $1 returning old.user_id as "userId", old.platform, old.shop_id as "shopId", old.currency, old.verifier`,
    [hash],
  )
  return row
}

/** Notes what became of a connection. */
export async function endState(tx: Tx, hash: string, { refused = null, accountIds = [] }: Partial<OauthOutcome>): Promise<void> {
  await tx.query('update commerce.oauth_states set refused = $2, account_ids = $3 where state_hash = $1', [hash, refused, accountIds])
}
