import { COUNTERS, type CounterName, HISTOGRAMS, type HistogramName, type LabelsOf } from './names'

/*
 * Counters of this process, added up in memory. `flush` moves what was added to Postgres, where all processes and restarts
 * meet. Counting costs a map look-up and never fails.
 */

/** What was added to one counter since the last flush that worked. */
export interface Delta {
  name: string
  /** JSON with sorted names. */
  labels: string
  value: number
}

/** Series of one counter in one process; what comes after is counted together as `other`. */
const MOST_SERIES = 500
const OTHER = 'other'

interface Series extends Delta {
  value: number
}

const series = new Map<string, Series>()
const sizes = new Map<string, number>()

/**
 * Adds to a counter.
 * @param by how much; nothing happens for 0
 */
export function count<N extends CounterName>(name: N, labels: LabelsOf<(typeof COUNTERS)[N]>, by = 1): void {
  if (by === 0) return
  add(name, COUNTERS[name].labels, labels, by)
}

/** Adds one observation to a histogram: one to the bucket it falls in, itself to the sum. */
export function observe<N extends HistogramName>(name: N, labels: LabelsOf<(typeof HISTOGRAMS)[N]>, seconds: number): void {
  const { buckets, labels: names } = HISTOGRAMS[name]
  const le = buckets.find((bound) => seconds <= bound)
  add(`${name}_bucket`, [...names, 'le'], { ...labels, le: le === undefined ? '+Inf' : String(le) }, 1)
  add(`${name}_sum`, names, labels, seconds)
}

function add(name: string, names: readonly string[], labels: Readonly<Record<string, string>>, by: number): void {
  let key: string = name
  for (const one of names) key += `\0${labels[one]}`
  let held = series.get(key)
  if (!held) {
    const size = (sizes.get(name) ?? 0) + 1
    if (size > MOST_SERIES && names.some((one) => labels[one] !== OTHER)) {
      return add(name, names, Object.fromEntries(names.map((one) => [one, one === 'le' ? (labels[one] ?? '') : OTHER])), by)
    }
    sizes.set(name, size)
    held = { name, labels: JSON.stringify(Object.fromEntries([...names].sort().map((one) => [one, labels[one]]))), value: 0 }
    series.set(key, held)
  }
  held.value += by
}

/** What was added since the last `take`, in the order in which every process writes it; the counters start again from 0. */
export function take(): Delta[] {
  const taken: Delta[] = []
  for (const one of series.values()) {
    if (one.value === 0) continue
    taken.push({ name: one.name, labels: one.labels, value: one.value })
    one.value = 0
  }
  const keyOf = (delta: Delta) => `${delta.name} ${delta.labels}`
  return taken.sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1))
}

/** Puts back what was taken and could not be written. */
export function giveBack(deltas: readonly Delta[]): void {
  const byKey = new Map([...series.values()].map((one) => [`${one.name} ${one.labels}`, one]))
  for (const delta of deltas) {
    const held = byKey.get(`${delta.name} ${delta.labels}`)
    if (held) held.value += delta.value
  }
}
