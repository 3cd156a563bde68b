import { Refused } from '../../backend/base/errors'
import type { JobVerb } from '../../backend/base/vocabulary'
import type { RetryChoice } from '../../backend/contract'
import { findJob, type JobRow } from '../../backend/engine/jobs/verbs'
import type { Service } from '../../backend/service/base/context'
import { doVerb as doVerbOn, type Steered } from '../../backend/service/jobs/verbs'
import { sources } from '../../backend/sources'
import { actor } from './actor'
import type { Context } from './context'
import { choiceOf, type WordedChoice } from './source-words'
import { counted, shortId, toJson } from './text'

interface Verb {
  /** Workers must be woken, which needs the broker. */
  wakes: boolean
  done(id: string, outcome: Steered, missing?: boolean): string
}

/** Verbs on jobs, and the lines they print. */
const VERBS: Record<JobVerb, Verb> = {
  pause: {
    wakes: false,
    done: (id) => `job ${id} is paused; to continue: yarn jobs resume ${id}`,
  },
  resume: { wakes: true, done: (id, { status }) => `job ${id} is ${status}` },
  cancel: {
    wakes: false,
    done: (id) => `job ${id} is cancelled; rows it has written stay`,
  },
  acknowledge: {
    wakes: false,
    done: (id) => `job ${id} is acknowledged`,
  },
  retry: {
    wakes: true,
    done: (id, { status, tasks }, missing) => `job ${id} is ${status}: retrying ${counted(tasks ?? 0, missing ? 'task' : 'failed task')}`,
  },
}

interface Outcome {
  id: string
  status: string
  tasks?: number
  error?: string
}

/** The choice is of a retry: which failed tasks it tries. */
export type VerbOptions = Omit<WordedChoice, 'json' | 'missing'> & { json?: boolean; missing?: boolean }

/** Applies a verb to each job; to none when one of the ids is wrong. */
export async function doVerb(
  context: Context,
  name: JobVerb,
  ids: readonly string[],
  { json, missing, ...only }: VerbOptions,
): Promise<void> {
  const verb = VERBS[name]
  const { terminal } = context
  const engine = context.service(sources)
  const jobs: JobRow[] = []
  for (const id of ids) jobs.push(await findJob(engine, id))
  const chosen = jobs.map((job) => ({
    job,
    choice: { ...choiceOf(sources.find(({ name: its }) => its === job.source) ?? { name: job.source }, only), missing },
  }))
  const outcomes: Outcome[] = []
  for (const { job, choice } of chosen) outcomes.push(await attempt(engine, name, job, choice))
  if (json) terminal.out(toJson(outcomes))
  for (const outcome of outcomes) {
    if (outcome.error !== undefined) terminal.err(outcome.error)
    else if (!json) terminal.out(verb.done(shortId(outcome.id), outcome, missing))
  }
  const done = outcomes.some((outcome) => outcome.error === undefined)
  if (verb.wakes && done && engine.broker.state === 'unreachable')
    terminal.err('RabbitMQ is unreachable; the scheduler wakes the workers once it is back.')
  if (outcomes.some((outcome) => outcome.error !== undefined)) context.exitCode = 1
}

/** A job in the wrong state does not stop the verb for the others. */
async function attempt(service: Service, verb: JobVerb, job: JobRow, only: RetryChoice): Promise<Outcome> {
  try {
    const { status, tasks } = await doVerbOn(service, actor(), verb, job.id, only)
    return { id: job.id, status, tasks }
  } catch (error) {
    if (!(error instanceof Refused) || error.code !== 'state') throw error
    return { id: job.id, status: job.status, error: error.message }
  }
}
