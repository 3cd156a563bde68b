import { groupBy } from '../../base/group'
import type { Reader } from '../../base/sql'
import { ANSWERS } from '../../base/uses'
import { ofOutcomes } from '../../base/vocabulary'
import { READINGS } from '../suite/gate-readings'
import { latencyOf } from './latency'
import type { LimitSeries, Series } from './series'
import type { Bins } from './spans'

/** Whose figures are added up; absent: everybody's. */
export interface Of {
  /** Records of this source. */
  source?: string
  /** Requests to these APIs. */
  apis?: readonly string[]
  /** Of these limits. */
  limits?: readonly string[]
}

/** One line of a chart; places without a figure are left out. */
interface Line {
  name: string
  /** What distinguishes the lines of the chart: outcome, class of answer, API or limit. */
  key: string
  /** Upper bound of a bucket, s. */
  le: string | null
  /** The places in the chart, counted from 0, and their figures. */
  places: number[]
  values: number[]
}

/** The database adds up the series, because a week of them is many rows. */
const LINES = `
  with figures as (
    select name, floor(extract(epoch from minute - $1) / 60 / $3::int)::int as place, l ->> 'le' as le, value,
           case name when 'backhaul_rows_total' then l ->> 'outcome' when 'backhaul_requests_total' then l ->> 'status'
                     when 'backhaul_request_duration_seconds_bucket' then l ->> 'api' when '${READINGS.use}' then l ->> 'limit'
                     when '${READINGS.waiting}' then l ->> 'limit' when '${READINGS.closed}' then l ->> 'limit' else 'all' end as key
      from (select name, minute, value, labels::jsonb as l from backhaul.samples
             where minute >= $1 and minute < $1 + $2::int * $3::int * interval '1 minute'
               and name in ('backhaul_rows_total', 'backhaul_requests_total', 'backhaul_wait_seconds_total',
                            'backhaul_request_duration_seconds_bucket', '${READINGS.count}', '${READINGS.use}', '${READINGS.waiting}', '${READINGS.closed}')) s
     where case when name = 'backhaul_rows_total' then $4::text is null or l ->> 'source' = $4
                when l ? 'api' then $5::text[] is null or l ->> 'api' = any($5)
                when l ? 'limit' then $6::text[] is null or l ->> 'limit' = any($6) else true end
       and (name <> 'backhaul_wait_seconds_total' or l ->> 'reason' = 'gate')
  ), added as (
    select name, key, le, place, sum(value) as value from figures group by name, key, le, place
  )
  select name, key, le, array_agg(place) as places, array_agg(value) as values from added group by name, key, le order by name, key, le`

/** The figures of all processes together. */
export async function sampleSeries(db: Reader, { first, minutes, length }: Bins, of: Of): Promise<Series> {
  const lines = await db.query<Line>(LINES, [new Date(first), length, minutes, of.source ?? null, of.apis ?? null, of.limits ?? null])
  const named = (name: string) => lines.filter((line) => line.name === name)
  const drawn = (name: string): Record<string, number[]> => Object.fromEntries(named(name).map((line) => [line.key, listOf(line, length)]))
  const none = () => new Array<number>(length).fill(0)
  const rows = drawn('backhaul_rows_total')
  const requests = drawn('backhaul_requests_total')
  return {
    rows: of.apis && of.source === undefined ? null : ofOutcomes((outcome) => rows[outcome] ?? none()),
    requests: Object.fromEntries(ANSWERS.flatMap((answer) => (requests[answer] ? [[answer, requests[answer]]] : []))),
    waitSeconds: drawn('backhaul_wait_seconds_total').all ?? none(),
    latency: Object.fromEntries(
      [...groupBy(named('backhaul_request_duration_seconds_bucket'), ({ key }) => key)].map(([api, mine]) => [
        api,
        latencyOf(new Map(mine.map((line) => [line.le ?? '+Inf', listOf(line, length)])), length),
      ]),
    ),
    limits: limitsOf(drawn, length),
  }
}

/** Averages of the readings in each place; null where nobody read the gates. */
function limitsOf(drawn: (name: string) => Record<string, number[]>, length: number): Record<string, LimitSeries> {
  const readings = drawn(READINGS.count).all ?? new Array<number>(length).fill(0)
  const [use, waiting, closed] = [drawn(READINGS.use), drawn(READINGS.waiting), drawn(READINGS.closed)]
  const average = (list: number[] | undefined) => readings.map((n, place) => (n === 0 ? null : (list?.[place] ?? 0) / n))
  const names = [...new Set([use, waiting, closed].flatMap((one) => Object.keys(one)))].sort()
  return Object.fromEntries(
    names.map((name) => [name, { use: average(use[name]), waiting: average(waiting[name]), closed: average(closed[name]) }]),
  )
}

function listOf({ places, values }: Line, length: number): number[] {
  const list = new Array<number>(length).fill(0)
  for (const [at, place] of places.entries()) list[place] = values[at] ?? 0
  return list
}
