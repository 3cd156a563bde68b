import { ATTENTION_DAYS } from '../../../base/vocabulary'
import type { JobSummary } from '../api/types'

/*
 * The groups of the list when what needs attention is first, as the server orders them.
 */

export const GROUPS = ['failed', 'stalled', 'person', 'paused', 'running', 'queued', 'ended'] as const
export type Group = (typeof GROUPS)[number]

export const GROUP_TITLES: Record<Group, string> = {
  failed: 'Failed, not acknowledged',
  stalled: 'Stalled',
  person: 'Waiting for a person',
  paused: 'Paused',
  running: 'Running',
  queued: 'Waiting for their turn',
  ended: 'Ended',
}

const DAY_MS = 86_400_000

/** @param now ms */
export function groupOf(job: JobSummary, now: number): Group {
  const { status } = job
  if (status === 'failed' || status === 'partial') {
    const isRecent = Date.parse(job.completedAt ?? job.createdAt) > now - ATTENTION_DAYS * DAY_MS
    return isRecent && !job.acknowledged ? 'failed' : 'ended'
  }
  if (status === 'completed' || status === 'cancelled') return 'ended'
  if (status === 'paused') return 'paused'
  if (job.stalled) return 'stalled'
  if (job.waits.some(({ kind }) => kind === 'hold')) return 'person'
  return status === 'queued' && job.position !== null ? 'queued' : 'running'
}

/** Whether jobs are no longer where the order by attention puts them, because they have changed since they were listed. */
export function isOutOfOrder(jobs: readonly JobSummary[], now: number): boolean {
  const places = jobs.map((job) => GROUPS.indexOf(groupOf(job, now)))
  return places.some((place, n) => n > 0 && place < (places[n - 1] ?? 0))
}
