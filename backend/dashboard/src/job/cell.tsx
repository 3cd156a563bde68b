import { counted } from '../../../base/vocabulary'
import type { CellCount, PartitionCell } from '../api/types'
import { namedInText } from '../lib/format'

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

/** Signs of a grid: skips of different kinds get different letters, the first of their kind that is free. */
export function signsOf(counts: readonly CellCount[]): (shown: Shown) => string {
  const letters = new Map<string, string>()
  for (const { state, kind } of counts) {
    if (state !== 'skipped' || !kind) continue
    const free = [...kind.toUpperCase()].find((letter) => /[A-Z]/.test(letter) && ![...letters.values()].includes(letter))
    if (free) letters.set(kind, free)
  }
  return ({ state, kind }) => (state === 'skipped' && kind && letters.get(kind)) || SIGNS[state] || ''
}

interface Props {
  name: string
  /** Row and column, for the arrow keys. */
  at: string
  cell: PartitionCell | undefined
  sign: string
  chosen: boolean
  onFocus: () => void
}

/** One partition. The grid has one tab stop; the arrow keys move it. */
export function Cell({ name, at, cell, sign, chosen, onFocus }: Props) {
  const text = `${name}: ${cellText(cell)}`
  return (
    <td
      // biome-ignore lint/a11y/noNoninteractiveElementToInteractiveRole: a cell of a grid can be focused.
      role="gridcell"
      data-at={at}
      tabIndex={chosen ? 0 : -1}
      class={`cell ${cell?.state ?? 'none'}`}
      aria-label={text}
      title={cell && text}
      onFocus={onFocus}
    >
      <span aria-hidden="true">{sign}</span>
    </td>
  )
}
