import type { Source } from '../../backend/contract'
import type { Db } from '../../backend/database/db'
import { connectSeller } from '../../bench/commerce/sellers'
import { accountOf, connect } from './commerce-records'
import type { Sandbox } from './system'

/*
 * What must be there before a source takes its example: accounts that a person has connected.
 */

const READY: Record<string, (db: Db, sandbox: Sandbox | undefined, userId: string) => Promise<unknown>> = {
  async commerce(db, sandbox, userId) {
    const user = sandbox?.commerce.world.users[0]
    if (sandbox && user) return await connectSeller(db, sandbox, user, { userId })
    const platforms = ['etsy', 'shopify', 'printify'] as const
    return await Promise.all(platforms.map((platform, n) => connect(db, accountOf(n, platform, userId))))
  },
}

/** @param sandbox absent: nothing will be asked of an upstream */
export const makeReady = async ({ name, example }: Source, db: Db, sandbox?: Sandbox): Promise<unknown> =>
  await READY[name]?.(db, sandbox, (example as { userId: string }).userId)
