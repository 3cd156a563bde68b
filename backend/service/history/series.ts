import type { Answer } from '../../base/uses'
import type { Outcome } from '../../base/vocabulary'
import type { Latency } from './latency'

/** Use of a limit: averages of what the scheduler read; null where it read nothing. */
export interface LimitSeries {
  /** The fullest of its windows, or its next slot, 0 to 1. */
  use: (number | null)[]
  /** Tasks that waited for it. */
  waiting: (number | null)[]
  /** Tasks that waited because it was closed: its upstream asked for a pause, or its breaker had tripped. */
  closed: (number | null)[]
}

/** Every list has one figure for each span, oldest first. The last span is not over yet. */
export interface Series {
  /** Null: records belong to no API. */
  rows: Record<Outcome, number[]> | null
  /** By class of answer; those without any request are left out. */
  requests: Partial<Record<Answer, number[]>>
  /** Seconds that requests waited for their limits. */
  waitSeconds: number[]
  /** By API. */
  latency: Record<string, Latency>
  limits: Record<string, LimitSeries>
}
