import type { AccountInfo, RouteContext } from '../../../contract'
import { laneOf } from '../entities'
import { type Account, readAccounts, readAllAccounts } from '../store/accounts'
import { WAYS } from './ways'

/** Accounts of all users that are listed at most. */
const MAX_LISTED = 1000

/** Accounts as people see them. @param of a user, or all users @param only those */
export async function infosOf(
  context: RouteContext,
  { userId }: { userId?: string },
  only: (account: Account) => boolean = () => true,
): Promise<AccountInfo[]> {
  const all = userId === undefined ? await readAllAccounts(context.db, MAX_LISTED) : await readAccounts(context.db, userId)
  const accounts = all.filter(only)
  const credentials = await context.credentials.state([...new Set(accounts.map((one) => one.credentialId))])
  const byId = new Map(credentials.map((one) => [one.id, one]))
  return accounts.map((account) => {
    const { id, platform, name, currency, scopes, isRemoved, credentialId } = account
    const credential = byId.get(credentialId)
    const isDead = !isRemoved && credential?.state !== 'ready'
    return {
      id,
      userId: account.userId,
      platform,
      account: laneOf(account),
      name,
      currency,
      scopes,
      state: isRemoved ? 'removed' : isDead ? 'reauth_required' : 'connected',
      reason: isDead ? (credential?.reason ?? 'no tokens are stored for it: connect it again') : null,
      notes: isRemoved ? [] : notesOf(account),
    }
  })
}

/** What cannot be read of an account, or not be added up. */
function notesOf({ platform, scopes, currency }: Account): string[] {
  const { missing, hasNoCurrency, name } = WAYS[platform]
  const unknown = `${name} does not tell the currency of its costs, so they are in none of the sums: connect or add it again with --currency, then backfill it again.`
  return [...missing(scopes), ...(hasNoCurrency && currency === null ? [unknown] : [])]
}
