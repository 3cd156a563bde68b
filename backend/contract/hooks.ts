import type { Tx } from '../base/sql'
import type { Counted } from '../base/vocabulary'
import type { RouteStart } from './route'
import type { NewTask } from './stream'

/*
 * What a source does when its jobs start, are asked for again, and end. Each hook runs in the transaction of that moment: what it writes
 * is committed with it or not at all. Database only; a transaction that met a deadlock runs again.
 */

/** What a hook may rely on of the report of a job. */
export interface JobReport extends Counted {
  /** Tasks by outcome; `open` is 0. */
  tasks: { total: number; done: number; skipped: number; failed: number; cancelled: number; open: number }
  /** Tasks of each stream by state. */
  streams: Record<string, Record<string, number>>
  /** Failed tasks by kind of error, and the first 50 of them. */
  failedBy: Record<string, number>
  failures: { task: string; kind: string; error: string }[]
  /** The source's own counters, by name; counters at 0 are left out. */
  counters: Record<string, number>
  notes: string[]
  /** Whether it is certain that everything requested was read, and why. */
  verified: boolean
  reason: string
}

export interface EndedJob<P = unknown> {
  id: string
  params: P
  status: 'completed' | 'partial' | 'failed' | 'cancelled'
  report: JobReport
}

/**
 * Starts a job of the source in the transaction of the end; it is admitted and its workers are woken after the commit. The job that
 * ends is no longer active: one with the same active key may start.
 * @throws {Refused} `input` naming the field
 */
export type StartNext = (
  params: unknown,
  options?: Pick<RouteStart, 'priority' | 'force'>,
) => Promise<{ id: string; status: string; created: boolean }>

export interface Hooks<P = unknown> {
  /**
   * A job starts, or failed tasks of it are retried. Its tasks are in the database already; nothing of it has run.
   * @param job `run`: 1 at the start; each retry of a job that had ended adds 1
   * @throws {Refused} nothing is started or retried; the sentence is shown to the person
   */
  started?(tx: Tx, job: { id: string; params: P; run: number }): Promise<void>
  /**
   * A request met an active job with its active key. The job cannot end before the tasks that this returns are settled. A repeated
   * message, or a repeated idempotency key, does not get here.
   * @param job the active one, with the params it was started with
   * @param params of the request, prepared
   * @returns tasks to add to the job; those whose stream and key it has already are left as they are
   */
  joined?(tx: Tx, job: { id: string; params: P }, params: P): Promise<NewTask[]>
  /**
   * A job ended. Called once for each end: after a retry, a job ends again. An error is retried as an error of a page is; a job whose
   * hook still fails after all attempts, or after a cancel, ends without it, which is logged as an error.
   */
  ended?(tx: Tx, job: EndedJob<P>, start: StartNext): Promise<void>
}
