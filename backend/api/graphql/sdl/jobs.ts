import {
  BULK_VERBS,
  DEFAULT_CELLS,
  JOB_ACTIVITIES,
  JOB_SORTS,
  JOB_STATUSES,
  JOB_VERBS,
  LOG_LEVELS,
  PLACES_COUNTED,
  TASK_STATES,
} from '../../../base/vocabulary'
import { counts, ints } from './fields'

/** Jobs, and the payloads of their mutations. */
export const jobs = /* GraphQL */ `
  "Any JSON value."
  scalar JSON
  "A moment, ISO 8601 in UTC: 2026-07-17T09:30:00.000Z"
  scalar DateTime
  "A whole number of any size: a JSON number up to 2^53, a string above; both are accepted."
  scalar BigInt

  enum JobStatus { ${JOB_STATUSES.join(' ')} }
  enum TaskState { ${TASK_STATES.join(' ')} }
  enum JobVerb { ${JOB_VERBS.join(' ')} }
  enum BulkVerb { ${BULK_VERBS.join(' ')} }
  "attention: failures of the last days that nobody has acknowledged, stalled, waiting for a person, paused, running, queued by place, ended."
  enum JobSort { ${JOB_SORTS.join(' ')} }
  enum JobActivity { ${JOB_ACTIVITIES.join(' ')} }
  "Which jobs go first: live, then asked (somebody waits for it), then backfill."
  enum Priority { live asked backfill }

  type PageInfo {
    hasNextPage: Boolean!
    hasPreviousPage: Boolean!
    startCursor: String
    endCursor: String
  }

  type Job {
    id: ID!
    source: String!
    "What it backfills, for people."
    label: String!
    "The key that only one active job may have; null for a job that was forced to run beside another."
    about: String
    "One of the kinds of its source."
    kind: String
    status: JobStatus!
    "What it does now, or what it waits for."
    activity: JobActivity!
    "Since when it has stalled, and why; null otherwise."
    stalled: Stalled
    "Who knows that it failed."
    acknowledged: JobAcknowledged
    params: JSON!
    priority: Int!
    createdAt: DateTime!
    startedAt: DateTime
    completedAt: DateTime
    "Seconds it has run, without the time between an end and a retry."
    seconds: Float!
    tasks: TaskCounts!
    pages: BigInt!
    ${counts}
    "Records that exist according to the source."
    expected: BigInt
    lookups: LookupCounts!
    "Progress from 0 to 1; null when it cannot be known."
    fraction: Float
    "Place in the queue of a job that waits to start: 1 is next, ${PLACES_COUNTED + 1} means behind the first ${PLACES_COUNTED}."
    position: Int
    "When such a job starts, in ms from now; null when it cannot be estimated."
    startsInMs: Float
    "Records per second, measured now."
    rate: Float
    leftMs: Float
    "Its state in a sentence."
    sentence: String!
    waits: [Wait!]!
    error: String
    verified: Boolean
    "The verbs that apply now."
    can: [JobVerb!]!
    "When its figures were read, by the database's clock: of two answers the later one is the newer."
    readAt: DateTime!
    lanes: [Lane!]!
    errors: [JobError!]!
    "What happened to it, oldest first: who started it, actions, waits, lost workers, its end."
    timeline: [TimelineItem!]!
    "Its failures by cause, those with the most tasks first."
    failures: Failures!
    rejectedBy: [RejectCount!]!
    requests: [Requests!]!
    "Its source's own counters, by name; the source has a sentence for each."
    counters: JSON!
    "Counters that a person can do something about, with what."
    notices: [Notice!]!
    "What its source calls its parts."
    words: SourceWords!
    inHand: [InHand!]!
    "Progress by lane and stage, for jobs whose pages foresee totals: at most 100, those that have not ended first."
    stages: [Stage!]!
    "Its runs before each retry, oldest first, the last 50."
    earlierRuns: [Run!]!
    "What it found, and whether that is complete; for a running job, so far."
    report: JSON!
    "Its tasks as a grid, where its source has one; a window of it from the first to the last label named, at most limit places."
    partitions(columnsFrom: String, columnsTo: String, rowsFrom: String, rowsTo: String, limit: Int = ${DEFAULT_CELLS}): Partitions!
    "Its tasks."
    taskList(first: Int = 50, after: String, state: TaskState, task: BigInt, group: String, stream: String, lane: String, row: String, column: String): TaskConnection!
    rejects(first: Int = 50, after: String): RejectConnection!
    "Its log: the last lines, or those before or after the number of a line."
    log(first: Int = 200, before: Float, after: Float, level: LogLevel, q: String): JobLog!
  }

  type Stalled { since: DateTime! message: String! }
  type JobAcknowledged { at: DateTime! by: String! }
  type TaskCounts { total: Int! ${ints(TASK_STATES)} }
  type LookupCounts { asked: Int! open: Int! }
  type Wait { kind: String! on: String! tasks: Int! until: DateTime sentence: String! error: String }
  type Lane {
    "Empty for discovery tasks, which are outside lanes."
    lane: String!
    total: Int!
    ${ints(TASK_STATES)}
    pages: BigInt!
    ${counts}
    requests: BigInt!
    bytes: BigInt!
    "active, parked, waiting or ended."
    state: String!
    "When the next task of a parked lane is due."
    until: DateTime
    "The API that this task waits for, or the kind of its last error."
    on: String
    errorKind: String
    error: String
  }
  type Stage {
    lane: String!
    stage: Int!
    label: String!
    sentence: String!
    seen: BigInt!
    "Records in all, as foreseen by a page of the job; null when unknown."
    expected: BigInt
    "There are that many or more."
    atLeast: Boolean!
    fraction: Float
    tasks: TaskCounts!
  }
  type TimelineItem {
    at: DateTime!
    "When it was over; null for a moment."
    until: DateTime
    "start, action, end, turn, gate, retry, hold, worker, tries, lost or stopped."
    kind: String!
    text: String!
    "How long it lasted in all, without gaps between."
    lastedMs: Float
    detail: String
  }
  enum LogLevel { ${LOG_LEVELS.join(' ')} }
  type JobLog {
    "Oldest first."
    items: [LogLine!]!
    "The before of the lines above these; null where there are none."
    older: Float
    "Where reading on begins, as after."
    last: Float!
    "Lines that were not kept."
    lost: Float!
  }
  type LogLine {
    "Its number in the job, from 1."
    n: Float!
    at: DateTime!
    level: String!
    message: String!
    fields: JSON!
    "Which process wrote it."
    process: String!
  }
  type Notice { counter: String! n: BigInt! text: String! advice: String! }
  type SourceWords { lane: Noun! grid: GridWords }
  "A word of a source, singular and plural."
  type Noun { one: String! many: String! }
  type GridWords { row: String! column: String! }
  type JobError { kind: String! state: TaskState! tasks: Int! example: String! }
  type RejectCount { reason: String! records: BigInt! }
  type Requests {
    api: String!
    requests: BigInt!
    "Requests that waited for our own limits."
    waits: BigInt!
    waitMs: Float!
    "Requests that the upstream refused because of its limits."
    throttled: BigInt!
    bytes: BigInt!
  }
  type Run { number: Int! startedAt: DateTime! endedAt: DateTime! seconds: Float! status: JobStatus! error: String tasks: RunTasks! seen: BigInt! new: BigInt! }
  type RunTasks { total: Int! failed: Int! }
  type InHand { task: BigInt! stream: String! key: String! pages: Int! worker: String! sinceMs: Float! }
  type JobConnection { edges: [JobEdge!]! nodes: [Job!]! pageInfo: PageInfo! totalCount: Int! counts: JobCounts! }
  type JobEdge { node: Job! cursor: String! }
  "Jobs by status, with the same source and text but of every status."
  type JobCounts { ${ints(JOB_STATUSES)} }
  type JobsUpdate { items: [Job!]! counts: JobCounts! }

  input StartKillmailBackfillInput {
    characterId: BigInt!
    options: KillmailBackfillOptions
  }
  type StartKillmailBackfillPayload {
    success: Boolean!
    message: String!
    queuedAt: DateTime!
    job: Job!
  }
  "created is false when the same backfill is active, or the idempotencyKey was used before."
  type StartBackfillPayload {
    created: Boolean!
    "What the request added to a job that was active already: orders of etsy/4711"
    added: [String!]!
    message: String!
    job: Job!
  }
  type BulkPayload { done: [ID!]! refused: [BulkRefusal!]! next: String }
  type BulkPreview { matching: Int! able: Int! others: [BulkOther!]! }
  type BulkOther { status: JobStatus! jobs: Int! }
  type BulkRefusal { id: ID! reason: String! state: String }
  type TakenPayload { taken: Int! }

  type Estimate {
    "Tasks at the start; it may find more while it runs."
    tasks: Int!
    requests: [EstimatedRequests!]!
    "The least time it takes; null when the number of requests is not known in advance."
    leastMs: Float
    notes: [String!]!
    activeKey: String!
    "The active job of the same backfill."
    activeJob: ID
  }
  type EstimatedRequests { api: String! requests: BigInt leastMs: Float limit: String! }
`
