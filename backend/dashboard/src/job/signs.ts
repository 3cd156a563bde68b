import { counted } from '../../../base/vocabulary'
import type { CellCount, PartitionCell } from '../api/types'
import { namedInText } from '../lib/format'

/*
 * What a cell of a grid shows, in words and as a sign.
 */

/** A sign for each state, so that none relies on its color. */
const SIGNS: Record<string, string> = { done: '✓', skipped: '»', failed: '×', cancelled: '/', held: '●', ready: '○', waiting: '·' }

/** The state of a partition in words. */
export const nameOf = (state: string | undefined): string => (state === 'held' ? 'in progress' : (state ?? 'nothing to read'))

type Shown = Pick<CellCount, 'state' | 'kind'>

/** What a cell shows in words: `skipped: not yet published`. */
export const shownText = ({ state, kind }: Shown): string => (kind ? `${nameOf(state)}: ${namedInText(kind)}` : nameOf(state))

/** The same with the reason and the number of tasks. */
export function cellText(cell: PartitionCell | undefined): string {
  if (!cell) return nameOf(undefined)
  const { reason, tasks } = cell
  return [shownText(cell), ...(reason ? [reason] : []), ...(tasks > 1 ? [counted(tasks, 'task')] : [])].join('; ')
}

/**
 * Signs of a grid: skips of different kinds, and failures where there are several kinds, get different signs: the first letter or figure of
 * their kind that is free.
 */
export function signsOf(counts: readonly CellCount[]): (shown: Shown) => string {
  const signs = new Map<string, string>()
  const hasOneFailure = counts.filter(({ state }) => state === 'failed').length === 1
  for (const shown of counts) {
    const { state, kind } = shown
    if (!kind || !(state === 'skipped' || (state === 'failed' && !hasOneFailure))) continue
    const taken = new Set(signs.values())
    const free = [...kind.replace(/^http_/, '').toUpperCase()].find((sign) => /[A-Z\d]/.test(sign) && !taken.has(sign))
    if (free) signs.set(shownText(shown), free)
  }
  return (shown) => signs.get(shownText(shown)) ?? SIGNS[shown.state] ?? ''
}
