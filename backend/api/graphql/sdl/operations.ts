/** Which jobs of all. */
const FILTER = 'status: [JobStatus!], source: String, kind: String, q: String, since: DateTime, until: DateTime'

/** Queries, mutations and subscriptions. */
export const operations = /* GraphQL */ `
  type Query {
    "One job, by its id or at least its first four characters."
    job(id: ID!): Job
    "Jobs, newest first unless another order is asked for."
    jobs(
      "At most 200."
      first: Int = 50
      "Continue after this cursor, with the same filters."
      after: String
      status: [JobStatus!]
      source: String
      "One of the kinds of a source."
      kind: String
      "The beginning of an id, or any part of the label, the params, the error or the source."
      q: String
      "Created at this moment or later."
      since: DateTime
      "Created before this moment."
      until: DateTime
      sort: JobSort = newest
    ): JobConnection!
    "Counts the jobs that match, and those of them that a verb would change now."
    bulkPreview(verb: BulkVerb!, priority: Priority, ids: [ID!], all: Boolean, ${FILTER}): BulkPreview!
    "A job's tasks, by stream and key."
    tasks(job: ID!, first: Int = 50, after: String, state: TaskState, task: BigInt, group: String, stream: String, lane: String, row: String, column: String): TaskConnection!
    "Estimates what a job costs at the limits in force, without queueing it."
    estimate(source: String!, params: JSON!, priority: Priority = backfill): Estimate!
    "Estimates what a command costs for many ids, and names those that are invalid."
    commandEstimate(command: String!, ids: [String!], params: JSON, priority: Priority): CommandEstimate!
    overview: Overview!
    sources: [Source!]!
    "Worker processes, and the apps that should have one."
    workers: Workers!
    "Every limit: what it grants, what is used of it, and which jobs wait for it."
    gates: [Gate!]!
    "Every limit with all its gates together, the troubled ones first."
    limits: [Limit!]!
    "Deploys, restarts and crashes of a week, newest first."
    deploys: [Deploy!]!
    "The figures before and after a change; the last change of version unless one is named."
    deployEffect(at: DateTime): DeployEffect!
    "Messages that could not be understood."
    deadLetters(queue: String, group: String, first: Int = 50): DeadLetters!
    "Dead letters by queue and reason, the largest group first."
    deadLetterGroups(queue: String): DeadGroups!
    "A dead letter with its whole body."
    deadLetter(id: ID!): DeadLetter
    "What upstreams refused and is not requested again for a while, by kind and id."
    refusals(kind: String, first: Int = 50): [Refusal!]!
    schedules: [Schedule!]!
    webhooks: [Webhook!]!
    "Active alerts, or those of one kind, oldest first."
    alerts(kind: String, first: Int = 50): [Alert!]!
    "Active alerts by kind, those that nobody has acknowledged first."
    alertGroups: [AlertGroup!]!
    "Actions through any entry point, newest first."
    actions(first: Int = 50, after: String): ActionConnection!
  }

  type Mutation {
    "Reads a character's kills and losses from zKillboard and ESI."
    startKillmailBackfill(input: StartKillmailBackfillInput!): StartKillmailBackfillPayload!
    "Starts a job of any source. An idempotencyKey that was used before returns its job."
    startBackfill(
      source: String!
      params: JSON!
      idempotencyKey: String
      priority: Priority = backfill
      "Start it even while the same backfill is active."
      force: Boolean = false
    ): StartBackfillPayload!
    "Starts a command of a source for many ids, as yarn queue does: one job for each in one transaction, or lookups."
    startCommand(command: String!, ids: [String!], params: JSON, priority: Priority, force: Boolean = false): CommandPayload!
    "Pauses a job: its current pages are finished, and no new ones start."
    pauseJob(id: ID!): Job!
    "Resumes a paused job."
    resumeJob(id: ID!): Job!
    "Cancels a job; the rows it has written stay."
    cancelJob(id: ID!): Job!
    "Retries the failed tasks of a job from the page they reached; those of a stream, a lane, a row or a column of its grid where one is given. With missing, also what else of it is not there."
    retryJob(id: ID!, task: BigInt, group: String, missing: Boolean, stream: String, lane: String, row: String, column: String): Job!
    "Notes that a person knows that a job failed: it no longer asks for attention."
    acknowledgeJob(id: ID!): Job!
    "Makes a job more or less urgent."
    prioritizeJob(id: ID!, priority: Priority!): Job!
    "One verb for many jobs: at most 500 ids, or all that match a filter, a batch at a time: send next as after until it is null."
    bulkJobs(verb: BulkVerb!, priority: Priority, ids: [ID!], all: Boolean, ${FILTER}, first: Int = 500, after: String): BulkPayload!
    "Publishes dead letters to the queues they were meant for: some by id, all, or all of a queue or a group."
    replayDeadLetters(ids: [ID!], queue: String, group: String, all: Boolean): TakenPayload!
    "Deletes dead letters: some by id, all, or all of a queue or a group."
    dropDeadLetters(ids: [ID!], queue: String, group: String, all: Boolean): TakenPayload!
    "Sends a corrected message in place of a dead letter, once it was checked as a worker would."
    correctDeadLetter(id: ID!, body: String!): DeadLetter!
    "Acknowledges alerts of a kind: some by subject, those raised up to a moment, or all; undo takes it back."
    acknowledgeAlerts(kind: String!, subjects: [String!], until: DateTime, undo: Boolean = false): AcknowledgedPayload!
    "Forgets refusals of a kind, some by id or all, so that their upstream is asked again."
    forgetRefusals(kind: String!, ids: [ID!], all: Boolean): ForgottenPayload!
  }

  type Subscription {
    "The job now, then each time it has changed, at most once per second; ends when the job has ended."
    jobProgress(id: ID!): Job!
    "The newest jobs, then jobs that are new or have changed."
    jobs(status: [JobStatus!], source: String, first: Int = 50): JobsUpdate!
  }
`
