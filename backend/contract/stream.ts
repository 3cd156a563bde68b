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
  /** What is known to become of it already: it is counted and named, and never claimed. A retry tries a failed one for the first time. */
  ended?: { skipped: string; kind?: string } | { failed: string; error: string }
}

/** Why a task was not read: a reason in words, with a short stable word for what is counted by it: `unavailable`, `in_flight`. */
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

export interface Page<C, B> {
  batch: B
  /** Where the next step starts; `null` ends the task. The next step gets it as JSON keeps it, parsed by `cursor`. */
  next: C | null
  /** With `next: null`: the task ends skipped, for this reason, and not done. */
  skipped?: string | Skip
  /** The task goes on in another lane, and waits for a place there. */
  lane?: string
  /** Records on the page that were asked for, held already and left alone. */
  known?: number
  tasks?: NewTask[]
  lookups?: LookupIds
  /** What the source itself says the task should find in all. */
  expected?: number
  rejected?: Reject[]
  /** Sentences for the report: what was not asked for. */
  notes?: string[]
  /** Why the end of the task is no proof that all was read, though nothing failed: the report is then not verified, and says so. */
  unverified?: string
}

/** What became of the batch: each of its records counts once as new, updated or unchanged. */
export interface Written {
  new: number
  updated: number
  /** Held already as they were read; a record that is twice in the batch counts here the second time. */
  unchanged: number
  /** Records that went; none of the batch's. */
  deleted?: number
  /** What else it came to, by the names of `Source.counters`. */
  counts?: Record<string, number>
  /** Published once the page is committed, in this order. */
  events?: DomainEvent[]
}

export interface Step<C, P> {
  readonly key: string
  readonly cursor: C
  readonly params: P
  readonly source: string
  /** Tries in a row that brought no page before this one. */
  readonly attempts: number
}

export interface Stream<C = unknown, B = unknown, P = unknown> {
  /** The queue its tasks travel on. */
  queue: QueueName
  /** Parsed back from the database before every step. */
  cursor: ZodType<C>
  /** Network, `io.known` and `io.held` only; may run twice. */
  read(step: Step<C, P>, io: Io): Promise<Page<C, B>>
  /**
   * Asked once a task's tries are used up, before it fails: the page it returns is committed in place of that. Undefined: it fails.
   * It may throw `Throttled`; another error is what the task fails by.
   * @param byItself false where it fails with its lane, without as many tries of its own
   */
  beforeFailing?(step: Step<C, P>, io: Io, byItself: boolean): Promise<Page<C, B> | undefined>
  known?(db: Reader, ids: readonly Id[]): Promise<Set<Id>>
  /** Database only, inside the page transaction; every `unnest` sorted by its conflict key. */
  write(tx: Tx, batch: B): Promise<Written>
  /** Its pages find tasks: it rests while the plan's backlog waits, as what stands outside lanes does. */
  discovers?: boolean
  /**
   * A lane is one host's: when it is unreachable for as long as one task tries, those that wait fail with that one,
   * and those found later with the first of them, until it answers.
   */
  laneIsHost?: boolean
  /**
   * Where a task stands in the grid of its job's partitions, for people; absent where partitions make no grid. Several tasks may share a
   * cell; a task of which it says `undefined` has none. Asked when the task is inserted.
   */
  cell?(key: string): { row: string; column: string } | undefined
}

/** Ties a stream's cursor, batch and params together; the registry forgets them. */
export const defineStream = <C, B, P>(stream: Stream<C, B, P>): Stream<C, B, P> => stream
