import { groupBy } from '../../base/group'
import { ANSWERS } from '../../base/uses'
import { ofOutcomes } from '../../base/vocabulary'
import type { Db } from '../../database/db'
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

/** A counter with its labels; places without a figure are left out. */
interface Row {
  name: string
  labels: string
  /** The places in the chart, counted from 0, and their figures. */
  places: number[]
  values: number[]
}

type Labels = Partial<Record<'source' | 'api' | 'limit' | 'outcome' | 'status' | 'reason' | 'le', string>>

const COUNTED = [
  'backhaul_rows_total',
  'backhaul_requests_total',
  'backhaul_wait_seconds_total',
  'backhaul_request_duration_seconds_bucket',
] as const
type Name = (typeof COUNTED)[number] | (typeof READINGS)[keyof typeof READINGS]

/**
 * A week has hundreds of thousands of rows: they are added up to the spans that are drawn before anything else is computed, and their
 * labels stay text.
 */
const ROWS = `
  select name, labels, array_agg((extract(epoch from span - $1) / 60 / $3::int)::int) as places, array_agg(value) as values
    from (select name, labels, date_bin($3::int * interval '1 minute', minute, $1) as span, sum(value)::float8 as value from backhaul.samples
           where minute >= $1 and minute < $1 + $2::int * $3::int * interval '1 minute' and name = any($4) group by 1, 2, 3) s
   group by name, labels`

/** Memory of that statement: with Postgres' usual 4 MB, the groups of a week are sorted on disk. */
const WORK_MEM = '64MB'

/** Whether a counter with these labels is asked for. */
function belongs(labels: Labels, of: Of): boolean {
  if (labels.reason !== undefined && labels.reason !== 'gate') return false
  if (labels.api !== undefined) return of.apis?.includes(labels.api) ?? true
  if (labels.limit !== undefined) return of.limits?.includes(labels.limit) ?? true
  return of.source === undefined || labels.source === undefined || labels.source === of.source
}

/** What distinguishes the lines of a chart, by the counter. */
const KEYS: Partial<Record<Name, keyof Labels>> = {
  backhaul_rows_total: 'outcome',
  backhaul_requests_total: 'status',
  backhaul_request_duration_seconds_bucket: 'api',
  [READINGS.use]: 'limit',
  [READINGS.waiting]: 'limit',
  [READINGS.closed]: 'limit',
}

/** The figures of all processes together. */
export async function sampleSeries(db: Pick<Db, 'tx'>, bins: Bins, of: Of): Promise<Series> {
  const { length } = bins
  const rows = await readRows(db, bins, [...COUNTED, ...Object.values(READINGS)], of)
  const drawn = (name: Name) => linesOf(rows, name, length)
  const none = () => new Array<number>(length).fill(0)
  const records = drawn('backhaul_rows_total')
  const requests = drawn('backhaul_requests_total')
  const buckets = groupBy(rows.get('backhaul_request_duration_seconds_bucket') ?? [], ({ labels }) => labels.api ?? '')
  return {
    rows: of.apis && of.source === undefined ? null : ofOutcomes((outcome) => records[outcome] ?? none()),
    requests: Object.fromEntries(ANSWERS.flatMap((answer) => (requests[answer] ? [[answer, requests[answer]]] : []))),
    waitSeconds: drawn('backhaul_wait_seconds_total').all ?? none(),
    latency: Object.fromEntries(
      [...buckets].sort().map(([api, mine]) => [api, latencyOf(new Map(Object.entries(added(mine, 'le', length))), length)]),
    ),
    limits: limitsOf(drawn, length),
  }
}

/** The use of limits alone. */
export async function limitSeries(db: Pick<Db, 'tx'>, bins: Bins, of: Of): Promise<Record<string, LimitSeries>> {
  const rows = await readRows(db, bins, Object.values(READINGS), of)
  return limitsOf((name) => linesOf(rows, name, bins.length), bins.length)
}

type Read = Omit<Row, 'labels'> & { labels: Labels }

async function readRows(
  db: Pick<Db, 'tx'>,
  { first, minutes, length }: Bins,
  names: readonly Name[],
  of: Of,
): Promise<Map<string, Read[]>> {
  const rows = await db.tx(async (tx) => {
    await tx.query(`set local work_mem = '${WORK_MEM}'`)
    return await tx.query<Row>(ROWS, [new Date(first), length, minutes, names])
  })
  const read = rows.map((row) => ({ ...row, labels: JSON.parse(row.labels) as Labels })).filter(({ labels }) => belongs(labels, of))
  return groupBy(read, ({ name }) => name)
}

const linesOf = (rows: ReadonlyMap<string, Read[]>, name: Name, length: number): Record<string, number[]> =>
  added(rows.get(name) ?? [], KEYS[name], length)

/** The rows added up by one of their labels; without one, all together. */
function added(rows: readonly Read[], label: keyof Labels | undefined, length: number): Record<string, number[]> {
  const lists: Record<string, number[]> = {}
  for (const { labels, places, values } of rows) {
    const key = label ? (labels[label] ?? '') : 'all'
    lists[key] ??= new Array<number>(length).fill(0)
    const list = lists[key]
    for (const [at, place] of places.entries()) list[place] = (list[place] ?? 0) + (values[at] ?? 0)
  }
  return lists
}

/** Averages of the readings in each place; null where nobody read the gates. */
function limitsOf(drawn: (name: Name) => Record<string, number[]>, length: number): Record<string, LimitSeries> {
  const readings = drawn(READINGS.count).all ?? new Array<number>(length).fill(0)
  const [use, waiting, closed] = [drawn(READINGS.use), drawn(READINGS.waiting), drawn(READINGS.closed)]
  const average = (list: number[] | undefined) => readings.map((n, place) => (n === 0 ? null : (list?.[place] ?? 0) / n))
  const names = [...new Set([use, waiting, closed].flatMap((one) => Object.keys(one)))].sort()
  return Object.fromEntries(
    names.map((name) => [name, { use: average(use[name]), waiting: average(waiting[name]), closed: average(closed[name]) }]),
  )
}
