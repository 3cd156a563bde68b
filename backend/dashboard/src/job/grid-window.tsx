import type { Partitions } from '../api/types'
import { useParams } from '../hooks/use-params'
import { count } from '../lib/format'
import { Button } from '../ui/button'

/** Which part of a large grid is shown, and links to the parts beside it; nothing for a grid that is shown whole. */
export function GridWindow({ data: { rows, columns, totals, previous, next } }: { data: Partitions }) {
  const params = useParams()
  const isWhole = columns.length === totals.columns && rows.length === totals.rows
  if (isWhole && !params.get('columns') && !params.get('rows')) return null
  return (
    <nav class="pager grid-window" aria-label="Parts of the grid">
      <span>
        {span('Column', columns, totals.columns)}, {span('row', rows, totals.rows)}.{' '}
        {totals.omitted > 0 && `${count(totals.omitted)} of ${count(totals.cells)} cells are not shown.`}
      </span>
      <span class="row">
        <Move name="columns" to={previous.columns} icon="back" text="Previous columns" />
        <Move name="columns" to={next.columns} icon="next" text="Next columns" />
        <Move name="rows" to={previous.rows} icon="up" text="Previous rows" />
        <Move name="rows" to={next.rows} icon="down" text="Next rows" />
      </span>
    </nav>
  )
}

interface MoveProps {
  name: 'columns' | 'rows'
  to: string | null
  icon: 'back' | 'next' | 'up' | 'down'
  text: string
}

function Move({ name, to, icon, text }: MoveProps) {
  const params = useParams()
  return (
    <Button small icon={icon} href={to === null ? undefined : params.href({ [name]: to })} disabled={to === null}>
      {text}
    </Button>
  )
}

/** `Columns 2026-01-01 to 2026-01-31 of 360`. */
function span(word: string, labels: readonly string[], total: number): string {
  const [first, last] = [labels[0], labels.at(-1)]
  if (first === undefined) return `no ${word.toLowerCase()} of ${count(total)}`
  return first === last ? `${word} ${first} of ${count(total)}` : `${word}s ${first} to ${last} of ${count(total)}`
}
