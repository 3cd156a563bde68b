import type { Command as Program } from 'commander'
import { requireAccess } from '../backend/config/apis'
import type { Command, Source } from '../backend/contract'
import { sources } from '../backend/sources'
import type { Context } from './cli/context'
import { printDryRun } from './cli/dry-run'
import { startJobs } from './cli/enqueue'
import { collectIds } from './cli/ids'
import { createProgram, main } from './cli/main'
import { idNameOf, optionsOf } from './cli/options'
import { followJobs, printJobs } from './cli/print-jobs'
import { runLookup } from './cli/queue-lookup'
import { buildRequests, namingFlags, parsePriority } from './cli/request'
import { traced } from './cli/traced'

/** Options of every queue script; a source adds its own. */
export interface Given extends Record<string, unknown> {
  priority?: string
  force?: boolean
  dryRun?: boolean
  watch?: boolean
  json?: boolean
  file?: string
}

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
      await traced(context, `yarn queue:${name}`, () => queue(context, source, command, ids, given))
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

async function queue(context: Context, source: Source, command: Command, args: string[], given: Given): Promise<void> {
  const { config } = context
  if (!given.dryRun) requireAccess(source, config)
  const ids = command.ids || command.lookup ? await collectIds(args, given.file, context.terminal) : []
  const priority = given.priority === undefined ? undefined : parsePriority(given.priority)
  if (command.lookup) return await runLookup(context, source, { ...command, lookup: command.lookup }, ids, priority, given)
  const requests = buildRequests(source, command, ids, given)
  if (given.dryRun) return await namingFlags(source, command, () => printDryRun(context, source, command, requests, priority, given))
  const options = { priority, force: given.force, isQuiet: given.json }
  const queued = await namingFlags(source, command, () => startJobs(context, source, command, requests, options))
  if (!given.json) await printJobs(context, queued)
  if (given.watch) return await followJobs(context, queued, given)
  if (given.json) await printJobs(context, queued, true)
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
