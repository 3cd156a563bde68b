import { Refused } from '../../base/errors'
import { groupBy } from '../../base/group'
import { HISTOGRAMS } from '../../base/metric-names'
import type { Reader } from '../../base/sql'
import { MAX_MINUTES, type Outcome, ofOutcomes } from '../../base/vocabulary'

/** Charts of the last minutes; every list has one figure per minute, oldest first. The last minute is not over yet. */
export interface History {
  /** Starts of the minutes, ISO 8601. */
  minutes: string[]
  series: {
    rows: Record<Outcome, number[]>
    /** By class of response: `2xx`, `failed`. */
    requests: Record<string, number[]>
    waitSeconds: number[]
    /** By API, ms; null for a minute without requests. */
    latency: Record<string, { p50: (number | null)[]; p95: (number | null)[] }>
  }
}

/** One line of a chart; minutes without a figure are left out. */
interface Line {
  name: string
  /** What distinguishes the lines of the chart: outcome, class of response, or API. */
  key: string
  /** Upper bound of a bucket, s. */
  le: string | null
  /** The minutes, counted from 0, and their figures. */
  places: number[]
  values: number[]
}

/** The database adds up the series, because a week of them is many rows. */
const LINES = `
  with figures as (
    select name, (extract(epoch from minute - $1) / 60)::int as place, labels::jsonb ->> 'le' as le, value,
           case name when 'backhaul_rows_total' then labels::jsonb ->> 'outcome'
                     when 'backhaul_requests_total' then labels::jsonb ->> 'status'
                     when 'backhaul_request_duration_seconds_bucket' then labels::jsonb ->> 'api' else 'all' end as key
      from backhaul.samples
     where minute >= $1 and minute < $1 + $2 * interval '1 minute'
       and name in ('backhaul_rows_total', 'backhaul_requests_total', 'backhaul_wait_seconds_total', 'backhaul_request_duration_seconds_bucket')
  ), added as (
    select name, key, le, place, sum(value) as value from figures group by name, key, le, place
  )
  select name, key, le, array_agg(place) as places, array_agg(value) as values from added group by name, key, le order by name, key, le`

/**
 * The figures of each of the last minutes, all processes together.
 * @param minutes how many, this one included
 * @throws {Refused} `input` unless `minutes` is a whole number up to a week
 */
export async function history(db: Reader, minutes: number): Promise<History> {
  if (!Number.isInteger(minutes) || minutes < 1 || minutes > MAX_MINUTES) {
    throw new Refused('input', `minutes must be a whole number from 1 to ${MAX_MINUTES}, got ${minutes}.`, 'minutes')
  }
  const [clock] = await db.query<{ now: Date }>(`select date_trunc('minute', clock_timestamp()) as now`)
  const first = (clock?.now ?? new Date()).getTime() - (minutes - 1) * 60_000
  const lines = await db.query<Line>(LINES, [new Date(first), minutes])
  return {
    minutes: Array.from({ length: minutes }, (_, place) => new Date(first + place * 60_000).toISOString()),
    series: seriesOf(lines, minutes),
  }
}

function seriesOf(lines: readonly Line[], length: number): History['series'] {
  const of = (name: string) => lines.filter((line) => line.name === name)
  const drawn = (name: string): Record<string, number[]> => Object.fromEntries(of(name).map((line) => [line.key, listOf(line, length)]))
  const none = () => new Array<number>(length).fill(0)
  const rows = drawn('backhaul_rows_total')
  return {
    rows: ofOutcomes((outcome) => rows[outcome] ?? none()),
    requests: drawn('backhaul_requests_total'),
    waitSeconds: drawn('backhaul_wait_seconds_total').all ?? none(),
    latency: Object.fromEntries(
      [...groupBy(of('backhaul_request_duration_seconds_bucket'), ({ key }) => key)].map(([api, mine]) => [api, latencyOf(mine, length)]),
    ),
  }
}

function listOf({ places, values }: Line, length: number): number[] {
  const list = new Array<number>(length).fill(0)
  for (const [at, place] of places.entries()) list[place] = values[at] ?? 0
  return list
}

function latencyOf(lines: readonly Line[], length: number): History['series']['latency'][string] {
  const buckets = lines.map((line) => [line.le ?? '+Inf', listOf(line, length)] as const)
  const countsAt = (place: number) => new Map(buckets.map(([le, list]) => [le, list[place] ?? 0]))
  const counts = Array.from({ length }, (_, place) => countsAt(place))
  return { p50: counts.map((one) => quantileMs(one, 0.5)), p95: counts.map((one) => quantileMs(one, 0.95)) }
}

const BOUNDS = HISTOGRAMS.backhaul_request_duration_seconds.buckets

/**
 * The value below which a share of the observations lies, ms: linear inside a bucket, the upper bound of the last bucket for
 * everything beyond, like Prometheus' histogram_quantile.
 * @param counts observations by upper bound of their bucket, s
 */
export function quantileMs(counts: ReadonlyMap<string, number>, share: number): number | null {
  const total = [...counts.values()].reduce((sum, one) => sum + one, 0)
  if (total === 0) return null
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
