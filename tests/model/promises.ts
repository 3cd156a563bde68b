import type { Mix } from './moves'
import { holds, isOpen, isSettled, type State } from './state'

/*
 * What must hold in every state and over every transition.
 */

/** @returns the promise that this state breaks */
export function promise(s: State, mix: Mix): string | undefined {
  if (s.broken) return s.broken
  if (s.ends > 1) return 'a run of a job ended twice'
  const tasks = s.rows.slice(0, -1)
  if (s.job === 'completed' && !tasks.every((row) => row.state === 'done' || row.state === 'skipped' || row.state === 'none'))
    return 'a completed job has tasks that were not read to their end'
  const over = s.job === 'completed' || s.job === 'partial' || s.job === 'failed'
  if ((over || (s.job === 'cancelled' && s.reported)) && s.rows.some(isOpen)) return `a ${s.job} job has open tasks`
  if (s.rows.some((row) => row.claim !== 0 && row.state !== 'ready')) return 'a task that is not ready is claimed'
  return lanes(s, mix) ?? lost(s)
}

/**
 * Ready tasks keep to the lane's width, so at most that many turns can write; a turn that lost its task may still be reading
 * beside them, one for each wrong suspicion. Stages keep their order until somebody retries a task of an earlier one.
 */
function lanes(s: State, { shape, left }: Mix): string | undefined {
  const open = new Map<number, number[]>()
  for (const n of shape.tasks.keys()) {
    const row = s.rows[n] as State['rows'][0]
    if (row.lane !== null && isOpen(row)) open.set(row.lane, [...(open.get(row.lane) ?? []), n])
  }
  for (const tasks of open.values()) {
    const ready = tasks.filter((n) => s.rows[n]?.state === 'ready')
    if (ready.length > shape.laneWidth) return 'more tasks of a lane are ready than it is wide'
    const stage = Math.min(...tasks.map((n) => shape.tasks[n]?.stage ?? 0))
    if (!left.retry && ready.some((n) => shape.tasks[n]?.stage !== stage)) return 'a stage began before the earlier one had settled'
  }
  return undefined
}

/** A turn loses its task through a wrong suspicion or a cancel, and through nothing else. */
function lost(s: State): string | undefined {
  if (s.job === 'cancelled' || s.sweep !== 0) return undefined
  const lost = s.turns.filter((turn) => holds(turn) && s.rows[turn.task]?.claim !== turn.claim)
  return lost.length > s.suspected ? 'a task was taken from a worker that nobody suspected' : undefined
}

/** @returns the promise that going from one state to the next breaks */
export function transitionPromise(before: State, after: State, name: string): string | undefined {
  for (const [n, row] of before.rows.entries()) {
    const now = after.rows[n] as State['rows'][0]
    if (row.written !== now.written && row.state === 'cancelled') return 'a page was committed after its task was cancelled'
    if (now.step < row.step && now.state !== 'none') return 'a cursor went back'
    if (isSettled(row) && (now.state !== row.state || now.step !== row.step) && name !== 'retry')
      return 'a settled task moved without a retry'
  }
  return undefined
}
