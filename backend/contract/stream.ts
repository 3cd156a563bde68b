import type { ZodType } from 'zod'
import type { QueueName } from '../../queues/names'
import type { Id, Json } from '../base/json'
import type { Reader, Tx } from '../base/sql'
import type { Io } from './io'
import type { LookupIds } from './lookup'

export interface NewTask {
  stream: string
  /** Unique in its job and stream. */
  key: string
  cursor: Json
  /** Absent: a discovery task, outside lanes. */
  lane?: string
  stage?: number
  /** Its outcome, where that is known already: the task is counted and listed but never run. Retrying a failed one runs it for the first time. */
  ended?: { skipped: string; kind?: string } | { failed: string; error: string }
  /**
   * Where the job has it already and it is done or skipped, it starts again at this cursor, its counts at 0; a skipped one that was never
   * read gives way, in its cell, to the tasks that read it. For what is found to be missing. Absent: the job's own task is left alone.
   */
  again?: boolean
}

/** Why a task was not read: a sentence, and a short stable word to count by: `unavailable`, `in_flight`. */
export interface Skip {
  kind: string
  reason: string
}

export interface Reject {
  key: string
  /** A short stable word: `schema`, `hash_mismatch`. */
  reason: string
  detail?: string
  raw: unknown
}

export interface DomainEvent {
  /** Routing key on `backhaul.events`: `tf2.listing-update`. */
  key: string
  payload: Json
}

/** What is known of a lane and stage of the job before all its tasks exist. */
export interface Foreseen {
  lane: string
  stage: number
  /** What it reads, for people: `orders of etsy`; by default `Source.stageLabel`. */
  label?: string
  /** How many records its tasks will see in all; null where the upstream does not tell. */
  expected: number | null
  /** The upstream counts no further: there are that many or more. */
  atLeast?: boolean
  /**
   * How many requests its tasks make in all, by API, as far as that can be told: the job's time left at scarce limits follows from it.
   * Absent: what was foreseen before stays.
   */
  requests?: Readonly<Record<string, number>>
}

export interface Page<C, B> {
  batch: B
  /** Where the next step starts; `null` ends the task. The next step gets it as JSON keeps it, parsed by `cursor`. */
  next: C | null
  /**
   * The next step starts no earlier: the page is committed, then the task is parked, as one that waits for `on` (a few words for
   * people: `bulk operation 4711`). Uses no attempt; other lanes go on. Not together with `lane`.
   */
  notBefore?: { until: Date; on: string }
  /** With `next: null`: the task ends as skipped, for this reason, instead of done. */
  skipped?: string | Skip
  /**
   * With `next: null`: the task fails for this reason, and its page is committed all the same. A retry starts at `from`; without it, this
   * page is read again.
   */
  failed?: Skip & { from?: C }
  /** Moves the task to another lane, where it waits for its turn. */
  lane?: string
  /** Requested records on the page that were stored already and not read again. */
  known?: number
  tasks?: NewTask[]
  lookups?: LookupIds
  /** How many records the task should find in all, according to the upstream. */
  expected?: number
  /** Totals of stages of the job, for its progress by stage; a later page may correct them. */
  foreseen?: readonly Foreseen[]
  rejected?: Reject[]
  /** Sentences for the report: what was not read. */
  notes?: string[]
  /** Why it is not certain that everything was read although nothing failed; the report is then marked as not verified, with this reason. */
  unverified?: string
}

/** How a batch was stored: each of its records counts once, as new, updated or unchanged. */
export interface Written {
  new: number
  updated: number
  /** Stored already with the same content; the second copy of a record in one batch counts here. */
  unchanged: number
  /** Stored records that were deleted; they are not part of the batch. */
  deleted?: number
  /** Further counts, by the names of `Source.counters`. */
  counts?: Record<string, number>
  /** Published once the page is committed, in this order. */
  events?: DomainEvent[]
}

export interface Step<C, P> {
  readonly key: string
  readonly cursor: C
  readonly params: P
  readonly source: string
  /** The id of its job. */
  readonly job: string
  /** Failed tries in a row before this one. */
  readonly attempts: number
  /**
   * When the task first had to wait since its last page (`Throttled`); absent if it has not. A wait uses no attempt, so that one
   * which never ends would hold the task for ever: a stream may give up what it waits for. It starts anew when the task is
   * retried or its job resumed.
   */
  readonly waitingSince?: Date
}

export interface Stream<C = unknown, B = unknown, P = unknown> {
  /** The queue its tasks travel on. */
  queue: QueueName
  /** Parsed back from the database before every step. */
  cursor: ZodType<C>
  /** Its tasks make no request and are soon done: they go ahead of those with the same priority that do. */
  asksNothing?: true
  /** Network, `io.known` and `io.held` only; may run twice. */
  read(step: Step<C, P>, io: Io): Promise<Page<C, B>>
  /**
   * Called when a task has no tries left, before it fails: a page that it returns is committed instead. Undefined: the task fails.
   * It may throw `Throttled`; any other error becomes the task's error.
   * @param byItself false when the task fails together with its lane, without having used up its own tries
   */
  beforeFailing?(step: Step<C, P>, io: Io, byItself: boolean): Promise<Page<C, B> | undefined>
  /** Which of these ids are stored already; one query. */
  known?(db: Reader, ids: readonly Id[]): Promise<Set<Id>>
  /** Database only, inside the page's transaction; sort every `unnest` by its conflict key, else two writers may deadlock. */
  write(tx: Tx, batch: B): Promise<Written>
  /** Its pages find tasks. Like every task outside lanes, its tasks rest while the plan's backlog waits. */
  discovers?: boolean
  /**
   * Each lane is one host. When a task fails because the host is unreachable, the waiting tasks of its lane fail with it; of those found
   * later one is tried, and they fail with that one, until the host answers.
   */
  laneIsHost?: boolean
  /**
   * The cell of a task in the grid of its job, for people; absent where the tasks make no grid. Several tasks may share a
   * cell; a task for which it returns `undefined` has none. Called when the task is inserted.
   */
  cell?(key: string): { row: string; column: string } | undefined
}

/** Checks that a stream's cursor, batch and params fit together; the registry does not keep these types. */
export const defineStream = <C, B, P>(stream: Stream<C, B, P>): Stream<C, B, P> => stream
