/*
 * The words, once. Code, tables, commands and documents use no synonyms.
 *   source    whose history is read: an upstream, with a folder of its own in backend/sources
 *   stream    what is listed together by a source: killmail pages, receipts, repos
 *   job       what somebody asked for
 *   task      one partition of a job: a stream, a key and exactly one cursor
 *   lane      tasks that must not run side by side more than the lane's width
 *   stage     order inside a lane: a stage starts when the earlier one has settled
 *   step      one page of one task: read, commit
 *   turn      the steps a worker does on one delivery
 *   lookup    one (kind, id) to enrich, asked for by many, answered once
 *   gate      grants every outgoing request its moment
 *   bell      the message that tells a worker to look
 *   settled   done, skipped (with a reason), failed or cancelled
 *   reject    one record set aside
 */
import type { ZodType } from 'zod'
import type { QueueName } from '../../queues/names'
import type { Api, Http } from './api'
import type { Door } from './door'

export type * from './api'
export type * from './door'
export { defineDoor } from './door'

export type Json = null | boolean | number | string | Json[] | { [key: string]: Json | undefined }
/** A record's identity as its source writes it; compared as text. */
export type Id = string

/** Read-only statements, outside any transaction. */
export interface Reader {
  query<Row extends object>(sql: string, values?: readonly unknown[]): Promise<Row[]>
}
/** Statements inside the page transaction. */
export interface Tx extends Reader {
  readonly inTransaction: true
}

export interface Log {
  debug(message: string, fields?: Record<string, unknown>): void
  info(message: string, fields?: Record<string, unknown>): void
  warn(message: string, fields?: Record<string, unknown>): void
  error(message: string, fields?: Record<string, unknown>): void
}

/** What a read may use: the network, and what is held. It never writes. */
export interface Io {
  /** The client of an API named in the source's `apis`. */
  http(api: string): Http
  /** Which of these are already held; one query, the stream's `known`. */
  known(ids: readonly Id[]): Promise<Set<Id>>
  /** What is held, in statements of the source's own. */
  readonly held: Reader
  /** False when the read should return what it has: time is up, a stop was asked for, or the next grant is far off. */
  more(): boolean
  readonly log: Log
  /** Aborted when a stop's grace is over. */
  readonly signal: AbortSignal
}

export interface NewTask {
  stream: string
  /** Unique in its job and stream. */
  key: string
  cursor: Json
  /** Absent: a discovery task, outside lanes. */
  lane?: string
  stage?: number
  /** What is known to become of it already: it is counted and named, and never claimed. A retry tries a failed one for the first time. */
  ended?: { skipped: string } | { failed: string; error: string }
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

/** Ids to enrich, by lookup kind. */
export type LookupIds = Record<string, readonly Id[]>

export interface Page<C, B> {
  batch: B
  /** Where the next step starts; `null` ends the task. */
  next: C | null
  /** With `next: null`: the task ends skipped, for this reason, and not done. */
  skipped?: string
  /** The task goes on in another lane, and waits for a place there. */
  lane?: string
  /** Records on the page that were asked for, held already and left alone. */
  known?: number
  tasks?: NewTask[]
  lookups?: LookupIds
  events?: DomainEvent[]
  /** What the source itself says the task should find in all. */
  expected?: number
  rejected?: Reject[]
  /** Sentences for the report: what was not asked for, what could not be proved. */
  notes?: string[]
}

/** What became of the batch: each of its records counts once as new, updated or unchanged. */
export interface Written {
  new: number
  updated: number
  /** Held already as they were read; a record that is twice in the batch counts here the second time. */
  unchanged: number
  /** Records that went; none of the batch's. */
  deleted?: number
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
   * @param byItself false where it is given up with its lane, without as many tries of its own
   */
  beforeFailing?(step: Step<C, P>, io: Io, byItself: boolean): Promise<Page<C, B> | undefined>
  known?(db: Reader, ids: readonly Id[]): Promise<Set<Id>>
  /** Database only, inside the page transaction; every `unnest` sorted by its conflict key. */
  write(tx: Tx, batch: B): Promise<Written>
  /** Its pages find tasks: it rests while the plan's backlog waits, as what stands outside lanes does. */
  discovers?: boolean
  /**
   * A lane is one host's: when it cannot be reached for as long as one task tries, those that wait are given up with that one,
   * and those found later with the first of them, until it answers.
   */
  laneIsHost?: boolean
  /** Where a task stands in the grid of its job's partitions, for people; absent where partitions make no grid. */
  cell?(key: string): { row: string; column: string }
}

export interface Lookup<F = unknown> {
  queue: QueueName
  /** Ids in one claim. */
  batch: number
  /** How long an answer stays fresh, ms. */
  freshMs: number
  /**
   * Asks upstream; may run twice. Ids that are neither found nor missing stay open.
   * @param denied those of them that were missing the last time they were asked for
   */
  read(ids: readonly Id[], io: Io, denied: ReadonlySet<Id>): Promise<Answers<F>>
  /** Stores what was found; `missing` are those of which the source has said so twice. */
  write(tx: Tx, answers: Answers<F>): Promise<void>
}

export interface Answers<F> {
  found: F[]
  /** Ids answered, found or unchanged. */
  answered: Id[]
  /** Ids of which the source itself says that there is no such thing: asked once more before it is believed. */
  missing: { id: Id; reason: string; checkAgain?: Date }[]
  /** Ids whose own question failed: each is asked again by its own tries. */
  failed?: { id: Id; error: Error }[]
  /** Further ids these answers name. */
  lookups?: LookupIds
}

/** Something an upstream refused, which is left alone for a while. */
export interface KeptRefusal {
  id: Id
  reason: string
  refusedAt: Date | null
  /** Left alone until then. */
  until: Date
}

/** Refusals of one kind, for a person who knows better. */
export interface KeptRefusals {
  list(db: Reader, limit: number): Promise<KeptRefusal[]>
  /** All of them unless ids are given. @returns how many were forgotten */
  forget(tx: Tx, ids?: readonly Id[]): Promise<number>
}

export interface Plan {
  tasks: NewTask[]
  /** Tasks of one lane at once (1 unless told). */
  laneWidth?: number
  /** Lanes of the job at once (8 unless told). */
  lanesAtOnce?: number
  /** Discovery rests while this many tasks wait. */
  backlog?: number
  /** What is being backfilled, not with which options; one active job for each. */
  activeKey: string
  /** For `--dry-run`: requests by api or part. Absent figures are unknown before the work starts. */
  estimate: { requests: Record<string, number | null>; note?: string }
}

/** A queue script: `yarn queue:<name> …`. Options and their checks come from `params`. */
export interface Command {
  about: string
  /** Which queue its request belongs to. */
  queue: QueueName
  /** The field of the request that takes each id given; absent when the command takes none. */
  ids?: { field: string; label: string }
  options?: CommandOption[]
  /** Fields set by the command itself. */
  preset?: Record<string, Json>
  priority?: number
  /** Ids are asked as lookups of this kind, no job is made. */
  lookup?: string
}
export interface CommandOption {
  /** commander flags: `--from-date <date>`. */
  flags: string
  about: string
  /** Dotted path in the request: `options.fromDate`. */
  path: string
  /** `list` takes several values: `--did <names...>`. */
  kind: 'date' | 'integer' | 'flag' | 'negated' | 'text' | 'list'
}

export interface Source<P = unknown> {
  name: string
  about: string
  /** What may be published to which queue; loose on extra fields. */
  requests: Partial<Record<QueueName, (raw: unknown) => P>>
  /** Priority of jobs that arrive on a queue, where it is not that of a backfill. */
  priorities?: Partial<Record<QueueName, number>>
  /** What a person may ask for; parsed when the job is started. */
  params: ZodType<P>
  /** What a form shows and which fields a person may name, where `params` cannot be written as a JSON Schema. */
  form?: ZodType
  /** What such a job reads, in words: `kills of character 2117325769`; the plan's active key unless told. */
  label?(params: P): string
  /** A small request that its sandbox answers; the contract suite runs it. */
  example: Json
  apis: Record<string, Api>
  streams: Record<string, Stream>
  lookups?: Record<string, Lookup>
  /** Refusals it keeps besides those of its lookups, by a kind of their own. */
  refusals?: Record<string, KeptRefusals>
  commands: Record<string, Command>
  /** Its PM2 apps: which queues each consumes and how many deliveries one process holds at once. */
  workers: Record<string, { queues: QueueName[]; concurrency: number }>
  /** How many of its jobs run at once, and the variable that says otherwise; unbounded where absent. */
  jobsAtOnce?: { env: string; default: number }
  /** HTTP routes of its own, where its users know it by others than the API's. */
  doors?: readonly Door[]
  /** Splits a job into its first tasks; same params, same tasks, no I/O. */
  plan(params: P): Plan
  /** Runs in the transaction of the job's finish task. */
  finish?(tx: Tx, job: { id: string; params: P }): Promise<void>
}

/** Ties a stream's cursor, batch and params together; the registry forgets them. */
export const defineStream = <C, B, P>(stream: Stream<C, B, P>): Stream<C, B, P> => stream

/** Keeps a source's own types while the registry forgets them. */
export const defineSource = <P>(source: Source<P>): Source<P> => source
