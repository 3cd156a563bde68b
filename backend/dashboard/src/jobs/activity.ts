import type { JobSummary } from '../api/types'
import type { IconName } from '../ui/icon'

interface Shown {
  text: string
  icon: IconName
  tone: 'ok' | 'warn' | 'bad' | 'soft'
}

/** What a job that has not ended does now, in words. */
export const ACTIVITIES: Record<JobSummary['activity'], Shown | null> = {
  reading: { text: 'Reading', icon: 'down', tone: 'ok' },
  turn: { text: 'Waiting for its turn', icon: 'clock', tone: 'soft' },
  limit: { text: 'Waiting for the limit', icon: 'gate', tone: 'soft' },
  retry: { text: 'Waiting to try again', icon: 'retry', tone: 'warn' },
  worker: { text: 'Waiting for a worker', icon: 'worker', tone: 'warn' },
  person: { text: 'Waiting for a person', icon: 'alert', tone: 'bad' },
  stalled: { text: 'Stalled', icon: 'alert', tone: 'bad' },
  paused: { text: 'Paused', icon: 'pause', tone: 'soft' },
  reporting: { text: 'Writing its report', icon: 'list', tone: 'soft' },
  ended: null,
}

/** Whether something of it moves: only then its bar and its clock do. */
export const isMoving = ({ activity }: Pick<JobSummary, 'activity'>): boolean => activity === 'reading' || activity === 'reporting'
