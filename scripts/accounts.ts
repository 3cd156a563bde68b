import type { Command } from 'commander'
import type { AccountPlatform } from '../backend/contract'
import { sources } from '../backend/sources'
import { addOne, changePlan, checkAll, connectOne, type Given, listAll, platformsOf, removeOne } from './cli/accounts'
import type { Context } from './cli/context'
import { createProgram, main } from './cli/main'

const NOTES = `
A link is completed by the api process (yarn api), at COMMERCE_CALLBACK_URL. Tokens are read from standard input, or typed where nobody
sees them: an argument would be seen in the list of processes. They are stored sealed with TOKEN_KEY.`

/** `yarn accounts`: the shops whose history is read. */
export function build(context: Context): Command {
  const platforms = platformsOf(sources)
  const namesOf = (is: (platform: AccountPlatform) => boolean) =>
    Object.keys(platforms)
      .filter((name) => is(platforms[name] as AccountPlatform))
      .join(', ')
  const program = createProgram('yarn accounts', 'Connects, checks and removes the accounts whose history is read.', context).addHelpText(
    'after',
    NOTES,
  )
  const shops = Object.values(platforms).flatMap(({ name, shop }) => (shop ? [`${name}: ${shop}`] : []))
  const shop = ['--shop <address>', `the shop, where the platform needs it (${shops.join('; ')})`] as const
  const silent = Object.values(platforms).flatMap(({ name, hasNoCurrency }) => (hasNoCurrency ? [name] : []))
  const currency = ['--currency <code>', `currency of the shops, where the platform tells none (${silent.join(', ')})`] as const
  const owned = Object.values(platforms).flatMap(({ name, mayOwnApp }) => (mayOwnApp ? [name] : []))
  const json = ['--json', 'print JSON only'] as const
  program
    .command('connect <platform> <userId>')
    .description(`print a link by which the user connects an account (${namesOf(() => true)}), and wait until it is connected`)
    .option(...shop)
    .option(...currency)
    .option('--no-wait', 'print the link only')
    .option(...json)
    .action((platform: string, userId: string, given: Given) =>
      connectOne(context, { platform, userId, shop: given.shop, currency: given.currency }, given),
    )
  program
    .command('add <platform> <userId>')
    .description(`connect an account (${namesOf(({ token }) => token !== undefined)}) by a token that is read from standard input`)
    .option(...shop)
    .option(...currency)
    .option('--own-app', `no token: the app of the settings is the shop's own (${owned.join(', ')})`)
    .option(...json)
    .action((platform: string, userId: string, given: Given) =>
      addOne(context, { platform, userId, shop: given.shop, currency: given.currency }, given),
    )
  program
    .command('list [userId]')
    .description('list accounts and whether their tokens work')
    .option(...json)
    .action((userId: string | undefined, given: Given) => listAll(context, userId, given))
  program
    .command('check <userId> [account]')
    .description('ask the platforms whether the tokens work, and what they allow; exit 1 if not all of them work')
    .option(...json)
    .action((userId: string, account: string | undefined, given: Given) => checkAll(context, userId, account, given))
  program
    .command('remove <userId> <account>')
    .description('delete the tokens of an account; what was read of it stays')
    .option(...json)
    .action((userId: string, account: string, given: Given) => removeOne(context, userId, account, given))
  program
    .command('plan <userId> <plan>')
    .description("set a user's plan, which decides the share where a limit is scarce, from the next job on")
    .option(...json)
    .action((userId: string, plan: string, given: Given) => changePlan(context, userId, plan, given))
  return program
}

if (require.main === module) void main(build)
