import { COUNT_NAMES, OUTCOMES, ofCounts, ofOutcomes } from '../../base/vocabulary'
import type { Source, Written } from '../../contract'
import type { Counts } from '../store'

/** The columns of tasks that hold their counts. */
export const COUNTS = ['pages', ...COUNT_NAMES] as const satisfies readonly (keyof Counts)[]

/** What became of a page's records. */
export interface Outcomes extends Omit<Written, 'counts' | 'events'> {
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

/**
 * What the counters of the source come to with one more page; those of nothing are left out.
 * @throws {RangeError} for a counter that the source does not name, or a count as above
 */
export function countersAfter(before: Record<string, number>, page: Record<string, number>, { counters = {} }: Pick<Source, 'counters'>) {
  const after = { ...before }
  for (const [name, n] of Object.entries(page)) {
    if (!Object.hasOwn(counters, name)) throw new RangeError(`a page counts ${name}, which the source's counters do not name`)
    if (wholeOf(name, n) > 0n) after[name] = (after[name] ?? 0) + n
  }
  return after
}

function wholeOf(name: string, n: number): bigint {
  if (!Number.isSafeInteger(n) || n < 0) throw new RangeError(`a page counts ${n} ${name}; a count is a whole number of at least 0`)
  return BigInt(n)
}
