import type { Command as Program } from 'commander'
import type { Command, Source } from '../backend/contract'
import { sources } from '../backend/sources'
import type { Context } from './cli/context'
import { createProgram, main } from './cli/main'
import { idNameOf, optionsOf } from './cli/options'
import type { Given } from './cli/queue-run'

/** Most of what a command takes to load; its help does without it. */
const load = () => require('./cli/queue-run') as typeof import('./cli/queue-run')

function addCommand(program: Program, context: Context, name: string, source: Source, command: Command): void {
  const made = parentOf(program, name)
    .command(name.split(' ').at(-1) as string)
    .description(command.about)
  const idName = command.lookup ? `${command.lookup} id` : command.ids && idNameOf(source, command.ids)
  if (idName) made.argument('[ids...]', `one or more ${idName}s; - reads them from standard input`)
  for (const { option } of command.options ? optionsOf(source) : []) made.addOption(option)
  made.option('--priority <0-9>', 'lower numbers run first; names: live (0), asked (1), backfill (2)')
  if (!command.lookup) made.option('--force', 'start a job even if one for the same request is active')
  if (idName) made.option('--file <path>', 'read ids from a file; # starts a comment, - reads standard input')
  made
    .option('--dry-run', 'show tasks, requests and time at the current limits; queue nothing')
    .option('--watch', 'follow until the end; exit 0 only if everything completed')
    .option('--json', 'print one JSON object only')
    .configureHelp({ commandUsage: () => `yarn queue ${name} [options]${idName ? ' [ids...]' : ''}` })
    .action(async (...args: unknown[]) => {
      const [ids, given] = idName ? (args as [string[], Given]) : [[], args[0] as Given]
      await load().runQueue(context, name, source, command, ids, given)
    })
}

/** `listings full` is a command of the command `listings`. */
function parentOf(program: Program, name: string): Program {
  const [first, second] = name.split(' ')
  if (first === undefined || second === undefined) return program
  return (
    program.commands.find((one) => one.name() === first) ??
    program
      .command(first)
      .description(`Start jobs of ${first}: each command says which`)
      .configureHelp({ commandUsage: () => `yarn queue ${first} <command>` })
  )
}

/** `yarn queue <command>`: every command of every source in the registry. */
export function build(context: Context): Program {
  const program = createProgram('queue', 'Starts jobs and lookups.', context)
  for (const source of sources) {
    for (const [name, command] of Object.entries(source.commands)) addCommand(program, context, name, source, command)
  }
  return program
}

if (require.main === module) void main(build)
