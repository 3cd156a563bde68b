import { COUNTS, OUTCOMES } from '../../../base/vocabulary'
import type { History } from '../api/types'
import { count, duration } from '../lib/format'

export interface Series {
  name: string
  values: (number | null)[]
  /** Custom property of its color. */
  color: string
  dash?: number[]
}

export interface Chart {
  title: string
  unit: string
  series: Series[]
  format: (value: number | null) => string
  /** Whether the minutes can be summed. */
  adds: boolean
}

const INKS = ['--c-1', '--c-2', '--c-3', '--c-4', '--c-5']
const DASHES = [undefined, [6, 3], [2, 3], [8, 3, 2, 3], [1, 4]]
const CLASSES: Record<string, number> = { '2xx': 0, '3xx': 1, '4xx': 2, '5xx': 3 }

const series = (name: string, values: (number | null)[], n: number): Series => ({
  name,
  values,
  color: INKS[n % INKS.length] ?? '--c-1',
  dash: DASHES[n % DASHES.length],
})

/** The charts of a history. */
export function chartsOf({ series: it }: History): Chart[] {
  const rows = OUTCOMES.flatMap((name, n) => (it.rows && some(it.rows[name]) ? [series(COUNTS[name].title, it.rows[name], n)] : []))
  const requests = Object.entries(it.requests)
    .sort(([a], [b]) => a.localeCompare(b))
    .map(([name, values], n) => series(name, values, CLASSES[name] ?? 4 + n))
  const latency = Object.entries(it.latency).flatMap(([api, { p50, p95 }], n) => [
    { ...series(`${api} median`, p50, n), dash: undefined },
    { ...series(`${api} 95th percentile`, p95, n), dash: [5, 3] },
  ])
  return [
    { title: 'Records', unit: 'per minute', series: rows, format: count, adds: true },
    { title: 'Requests', unit: 'per minute, by answer', series: requests, format: count, adds: true },
    { title: 'Latency', unit: 'time to answer', series: latency, format: duration, adds: false },
    {
      title: 'Waiting for gates',
      unit: 'seconds per minute, all workers',
      series: some(it.waitSeconds) ? [series('Waited', it.waitSeconds, 0)] : [],
      format: count,
      adds: true,
    },
  ]
}

const some = (values: readonly (number | null)[] | undefined): boolean => values?.some((value) => value !== null && value > 0) ?? false

/** The chart in a sentence: sums or last values, and the peaks. */
export function summaryOf({ series: lines, format, adds }: Chart, minutes: readonly string[]): string {
  const parts = lines.map(({ name, values }) => {
    const known = values.filter((value) => value !== null)
    const most = Math.max(0, ...known)
    const at = minutes[values.indexOf(most)]?.slice(11, 16)
    const peak = at ? `, at most ${format(most)} at ${at}` : ''
    if (adds) return `${name}: ${format(known.reduce((sum, value) => sum + value, 0))} in total${peak}`
    const last = known.at(-1)
    return `${name}: ${last === undefined ? 'no data' : `last ${format(last)}`}${peak}`
  })
  return `${parts.join('. ')}.`
}
