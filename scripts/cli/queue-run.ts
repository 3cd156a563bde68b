import { requireAccess } from '../../backend/config/apis'
import type { Command, Source } from '../../backend/contract'
import type { Context } from './context'
import { printDryRun } from './dry-run'
import { startJobs } from './enqueue'
import { collectIds } from './ids'
import { followJobs, printJobs } from './print-jobs'
import { runLookup } from './queue-lookup'
import { buildRequests, namingFlags, parsePriority } from './request'
import { traced } from './traced'

/** Options of every queue script; a source adds its own. */
export interface Given extends Record<string, unknown> {
  priority?: string
  force?: boolean
  dryRun?: boolean
  watch?: boolean
  json?: boolean
  file?: string
}

/** Runs `yarn queue <name>`. */
export const runQueue = (context: Context, name: string, source: Source, command: Command, ids: string[], given: Given): Promise<void> =>
  traced(context, `yarn queue:${name}`, () => queue(context, source, command, ids, given))

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
