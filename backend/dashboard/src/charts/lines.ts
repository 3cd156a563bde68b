import { COUNTS, duration as inWords, OUTCOMES, percent } from '../../../base/vocabulary'
import type { History } from '../api/types'
import { count, duration } from '../lib/format'

/*
 * The charts of a history: which lines each has, and how a line is told from the others without its color.
 */

export interface Series {
  name: string
  values: (number | null)[]
  /** Number of its color, from 1, and of its dashes. */
  ink: number
  /** Pixels of line and gap; absent: a solid line. */
  dash?: number[]
  /** Drawn against the right axis. */
  right?: boolean
  format: (value: number | null) => string
}

export interface Chart {
  id: string
  title: string
  unit: string
  series: Series[]
  /** Formats of the left axis and of the right one. */
  left: (value: number | null) => string
  right?: (value: number | null) => string
  /** Highest value of the left axis. */
  top?: number
}

/** Each line has its own, so that no two lines differ by color alone. */
export const DASHES: (number[] | undefined)[] = [undefined, [8, 4], [2, 3], [12, 3, 2, 3], [4, 4], [1, 6], [16, 4], [6, 2, 1, 2]]

const line = (name: string, values: (number | null)[], n: number, format: Series['format'], right = false): Series => ({
  name,
  values,
  ink: (n % 6) + 1,
  dash: DASHES[n % DASHES.length],
  right,
  format,
})

const ANSWERS: [name: string, text: string][] = [
  ['2xx', '2xx'],
  ['3xx', '3xx'],
  ['4xx', '4xx'],
  ['429', '429 (limit of the API)'],
  ['5xx', '5xx'],
  ['failed', 'No answer (network)'],
]

const inPercent = (value: number | null): string => (value === null ? '–' : percent(value))
const tenths = new Intl.NumberFormat('en-US', { maximumFractionDigits: 1 })
const few = (value: number | null): string => (value === null ? '–' : value < 10 ? tenths.format(value) : count(value))
const seconds = (value: number | null): string => (value === null ? '–' : value === 0 ? '0 s' : inWords(value * 1000))
/** Shorter, for an axis: `90 s`, `2.5 s`, `250 ms`. */
const secondsOfAxis = (value: number | null): string => `${few(value)} s`
const timeOfAxis = (ms: number | null): string => ((ms ?? 0) < 1000 ? `${few(ms)} ms` : `${few((ms ?? 0) / 1000)} s`)

export const some = (values: readonly (number | null)[] | undefined): boolean =>
  values?.some((value) => value !== null && value > 0) ?? false

/**
 * Figures per minute. The last span is not over yet: it counts for the part of it that has passed, and is not known before half of it
 * has, because processes report every few seconds.
 */
export function perMinute(
  values: readonly number[],
  { minutes, spanMinutes, now }: Pick<History, 'minutes' | 'spanMinutes' | 'now'>,
): (number | null)[] {
  const passed = Math.min(spanMinutes, (Date.parse(now) - Date.parse(minutes.at(-1) ?? now)) / 60_000)
  return values.map((value, n) => {
    if (n < values.length - 1) return value / spanMinutes
    return passed < spanMinutes / 2 ? null : value / passed
  })
}

/** The charts of a history, without those that have nothing to show. */
export function chartsOf(history: History): Chart[] {
  const { series: it } = history
  const rate = (values: readonly number[]) => perMinute(values, history)
  const rows = it.rows
  const general: Chart[] = [
    {
      id: 'records',
      title: 'Records',
      unit: 'per minute',
      series: rows ? OUTCOMES.flatMap((name, n) => (some(rows[name]) ? [line(COUNTS[name].title, rate(rows[name]), n, few)] : [])) : [],
      left: few,
    },
    {
      id: 'requests',
      title: 'Requests',
      unit: 'per minute, by answer',
      series: ANSWERS.flatMap(([name, text], n) => {
        const values = it.requests[name]
        return values && some(values) ? [line(text, rate(values), n, few)] : []
      }),
      left: few,
    },
    {
      id: 'waiting',
      title: 'Waiting for limits',
      unit: 'time waited per minute, all requests and tasks together',
      series: some(it.waitSeconds) ? [line('Waited', rate(it.waitSeconds), 0, seconds)] : [],
      left: secondsOfAxis,
    },
  ]
  return [...general.filter(({ series }) => series.length > 0), ...limitCharts(history), ...latencyCharts(history)]
}

function limitCharts({ series: { limits } }: History): Chart[] {
  return Object.entries(limits)
    .filter(([, { use, waiting, closed }]) => some(use) || some(waiting) || some(closed))
    .map(([name, { use, waiting, closed }]) => ({
      id: `limit ${name}`,
      title: `Limit ${name}`,
      unit: 'use of the limit (left), tasks that wait (right)',
      series: [
        line('Use of the limit', use, 0, inPercent),
        line('Tasks that wait for the limit', waiting, 2, few, true),
        line('Tasks that wait for a closed gate', closed, 3, few, true),
      ],
      left: inPercent,
      right: few,
      top: 1,
    }))
}

function latencyCharts({ series: { latency } }: History): Chart[] {
  return Object.entries(latency)
    .filter(([, { p50 }]) => some(p50))
    .map(([api, { p50, p95 }]) => ({
      id: `latency ${api}`,
      title: `Latency of ${api}`,
      unit: 'time from sending to the end of the answer',
      series: [line('p50 (half are faster)', p50, 0, duration), line('p95 (19 of 20 are faster)', p95, 1, duration)],
      left: timeOfAxis,
    }))
}

/** The latest value that is known; null without any. */
export const latestOf = ({ values }: Pick<Series, 'values'>): number | null => values.findLast((value) => value !== null) ?? null

/** The chart in a sentence: latest values and peaks. */
export function summaryOf({ series }: Pick<Chart, 'series'>, moments: readonly string[]): string {
  const parts = series.map((it) => {
    const most = Math.max(0, ...it.values.filter((value) => value !== null))
    const at = moments[it.values.indexOf(most)]?.slice(11, 16)
    return `${it.name}: latest ${it.format(latestOf(it))}${at && most > 0 ? `, at most ${it.format(most)} at ${at} UTC` : ''}`
  })
  return `${parts.join('. ')}.`
}
