import { count, counted, PLACES_COUNTED, roughly } from '../../base/vocabulary'
import type { Plan } from '../../contract'
import type { Progress, Turn } from '../../engine/jobs/progress'
import { PRIORITY } from '../../engine/jobs/verbs'
import { planOf } from '../base/about'
import { estimate } from './estimate'
import { noWorkerText, type Running } from './waits'

/*
 * When a job that waits for its turn starts, in the same words at every entry point.
 */

/** The first queue of a turn when none of its queues has a live worker. */
function deadQueue({ boundedBy }: Turn, { live, sources }: Running): string | undefined {
  const source = sources.find((one) => one.name === boundedBy)
  const queues = source ? Object.values(source.streams).map((stream) => stream.queue) : [boundedBy]
  return queues.some((queue) => live.has(queue)) ? undefined : queues[0]
}

/**
 * In how many ms the job starts: from the pace at which jobs ended while others waited, else from the requests its plan needs at the
 * limits in force, as if each job before it needed as many. Null when neither is known, no worker is alive, or the position is not counted.
 */
export function startsInMs(turn: Turn, needs: Plan['estimate'] | undefined, running: Running): number | null {
  if (turn.position > PLACES_COUNTED || deadQueue(turn, running)) return null
  if (turn.everyMs !== null) return Math.round(turn.position * turn.everyMs)
  if (!needs) return null
  // Its own first request comes after those of the jobs before it.
  const requests = Object.entries(needs.requests).map(([api, n]) => [api, n === null ? null : n * turn.position + 1] as const)
  const before: Plan = { tasks: [], activeKey: '', estimate: { requests: Object.fromEntries(requests) } }
  return estimate([before], running.limits, turn.priority === PRIORITY.live).leastMs || null
}

/** The same for a job that is shown; null unless it waits for its turn. */
export const startOf = (job: Progress, running: Running): number | null =>
  job.turn && startsInMs(job.turn, planOf(job, running.sources)?.estimate, running)

/** `waiting for its turn: 11 jobs ahead, starts in about 4 min`. */
export function turnText(turn: Turn | null, startsIn: number | null, running: Running): string {
  if (!turn) return 'waiting for its turn'
  return `waiting for its turn: ${aheadText(turn)}${startText(turn, startsIn, running)}`
}

function aheadText({ position }: Turn): string {
  if (position === 1) return 'it is next'
  return position > PLACES_COUNTED ? `more than ${count(PLACES_COUNTED)} jobs ahead` : `${counted(position - 1, 'job')} ahead`
}

function startText(turn: Turn, startsIn: number | null, running: Running): string {
  const queue = deadQueue(turn, running)
  if (queue === undefined) return startsIn === null ? '' : `, starts in about ${roughly(startsIn)}`
  return `; ${noWorkerText(queue, running.sources)}`
}
