/** A sign for each state, so that none relies on its color. */
export const SIGNS: Record<string, string> = { done: '✓', skipped: '»', failed: '×', cancelled: '/', held: '●', ready: '○', waiting: '·' }

/** The state of a partition in words. */
export const nameOf = (state: string | undefined): string => (state === 'held' ? 'in progress' : (state ?? 'nothing to read'))

interface Props {
  name: string
  /** Row and column, for the arrow keys. */
  at: string
  state: string | undefined
  chosen: boolean
  onFocus: () => void
}

/** One partition. The grid has one tab stop; the arrow keys move it. */
export function Cell({ name, at, state, chosen, onFocus }: Props) {
  return (
    <td
      // biome-ignore lint/a11y/noNoninteractiveElementToInteractiveRole: a cell of a grid can be focused.
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
