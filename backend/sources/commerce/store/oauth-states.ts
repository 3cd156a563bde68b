import { createHash } from 'node:crypto'
import type { Tx } from '../../../base/sql'
import type { Platform } from './records'

/*
 * Connections that users have started. The state itself is only in the link that the user follows; here is its hash.
 */

export interface OauthState {
  userId: string
  platform: Platform
  /** Domain of a Shopify shop. */
  shopId: string | null
  /** The verifier of PKCE, sealed. */
  verifier: string | null
}

export const stateHash = (state: string): string => createHash('sha256').update(state).digest('hex')

/** Stores a state for so many seconds. Sealing a verifier takes `stateHash` as context. */
export async function saveState(tx: Tx, state: string, it: OauthState, seconds: number): Promise<void> {
  await tx.query(
    `insert into commerce.oauth_states (state_hash, user_id, platform, shop_id, verifier, expires_at)
     values ($1, $2, $3, $4, $5, clock_timestamp() + make_interval(secs => $6))`,
    [stateHash(state), it.userId, it.platform, it.shopId, it.verifier, seconds],
  )
}

/** Takes a state, which works once; undefined: unknown, used or expired. Removes expired ones too. */
export async function takeState(tx: Tx, state: string): Promise<OauthState | undefined> {
  const [row] = await tx.query<OauthState & { isExpired: boolean }>(
    `delete from commerce.oauth_states where state_hash = $1
     returning user_id as "userId", platform, shop_id as "shopId", verifier, expires_at <= clock_timestamp() as "isExpired"`,
    [stateHash(state)],
  )
  await tx.query(
    `delete from commerce.oauth_states where state_hash in (
       select state_hash from commerce.oauth_states where expires_at <= clock_timestamp() order by expires_at limit 100 for update skip locked)`,
  )
  if (!row || row.isExpired) return undefined
  const { isExpired: _, ...taken } = row
  return taken
}
