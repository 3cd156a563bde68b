import { Refused } from '../../base/errors'
import type { Json } from '../../base/json'
import { type JobVerb, MAX_BULK } from '../../base/vocabulary'
import type { RetryChoice } from '../../contract'
import type { Engine } from '../../engine/engine'
import { cancel, findJob, pause, resume, retry } from '../../engine/jobs/verbs'
import type { Service } from '../base/context'
import { type Actor, act } from '../suite/actions'
import { getJob, type JobFilter, type JobSummary, listJobIds } from './list'

export { findJob } from '../../engine/jobs/verbs'

export interface Steered {
  status: string
  /** How many failed tasks a retry tries again. */
  tasks?: number
}

const DO: Record<JobVerb, (engine: Engine, id: string, only: RetryChoice) => Promise<Steered>> = {
  pause,
  resume,
  cancel,
  retry: async (engine, id, only) => {
    const { job, tasks } = await retry(engine, id, only)
    return { status: job.status, tasks }
  },
}

/**
 * Applies a verb to one job, by its full id, and records who did it.
 * @param only the tasks that a retry tries; by default all that failed
 * @throws {Refused} `state` with the job's state
 */
export const doVerb = (
  service: Service,
  actor: Actor,
  verb: JobVerb,
  id: string,
  only: RetryChoice = {},
  detail: Json = { ...only },
): Promise<Steered> => act(service, actor, `job.${verb}`, id, detail, () => DO[verb](service, id, only))

/**
 * Applies a verb to a job for a person at an entry point. Repeating it changes nothing.
 * @throws {Refused} `state` with the job's state, `missing`, `input`
 */
export async function steerJob(service: Service, actor: Actor, verb: JobVerb, id: string, only?: RetryChoice): Promise<JobSummary> {
  const job = await findJob(service, id)
  await doVerb(service, actor, verb, job.id, only)
  return await getJob(service, job.id)
}

export interface Bulk extends Pick<JobFilter, 'status' | 'source'> {
  verb: JobVerb
  /** These jobs; absent: the newest 500 with the statuses (and source). */
  ids?: readonly string[]
}

export interface BulkDone {
  done: string[]
  refused: { id: string; reason: string; state: string | null }[]
}

/**
 * Applies a verb to many jobs; a job in another state does not stop the others.
 * @throws {Refused} `input` unless either ids or statuses are given
 */
export async function steerJobs(service: Service, actor: Actor, { verb, ids, status, source }: Bulk): Promise<BulkDone> {
  const byFilter = status !== undefined && status.length > 0
  if ((ids !== undefined) === byFilter) throw new Refused('input', 'Give either ids or a status (and optionally a source).', 'ids')
  const chosen = ids ?? (await listJobIds(service, { status, source }, { limit: MAX_BULK }, MAX_BULK)).items
  if (chosen.length > MAX_BULK) throw new Refused('input', `At most ${MAX_BULK} jobs at once, got ${chosen.length}.`, 'ids')
  const outcome: BulkDone = { done: [], refused: [] }
  for (const id of new Set(chosen)) {
    try {
      const job = await findJob(service, id)
      await doVerb(service, actor, verb, job.id, {}, { bulk: true })
      outcome.done.push(job.id)
    } catch (error) {
      if (!(error instanceof Refused) || error.code === 'setup') throw error
      outcome.refused.push({ id, reason: error.message, state: error.state ?? null })
    }
  }
  return outcome
}
