import { Refused } from '../engine/errors'
import type { Reader } from '../engine/source'
import { HISTOGRAMS } from '../metrics/names'

/** Longest history shown, minutes: a week. */
export const MOST_MINUTES = 10_080

export const ROW_OUTCOMES = ['new', 'updated', 'known', 'rejected'] as const

/** Charts of the last minutes; every list has one figure a minute, oldest first. The last minute is not over yet. */
export interface History {
  /** Starts of the minutes, ISO 8601. */
  minutes: string[]
  series: {
    rows: Record<(typeof ROW_OUTCOMES)[number], number[]>
    /** By class of the answer: `2xx`, `failed`. */
    requests: Record<string, number[]>
    waitSeconds: number[]
    /** By API, ms; null where nothing was asked in that minute. */
    latency: Record<string, { p50: (number | null)[]; p95: (number | null)[] }>
  }
}

interface Row {
  place: number
  name: string
  labels: string
  value: number
}

const NAMES = ['backhaul_rows_total', 'backhaul_requests_total', 'backhaul_wait_seconds_total', 'backhaul_request_duration_seconds_bucket']

/**
 * What happened in each of the last minutes, all processes together.
 * @param minutes how many, this one included
 * @throws {Refused} `input` for a number of minutes that is none, or more than a week
 */
export async function history(db: Reader, minutes: number): Promise<History> {
  if (!Number.isInteger(minutes) || minutes < 1 || minutes > MOST_MINUTES) {
    throw new Refused('input', `minutes is a whole number from 1 to ${MOST_MINUTES}`, 'minutes')
  }
  const [[clock], rows] = await Promise.all([
    db.query<{ now: Date }>(`select date_trunc('minute', clock_timestamp()) as now`),
    db.query<Row & { minute: Date }>(
      `select minute, name, labels, value from backhaul.samples
        where name = any($2) and minute > date_trunc('minute', clock_timestamp()) - $1 * interval '1 minute'`,
      [minutes, NAMES],
    ),
  ])
  const first = (clock?.now ?? new Date()).getTime() - (minutes - 1) * 60_000
  const placed = rows.map((row) => ({ ...row, place: Math.round((row.minute.getTime() - first) / 60_000) }))
  return {
    minutes: Array.from({ length: minutes }, (_, place) => new Date(first + place * 60_000).toISOString()),
    series: seriesOf(
      placed.filter(({ place }) => place >= 0 && place < minutes),
      minutes,
    ),
  }
}

function seriesOf(rows: readonly Row[], length: number): History['series'] {
  const none = () => new Array<number>(length).fill(0)
  const series: History['series'] = {
    rows: { new: none(), updated: none(), known: none(), rejected: none() },
    requests: {},
    waitSeconds: none(),
    latency: {},
  }
  const buckets = new Map<string, Map<number, Map<string, number>>>()
  for (const { place, name, labels: text, value } of rows) {
    const labels = JSON.parse(text) as Record<string, string>
    const add = (list: number[] | undefined) => {
      if (list) list[place] = (list[place] ?? 0) + value
    }
    if (name === 'backhaul_rows_total') add(series.rows[labels.outcome as keyof History['series']['rows']])
    else if (name === 'backhaul_wait_seconds_total') add(series.waitSeconds)
    else if (name === 'backhaul_requests_total') {
      const status = labels.status ?? 'failed'
      series.requests[status] ??= none()
      add(series.requests[status])
    } else {
      const api = labels.api ?? 'other'
      const ofApi = buckets.get(api) ?? new Map<number, Map<string, number>>()
      buckets.set(api, ofApi)
      const ofMinute = ofApi.get(place) ?? new Map<string, number>()
      ofApi.set(place, ofMinute.set(labels.le ?? '+Inf', value))
    }
  }
  for (const [api, ofApi] of [...buckets].sort()) {
    const at = (share: number) => Array.from({ length }, (_, place) => quantileMs(ofApi.get(place), share))
    series.latency[api] = { p50: at(0.5), p95: at(0.95) }
  }
  return series
}

const BOUNDS = HISTOGRAMS.backhaul_request_duration_seconds.buckets

/**
 * The value below which a share of the observations lies, ms: linear inside the bucket, the upper bound of the last one
 * for what lies beyond, as Prometheus' histogram_quantile has it.
 * @param counts observations by upper bound of their bucket, s
 */
export function quantileMs(counts: ReadonlyMap<string, number> | undefined, share: number): number | null {
  const total = [...(counts?.values() ?? [])].reduce((sum, one) => sum + one, 0)
  if (!counts || total === 0) return null
  const rank = share * total
  let below = 0
  let lower = 0
  for (const upper of BOUNDS) {
    const inside = counts.get(String(upper)) ?? 0
    if (inside > 0 && below + inside >= rank) return Math.round((lower + (upper - lower) * ((rank - below) / inside)) * 1000)
    below += inside
    lower = upper
  }
  return lower * 1000
}
