import { Refused } from '../../../base/errors'
import type { AccountInfo, RouteContext } from '../../../contract'
import { laneOf } from '../entities'
import { type Account, removeAccount } from '../store/accounts'
import { infosOf } from './info'
import { dropCredential } from './save'

/**
 * Deletes the tokens of an account, unless another account of the user needs them. What was read of it stays; tasks that read it now
 * fail, with the reason.
 * @throws {Refused} `state` for one that was removed already
 */
export async function remove(account: Account, context: RouteContext): Promise<AccountInfo> {
  const { id, userId, credentialId } = account
  const removed = await context.act('account.remove', laneOf(account), { userId }, async (tx) => {
    const isRemoved = await removeAccount(tx, id)
    if (isRemoved) await dropCredential(context, tx, userId, credentialId)
    return isRemoved
  })
  if (!removed) throw new Refused('state', `The account ${laneOf(account)} was removed already.`)
  const [info] = await infosOf(context, { userId }, (one) => one.id === id)
  return info as AccountInfo
}
