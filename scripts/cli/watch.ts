import type { RouteStage, Source } from '../../backend/contract'
import { isUnreachable } from '../../backend/database/passing'
import { livePlaces, type Progress, progress } from '../../backend/engine/jobs/progress'
import { readStages } from '../../backend/engine/jobs/stages'
import { effectiveLimits } from '../../backend/gate/limits'
import { hasEnded } from '../../backend/service/base/about'
import { rateMeter } from '../../backend/service/jobs/rates'
import { stagesOf } from '../../backend/service/jobs/stages'
import type { Running } from '../../backend/service/jobs/waits'
import type { Context } from './context'
import { sleepUntil } from './sleep'

/** Exit code of a command that Ctrl-C ended. */
export const INTERRUPTED = 130

/** Progress by lane and stage, by job; jobs without are left out. */
export type Stages = ReadonlyMap<string, readonly RouteStage[]>

/** Where a watch is shown. */
export interface View {
  show(jobs: readonly Progress[], running: Running, rates: ReadonlyMap<string, number>, stages: Stages): void
  note(line: string): void
  end(): void
}

export interface Watched {
  jobs: Progress[]
  interrupted: boolean
}

const CHECK_MS = 500

/**
 * Follows jobs until all have ended, also through an outage of the database.
 * @param withLookups also wait until all their lookups are answered
 */
export async function watchJobs(
  context: Context,
  ids: readonly string[],
  options: { sources: readonly Source[]; view: View; withLookups?: boolean },
): Promise<Watched> {
  const { view, sources, withLookups } = options
  const rates = rateMeter()
  const limits = effectiveLimits(sources, context.config.limits)
  const interruption = new AbortController()
  const forget = context.terminal.onInterrupt(() => interruption.abort())
  let jobs: Progress[] = []
  let isUnreachableNow = false
  try {
    while (!interruption.signal.aborted) {
      const began = Date.now()
      try {
        jobs = await progress(context.db, ids)
        const running = { live: await livePlaces(context.db), sources, limits, config: context.config }
        view.show(jobs, running, rates(jobs), await stagesNow(context, jobs, sources))
        if (isUnreachableNow) view.note('The database is back.')
        isUnreachableNow = false
        if (jobs.every((job) => hasEnded(job) && !(withLookups && job.lookups.open > 0))) break
      } catch (error) {
        if (!isUnreachable(error) || jobs.length === 0) throw error
        if (!isUnreachableNow) view.note(`The database is unreachable (${(error as Error).message}); still trying.`)
        isUnreachableNow = true
      }
      // Counting millions of tasks takes longer, so it is done less often then.
      await sleepUntil(Math.max(CHECK_MS, 5 * (Date.now() - began)), interruption.signal)
    }
  } finally {
    view.end()
    forget()
  }
  return { jobs, interrupted: interruption.signal.aborted }
}

async function stagesNow({ db }: Context, jobs: readonly Progress[], sources: readonly Source[]): Promise<Stages> {
  const open = jobs.filter((job) => !job.cleared)
  const found = await readStages(
    db,
    open.map((job) => job.id),
  )
  return new Map(open.map((job) => [job.id, stagesOf(job, found.get(job.id) ?? [], sources)]))
}
