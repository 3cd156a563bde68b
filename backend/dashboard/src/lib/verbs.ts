import { post } from '../api/client'
import type { JobSummary, Status, Verb } from '../api/types'
import type { IconName } from '../ui/icon'
import { ask } from './ask'
import { upper } from './format'
import { attempt } from './updates'

export const isActive = (status: Status): boolean => status === 'running' || status === 'queued' || status === 'paused'

export const VERBS: Record<Verb, { text: string; done: string; icon: IconName }> = {
  pause: { text: 'Pause', done: 'paused', icon: 'pause' },
  resume: { text: 'Resume', done: 'resumed', icon: 'play' },
  retry: { text: 'Retry failed', done: 'retrying', icon: 'retry' },
  acknowledge: { text: 'Acknowledge', done: 'acknowledged', icon: 'check' },
  cancel: { text: 'Cancel', done: 'cancelled', icon: 'stop' },
}

/** The verbs, in the order they are offered. */
export const VERB_NAMES = Object.keys(VERBS) as Verb[]

/** Applies a verb to a job; asks before a cancel. @returns the job afterwards, undefined when it was refused or declined */
export async function act(job: JobSummary, verb: Verb): Promise<JobSummary | undefined> {
  const sure = verb !== 'cancel' || (await ask({ ...CANCEL_QUESTION, text: `${upper(job.label)}: ${CANCEL_MEANS}` }))
  if (!sure) return undefined
  return await attempt(
    () => post<JobSummary>(`/api/jobs/${job.id}/${verb}`),
    (after) => `${upper(after.label)}: ${VERBS[verb].done}.`,
  )
}

export const CANCEL_MEANS =
  'stored rows stay, and nothing more is read. A cancelled job cannot be resumed; a new job skips what is already stored.'

const CANCEL_QUESTION = {
  title: 'Cancel this job?',
  action: 'Cancel the job',
  danger: true,
}

/** By their number: lower ones run first. */
export const PRIORITIES = ['live', 'asked', 'backfill'] as const
