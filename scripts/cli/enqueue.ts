import { PRIORITY, type Started } from '../../backend/engine/jobs'
import { ask, ringLookups } from '../../backend/engine/lookups'
import type { Command, Lookup, Source } from '../../backend/engine/source'
import { act } from '../../backend/service/actions'
import { startRequests, tell } from '../../backend/service/start'
import { sources } from '../../backend/sources'
import { actor } from './actor'
import type { Context } from './context'

/** One job for each request, all of them in one transaction, then one ring. */
export async function startJobs(
  context: Context,
  source: Source,
  command: Command,
  requests: readonly unknown[],
  options: { priority?: number; force?: boolean },
): Promise<{ jobs: Started[]; broker?: string }> {
  const service = context.service(sources)
  const priority = options.priority ?? command.priority ?? PRIORITY.backfill
  const detail = { source: source.name, requests: requests.length, first: requests[0] as never, priority, force: options.force ?? false }
  return await act(
    service,
    actor(),
    'job.start',
    null,
    detail,
    () => startRequests(service, source, requests, { priority, force: options.force, queue: command.queue }),
    ({ jobs }) => jobs[0]?.id ?? null,
  )
}

/** Asks for ids, also for those that are fresh. */
export async function askIds(
  context: Context,
  command: Command & { lookup: string },
  lookup: Lookup,
  ids: readonly string[],
  priority: number,
): Promise<string | undefined> {
  await context.db.tx((tx) => ask(tx, { [command.lookup]: ids }, { priority, force: true }))
  return await tell({ broker: context.broker }, () => ringLookups(context.db, context.broker, command.lookup, lookup))
}
