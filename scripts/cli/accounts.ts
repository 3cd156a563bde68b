import { randomUUID } from 'node:crypto'
import { Refused } from '../../backend/base/errors'
import type {
  AccountAsk,
  AccountCheck,
  AccountInfo,
  AccountLink,
  AccountPlatform,
  Accounts,
  RouteContext,
  Source,
} from '../../backend/contract'
import { isUnreachable } from '../../backend/database/passing'
import { createRouteContext } from '../../backend/service/routes/context'
import { sources } from '../../backend/sources'
import { actor } from './actor'
import type { Context } from './context'
import { sleepUntil } from './sleep'
import { moment, table, toJson } from './text'
import { INTERRUPTED } from './watch'

export interface Given {
  shop?: string
  currency?: string
  wait?: boolean
  ownApp?: boolean
  json?: boolean
}

/** How often a command that waits asks. */
const POLL_MS = 500

type HasAccounts = Source & { accounts: Accounts }

/** Platforms of all sources whose accounts people connect. */
export const platformsOf = (all: readonly Source[]): Record<string, AccountPlatform> =>
  Object.assign({}, ...all.map((source) => source.accounts?.platforms))

/** The verbs of the source that has accounts, in the name of whoever runs the command. @param platform one of its own */
export function verbs(context: Context, platform?: string): { accounts: Accounts; route: RouteContext } {
  const all = sources.filter((one): one is HasAccounts => one.accounts !== undefined)
  const source = platform === undefined ? all[0] : all.find(({ accounts }) => Object.hasOwn(accounts.platforms, platform))
  if (!source) {
    const names = Object.keys(platformsOf(sources)).join(', ')
    throw new Refused('input', `There is no platform ${JSON.stringify(platform)}: the platforms are ${names}.`, 'platform')
  }
  const route = createRouteContext(context.service(sources), source, actor(), { id: randomUUID() })
  return { accounts: source.accounts, route }
}

/** `connect <platform> <userId>` */
export async function connectOne(context: Context, ask: AccountAsk, { wait, json }: Given): Promise<void> {
  const { terminal } = context
  const { accounts, route } = verbs(context, ask.platform)
  const link = await accounts.connect(ask, route)
  if (wait === false) return terminal.out(json ? toJson(link) : linkText(link))
  // What is left on stdout is one JSON object.
  const print = json ? terminal.err : terminal.out
  print(linkText(link))
  print('Waiting until the account is connected; Ctrl-C ends the waiting only.')
  const found = await waitFor(context, () => accounts.connected(link.id, route))
  if (found) return printConnected(context, found, json)
  terminal.err(
    `Nobody has followed the link yet; it still works until ${moment(link.expiresAt)} UTC. See yarn accounts list ${ask.userId}.`,
  )
  context.exitCode = INTERRUPTED
}

const linkText = ({ url, expiresAt }: AccountLink): string =>
  `Open this link in a browser as the owner of the shop. It works once, until ${moment(expiresAt)} UTC:\n${url}`

/** Asks until there is an answer, also through an outage of the database. @returns undefined after Ctrl-C */
async function waitFor<T>({ terminal }: Context, ask: () => Promise<T | undefined>): Promise<T | undefined> {
  const interruption = new AbortController()
  const forget = terminal.onInterrupt(() => interruption.abort())
  let isUnreachableNow = false
  try {
    while (!interruption.signal.aborted) {
      try {
        const found = await ask()
        if (found !== undefined) return found
        isUnreachableNow = false
      } catch (error) {
        if (!isUnreachable(error)) throw error
        if (!isUnreachableNow) terminal.err(`The database is unreachable (${(error as Error).message}); still trying.`)
        isUnreachableNow = true
      }
      await sleepUntil(POLL_MS, interruption.signal)
    }
  } finally {
    forget()
  }
  return undefined
}

/** `add <platform> <userId>` */
export async function addOne(context: Context, ask: AccountAsk, { json, ownApp }: Given): Promise<void> {
  const { terminal } = context
  const { accounts, route } = verbs(context, ask.platform)
  const { name, token: what } = accounts.platforms[ask.platform] as AccountPlatform
  const token = ownApp ? null : what === undefined ? '' : await terminal.readSecret(`${what} of ${name}: `)
  if (token === undefined) {
    context.exitCode = INTERRUPTED
    return
  }
  printConnected(context, await accounts.add({ ...ask, token }, route), json)
}

function printConnected({ terminal }: Context, found: readonly AccountInfo[], isJson = false): void {
  if (isJson) {
    terminal.out(toJson(found))
    return
  }
  for (const { account, name, notes } of found) {
    terminal.out(`${account} is connected${name ? `: ${name}` : ''}`)
    for (const note of notes) terminal.out(`  ${note}`)
  }
  terminal.out(`To read its history: yarn queue:commerce ${found[0]?.userId}`)
}

const STATE: Readonly<Record<AccountInfo['state'], string>> = {
  connected: 'connected',
  reauth_required: 'must be connected again',
  removed: 'removed',
}

const remarkOf = ({ reason, notes }: AccountInfo): string => [...(reason ? [reason] : []), ...notes].join(' ')

/** `list [userId]` */
export async function listAll(context: Context, userId: string | undefined, { json }: Given): Promise<void> {
  const { accounts, route } = verbs(context)
  const found = await accounts.list(userId, route)
  const { terminal } = context
  if (json) return terminal.out(toJson(found))
  if (found.length === 0) return terminal.out('No account is connected: run yarn accounts connect <platform> <user id>.')
  const cells = found.map((one) => [
    one.userId,
    one.account,
    one.name ?? '',
    one.currency ?? '',
    STATE[one.state],
    one.scopes.join(' '),
    remarkOf(one),
  ])
  terminal.out(table(['user', 'account', 'name', 'currency', 'state', 'scopes', ''], cells))
}

const resultOf = ({ works, state }: AccountCheck): string => (works === null ? 'not known' : works ? 'works' : STATE[state])

/** `check <userId> [account]` */
export async function checkAll(context: Context, userId: string, account: string | undefined, { json }: Given): Promise<void> {
  const { accounts, route } = verbs(context)
  const found = await accounts.check(userId, account, route)
  const { terminal } = context
  if (json) terminal.out(toJson(found))
  else {
    const cells = found.map((one) => [one.account, resultOf(one), one.scopes.join(' '), remarkOf(one)])
    terminal.out(table(['account', 'tokens', 'scopes', ''], cells))
  }
  if (found.some(({ works }) => works !== true)) context.exitCode = 1
}

/** `remove <userId> <account>` */
export async function removeOne(context: Context, userId: string, account: string, { json }: Given): Promise<void> {
  const { accounts, route } = verbs(context)
  const removed = await accounts.remove(userId, account, route)
  context.terminal.out(json ? toJson(removed) : `${removed.account} is removed and its tokens are deleted; what was read of it stays`)
}

/** `plan <userId> <plan>` */
export async function changePlan(context: Context, userId: string, plan: string, { json }: Given): Promise<void> {
  const { accounts, route } = verbs(context)
  const connected = await accounts.setPlan?.(userId, plan, route)
  const none = connected === 0 ? `; no account of ${userId} is connected yet: check the id, or connect one with yarn accounts connect` : ''
  context.terminal.out(
    json ? toJson({ userId, plan, accounts: connected }) : `user ${userId} has the plan ${plan}, from the next job on${none}`,
  )
}
