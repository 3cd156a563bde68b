import type { ComponentChildren } from 'preact'
import { Export } from './export'

export interface Column<T> {
  head: string
  cell: (row: T) => ComponentChildren
  /** A number: right-aligned. */
  num?: boolean
  /** Takes the remaining width. */
  fill?: boolean
  /** Hidden on narrow screens (`wide`) or on phones (`tablet`). */
  from?: 'wide' | 'tablet'
}

interface Props<T> {
  /** Names the table for screen readers. */
  caption: string
  columns: (Column<T> | false | null)[]
  rows: readonly T[]
  id: (row: T) => string | number
  /** Where all its rows can be exported: the path of the list, and its filters. */
  file?: { path: string; filter?: Record<string, string | null | undefined> }
}

const classOf = <T,>(column: Column<T>) =>
  [column.num && 'num', column.fill && 'fill', column.from === 'wide' && 'wide-only', column.from === 'tablet' && 'phone-not']
    .filter(Boolean)
    .join(' ') || undefined

/** A table that scrolls sideways on narrow screens. */
export function Table<T>({ caption, columns: wanted, rows, id, file }: Props<T>) {
  const columns = wanted.filter((column): column is Column<T> => Boolean(column))
  const table = (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: scrollable content must be reachable with the keyboard.
    <section class="table" aria-label={`Table: ${caption}`} tabIndex={0}>
      <table>
        <caption class="hidden">{caption}</caption>
        <thead>
          <tr>
            {columns.map((column) => (
              <th key={column.head} scope="col" class={classOf(column)}>
                {column.head}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={id(row)}>
              {columns.map((column) => (
                <td key={column.head} class={classOf(column)}>
                  {column.cell(row)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  )
  if (!file) return table
  return (
    <div class="stack tight">
      <div class="row end">
        <Export what={caption.toLowerCase()} {...file} />
      </div>
      {table}
    </div>
  )
}
