import type { Accounts } from '../../../contract'
import { add } from './add'
import { check } from './check'
import { begin, connected } from './connect'
import { accountIn, accountsOf } from './find'
import { infosOf } from './info'
import { changePlan } from './plan'
import { remove } from './remove'
import { WAYS } from './ways'

/** How people connect, check and remove accounts. */
export const accounts: Accounts = {
  platforms: WAYS,
  connect: begin,
  connected,
  add,
  async list(userId, context) {
    if (userId !== undefined) await accountsOf(context.db, userId)
    return await infosOf(context, { userId: userId?.trim() })
  },
  check,
  remove: async (userId, account, context) => await remove(await accountIn(context.db, userId, account), context),
  setPlan: changePlan,
}
