/** Columns of a grid that stand beside each other. */
export interface Band {
  /** What all its columns have in common: a month; empty: nothing. */
  title: string
  /** The place of its first column in the grid. */
  from: number
  columns: readonly string[]
}

/** Columns beside each other: a month of days. */
const MOST = 31
const DAY = /^\d{4}-\d\d-\d\d$/

/** The columns of a wide grid in bands below each other, days by month; one band where all of them fit. */
export function bandsOf(columns: readonly string[]): Band[] {
  if (columns.length <= MOST) return [{ title: '', from: 0, columns }]
  const titleOf = columns.every((name) => DAY.test(name)) ? (name: string) => name.slice(0, 7) : () => ''
  const bands: { title: string; from: number; columns: string[] }[] = []
  for (const [n, name] of columns.entries()) {
    const last = bands.at(-1)
    if (last && last.title === titleOf(name) && last.columns.length < MOST) last.columns.push(name)
    else bands.push({ title: titleOf(name), from: n, columns: [name] })
  }
  return bands
}

/** Row and column. */
export type Place = readonly [number, number]

/** The place after a step; above the first row and below the last one is the band before and the next. It stays in the grid. */
export function stepFrom([row, column]: Place, [down, right]: Place, bands: readonly Band[], rows: number): Place {
  const last = bands.at(-1)
  const to = Math.max(0, Math.min((last ? last.from + last.columns.length : 1) - 1, column + right))
  const next = row + down
  if (next >= 0 && next < rows) return [next, to]
  const at = bands.findIndex(({ from, columns }) => column < from + columns.length)
  const beside = bands[at + down]
  if (!beside) return [row, to]
  const offset = Math.min(column - (bands[at]?.from ?? 0), beside.columns.length - 1)
  return [down > 0 ? 0 : rows - 1, beside.from + offset]
}
