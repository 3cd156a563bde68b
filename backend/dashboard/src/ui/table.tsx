import type { ComponentChildren } from 'preact'

export interface Column<T> {
  head: string
  cell: (row: T) => ComponentChildren
  /** A figure: to the right. */
  num?: boolean
  /** Takes the room that is left. */
  fill?: boolean
  /** Left out on narrow screens, or on phones only. */
  from?: 'wide' | 'tablet'
}

interface Props<T> {
  /** Names the table for screen readers. */
  caption: string
  columns: (Column<T> | false | null)[]
  rows: readonly T[]
  id: (row: T) => string | number
}

const look = <T,>(column: Column<T>) =>
  [column.num && 'num', column.fill && 'fill', column.from === 'wide' && 'wide-only', column.from === 'tablet' && 'phone-not']
    .filter(Boolean)
    .join(' ') || undefined

/** Rows in columns; scrolls sideways by itself where the screen is narrow. */
export function Table<T>({ caption, columns: wanted, rows, id }: Props<T>) {
  const columns = wanted.filter((column): column is Column<T> => Boolean(column))
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable with the keyboard.
    <section class="table" aria-label={`Table: ${caption}`} tabIndex={0}>
      <table>
        <caption class="hidden">{caption}</caption>
        <thead>
          <tr>
            {columns.map((column) => (
              <th key={column.head} scope="col" class={look(column)}>
                {column.head}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={id(row)}>
              {columns.map((column) => (
                <td key={column.head} class={look(column)}>
                  {column.cell(row)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  )
}
