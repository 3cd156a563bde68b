import type { AccountInfo } from '../../backend/contract'
import { sources } from '../../backend/sources'
import { verbs } from './accounts'
import type { Check, Finding } from './checks'
import type { Context } from './context'
import { counted } from './text'

type Found = Omit<Finding, 'check'>

/** The most accounts that are named. */
const MAX_NAMED = 5

/** Whether the accounts that people connected work, as far as is known without asking the platforms. */
async function accounts(context: Context): Promise<string | Found[]> {
  if (!sources.some((source) => source.accounts)) return 'no source has accounts'
  const { accounts: its, route } = verbs(context)
  const all = (await its.list(undefined, route)).filter(({ state }) => state !== 'removed')
  if (all.length === 0) return 'none is connected'
  const dead = all.filter(({ state }) => state === 'reauth_required')
  const used = new Set(all.map(({ platform }) => platform))
  const missing = Object.entries(its.platforms).flatMap(([name, { unset }]) => (used.has(name) ? (unset?.(route.settings) ?? []) : []))
  return [
    { state: 'ok', text: `${counted(all.length - dead.length, 'account')} connected` },
    ...missing.map((text): Found => ({ state: 'warning', text })),
    ...dead.slice(0, MAX_NAMED).map(warningOf),
    ...(dead.length > MAX_NAMED
      ? [{ state: 'warning' as const, text: `and ${dead.length - MAX_NAMED} more; see yarn accounts list` }]
      : []),
  ]
}

const warningOf = ({ userId, account, reason }: AccountInfo): Found => ({
  state: 'warning',
  text: `${account} of user ${userId} must be connected again: ${reason ?? 'its tokens do not work'}`,
})

export const ACCOUNTS: Check = { name: 'accounts', needs: ['migrations'], run: accounts }
