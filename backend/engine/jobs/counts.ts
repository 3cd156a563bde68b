import { COUNT_NAMES, OUTCOMES, ofCounts, ofOutcomes } from '../../base/vocabulary'
import type { Source, Written } from '../../contract'
import type { Counts } from '../store'

/** The columns of tasks that hold their counts. */
export const COUNTS = ['pages', ...COUNT_NAMES] as const satisfies readonly (keyof Counts)[]

/** How a page's records were stored. */
export interface Outcomes extends Omit<Written, 'counts' | 'events'> {
  known?: number
  rejected: number
}

/**
 * A task's counts with one more page. `seen` is never counted by itself: it is the sum of the other counts, so that they cannot
 * differ.
 * @throws {RangeError} for a count that is not a whole number of at least 0: an error of the source
 */
export function countsAfter(task: Counts, page: Outcomes): Counts {
  const outcomes = ofOutcomes((name) => wholeOf(name, page[name] ?? 0))
  const seen = OUTCOMES.reduce((sum, name) => sum + outcomes[name], 0n)
  const counts = { ...outcomes, seen, deleted: wholeOf('deleted', page.deleted ?? 0) }
  return { pages: task.pages + 1, ...ofCounts((name) => task[name] + counts[name]) }
}

/**
 * The source's counters with one more page; counters at 0 are left out.
 * @throws {RangeError} for a counter that the source does not declare, or an invalid count as above
 */
export function countersAfter(before: Record<string, number>, page: Record<string, number>, { counters = {} }: Pick<Source, 'counters'>) {
  const after = { ...before }
  for (const [name, n] of Object.entries(page)) {
    if (!Object.hasOwn(counters, name)) throw new RangeError(`a page counts ${name}, which is not one of the source's counters`)
    if (wholeOf(name, n) > 0n) after[name] = (after[name] ?? 0) + n
  }
  return after
}

function wholeOf(name: string, n: number): bigint {
  if (!Number.isSafeInteger(n) || n < 0) throw new RangeError(`a page counts ${n} ${name}; a count is a whole number of at least 0`)
  return BigInt(n)
}
