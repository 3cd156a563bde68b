/** The suite around the jobs: sources, workers, queues, schedules, webhooks. */
export const suite = /* GraphQL */ `
  type Overview {
    jobs: JobCounts!
    rowsPerMinute: Float!
    requestsPerMinute: Float!
    workers: WorkerCounts!
    schedulers: Int!
    alerts: Int!
    "Alerts that nobody has acknowledged."
    alertsOpen: Int!
    "Null while the broker is unreachable."
    deadLetters: BigInt
    lookupsOpen: BigInt!
    queues: [Queue!]!
  }
  type WorkerCounts { alive: Int! dead: Int! }
  type Queue {
    name: String!
    "Messages that no worker has taken; null while the broker is unreachable."
    ready: BigInt
    consumers: Int
    "Tasks that a worker could take now."
    due: BigInt!
    oldestDueMs: Float
  }

  type Source {
    name: String!
    about: String!
    "JSON Schema of the params."
    form: JSON!
    example: JSON!
    "Kinds of its jobs, by which lists are filtered; empty: one kind."
    kinds: [String!]!
    commands: [Command!]!
    streams: [String!]!
    apis: [String!]!
    workers: [String!]!
    words: SourceWords!
    "Its own counters: a sentence by name."
    counters: JSON!
    "Its own alerts: a sentence by the key of their events."
    alerts: JSON!
    exportTables: [String!]!
  }
  type Command {
    name: String!
    about: String!
    "What its ids are; null where it takes none."
    ids: String
    "The kind of lookup that its ids become; null where each starts a job."
    lookup: String
    "JSON Schema of its options."
    form: JSON!
  }
  type CommandEstimate {
    "Jobs, or ids of lookups."
    requests: Int!
    invalid: Int!
    "The first 100 of the invalid ids, each with its place from 0."
    faults: [IdFault!]!
    "Jobs that are active already."
    active: Int!
    tasks: Int!
    apis: [CommandRequests!]!
    leastMs: Float
    notes: [String!]!
  }
  type IdFault { at: Int! id: String! message: String! }
  type CommandRequests { api: String! requests: Float leastMs: Float limit: String! }
  type CommandPayload { created: Int! joined: Int! lookups: Int! job: ID broker: String }

  type Workers { items: [Worker!]! schedulers: Int! apps: [App!]! }
  "A PM2 app: its live workers (null: it sends no heartbeats), and its restarts and crashes of a week."
  type App {
    app: String!
    queues: [String!]!
    alive: Int
    seenAt: DateTime
    restarts: Int!
    crashes: Int!
    startedAt: DateTime
    version: String
  }
  type Worker {
    id: ID!
    app: String!
    version: String!
    host: String!
    pid: Int!
    queues: [String!]!
    concurrency: Int!
    startedAt: DateTime!
    heartbeatAgoMs: Float!
    alive: Boolean!
    rssBytes: BigInt!
    loopLagMs: Float!
    holding: [Held!]!
  }
  type Held { task: BigInt! job: ID! source: String! stream: String! key: String! pages: Int! sinceMs: Float! }

  "What an upstream refused."
  type Refusal {
    kind: String!
    id: ID!
    reason: String!
    refusedAt: DateTime
    "Not requested again before this time."
    until: DateTime!
  }
  type ForgottenPayload { forgotten: Int! }

  type Schedule {
    id: ID!
    name: String!
    cron: String!
    timeZone: String!
    jitterS: Int!
    "What happens to ticks that were missed because no scheduler was running: skip or make_up."
    missed: String!
    source: String!
    params: JSON!
    priority: Priority!
    paused: Boolean!
    nextAt: DateTime
    upcoming: [DateTime!]!
    lastAt: DateTime
    lastJob: ID
    error: String
    createdAt: DateTime!
    "What became of its ticks, newest first."
    ticks(first: Int = 50, after: String): TickConnection!
  }
  type TickConnection { edges: [TickEdge!]! nodes: [Tick!]! pageInfo: PageInfo! }
  type TickEdge { node: Tick! cursor: String! }
  "started: a job. joined: the same backfill was active already. skipped: nobody took the tick. refused: by its source."
  enum TickOutcome { started joined skipped refused }
  type Tick {
    id: BigInt!
    at: DateTime!
    "Null: a person started the job."
    tickAt: DateTime
    outcome: TickOutcome!
    job: ID
    jobStatus: JobStatus
    reason: String
  }
  type Webhook {
    id: ID!
    url: String!
    events: [String!]!
    active: Boolean!
    createdAt: DateTime!
    lastDelivery: Delivery
    "Null while its last try succeeded, or there was none."
    failing: WebhookFailing
  }
  "The tries in a row that failed."
  type WebhookFailing { since: DateTime! failures: Int! error: String nextAt: DateTime }
  type Delivery {
    id: ID!
    key: String!
    state: String!
    attempts: Int!
    status: Int
    error: String
    tookMs: Float
    createdAt: DateTime!
    triedAt: DateTime
    nextAt: DateTime
  }
  type Action {
    id: BigInt!
    at: DateTime!
    who: String!
    address: String!
    entryPoint: String!
    verb: String!
    target: String
    "The target in words: what a job reads, the name of a schedule, the host of a webhook."
    label: String
    detail: JSON!
    outcome: String!
  }
  type ActionConnection { edges: [ActionEdge!]! nodes: [Action!]! pageInfo: PageInfo! }
  type ActionEdge { node: Action! cursor: String! }
`
