import { z } from 'zod'
import {
  ATTENTION_DAYS,
  BULK_VERBS,
  JOB_ACTIVITIES,
  JOB_SORTS,
  JOB_STATUSES,
  LANE_ORDERS,
  LANE_STATES,
  MAX_BULK,
  PLACES_COUNTED,
  TASK_STATES,
  WAIT_KINDS,
} from '../../base/vocabulary'
import { anything, bigId, count, counts, figure, listOf, moment, paging, priorityName, sourceWords, status, traffic, verb } from './common'

const statuses = z
  .string()
  .transform((text) => text.split(',').map((word) => word.trim()))
  .pipe(z.array(z.enum(JOB_STATUSES)))
  .optional()
  .meta({ description: 'Statuses, separated by commas', example: 'running,paused' })

const countOf = <K extends string>(names: readonly K[]) => Object.fromEntries(names.map((name) => [name, count])) as Record<K, typeof count>

const byState = countOf(TASK_STATES)

export const jobCounts = z.object(countOf(JOB_STATUSES))

const wait = z.object({
  kind: z.enum(WAIT_KINDS),
  on: z.string(),
  tasks: count,
  until: moment.nullable(),
  sentence: z.string(),
  error: z.string().nullable(),
})

const summaryFields = {
  id: z.uuid(),
  source: z.string(),
  label: z.string().meta({ description: 'What it backfills, for people' }),
  about: z
    .string()
    .nullable()
    .meta({ description: 'The key that only one active job may have; null for a job that was forced to run beside another' }),
  kind: z.string().nullable().meta({ description: 'One of the kinds of its source' }),
  status,
  activity: z.enum(JOB_ACTIVITIES).meta({
    description:
      'What it does now: reads, or what it waits for (its turn, a limit, another try, a worker, a person); stalled: no page for long',
  }),
  stalled: z.object({ since: moment, message: z.string() }).nullable().meta({ description: 'Of a job that has stalled' }),
  acknowledged: z.object({ at: moment, by: z.string() }).nullable().meta({ description: 'Who knows that it failed' }),
  params: anything,
  priority: z.number().int().meta({ description: 'Lower numbers run first: 0 live, 1 asked, 2 backfill' }),
  createdAt: moment,
  startedAt: moment.nullable(),
  completedAt: moment.nullable(),
  seconds: z.number().meta({ description: 'Seconds of all its runs together, without the time between an end and a retry' }),
  tasks: z.object({ total: count, ...byState }),
  pages: figure,
  ...counts,
  expected: figure.nullable(),
  lookups: z.object({ asked: count, open: count }),
  fraction: z.number().nullable().meta({ description: 'Progress, 0 to 1; null when unknown' }),
  position: count.nullable().meta({
    description: `Place in the queue of a job that waits to start: 1 is next, ${PLACES_COUNTED + 1} means behind the first ${PLACES_COUNTED}`,
  }),
  startsInMs: figure.nullable().meta({
    description:
      'When such a job starts, in ms from now: by how fast earlier jobs ended, otherwise by the requests of its plan at the limits in force; null when neither is known',
  }),
  rate: z.number().nullable().meta({ description: 'Records per second, measured now' }),
  leftMs: z.number().nullable(),
  sentence: z.string(),
  waits: z.array(wait),
  error: z.string().nullable(),
  verified: z.boolean().nullable(),
  can: z.array(verb),
  readAt: moment.meta({ description: "When its figures were read, by the database's clock: of two answers the later one is the newer" }),
}

const stageFields = {
  lane: z.string(),
  stage: z.number().int(),
  seen: figure,
  expected: figure.nullable().meta({ description: 'Records in all, as foreseen by a page of the job; null when unknown' }),
  atLeast: z.boolean().meta({ description: 'There are `expected` or more' }),
  tasks: z.object({ total: count, ...byState }),
}

const stage = z
  .object({
    ...stageFields,
    label: z.string(),
    sentence: z.string().meta({ example: 'Orders of etsy… 450/1,200' }),
    fraction: z.number().nullable(),
  })
  .meta({ id: 'Stage' })

export const jobSummary = z.object(summaryFields).meta({ id: 'JobSummary' })

const earlierRuns = z
  .array(
    z.object({
      number: count,
      startedAt: moment,
      endedAt: moment,
      seconds: z.number(),
      status,
      error: z.string().nullable(),
      tasks: z.object({ total: count, failed: count }),
      seen: figure,
      new: figure,
    }),
  )
  .meta({ description: 'Its earlier runs, before each retry: the last 50, oldest first' })

export const report = z
  .object({
    job: z.uuid(),
    source: z.string(),
    params: anything,
    status: z.string(),
    startedAt: z.string().nullable(),
    completedAt: z.string(),
    seconds: z.number(),
    earlierRuns: earlierRuns.default([]),
    tasks: z.object({ total: count, done: count, skipped: count, failed: count, cancelled: count, open: count }),
    streams: z.record(z.string(), z.record(z.string(), count)).default({}).meta({ description: 'Tasks of each stream by state' }),
    pages: figure,
    ...counts,
    rejectedBy: z.record(z.string(), z.number()),
    expected: figure.nullable(),
    requests: traffic,
    lookups: z.object({ asked: count, open: count }),
    skipped: z.record(z.string(), z.number()).meta({ description: 'Skipped tasks by reason' }),
    skippedBy: z.record(z.string(), count).default({}).meta({ description: 'Skipped tasks by kind; those without a kind are left out' }),
    failures: z.array(z.object({ task: z.string(), kind: z.string(), error: z.string() })).meta({ description: 'The first 50' }),
    failedBy: z.record(z.string(), count).default({}).meta({ description: 'Failed tasks by kind of error' }),
    notes: z.array(z.string()),
    counters: z
      .record(z.string(), figure)
      .default({})
      .meta({ description: 'Own counters of its source, by name; `/api/sources` describes each' }),
    stages: z
      .array(z.object({ ...stageFields, label: z.string().nullable() }))
      .default([])
      .meta({ description: 'Progress by lane and stage' }),
    unverified: z
      .record(z.string(), count)
      .default({})
      .meta({ description: 'Tasks of which it is not certain that everything was read, by reason' }),
    verified: z.boolean(),
    reason: z.string(),
    cleared: z.string().optional().meta({ description: 'When its tasks were deleted; the figures stay' }),
  })
  .meta({ id: 'Report' })

export const lane = z
  .object({
    lane: z.string().meta({ description: 'Empty for discovery tasks, which are outside lanes' }),
    total: count,
    ...byState,
    pages: figure,
    ...counts,
    requests: figure.meta({ description: 'Sent for its tasks' }),
    bytes: figure.meta({ description: 'Received by its tasks' }),
    state: z.enum(LANE_STATES).meta({
      description:
        'active: a worker holds a task; waiting: its tasks wait for a worker or for their place; parked: every task that may start waits for a later moment; ended: no task is open',
    }),
    until: moment.nullable().meta({ description: 'When the next task of a parked lane is due' }),
    on: z.string().nullable().meta({ description: 'The API that this task waits for, or the kind of its last error' }),
    errorKind: z.string().nullable(),
    error: z.string().nullable().meta({ description: 'The last error of a task that failed or is retried' }),
  })
  .meta({ id: 'Lane' })

export const laneList = listOf(lane).extend({ total: count })

export const laneQuery = z.strictObject({
  order: z
    .enum(LANE_ORDERS)
    .optional()
    .meta({ description: 'open (default): most open tasks first; lane: by name, which lists each lane once even while the job runs' }),
  ...paging,
})

export const jobDetail = z
  .object({
    ...summaryFields,
    lanes: z.array(lane).meta({ description: 'The 50 lanes with the most open tasks' }),
    errors: z.array(z.object({ kind: z.string(), state: z.string(), tasks: count, example: z.string() })),
    rejectedBy: z.array(z.object({ reason: z.string(), records: count })),
    counters: z.record(z.string(), figure).meta({ description: 'Own counters of its source, by name; `/api/sources` describes each' }),
    notices: z
      .array(z.object({ counter: z.string(), n: figure, text: z.string(), advice: z.string() }))
      .meta({ description: 'Counters that a person can do something about, with what' }),
    requests: traffic,
    inHand: z.array(z.object({ task: bigId, stream: z.string(), key: z.string(), pages: count, worker: z.string(), sinceMs: z.number() })),
    stages: z.array(stage).meta({
      description: 'Progress by lane and stage, for jobs whose pages foresee totals: at most 100, those that have not ended first',
    }),
    earlierRuns,
    report: report.nullable(),
    partitions: z.boolean(),
    words: sourceWords,
  })
  .meta({ id: 'JobDetail' })

export const jobList = listOf(jobSummary).extend({ counts: jobCounts, total: count })

const filters = {
  source: z.string().max(100).optional(),
  kind: z.string().max(100).optional().meta({ description: 'One of the kinds of a source' }),
  q: z
    .string()
    .max(200)
    .optional()
    .meta({ description: 'The beginning of an id, or any part of the label, the params, the error or the source' }),
  since: z.string().max(40).optional().meta({
    description: 'Created at this moment or later; or a time before now, such as 30m, 24h or 7d',
    example: '2026-01-31T12:00:00Z',
  }),
  until: z.string().max(40).optional().meta({ description: 'Created before this moment' }),
}

const sort = z
  .enum(JOB_SORTS)
  .optional()
  .meta({
    description: `newest (default) and oldest: by creation; attention: failures of the last ${ATTENTION_DAYS} days that nobody has acknowledged, stalled jobs, those that wait for a person, paused, running, queued by place, ended; records: of ended jobs; longest: by the seconds that they ran`,
  })

export const jobQuery = z.strictObject({ status: statuses, ...filters, sort, ...paging })

export const eventsQuery = jobQuery.omit({ cursor: true })

export const startHeaders = z.looseObject({
  'idempotency-key': z.string().optional().meta({ description: 'Repeating a request with the same key starts no second job' }),
})

export const startBody = z
  .strictObject({
    source: z.string(),
    params: z.record(z.string(), z.unknown()).meta({ description: 'As described by the form of the source' }),
    force: z.boolean().optional(),
    priority: priorityName.optional(),
  })
  .meta({ id: 'StartJob' })

export const broker = z
  .string()
  .nullable()
  .meta({ description: 'Why no worker was woken yet; the job is stored and starts later. Null when workers were woken' })

export const started = jobSummary.extend({
  created: z.boolean().meta({ description: 'False when the same backfill is active already, or the Idempotency-Key was used before' }),
  added: z.array(z.string()).meta({ description: 'What the request added to a job that was active already: orders of etsy/4711' }),
  broker,
})

export const estimateBody = z.strictObject({
  source: z.string(),
  params: z.record(z.string(), z.unknown()),
  priority: priorityName.optional(),
})

export const jobEstimate = z
  .object({
    tasks: count,
    requests: z.array(z.object({ api: z.string(), requests: z.number().nullable(), leastMs: z.number().nullable(), limit: z.string() })),
    leastMs: z.number().nullable(),
    notes: z.array(z.string()),
    activeKey: z.string(),
    activeJob: z.uuid().nullable(),
  })
  .meta({ id: 'JobEstimate' })

export const bulkPreviewBody = z.strictObject({
  verb: z.enum(BULK_VERBS),
  priority: priorityName.optional().meta({ description: 'Of the verb priority' }),
  ids: z.array(z.string().max(64)).min(1).max(MAX_BULK).optional(),
  status: z.union([status.transform((one) => [one]), z.array(status).min(1)]).optional(),
  ...filters,
  all: z.literal(true).optional().meta({ description: 'Every job, where no filter is given' }),
})

export const bulkBody = bulkPreviewBody.extend({
  cursor: paging.cursor,
  limit: z
    .number()
    .int()
    .min(1)
    .max(MAX_BULK)
    .optional()
    .meta({ description: `Jobs of one batch, ${MAX_BULK} by default` }),
})

export const bulkPreview = z.object({
  matching: count,
  able: count.meta({ description: 'Those of them that the verb would change' }),
  others: z.array(z.object({ status, jobs: count })).meta({ description: 'The others by status' }),
})

export const priorityBody = z.strictObject({ priority: priorityName })

export const bulkDone = z.object({
  done: z.array(z.string()),
  refused: z.array(z.object({ id: z.string(), reason: z.string(), state: z.string().nullable() })),
  next: z.string().nullable().meta({ description: 'The cursor of the next batch; null when all that match were asked' }),
})

/** Event of the list: its first page, then jobs that are new or have changed. */
export const jobsEvent = z.object({ items: z.array(jobSummary), counts: jobCounts })
