import { textOf } from './task'

/*
 * What the failed tries of a task were answered, in its own row: as many as a task is usually tried, so that a row stays small.
 */

/** How a try of a task failed. */
export interface TaskFault {
  kind: string
  error: string
  /** The API asked last, if any was. */
  api?: string
}

/** One failed try, as the row keeps it. */
export interface Tried {
  /** ISO 8601 with the database's offset. */
  at: string
  worker: string | null
  kind: string
  error: string
  api: string | null
}

const TRIES_KEPT = 12
/** Characters of an error that are kept for each try; the last error is kept whole. */
const ERROR_KEPT = 200

/** A fault as a parameter of `triedAfter`. */
export const triedOf = (fault: TaskFault | undefined): string | null =>
  fault ? JSON.stringify({ kind: fault.kind, error: textOf(fault.error.slice(0, ERROR_KEPT)), api: fault.api ?? null }) : null

/** The column `tried` with one more try of the worker that holds the task. @param fault the parameter; null: there was none */
export const triedAfter = (fault: string): string =>
  `case when ${fault}::jsonb is null then tried
        else case when jsonb_array_length(tried) >= ${TRIES_KEPT} then tried - 0 else tried end
             || jsonb_build_array(${fault}::jsonb || jsonb_build_object('at', clock_timestamp(), 'worker', coalesce(holder, ran_by))) end`
