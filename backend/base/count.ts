import { COUNTERS, type CounterName, HISTOGRAMS, type HistogramName, type LabelsOf } from './metric-names'

/*
 * Counters of this process, added up in memory. `flush` moves what was added to Postgres, where all processes and restarts
 * meet. Counting costs one lookup in a map and never fails.
 */

/** What was added to one counter since the last flush that worked. */
export interface Delta {
  name: string
  /** JSON with sorted names. */
  labels: string
  value: number
}

/** Series of one counter in one process; what comes after is counted together as `other`. */
const MAX_SERIES = 500
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
  const key = keyOf(name, names, labels)
  const held = series.get(key) ?? begin(name, names, labels, key)
  held.value += by
}

function keyOf(name: string, names: readonly string[], labels: Readonly<Record<string, string>>): string {
  let key = name
  for (const one of names) key += `\0${labels[one]}`
  return key
}

function begin(name: string, names: readonly string[], labels: Readonly<Record<string, string>>, key: string): Series {
  const size = (sizes.get(name) ?? 0) + 1
  if (size > MAX_SERIES) {
    const others = Object.fromEntries(names.map((one) => [one, one === 'le' ? (labels[one] ?? OTHER) : OTHER]))
    const othersKey = keyOf(name, names, others)
    if (othersKey !== key) return series.get(othersKey) ?? begin(name, names, others, othersKey)
  }
  sizes.set(name, size)
  const text = JSON.stringify(Object.fromEntries([...names].sort().map((one) => [one, labels[one]])))
  const made = { name, labels: text, value: 0 }
  series.set(key, made)
  return made
}

const nameOf = (delta: Delta): string => `${delta.name} ${delta.labels}`

/** What was added since the last `take`, in the order in which every process writes it; the counters start again from 0. */
export function take(): Delta[] {
  const taken: Delta[] = []
  for (const one of series.values()) {
    if (one.value === 0) continue
    taken.push({ name: one.name, labels: one.labels, value: one.value })
    one.value = 0
  }
  return taken.sort((a, b) => (nameOf(a) < nameOf(b) ? -1 : 1))
}

/** Puts back what was taken and could not be written. */
export function release(deltas: readonly Delta[]): void {
  const byName = new Map([...series.values()].map((one) => [nameOf(one), one]))
  for (const delta of deltas) {
    const held = byName.get(nameOf(delta))
    if (held) held.value += delta.value
  }
}
