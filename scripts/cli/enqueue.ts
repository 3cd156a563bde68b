import { ring } from '../../backend/engine/bell'
import { Refused } from '../../backend/engine/errors'
import { PRIORITY, type Started, startAll } from '../../backend/engine/jobs'
import { ask, ringLookups } from '../../backend/engine/lookups'
import type { Command, Lookup, Source } from '../../backend/engine/source'
import type { Context } from './context'

/** The bells may be rung later: how long a command waits for a broker that does not answer, ms. */
const BROKER_MS = 2000

/**
 * Rings for what is committed already.
 * @returns why nobody could be told yet; the scheduler rings once the broker is back
 */
async function tell(context: Context, work: () => Promise<unknown>): Promise<string | undefined> {
  try {
    await context.broker.ready(BROKER_MS)
  } catch (error) {
    if (!(error instanceof Refused)) throw error
    return error.message
  }
  await work()
  return context.broker.state === 'connected' ? undefined : 'RabbitMQ takes no messages now (short of memory or disk, or just lost).'
}

/** One job for each request, all of them in one transaction, then one ring. */
export async function startJobs(
  context: Context,
  source: Source,
  command: Command,
  requests: readonly unknown[],
  options: { priority?: number; force?: boolean },
): Promise<{ jobs: Started[]; broker?: string }> {
  const priority = options.priority ?? command.priority ?? PRIORITY.backfill
  const jobs = await startAll({ db: context.db, log: context.log }, source, requests, { priority, force: options.force })
  return { jobs, broker: await tell(context, () => ring(context.db, context.broker, command.queue)) }
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
  return await tell(context, () => ringLookups(context.db, context.broker, command.lookup, lookup))
}
