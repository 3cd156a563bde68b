import type { Metric } from 'prom-client'
import { createCache } from '../base/cache'
import { groupBy } from '../base/group'
import { COUNTERS, HISTOGRAMS } from '../base/metric-names'
import type { Reader } from '../base/sql'
import type { Service } from '../service/base/context'
import { GATE_COUNTERS, GAUGES } from './gauges'
import { Counter, Gauge, Registry } from './prom'
import { readings } from './readings'

/** How long scrapes get the same answer, ms. */
const FRESH_MS = 1_000

interface Value {
  labels: Record<string, string>
  value: number
}

/** The totals of all processes, by name. */
async function totals(db: Reader): Promise<Map<string, Value[]>> {
  const rows = await db.query<{ name: string; labels: string; value: number }>(
    `select name, labels, value from backhaul.counters order by name, labels`,
  )
  const values = rows.map(({ name, labels, value }) => ({ name, labels: JSON.parse(labels) as Record<string, string>, value }))
  return groupBy(values, (row) => row.name)
}

/** Leaves out rows with other labels, which another version wrote. */
const fits = (names: readonly string[]) => (value: Value) =>
  Object.keys(value.labels).length === names.length && names.every((name) => name in value.labels)

/** A histogram from the stored count of each bucket; prom-client's own can only observe. */
function histogram(name: keyof typeof HISTOGRAMS, stored: Map<string, Value[]>): object {
  const { help, labels, buckets } = HISTOGRAMS[name]
  const counted = (stored.get(`${name}_bucket`) ?? []).filter(fits([...labels, 'le']))
  const values = (stored.get(`${name}_sum`) ?? []).filter(fits(labels)).flatMap(({ labels: of, value: sum }) => {
    const mine = counted.filter((bucket) => labels.every((label) => bucket.labels[label] === of[label]))
    let total = 0
    const lines = [...buckets.map(String), '+Inf'].map((le) => {
      total += mine.find((bucket) => bucket.labels.le === le)?.value ?? 0
      return { metricName: `${name}_bucket`, labels: { ...of, le }, value: total }
    })
    return [...lines, { metricName: `${name}_sum`, labels: of, value: sum }, { metricName: `${name}_count`, labels: of, value: total }]
  })
  return { name, get: async () => ({ name, help, type: 'histogram', values }) }
}

/** What sources count: each counter under a name of its own, `backfill_<counter>_total`. */
function countersOf({ sources }: Service, stored: readonly Value[], own: { registers: InstanceType<typeof Registry>[] }): void {
  const helps = new Map(sources.flatMap((source) => Object.entries(source.counters ?? {})))
  for (const [counter, help] of helps) {
    const metric = new Counter({ name: `backfill_${counter}_total`, help, labelNames: ['source', 'stream'], ...own })
    const mine = stored.filter(({ labels }) => labels.counter === counter)
    for (const { labels, value } of mine) metric.inc({ source: labels.source ?? '', stream: labels.stream ?? '' }, value)
  }
}

async function expose(service: Service): Promise<string> {
  const [stored, read] = await Promise.all([totals(service.db), readings(service)])
  const registry = new Registry()
  const own = { registers: [registry] }
  countersOf(service, stored.get('backhaul_counters_total') ?? [], own)
  for (const [name, { help, labels }] of Object.entries(COUNTERS)) {
    const counter = new Counter({ name, help, labelNames: [...labels], ...own })
    for (const { labels: of, value } of (stored.get(name) ?? []).filter(fits(labels))) counter.inc(of, value)
  }
  for (const name of Object.keys(HISTOGRAMS) as (keyof typeof HISTOGRAMS)[]) {
    registry.registerMetric(histogram(name, stored) as Metric)
  }
  const figures = groupBy(read, (reading) => reading.name)
  for (const [name, { help, labels }] of Object.entries(GATE_COUNTERS)) {
    const counter = new Counter({ name, help, labelNames: [...labels], ...own })
    for (const { labels: of, value } of figures.get(name as keyof typeof GATE_COUNTERS) ?? []) counter.inc(of, value)
  }
  for (const [name, { help, labels }] of Object.entries(GAUGES)) {
    const gauge = new Gauge({ name, help, labelNames: [...labels], ...own })
    for (const { labels: of, value } of figures.get(name as keyof typeof GAUGES) ?? []) gauge.set(of, value)
  }
  return await registry.metrics()
}

export const CONTENT_TYPE = Registry.PROMETHEUS_CONTENT_TYPE

/**
 * All metrics of all processes as text for Prometheus, read at most once a second.
 * @returns the function that answers a scrape; it throws what the database throws
 */
export function exposition(service: Service): () => Promise<string> {
  // Never a stale answer: Prometheus would store it as the value of now.
  const cache = createCache<string>({ minMs: FRESH_MS, costFactor: 0, staleFactor: 1 })
  return () => cache.get('', () => expose(service))
}
