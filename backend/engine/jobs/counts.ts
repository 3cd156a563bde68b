import type { Written } from '../../contract'
import type { Counts } from '../store'

/** The columns of tasks that hold their counts. */
export const COUNTS = [
  'pages',
  'seen',
  'new',
  'updated',
  'unchanged',
  'known',
  'rejected',
  'deleted',
] as const satisfies readonly (keyof Counts)[]

/** What became of a page's records. */
export interface Outcomes extends Written {
  known?: number
  rejected: number
}

/**
 * A task's counts with one more page. What was seen is never counted by itself: it is the sum of what became of it, so the
 * two cannot differ.
 * @throws {RangeError} for a count that is no whole number of at least 0: a fault of the source
 */
export function countsAfter(task: Counts, page: Outcomes): Counts {
  const of = (name: keyof Outcomes): bigint => {
    const n = page[name] ?? 0
    if (!Number.isSafeInteger(n) || n < 0)
      throw new RangeError(`a page counts ${n} ${name} records; a count is a whole number of at least 0`)
    return BigInt(n)
  }
  const outcomes = { new: of('new'), updated: of('updated'), unchanged: of('unchanged'), known: of('known'), rejected: of('rejected') }
  return {
    pages: task.pages + 1,
    seen: task.seen + Object.values(outcomes).reduce((sum, n) => sum + n, 0n),
    new: task.new + outcomes.new,
    updated: task.updated + outcomes.updated,
    unchanged: task.unchanged + outcomes.unchanged,
    known: task.known + outcomes.known,
    rejected: task.rejected + outcomes.rejected,
    deleted: task.deleted + of('deleted'),
  }
}
