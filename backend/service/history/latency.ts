import { HISTOGRAMS } from '../../base/metric-names'

/** Times to answer in a chart, ms; null where nothing was sent. */
export interface Latency {
  p50: (number | null)[]
  p95: (number | null)[]
}

const BOUNDS = HISTOGRAMS.backhaul_request_duration_seconds.buckets

/** @param buckets counts of each place of a chart, by the upper bound of their bucket, s */
export function latencyOf(buckets: ReadonlyMap<string, readonly number[]>, length: number): Latency {
  const counts = Array.from({ length }, (_, place) => new Map([...buckets].map(([le, list]) => [le, list[place] ?? 0])))
  return { p50: counts.map((one) => quantileMs(one, 0.5)), p95: counts.map((one) => quantileMs(one, 0.95)) }
}

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
