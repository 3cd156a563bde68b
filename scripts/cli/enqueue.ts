import type { Command, Lookup, Source } from '../../backend/contract'
import { JOBS_AT_ONCE, PRIORITY, type Started } from '../../backend/engine/jobs/verbs'
import { ask } from '../../backend/engine/lookups/store'
import { wakeLookups } from '../../backend/engine/lookups/wake'
import { sendWakeUps, startRequests } from '../../backend/service/jobs/start'
import { act, originOf } from '../../backend/service/suite/actions'
import { sources } from '../../backend/sources'
import { actor } from './actor'
import type { Context } from './context'
import { countBar } from './count-bar'

/**
 * Starts one job for each request, all in one transaction with one wake-up; draws a bar for many.
 * @param options.isQuiet draws nothing
 */
export async function startJobs(
  context: Context,
  source: Source,
  command: Command,
  requests: readonly unknown[],
  options: { priority?: number; force?: boolean; isQuiet?: boolean },
): Promise<{ jobs: Started[]; broker?: string }> {
  const service = context.service(sources)
  const priority = options.priority ?? command.priority ?? PRIORITY.backfill
  const detail = { source: source.name, requests: requests.length, first: requests[0] as never, priority, force: options.force ?? false }
  // Fewer are inserted in one statement.
  const bar =
    requests.length > JOBS_AT_ONCE && context.terminal.isErrTty && !options.isQuiet ? countBar(requests.length, 'jobs') : undefined
  const origin = originOf(actor())
  const start = () =>
    startRequests(service, source, requests, { priority, force: options.force, queue: command.queue, origin }, bar?.update)
  try {
    return await act(service, actor(), 'job.start', null, detail, start, ({ jobs }) => jobs[0]?.id ?? null)
  } finally {
    bar?.end()
  }
}

/** Requests lookups of ids, also of those that are fresh. */
export async function askIds(
  context: Context,
  command: Command & { lookup: string },
  lookup: Lookup,
  ids: readonly string[],
  priority: number,
): Promise<string | undefined> {
  await context.db.tx((tx) => ask(tx, { [command.lookup]: ids }, { priority, force: true }))
  return await sendWakeUps({ broker: context.broker }, () => wakeLookups(context.db, context.broker, command.lookup, lookup))
}
