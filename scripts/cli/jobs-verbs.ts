import { Refused } from '../../backend/base/errors'
import { findJob, type JobRow } from '../../backend/engine/jobs/verbs'
import type { Service } from '../../backend/service/base/context'
import type { JobVerb } from '../../backend/service/jobs/summary'
import { doVerb as doVerbOn, type Steered } from '../../backend/service/jobs/verbs'
import { sources } from '../../backend/sources'
import { actor } from './actor'
import type { Context } from './context'
import { counted, shortId, toJson } from './text'

interface Verb {
  about: string
  /** Somebody has to be told, which the broker does. */
  wakes: boolean
  said(id: string, outcome: Steered): string
}

/** Verbs on jobs: what they do and what they say afterwards. */
export const VERBS: Record<JobVerb, Verb> = {
  pause: {
    about: 'let pages in hand end and start no new ones',
    wakes: false,
    said: (id) => `job ${id} is paused; go on: yarn jobs resume ${id}`,
  },
  resume: { about: 'let a paused job go on', wakes: true, said: (id, { status }) => `job ${id} is ${status}` },
  cancel: {
    about: 'end a job; what it has written stays',
    wakes: false,
    said: (id) => `job ${id} is cancelled; what it has written stays`,
  },
  retry: {
    about: 'let the failed tasks of a job try again from the page they reached',
    wakes: true,
    said: (id, { status, tasks }) => `job ${id} is ${status}: ${counted(tasks ?? 0, 'failed task')} to try again`,
  },
}

interface Outcome {
  id: string
  status: string
  tasks?: number
  error?: string
}

/** Does a verb on each job; none is touched when one of the ids is wrong. */
export async function doVerb(context: Context, name: JobVerb, ids: readonly string[], options: { json?: boolean }): Promise<void> {
  const verb = VERBS[name]
  const { terminal } = context
  const engine = context.service(sources)
  const jobs: JobRow[] = []
  for (const id of ids) jobs.push(await findJob(engine, id))
  const outcomes: Outcome[] = []
  for (const job of jobs) outcomes.push(await attempt(engine, name, job))
  if (options.json) terminal.out(toJson(outcomes))
  for (const outcome of outcomes) {
    if (outcome.error !== undefined) terminal.err(outcome.error)
    else if (!options.json) terminal.out(verb.said(shortId(outcome.id), outcome))
  }
  const done = outcomes.some((outcome) => outcome.error === undefined)
  if (verb.wakes && done && engine.broker.state === 'unreachable')
    terminal.err('RabbitMQ is unreachable; the scheduler wakes once it is back.')
  if (outcomes.some((outcome) => outcome.error !== undefined)) context.exitCode = 1
}

/** A job in another state is no reason to leave the others alone. */
async function attempt(service: Service, verb: JobVerb, job: JobRow): Promise<Outcome> {
  try {
    const { status, tasks } = await doVerbOn(service, actor(), verb, job.id)
    return { id: job.id, status, tasks }
  } catch (error) {
    if (!(error instanceof Refused) || error.code !== 'state') throw error
    return { id: job.id, status: job.status, error: error.message }
  }
}
