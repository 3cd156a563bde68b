import { Refused } from '../../../base/errors'
import type { RouteContext, SettingValues } from '../../../contract'
import { plansOf, type settings } from '../settings'
import { readAccounts } from '../store/accounts'
import { setPlan } from '../store/profiles'
import { knownUserId } from './ways'

/**
 * Sets the plan of a user; jobs that are started from now on have its weight. A user may have a plan before the first account.
 * @returns how many accounts of the user are connected
 * @throws {Refused} `input` for a plan without a weight
 */
export async function changePlan(user: string, plan: string, context: RouteContext): Promise<number> {
  const userId = knownUserId(user)
  const plans = plansOf((context.settings as SettingValues<typeof settings>).COMMERCE_PLANS)
  if (!plans.includes(plan)) {
    throw new Refused(
      'input',
      `plan must be one of ${plans.join(', ')} (COMMERCE_PLANS), got ${JSON.stringify(plan.slice(0, 60))}.`,
      'plan',
    )
  }
  await context.act('account.plan', userId, { plan }, (tx) => setPlan(tx, userId, plan))
  return (await readAccounts(context.db, userId)).filter(({ isRemoved }) => !isRemoved).length
}
