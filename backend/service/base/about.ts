import { ENDED_STATUSES } from '../../base/vocabulary'
import type { Plan, Source } from '../../contract'
import { sourceNamed } from '../../engine/engine'
import type { Progress, Wait } from '../../engine/jobs/progress'
import { parseParams } from '../../engine/jobs/verbs'

/*
 * What a job reads, how far it is and what it waits for. Each entry point puts it into words itself.
 */

export const ENDED: ReadonlySet<string> = new Set<string>(ENDED_STATUSES)
export const hasEnded = (job: { status: string }): boolean => ENDED.has(job.status)

type Asked = Pick<Progress, 'source' | 'activeKey' | 'params'>

/** Shows a job with its source and params; undefined where another version wrote them. */
function read<T>(job: Asked, sources: readonly Source[], show: (source: Source, params: unknown) => T): T | undefined {
  try {
    const source = sourceNamed(sources, job.source)
    return show(source, parseParams(source, job.params))
  } catch {
    // Another version wrote them; this one does not know the source or the params.
    return undefined
  }
}

/** The job's plan; undefined where another version wrote the params. */
export const planOf = (job: Asked, sources: readonly Source[]): Plan | undefined =>
  read(job, sources, (source, params) => source.plan(params))

/** What is being backfilled. A job forced to run beside another has no active key; it is planned again to find one. */
export const aboutOf = (job: Asked, sources: readonly Source[]): string =>
  job.activeKey ?? planOf(job, sources)?.activeKey ?? JSON.stringify(job.params)

/** The same, in the words of the source. */
export const labelOf = (job: Asked, sources: readonly Source[]): string =>
  read(job, sources, (source, params) => source.label?.(params)) ?? aboutOf(job, sources)

export const settledOf = ({ tasks }: Pick<Progress, 'tasks'>): number => tasks.done + tasks.skipped + tasks.failed + tasks.cancelled

/** The PM2 app that consumes a queue. */
export function appOf(queue: string, sources: readonly Source[]): string | undefined {
  return sources
    .flatMap((source) => Object.entries(source.workers))
    .find(([, worker]) => (worker.queues as readonly string[]).includes(queue))?.[0]
}

/** How far a job is, 0 to 1; undefined where that is unknown. */
export function fractionOf(job: Progress): number | undefined {
  if (hasEnded(job)) return 1
  if (job.expected) return Math.min(1, job.seen / job.expected)
  return job.tasks.total > 1 ? settledOf(job) / job.tasks.total : undefined
}

/** Why a job as a whole makes no progress, whatever its tasks do. */
export type Standstill = 'ended' | 'paused' | 'not admitted' | 'reporting'

export function standstillOf(job: Progress): Standstill | undefined {
  if (hasEnded(job)) return 'ended'
  if (job.status === 'paused') return 'paused'
  if (!job.admitted) return 'not admitted'
  return job.tasks.waiting + job.tasks.ready === 0 ? 'reporting' : undefined
}

/** The waits worth showing: due tasks of a job whose other tasks are claimed only wait for their turn. */
export function waitsOf(job: Progress, live: ReadonlyMap<string, number>): Wait[] {
  if (standstillOf(job)) return []
  return job.waits.filter((wait) => wait.kind !== 'worker' || !live.has(wait.on) || job.tasks.held === 0)
}
