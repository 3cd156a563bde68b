import type { PartitionCell } from '../api/types'
import { cellText } from './signs'

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
