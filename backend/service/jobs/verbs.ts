import type { Json } from '../../base/json'
import type { JobVerb } from '../../base/vocabulary'
import type { PriorityName, RetryChoice } from '../../contract'
import type { Engine } from '../../engine/engine'
import { acknowledge, setPriority } from '../../engine/jobs/attend'
import { cancel, findJob, PRIORITY, pause, resume, retry } from '../../engine/jobs/verbs'
import type { Service } from '../base/context'
import { type Actor, act } from '../suite/actions'
import { getJob, type JobSummary } from './list'

export { findJob } from '../../engine/jobs/verbs'

export interface Steered {
  status: string
  /** How many failed tasks a retry tries again. */
  tasks?: number
}

const DO: Record<JobVerb, (engine: Engine, id: string, actor: Actor, only: RetryChoice) => Promise<Steered>> = {
  pause,
  resume,
  cancel,
  acknowledge: (engine, id, { who }) => acknowledge(engine, id, who),
  retry: async (engine, id, _, only) => {
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
): Promise<Steered> => act(service, actor, `job.${verb}`, id, detail, () => DO[verb](service, id, actor, only))

/**
 * Applies a verb to a job for a person at an entry point. Repeating it changes nothing.
 * @throws {Refused} `state` with the job's state, `missing`, `input`
 */
export async function steerJob(service: Service, actor: Actor, verb: JobVerb, id: string, only?: RetryChoice): Promise<JobSummary> {
  const job = await findJob(service, id)
  await doVerb(service, actor, verb, job.id, only)
  return await getJob(service, job.id)
}

/** Makes a job more or less urgent, by its full id, and records who did it. @throws {Refused} `state` with the job's state */
export const doPriority = (
  service: Service,
  actor: Actor,
  id: string,
  priority: PriorityName,
  detail: { [name: string]: Json } = {},
): Promise<Steered> => act(service, actor, 'job.priority', id, { priority, ...detail }, () => setPriority(service, id, PRIORITY[priority]))

/** The same for a person at an entry point. Repeating it changes nothing. @throws {Refused} `state`, `missing`, `input` */
export async function prioritizeJob(service: Service, actor: Actor, id: string, priority: PriorityName): Promise<JobSummary> {
  const job = await findJob(service, id)
  await doPriority(service, actor, job.id, priority)
  return await getJob(service, job.id)
}
