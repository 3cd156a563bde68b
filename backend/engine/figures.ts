import { count } from '../base/count'
import type { Counts, Task } from './store'

/*
 * What the engine counts, one function an event; after the fact, in memory.
 */

type Of = Pick<Task, 'source' | 'stream'>

/** How a step ended. @param ends the status of the job it ended, if it did */
export function countStep({ source, stream }: Of, outcome: string, ends?: string): void {
  count('backhaul_steps_total', { source, stream, outcome })
  if (ends) count('backhaul_jobs_ended_total', { source, status: ends })
}

const OUTCOMES = ['new', 'updated', 'unchanged', 'known', 'rejected', 'deleted'] as const

/** A committed page. @param now the task's counts with it */
export function countPage(task: Of & Counts, now: Counts): void {
  const { source, stream } = task
  countStep(task, 'committed')
  count('backhaul_pages_total', { source, stream })
  for (const outcome of OUTCOMES) count('backhaul_rows_total', { source, stream, outcome }, Number(now[outcome] - task[outcome]))
}

/** Tasks given up. */
export function countFailure(task: Of, kind: string, tasks = 1): void {
  count('backhaul_steps_total', { source: task.source, stream: task.stream, outcome: 'failed' }, tasks)
  count('backhaul_failures_total', { source: task.source, kind }, tasks)
}

/** Work set back after an error. @param api the one asked last, if any was */
export function countRetry(source: string, kind: string, api: string | undefined, inMs: number): void {
  count('backhaul_retries_total', { source, kind })
  countWait(api ?? 'none', 'retry', inMs)
}

/** Work set back until a moment. @param on a limit; which host, key or account of it is left out */
export function countWait(on: string, reason: 'gate' | 'retry', inMs: number): void {
  count('backhaul_wait_seconds_total', { api: on.split(':')[0] ?? on, reason }, Math.max(0, inMs) / 1000)
}
