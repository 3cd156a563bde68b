import { WORST_FIRST } from '../../../base/vocabulary'
import { counts } from './fields'

/** The tasks of a job: themselves, in a grid, by what failed, and the records they rejected. */
export const tasks = /* GraphQL */ `
  type Task {
    id: BigInt!
    stream: String!
    key: String!
    "Null for discovery tasks, which are outside lanes."
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
    reasonKind: String
    waitingOn: String
    dueAt: DateTime!
    holder: String
    settledAt: DateTime
    notes: [String!]!
    "The worker that claimed it last."
    ranBy: String
    "What was deployed where that worker ran."
    ranVersion: String
    "The API asked last before its error."
    errorApi: String
    "Its last 12 failed tries, oldest first."
    tried: [Tried!]!
  }
  type Tried { at: DateTime! worker: String kind: String! error: String! api: String }
  "A rejected record; its body is cut to 4,096 characters."
  type Reject { id: BigInt! stream: String! key: String! reason: String! detail: String raw: String! at: DateTime! }
  type TaskConnection { edges: [TaskEdge!]! nodes: [Task!]! pageInfo: PageInfo! }
  type TaskEdge { node: Task! cursor: String! }
  type RejectConnection { edges: [RejectEdge!]! nodes: [Reject!]! pageInfo: PageInfo! }
  type RejectEdge { node: Reject! cursor: String! }

  type Partitions {
    "Labels inside the window; digits in them are ordered as numbers."
    rows: [String!]!
    columns: [String!]!
    cells: [PartitionCell!]!
    totals: GridTotals!
    "Cells of the whole grid by state and kind, the worst first."
    counts: [CellCount!]!
    "The same of each row in the window, with all its columns."
    rowCounts: [RowCounts!]!
    "Where the windows before and after this one begin; null where there are none."
    previous: GridPlace!
    next: GridPlace!
  }
  type PartitionCell {
    row: String!
    column: String!
    "The first of ${WORST_FIRST.join(', ')} that one of its tasks is."
    state: TaskState!
    "The kind of the skip or of the last error."
    kind: String
    "Why it was skipped, or the last error; its first 300 characters."
    reason: String
    attempts: Int!
    changedAt: DateTime!
    tasks: Int!
    "The task that decides: one of the worst."
    taskId: BigInt!
  }
  "Of the whole grid; omitted are cells outside the window."
  type GridTotals { rows: Int! columns: Int! cells: Int! omitted: Int! }
  type CellCount { state: TaskState! kind: String cells: Int! }
  type RowCounts { row: String! counts: [CellCount!]! }
  type GridPlace { columns: String rows: String }

  type Failures {
    items: [FailureGroup!]!
    "Causes in all; the 50 with the most failed tasks are listed."
    total: Int!
    "Tasks that missing: true would add to a retry: those that found nothing, or whose end proves nothing."
    missing: Int!
    "It would also read partitions that had no task, or whose rows are gone."
    findsMissing: Boolean!
  }
  type FailureGroup {
    "Chooses its tasks in a retry and in the list of tasks."
    id: String!
    kind: String!
    "The API asked last."
    api: String
    failed: Int!
    "Tasks that are tried again by themselves."
    retrying: Int!
    firstAt: DateTime
    lastAt: DateTime
    "Whether trying again helps: helps, may help, or does not help."
    again: String!
    "Why, and what to do first."
    advice: String!
    example: FailureExample!
  }
  type FailureExample { task: BigInt stream: String! key: String! lane: String error: String! }
`
