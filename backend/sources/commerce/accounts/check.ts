import { Refused } from '../../../base/errors'
import type { AccountCheck, AccountInfo, RouteContext } from '../../../contract'
import { readAccounts, saveAccount } from '../store/accounts'
import { answered } from './answered'
import { accountIn, accountsOf } from './find'
import { infosOf } from './info'
import { WAYS } from './ways'

/**
 * Asks for the shop of each account, one after the other: whether its tokens work, and what they allow now.
 * @param only this one
 * @throws {Refused} `missing` for a user or an account that there is not
 */
export async function check(userId: string, only: string | undefined, context: RouteContext): Promise<AccountCheck[]> {
  const accounts = (await accountsOf(context.db, userId)).filter((one) => !one.isRemoved)
  const chosen = only === undefined ? accounts : [await accountIn(context.db, userId, only)]
  if (chosen.length === 0) throw new Refused('missing', `No account of user ${userId} is connected: run yarn accounts connect.`, 'userId')
  const reasons = new Map<string, string>()
  for (const { id } of chosen) {
    const reason = await checkOne(id, userId, context)
    if (reason !== undefined) reasons.set(id, reason)
  }
  const infos = await infosOf(context, { userId }, ({ id }) => chosen.some((one) => one.id === id))
  return infos.map((info) => checked(info, reasons.get(info.id)))
}

function checked(info: AccountInfo, reason: string | undefined): AccountCheck {
  if (info.state !== 'connected') return { ...info, works: false }
  // The tokens may be good: nobody denied them.
  return reason === undefined ? { ...info, works: true } : { ...info, works: null, reason }
}

/** @returns why it could not be asked */
async function checkOne(id: string, userId: string, context: RouteContext): Promise<string | undefined> {
  const account = (await readAccounts(context.db, userId)).find((one) => one.id === id)
  if (!account || account.isRemoved) return undefined
  const { platform, shopId, credentialId } = account
  const way = WAYS[platform]
  try {
    const shops = await answered(way.name, () => way.shopsOf(context, { credential: credentialId }, shopId))
    const shop = shops.find((one) => one.shopId === shopId)
    if (!shop) return `the tokens work, and give access to other shops only: ${shops.map((one) => one.shopId).join(', ')}`
    const { name, currency, scopes, createdAt } = shop
    const shopCreatedAt = createdAt === null ? null : new Date(createdAt)
    await context.act('account.check', `${platform}/${shopId}`, { userId }, async (tx) => {
      const now = (await readAccounts(tx, userId)).find((one) => one.id === id)
      // It was removed, or connected again, while the platform was asked.
      if (!now || now.isRemoved || now.credentialId !== credentialId) return
      await saveAccount(tx, { userId, platform, shopId, name, currency, scopes: [...scopes], shopCreatedAt, credentialId })
    })
    return undefined
  } catch (error) {
    if (error instanceof Refused) return error.message
    throw error
  }
}
