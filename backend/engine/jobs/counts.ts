import { COUNT_NAMES, type CountName, OUTCOMES, ofCounts, ofOutcomes } from '../../base/vocabulary'
import type { Written } from '../../contract'
import type { Counts } from '../store'

/** The columns of tasks that hold their counts. */
export const COUNTS = ['pages', ...COUNT_NAMES] as const satisfies readonly (keyof Counts)[]

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
  const outcomes = ofOutcomes((name) => wholeOf(name, page[name] ?? 0))
  const seen = OUTCOMES.reduce((sum, name) => sum + outcomes[name], 0n)
  const counts = { ...outcomes, seen, deleted: wholeOf('deleted', page.deleted ?? 0) }
  return { pages: task.pages + 1, ...ofCounts((name) => task[name] + counts[name]) }
}

function wholeOf(name: CountName, n: number): bigint {
  if (!Number.isSafeInteger(n) || n < 0) throw new RangeError(`a page counts ${n} ${name} records; a count is a whole number of at least 0`)
  return BigInt(n)
}
