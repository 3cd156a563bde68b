import type { Tries } from '../contract'
import type { WorkerEngine } from './engine'
import type { Task } from './store'

/*
 * How often a task is tried, and how long it waits between tries: from the plan of its job, else the defaults.
 */

/** Pauses of 1 s, 2 s, 4 s … 10 min. */
const DEFAULTS = { baseMs: 1000, factor: 2, maxMs: 600_000 }
/** Jitter: a pause takes from this factor of its length to this factor plus 1. */
const LEAST = 0.5

/** The tries of a task. */
export const triesOf = ({ attempts }: Pick<WorkerEngine, 'attempts'>, { tries }: Pick<Task, 'tries'>): Required<Tries> => ({
  attempts,
  ...DEFAULTS,
  ...tries,
})

/** The pause after this many attempts, before jitter, ms. */
const pauseMs = ({ baseMs, factor, maxMs }: Required<Tries>, attempts: number): number => Math.min(maxMs, baseMs * factor ** (attempts - 1))

/** How long a task waits after this many failed attempts in a row, ms. */
export const backoffMs = (tries: Required<Tries>, attempts: number, random = Math.random): number =>
  pauseMs(tries, attempts) * (LEAST + random())

/** The least time from the first to the last of this many tries in a row, ms. */
export function leastSpanMs(tries: Required<Tries>, attempts: number): number {
  let span = 0
  for (let n = 1; n < attempts; n++) span += LEAST * pauseMs(tries, n)
  return span
}
