import { Refused } from '../../../base/errors'
import type { Tx } from '../../../base/sql'
import type { AccountInfo, RouteContext, Tokens } from '../../../contract'
import { laneOf } from '../entities'
import { readAccounts, saveAccount } from '../store/accounts'
import type { Platform } from '../store/records'
import { infosOf } from './info'
import type { Shop, Way } from './way'

export interface Connected {
  userId: string
  platform: Platform
  way: Way
  /** Those that the tokens give access to. */
  shops: readonly Shop[]
  tokens: Tokens
}

/** What holds the work of an account whose tokens are dead. */
const keyOf = (credential: string): string => `credential/${credential}`

/**
 * Stores the shops of an account with their tokens, in one transaction. Shops that were connected before keep their rows and their
 * credential, so that whatever waits for it goes on.
 * @param also in the same transaction, with the ids of the accounts
 * @throws {Refused} where nothing may be read with the tokens
 */
export async function saveShops(
  context: RouteContext,
  { userId, platform, way, shops, tokens }: Connected,
  also?: (tx: Tx, ids: string[]) => Promise<unknown>,
): Promise<AccountInfo[]> {
  const inOrder = shops.toSorted((a, b) => (a.shopId < b.shopId ? -1 : 1))
  const [first] = inOrder
  if (!first) throw new Refused('input', `This ${way.name} account has no shop.`)
  const names = inOrder.map(({ shopId }) => laneOf({ platform, shopId }))
  const ids = await context.act('account.connect', names.join(' '), { userId }, async (tx) => {
    const before = (await readAccounts(tx, userId)).filter(
      (one) => one.platform === platform && shops.some(({ shopId }) => shopId === one.shopId),
    )
    const credentialId = before[0]?.credentialId ?? `${platform}/${userId}/${first.shopId}`
    await context.credentials.save(tx, { id: credentialId, kind: way.kind, tokens })
    const saved: string[] = []
    for (const { shopId, name, currency, scopes, createdAt } of inOrder) {
      const shopCreatedAt = createdAt === null ? null : new Date(createdAt)
      saved.push(await saveAccount(tx, { userId, platform, shopId, name, currency, scopes: [...scopes], shopCreatedAt, credentialId }))
    }
    for (const old of new Set(before.map((one) => one.credentialId))) {
      if (old !== credentialId) await dropCredential(context, tx, userId, old)
    }
    await also?.(tx, saved)
    return saved
  })
  return await infosOf(context, { userId }, ({ id }) => ids.includes(id))
}

/** Deletes tokens that no connected account uses any more, and lets go on whatever waits for them. */
export async function dropCredential(context: RouteContext, tx: Tx, userId: string, credential: string): Promise<void> {
  const users = (await readAccounts(tx, userId)).filter((one) => one.credentialId === credential && !one.isRemoved)
  if (users.length === 0) await context.credentials.remove(tx, credential)
  await context.release(tx, keyOf(credential))
}
