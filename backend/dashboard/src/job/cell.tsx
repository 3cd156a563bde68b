/** A sign for each state, so that none relies on its colour. */
export const SIGNS: Record<string, string> = { done: '✓', skipped: '»', failed: '×', cancelled: '/', held: '●', ready: '○', waiting: '·' }

/** The state of a partition in words. */
export const nameOf = (state: string | undefined): string => (state === 'held' ? 'in hand' : (state ?? 'nothing to read'))

interface Props {
  name: string
  /** Row and column, to be found by the arrow keys. */
  at: string
  state: string | undefined
  chosen: boolean
  onFocus: () => void
}

/** One partition. The grid has one tab stop; the arrow keys move it. */
export function Cell({ name, at, state, chosen, onFocus }: Props) {
  return (
    <td
      // biome-ignore lint/a11y/noNoninteractiveElementToInteractiveRole: a cell of a grid takes the focus.
      role="gridcell"
      data-at={at}
      tabIndex={chosen ? 0 : -1}
      class={`cell ${state ?? 'none'}`}
      aria-label={`${name}: ${nameOf(state)}`}
      onFocus={onFocus}
    >
      <span aria-hidden="true">{state ? SIGNS[state] : ''}</span>
    </td>
  )
}
