import { z } from 'zod'
import { STATUSES } from '../service/jobs'
import { TASK_STATES } from '../service/tasks'
import { JOB_VERBS, MOST_AT_ONCE } from '../service/verbs'

/*
 * Every shape that goes over the wire, once: bodies and queries are checked by these, answers are written through them,
 * and the OpenAPI document is made of them. A body or query with a field that is not named here is refused.
 */

const moment = z.iso.datetime().meta({ description: 'ISO 8601, UTC' })
const bigId = z.union([z.number(), z.string()]).meta({ description: 'A whole number; as text where it does not fit 2^53' })
const count = z.number().int().nonnegative()
const figure = z.number().nonnegative()
const anything = z.unknown()
const words = z.record(z.string(), z.unknown())

export const status = z.enum(STATUSES).meta({ id: 'JobStatus' })
const verb = z.enum(JOB_VERBS)
export const priorityName = z.enum(['live', 'asked', 'backfill'])

/** `?cursor=&limit=` of every list. */
export const paging = {
  cursor: z.string().max(2000).optional().meta({ description: 'The `next` of the page before' }),
  limit: z.coerce.number().int().min(1).max(200).optional().meta({ description: 'Rows of a page, 50 unless told' }),
}
const statuses = z
  .string()
  .transform((text) => text.split(',').map((word) => word.trim()))
  .pipe(z.array(z.enum(STATUSES)))
  .optional()
  .meta({ description: 'Statuses, separated by commas', example: 'running,paused' })

const listOf = <T extends z.ZodType>(item: T) => z.object({ items: z.array(item), next: z.string().nullable() })

const byState = { waiting: count, ready: count, held: count, done: count, skipped: count, failed: count, cancelled: count }
const jobCounts = z.object(Object.fromEntries(STATUSES.map((one) => [one, count])) as Record<(typeof STATUSES)[number], typeof count>)
const wait = z.object({
  kind: z.enum(['gate', 'retry', 'worker']),
  on: z.string(),
  tasks: count,
  until: moment.nullable(),
  sentence: z.string(),
  error: z.string().nullable(),
})
const summaryFields = {
  id: z.uuid(),
  source: z.string(),
  label: z.string().meta({ description: 'What it reads, in words' }),
  about: z.string().nullable().meta({ description: 'Its active key; null when it was forced to run beside another' }),
  status,
  params: anything,
  priority: z.number().int().meta({ description: 'Lower goes first: 0 live, 1 asked, 2 backfill' }),
  createdAt: moment,
  startedAt: moment.nullable(),
  completedAt: moment.nullable(),
  seconds: z.number(),
  tasks: z.object({ total: count, ...byState }),
  pages: figure,
  seen: figure,
  new: figure,
  updated: figure,
  known: figure,
  rejected: figure,
  deleted: figure,
  expected: figure.nullable(),
  lookups: z.object({ asked: count, open: count }),
  fraction: z.number().nullable().meta({ description: 'How far it is, 0 to 1' }),
  rate: z.number().nullable().meta({ description: 'Records a second, measured now' }),
  leftMs: z.number().nullable(),
  sentence: z.string(),
  waits: z.array(wait),
  error: z.string().nullable(),
  verified: z.boolean().nullable(),
  can: z.array(verb),
}
export const jobSummary = z.object(summaryFields).meta({ id: 'JobSummary' })

const traffic = z.record(z.string(), z.object({ requests: z.number(), waitMs: z.number(), throttled: z.number() }))
export const report = z
  .object({
    job: z.uuid(),
    source: z.string(),
    params: anything,
    status: z.string(),
    startedAt: z.string().nullable(),
    completedAt: z.string(),
    seconds: z.number(),
    tasks: z.object({ total: count, done: count, skipped: count, failed: count, cancelled: count, open: count }),
    pages: figure,
    seen: figure,
    new: figure,
    updated: figure,
    known: figure,
    rejected: figure,
    rejectedBy: z.record(z.string(), z.number()),
    deleted: figure,
    expected: figure.nullable(),
    requests: traffic,
    lookups: z.object({ asked: count, open: count }),
    skipped: z.record(z.string(), z.number()),
    failures: z.array(z.object({ task: z.string(), kind: z.string(), error: z.string() })),
    notes: z.array(z.string()),
    verified: z.boolean(),
    reason: z.string(),
    cleared: z.string().optional().meta({ description: 'When its tasks were taken away; the figures stay' }),
  })
  .meta({ id: 'Report' })

export const jobDetail = z
  .object({
    ...summaryFields,
    lanes: z.array(z.object({ lane: z.string(), total: count, ...byState })),
    errors: z.array(z.object({ kind: z.string(), state: z.string(), tasks: count, example: z.string() })),
    rejectedBy: z.array(z.object({ reason: z.string(), records: count })),
    requests: traffic,
    inHand: z.array(z.object({ task: bigId, stream: z.string(), key: z.string(), pages: count, worker: z.string(), sinceMs: z.number() })),
    report: report.nullable(),
    partitions: z.boolean(),
  })
  .meta({ id: 'JobDetail' })

export const jobList = listOf(jobSummary).extend({ counts: jobCounts, total: count })
export const jobQuery = z.strictObject({
  status: statuses,
  source: z.string().max(100).optional(),
  q: z.string().max(200).optional().meta({ description: 'Part of an id, of what a job is about, or of its params' }),
  ...paging,
})
export const eventsQuery = z.strictObject({ status: statuses, source: jobQuery.shape.source, q: jobQuery.shape.q, limit: paging.limit })
export const startBody = z
  .strictObject({
    source: z.string(),
    params: z.record(z.string(), z.unknown()).meta({ description: 'As the form of the source says' }),
    force: z.boolean().optional(),
    priority: priorityName.optional(),
  })
  .meta({ id: 'StartJob' })
export const started = jobSummary.extend({
  created: z.boolean().meta({ description: 'False: the same was active already, or this Idempotency-Key had been used for it' }),
  broker: z.string().nullable().meta({ description: 'Why no worker could be told yet; the job is kept' }),
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
export const bulkBody = z.strictObject({
  verb,
  ids: z.array(z.string().max(64)).min(1).max(MOST_AT_ONCE).optional(),
  status: z.union([status.transform((one) => [one]), z.array(status).min(1)]).optional(),
  source: z.string().max(100).optional(),
})
export const bulkDone = z.object({
  done: z.array(z.string()),
  refused: z.array(z.object({ id: z.string(), reason: z.string(), state: z.string().nullable() })),
})

export const taskRow = z
  .object({
    id: bigId,
    stream: z.string(),
    key: z.string(),
    lane: z.string().nullable(),
    stage: z.number(),
    state: z.string(),
    step: count,
    pages: count,
    seen: figure,
    new: figure,
    updated: figure,
    known: figure,
    rejected: figure,
    deleted: figure,
    expected: figure.nullable(),
    attempts: count,
    errorKind: z.string().nullable(),
    error: z.string().nullable(),
    reason: z.string().nullable(),
    waitingOn: z.string().nullable(),
    dueAt: moment,
    holder: z.string().nullable(),
    settledAt: moment.nullable(),
    notes: z.array(z.string()),
  })
  .meta({ id: 'Task' })
export const taskList = listOf(taskRow)
export const taskQuery = z.strictObject({ state: z.enum(TASK_STATES).optional(), ...paging })
export const rejectList = listOf(
  z
    .object({
      id: bigId,
      stream: z.string(),
      key: z.string(),
      reason: z.string(),
      detail: z.string().nullable(),
      raw: z.string().meta({ description: 'The record as it came, its first 4,096 characters' }),
      at: moment,
    })
    .meta({ id: 'Reject' }),
)
export const partitions = z
  .object({
    rows: z.array(z.string()),
    columns: z.array(z.string()),
    cells: z.array(z.object({ row: z.string(), column: z.string(), state: z.string(), taskId: bigId })),
  })
  .meta({ id: 'Partitions' })

export const sourceList = z.object({
  items: z.array(
    z
      .object({
        name: z.string(),
        about: z.string(),
        form: words.meta({ description: 'JSON Schema of the params' }),
        example: anything,
        commands: z.array(z.object({ name: z.string(), about: z.string() })),
        streams: z.array(z.string()),
        apis: z.array(z.string()),
        workers: z.array(z.string()),
        exportTables: z.array(z.string()),
      })
      .meta({ id: 'Source' }),
  ),
})

export const overview = z
  .object({
    jobs: jobCounts,
    rowsPerMinute: z.number(),
    requestsPerMinute: z.number(),
    workers: z.object({ alive: count, dead: count }),
    schedulers: count,
    alerts: count,
    deadLetters: count.nullable(),
    lookupsOpen: count,
    queues: z.array(
      z.object({
        name: z.string(),
        ready: count.nullable(),
        consumers: count.nullable(),
        due: count,
        oldestDueMs: z.number().nullable(),
      }),
    ),
  })
  .meta({ id: 'Overview' })

export const gateList = z.object({
  items: z.array(
    z
      .object({
        name: z.string(),
        limit: z.string(),
        api: z.string(),
        used: z.array(z.object({ span: z.enum(['requests', 'day']), used: z.number(), of: z.number(), windowMs: z.number() })),
        inFlight: count,
        concurrent: z.number().nullable(),
        nextAt: moment.nullable(),
        blockedUntil: moment.nullable(),
        blockedReason: z.string().nullable(),
        failures: count,
        openUntil: moment.nullable(),
        granted: z.number(),
        throttled: z.number(),
        users: z.array(z.object({ job: z.uuid(), source: z.string(), tasks: count, waiting: count })),
      })
      .meta({ id: 'Gate' }),
  ),
})

export const workerList = z.object({
  items: z.array(
    z
      .object({
        id: z.string(),
        app: z.string(),
        host: z.string(),
        pid: z.number(),
        queues: z.array(z.string()),
        concurrency: z.number(),
        startedAt: moment,
        beatAgoMs: z.number(),
        alive: z.boolean(),
        rssBytes: z.number(),
        loopLagMs: z.number(),
        holding: z.array(
          z.object({
            task: bigId,
            job: z.uuid(),
            source: z.string(),
            stream: z.string(),
            key: z.string(),
            pages: count,
            sinceMs: z.number(),
          }),
        ),
      })
      .meta({ id: 'Worker' }),
  ),
  schedulers: count,
  apps: z.array(z.object({ app: z.string(), queues: z.array(z.string()), alive: count })),
})

export const deadLetter = z
  .object({
    id: z.string(),
    queue: z.string(),
    at: moment.nullable(),
    reason: z.string(),
    bytes: count,
    body: z.string().meta({ description: 'In a list its first 4 kB' }),
    messageId: z.string().nullable(),
  })
  .meta({ id: 'DeadLetter' })
export const deadLetterList = z.object({
  items: z.array(deadLetter),
  queues: z.array(z.object({ queue: z.string(), count })),
})
export const deadLetterQuery = z.strictObject({ queue: z.string().max(200).optional(), limit: paging.limit })
export const deadLetterChoice = z.strictObject({
  ids: z.array(z.string().max(64)).min(1).max(1000).optional(),
  queue: z.string().max(200).optional(),
  all: z.literal(true).optional(),
})
export const taken = z.object({ taken: count })

export const actionList = listOf(
  z
    .object({
      id: bigId,
      at: moment,
      who: z.string(),
      address: z.string(),
      door: z.string(),
      verb: z.string(),
      target: z.string().nullable(),
      detail: anything,
      outcome: z.string(),
    })
    .meta({ id: 'Action' }),
)
export const pageQuery = z.strictObject(paging)
export const noQuery = z.strictObject({})

export const me = z
  .object({
    who: z.enum(['admin', 'reader', 'local']),
    canWrite: z.boolean(),
    version: z.string(),
    tokenNeeded: z.boolean(),
    sandbox: z.boolean().meta({ description: 'An upstream is replaced by a local one' }),
  })
  .meta({ id: 'Me' })
export const loginBody = z.strictObject({ token: z.string().max(1000) })

export const health = z.object({ status: z.literal('ok') })
export const readiness = z.object({
  status: z.enum(['ready', 'not ready']),
  database: z.string(),
  broker: z.string(),
  schedulers: count,
  missingConsumers: z.array(z.string()),
})

export const problem = z
  .object({
    type: z.string(),
    title: z.string(),
    status: z.number().int(),
    detail: z.string(),
    errors: z.array(z.object({ field: z.string(), message: z.string() })).optional(),
    state: z.string().optional().meta({ description: 'Where the job stands that a verb did not fit' }),
  })
  .meta({ id: 'Problem' })

/** What the stream of a list tells: its first page whole, then jobs that are new or changed. */
export const jobsEvent = z.object({ items: z.array(jobSummary), counts: jobCounts })
export const alertList = z.object({
  items: z.array(z.object({ kind: z.string(), subject: z.string(), message: z.string(), since: moment }).meta({ id: 'Alert' })),
})

const cronFields = {
  name: z.string().min(1).max(100),
  cron: z.string().min(1).max(200).meta({ description: 'Five or six cron fields, or `@daily` and the like' }),
  timeZone: z.string().max(100).optional().meta({ description: 'IANA name; UTC unless told' }),
  jitterS: z
    .number()
    .int()
    .nonnegative()
    .optional()
    .meta({ description: 'A tick starts its job at a random moment within this long after it, s' }),
  missed: z.enum(['skip', 'make_up']).optional().meta({ description: 'What becomes of ticks nobody was there to see; skip unless told' }),
  source: z.string(),
  params: z.record(z.string(), z.unknown()).optional(),
  priority: priorityName.optional(),
}
export const newSchedule = z.strictObject(cronFields).meta({ id: 'NewSchedule' })
export const scheduleChange = z.strictObject(cronFields).partial().meta({ id: 'ScheduleChange' })
export const schedule = z
  .object({
    id: z.uuid(),
    name: z.string(),
    cron: z.string(),
    timeZone: z.string(),
    jitterS: z.number(),
    missed: z.enum(['skip', 'make_up']),
    source: z.string(),
    params: anything,
    priority: priorityName,
    paused: z.boolean(),
    nextAt: moment.nullable(),
    upcoming: z.array(moment),
    lastAt: moment.nullable(),
    lastJob: z.uuid().nullable(),
    error: z.string().nullable(),
    createdAt: moment,
  })
  .meta({ id: 'Schedule' })
export const scheduleList = z.object({ items: z.array(schedule) })
export const scheduleRun = z.object({ job: jobSummary, created: z.boolean() })

export const newWebhook = z
  .strictObject({
    url: z.string().max(2000),
    events: z.array(z.string().max(200)).min(1).max(50).meta({ description: 'Event keys or patterns: `job.failed`, `job.*`, `*`' }),
  })
  .meta({ id: 'NewWebhook' })
export const webhookChange = newWebhook.partial().extend({ active: z.boolean().optional() }).meta({ id: 'WebhookChange' })
export const delivery = z
  .object({
    id: z.uuid(),
    key: z.string(),
    state: z.enum(['pending', 'delivered', 'failed']),
    attempts: count,
    status: z.number().nullable(),
    error: z.string().nullable(),
    tookMs: z.number().nullable(),
    createdAt: moment,
    triedAt: moment.nullable(),
    nextAt: moment.nullable(),
    payload: anything,
  })
  .meta({ id: 'Delivery' })
export const webhook = z
  .object({
    id: z.uuid(),
    url: z.string(),
    events: z.array(z.string()),
    active: z.boolean(),
    createdAt: moment,
    lastDelivery: delivery.nullable(),
  })
  .meta({ id: 'Webhook' })
export const webhookMade = webhook.extend({ secret: z.string().meta({ description: 'Signs what is sent; shown this once' }) })
export const webhookList = z.object({ items: z.array(webhook) })
export const deliveryList = listOf(delivery)
export const deliveryQuery = z.strictObject({ state: delivery.shape.state.optional(), ...paging })

const perMinute = z.array(z.number())
const perMinuteOrNull = z.array(z.number().nullable())
export const historyQuery = z.strictObject({ minutes: z.coerce.number().int().min(1).max(10_080).optional() })
export const history = z
  .object({
    minutes: z.array(moment),
    series: z.object({
      rows: z.object({ new: perMinute, updated: perMinute, known: perMinute, rejected: perMinute }),
      requests: z.record(z.string(), perMinute),
      waitSeconds: perMinute,
      latency: z.record(z.string(), z.object({ p50: perMinuteOrNull, p95: perMinuteOrNull })).meta({ description: 'ms, by API' }),
    }),
  })
  .meta({ id: 'History' })

export const startHeaders = z.looseObject({
  'idempotency-key': z.string().optional().meta({ description: 'The same key with the same request starts one job' }),
})
export const eventStream = z.string()
export const nothing = z.undefined().meta({ description: 'Done' })
