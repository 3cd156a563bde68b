/** What may be asked, done and followed. */
export const operations = /* GraphQL */ `
  type Query {
    "One job, by its id or at least its first four characters."
    job(id: ID!): Job
    "Jobs, newest first."
    jobs(
      "At most 200."
      first: Int = 50
      "Only those after this cursor, of the same filters."
      after: String
      status: [JobStatus!]
      source: String
      "Part of what a job is about, of its params, or the beginning of its id."
      q: String
    ): JobConnection!
    "A job's tasks, by stream and key."
    tasks(job: ID!, first: Int = 50, after: String, state: TaskState): TaskConnection!
    "What a job would cost at the limits in force; nothing is queued."
    estimate(source: String!, params: JSON!, priority: Priority = backfill): Estimate!
    overview: Overview!
    sources: [Source!]!
    "Worker processes, and the apps that should have one."
    workers: Workers!
    "Every limit: what it grants, what is used of it, who waits."
    gates: [Gate!]!
    "Messages that could not be understood."
    deadLetters(queue: String, first: Int = 50): DeadLetters!
    "One of them with its whole body."
    deadLetter(id: ID!): DeadLetter
    "What upstreams refused and is not requested again for a while, by kind and id."
    refusals(kind: String, first: Int = 50): [Refusal!]!
    schedules: [Schedule!]!
    webhooks: [Webhook!]!
    "What is wrong now."
    alerts: [Alert!]!
    "What was done through any entry point, newest first."
    actions(first: Int = 50, after: String): ActionConnection!
  }

  type Mutation {
    "Reads a character's kills and losses from zKillboard and ESI."
    startKillmailBackfill(input: StartKillmailBackfillInput!): StartKillmailBackfillPayload!
    "Starts a job of any source. With an idempotencyKey that came before, the job it made then is returned."
    startBackfill(
      source: String!
      params: JSON!
      idempotencyKey: String
      priority: Priority = backfill
      "Start it even if the same thing is being backfilled."
      force: Boolean = false
    ): StartBackfillPayload!
    "Pages in hand end, no new ones start."
    pauseJob(id: ID!): Job!
    resumeJob(id: ID!): Job!
    "What it has written stays."
    cancelJob(id: ID!): Job!
    "Its failed tasks try again from the page they reached."
    retryJob(id: ID!): Job!
    "The same for many: at most 500 ids, or all of a status and source."
    bulkJobs(verb: JobVerb!, ids: [ID!], status: JobStatus, source: String): BulkPayload!
    "Publishes messages again to the queues they were meant for: some by id, or all, or all of a queue."
    replayDeadLetters(ids: [ID!], queue: String, all: Boolean): TakenPayload!
    dropDeadLetters(ids: [ID!], queue: String, all: Boolean): TakenPayload!
    "Forgets refusals of a kind, some by id or all, so that their upstream is asked again."
    forgetRefusals(kind: String!, ids: [ID!], all: Boolean): ForgottenPayload!
  }

  type Subscription {
    "The job as it is, then whenever it has changed, at most once a second; ends once the job has."
    jobProgress(id: ID!): Job!
    "The newest jobs, then those that changed or are new."
    jobs(status: [JobStatus!], source: String, first: Int = 50): JobsUpdate!
  }
`
