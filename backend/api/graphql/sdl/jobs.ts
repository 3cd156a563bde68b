import { COUNT_NAMES, COUNTS, JOB_STATUSES, JOB_VERBS, PLACES_COUNTED, TASK_STATES } from '../../../base/vocabulary'

const counts = COUNT_NAMES.map((name) => `"${COUNTS[name].about}." ${name}: BigInt!`).join('\n    ')
const ints = (names: readonly string[]) => names.map((name) => `${name}: Int!`).join(' ')

/** Jobs, their tasks, and what starting and steering them answers. */
export const jobs = /* GraphQL */ `
  "Any JSON value."
  scalar JSON
  "A moment, ISO 8601 in UTC: 2026-07-17T09:30:00.000Z"
  scalar DateTime
  "A whole number of any size: a JSON number up to 2^53, text above; either may be sent."
  scalar BigInt

  enum JobStatus { ${JOB_STATUSES.join(' ')} }
  enum TaskState { ${TASK_STATES.join(' ')} }
  enum JobVerb { ${JOB_VERBS.join(' ')} }
  "What goes first: live, then what somebody asked for now, then backfills."
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
    "What it reads, in words."
    label: String!
    "What it backfills; null when it was forced to run beside another."
    about: String
    status: JobStatus!
    params: JSON!
    priority: Int!
    createdAt: DateTime!
    startedAt: DateTime
    completedAt: DateTime
    "How long it has run, without the time it stood ended before a retry."
    seconds: Float!
    tasks: TaskCounts!
    pages: BigInt!
    ${counts}
    "What its source says there is."
    expected: BigInt
    lookups: LookupCounts!
    "0 to 1; null where nobody can know."
    fraction: Float
    "Of a queued job that waits for its turn: 1 starts next, ${PLACES_COUNTED + 1} stands for every place behind the first ${PLACES_COUNTED}."
    position: Int
    "When such a job starts; null where that cannot be told."
    startsInMs: Float
    "Records a second, measured now."
    rate: Float
    leftMs: Float
    "Where it stands, in a sentence."
    sentence: String!
    waits: [Wait!]!
    error: String
    verified: Boolean
    "The verbs it takes now."
    can: [JobVerb!]!
    lanes: [Lane!]!
    errors: [JobError!]!
    rejectedBy: [RejectCount!]!
    requests: [Requests!]!
    inHand: [InHand!]!
    "How it ended before it was tried again, oldest first, the last 50."
    earlierRuns: [Run!]!
    "What it found, and whether that is all; of a running job what can be said so far."
    report: JSON!
    partitions: Partitions!
    "Its tasks one by one."
    taskList(first: Int = 50, after: String, state: TaskState): TaskConnection!
    rejects(first: Int = 50, after: String): RejectConnection!
  }

  type TaskCounts { total: Int! ${ints(TASK_STATES)} }
  type LookupCounts { asked: Int! open: Int! }
  type Wait { kind: String! on: String! tasks: Int! until: DateTime sentence: String! error: String }
  type Lane {
    "Empty for discovery tasks, which stand outside lanes."
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
    "The API that task waits for, or the kind of its last error."
    on: String
    errorKind: String
    error: String
  }
  type JobError { kind: String! state: TaskState! tasks: Int! example: String! }
  type RejectCount { reason: String! records: BigInt! }
  type Requests {
    api: String!
    requests: BigInt!
    "Times our own limits told a request to come later."
    waits: BigInt!
    waitMs: Float!
    "Answers by which the upstream refused a request."
    throttled: BigInt!
    bytes: BigInt!
  }
  type Run { number: Int! startedAt: DateTime! endedAt: DateTime! seconds: Float! status: JobStatus! error: String tasks: RunTasks! seen: BigInt! new: BigInt! }
  type RunTasks { total: Int! failed: Int! }
  type InHand { task: BigInt! stream: String! key: String! pages: Int! worker: String! sinceMs: Float! }
  type Partitions { rows: [String!]! columns: [String!]! cells: [PartitionCell!]! }
  type PartitionCell { row: String! column: String! state: TaskState! taskId: BigInt! }

  type Task {
    id: BigInt!
    stream: String!
    key: String!
    "Null for discovery, which stands outside lanes."
    lane: String
    stage: Int!
    state: TaskState!
    step: Int!
    pages: Int!
    ${counts}
    expected: BigInt
    attempts: Int!
    errorKind: String
    error: String
    "Why it was skipped."
    reason: String
    waitingOn: String
    dueAt: DateTime!
    holder: String
    settledAt: DateTime
    notes: [String!]!
  }
  "A record set aside; its body cut to 4,096 characters."
  type Reject { id: BigInt! stream: String! key: String! reason: String! detail: String raw: String! at: DateTime! }

  type JobConnection { edges: [JobEdge!]! nodes: [Job!]! pageInfo: PageInfo! totalCount: Int! counts: JobCounts! }
  type JobEdge { node: Job! cursor: String! }
  type TaskConnection { edges: [TaskEdge!]! nodes: [Task!]! pageInfo: PageInfo! }
  type TaskEdge { node: Task! cursor: String! }
  type RejectConnection { edges: [RejectEdge!]! nodes: [Reject!]! pageInfo: PageInfo! }
  type RejectEdge { node: Reject! cursor: String! }
  "Jobs by status under the same source and text, whatever status was asked for."
  type JobCounts { ${ints(JOB_STATUSES)} }
  type JobsUpdate { items: [Job!]! counts: JobCounts! }

  input StartKillmailBackfillInput {
    characterId: BigInt!
    options: KillmailBackfillOptions
  }
  input KillmailBackfillOptions {
    "Only killmails of this day (UTC) and later: 2023-01-01"
    fromDate: String
    "Only killmails of this day (UTC) and earlier."
    toDate: String
    "Stop after so many pages."
    maxPages: Int
    "Killmails a page, at most 200."
    limit: Int
    "Leave killmails alone that are held already; true unless told."
    skipExisting: Boolean
  }
  type StartKillmailBackfillPayload {
    success: Boolean!
    message: String!
    queuedAt: DateTime!
    job: Job!
  }
  "created is false when the same thing is being backfilled, or the idempotencyKey came before."
  type StartBackfillPayload { created: Boolean! message: String! job: Job! }
  type BulkPayload { done: [ID!]! refused: [BulkRefusal!]! }
  type BulkRefusal { id: ID! reason: String! state: String }
  type TakenPayload { taken: Int! }

  type Estimate {
    "First tasks; more are found while it runs."
    tasks: Int!
    requests: [EstimatedRequests!]!
    "The least time it takes; null when some of the requests are not known before."
    leastMs: Float
    notes: [String!]!
    activeKey: String!
    "A job that backfills the same and has not ended."
    activeJob: ID
  }
  type EstimatedRequests { api: String! requests: BigInt leastMs: Float limit: String! }
`
