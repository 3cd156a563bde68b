import type { Json } from '../../base/json'
import { ACTIVE_STATUSES, COUNT_NAMES, type Counted, ENDED_STATUSES, OPEN_STATES, SETTLED_STATES } from '../../base/vocabulary'
import type { Pace, Traffic, Tries } from '../../contract'

/*
 * The row of a task, and the words and fragments that the statements on it share.
 */

export interface Counts extends Counted<bigint> {
  pages: number
}

export interface Task extends Counts {
  id: bigint
  job_id: string
  source: string
  params: Json
  stream: string
  key: string
  queue: string
  lane: string | null
  stage: number
  priority: number
  step: number
  claim: bigint
  cursor: Json
  attempts: number
  error_kind: string | null
  error: string | null
  slot_at: Date | null
  /** When it was first parked since its last page. */
  waiting_since: Date | null
  expected: bigint | null
  traffic: Traffic
  notes: string[]
  /** What its source counts besides, by name; counters of nothing are left out. */
  counters: Record<string, number>
  /** Why its end is no proof that all was read. */
  unverified: string | null
  backlog: number | null
  tries: Tries | null
  /** Of its job; null: its pages are not counted against a share. */
  weight: number | null
  pace: Pace | null
  /** Its stream makes no request, or it is the finish task. */
  asks_nothing: boolean
}

/** The stream of the task that ends a job. */
export const FINISH = '$finish'

/** Columns of a `Task`, for `tasks t` and `jobs j`. */
export const TASK = `t.id, t.job_id, j.source, j.params, t.stream, t.key, t.queue, t.lane, t.stage, t.priority, t.step, t.claim, t.cursor, t.attempts,
  t.error_kind, t.error, t.slot_at, t.waiting_since, t.expected, t.traffic, t.notes, t.counters, t.unverified, t.pages, t.asks_nothing, ${COUNT_NAMES.map((name) => `t.${name}`).join(', ')}, j.backlog, j.tries, j.pace, j.weight`

/** For `in`: partial indexes serve only conditions that contain their values. */
const listOf = (names: readonly string[]): string => `(${names.map((name) => `'${name}'`).join(', ')})`
/** Tasks that have something left to do: `state in ${OPEN}`. */
export const OPEN = listOf(OPEN_STATES)
export const NOT_CANCELLED = listOf([...OPEN_STATES, ...SETTLED_STATES].filter((state) => state !== 'cancelled'))
/** Jobs that have not ended, and those that have: `status in ${ACTIVE}`. */
export const ACTIVE = listOf(ACTIVE_STATUSES)
export const ENDED = listOf(ENDED_STATUSES)

/** Ends a claim, of a task or a lookup. */
export const NO_CLAIM = 'claim = null, holder = null'
/** A wake-up is published as if none had been before. */
export const NOT_WOKEN = 'woken_at = null, wakes = 0'
/** Ends a claim of what is to be claimed again. */
export const RELEASED = `${NO_CLAIM}, ${NOT_WOKEN}`

/**
 * For statements whose loss costs a second wake-up or a heartbeat, never a row: their commit need not wait for the disk.
 * To be joined as `lazy`, so that it runs with the statement.
 */
export const LAZY = `lazy as materialized (select set_config('synchronous_commit', 'off', true) as commit)`

/** NUL, which Postgres text cannot hold, is written as the six characters of its escape. */
export const textOf = <T extends string | null | undefined>(text: T): T => text?.replaceAll('\0', '\\u0000') as T
