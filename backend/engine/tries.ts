import type { Tries } from '../contract'
import type { WorkerEngine } from './engine'
import type { Task } from './store'

/*
 * How often a task is tried, and how long it waits before it is tried again: by the plan of its job, else by the defaults.
 */

/** Pauses of 1 s, 2 s, 4 s … 10 min. */
const DEFAULTS = { baseMs: 1000, factor: 2, maxMs: 600_000 }
/** A pause is this part of its length at least, and as much longer at most. */
const LEAST = 0.5

/** How the task is tried. */
export const triesOf = ({ attempts }: Pick<WorkerEngine, 'attempts'>, { tries }: Pick<Task, 'tries'>): Required<Tries> => ({
  attempts,
  ...DEFAULTS,
  ...tries,
})

/** The pause after so many attempts, before jitter, ms. */
const pauseMs = ({ baseMs, factor, maxMs }: Required<Tries>, attempts: number): number => Math.min(maxMs, baseMs * factor ** (attempts - 1))

/** How long a task waits after so many attempts in a row without a page, ms. */
export const backoffMs = (tries: Required<Tries>, attempts: number, random = Math.random): number =>
  pauseMs(tries, attempts) * (LEAST + random())

/** The least time from the first of so many tries in a row to the last, ms. */
export function leastSpanMs(tries: Required<Tries>, attempts: number): number {
  let span = 0
  for (let n = 1; n < attempts; n++) span += LEAST * pauseMs(tries, n)
  return span
}
