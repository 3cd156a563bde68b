import Table from 'cli-table3'

/** One measured figure: its values over the runs, and what the design wants of it. */
export interface Figure {
  name: string
  values: number[]
  unit?: string
  atLeast?: number
  atMost?: number
  /** Which value the target is about; the median by default. */
  by?: 'min' | 'median' | 'p95' | 'max'
}

/** The value below which this part of the values lies. */
export function quantile(values: readonly number[], part: number): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.max(0, Math.ceil(part * sorted.length) - 1))] ?? Number.NaN
}
/** The middle value; of an even number the mean of the two in the middle. */
export const median = (values: readonly number[]): number =>
  (quantile(values, 0.5) +
    -quantile(
      values.map((value) => -value),
      0.5,
    )) /
  2
export const sum = (values: readonly number[]): number => values.reduce((all, one) => all + one, 0)
export const mean = (values: readonly number[]): number => sum(values) / values.length

const text = (value: number): string => {
  if (!Number.isFinite(value)) return '-'
  if (value === 0) return '0'
  if (Number.isInteger(value) || Math.abs(value) >= 100) return Math.round(value).toLocaleString('en-US')
  return value.toPrecision(3)
}

function verdict({ values, atLeast, atMost, by = 'median' }: Figure): [string, string] {
  const value = { min: quantile(values, 0), median: median(values), p95: quantile(values, 0.95), max: quantile(values, 1) }[by]
  if (atLeast !== undefined) return [`≥ ${text(atLeast)} (${by})`, value >= atLeast ? 'reached' : 'missed']
  if (atMost !== undefined) return [`≤ ${text(atMost)} (${by})`, value <= atMost ? 'reached' : 'missed']
  return ['', '']
}

/** No lines between rows. */
const COMPACT = { chars: { mid: '', 'left-mid': '', 'mid-mid': '', 'right-mid': '' }, style: { head: [], border: [] } }

/** A small table: each figure with its least, middle and greatest value over the runs. */
export function tableOf(figures: readonly Figure[]): string {
  const table = new Table({ head: ['', 'min', 'median', 'max', 'target', ''], ...COMPACT })
  for (const figure of figures) {
    const [least, middle, most] = [quantile(figure.values, 0), median(figure.values), quantile(figure.values, 1)].map(text)
    const several = figure.values.length > 1
    const name = figure.unit ? `${figure.name}, ${figure.unit}` : figure.name
    table.push([name, several ? least : '', middle, several ? most : '', ...verdict(figure)])
  }
  return table.toString()
}

/** Any rows with a heading, for what stands behind a figure. */
export function listOf(head: string[], rows: (string | number)[][]): string {
  const table = new Table({ head, ...COMPACT })
  for (const row of rows) table.push(row.map((cell) => (typeof cell === 'number' ? text(cell) : cell)))
  return table.toString()
}
