import { z } from 'zod'
import { ALERT_TARGETS, GATE_STATES, MAX_BULK, MAX_MINUTES, ofOutcomes } from '../../base/vocabulary'
import { anything, bigId, count, listOf, moment, paging, sourceWords, words } from './common'
import { jobCounts } from './jobs'

export const sourceList = z.object({
  items: z.array(
    z
      .object({
        name: z.string(),
        about: z.string(),
        form: words.meta({ description: 'JSON Schema of the params' }),
        example: anything,
        kinds: z.array(z.string()).meta({ description: 'Kinds of its jobs, by which lists are filtered; empty: one kind' }),
        commands: z.array(
          z.object({
            name: z.string(),
            about: z.string(),
            ids: z.string().nullable().meta({ description: 'What its ids are; null where it takes none' }),
            lookup: z.string().nullable().meta({ description: 'The kind of lookup that its ids become; null where each starts a job' }),
            form: words.meta({ description: 'JSON Schema of its options' }),
          }),
        ),
        streams: z.array(z.string()),
        apis: z.array(z.string()),
        workers: z.array(z.string()),
        words: sourceWords,
        counters: z.record(z.string(), z.string()).meta({ description: 'Its own counters, with a sentence for each' }),
        alerts: z.record(z.string(), z.string()).meta({ description: 'Its own alerts by event key, with a sentence for each' }),
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
    alertsOpen: count.meta({ description: 'Alerts that nobody has acknowledged' }),
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

const gate = z
  .object({
    name: z.string(),
    state: z.enum(GATE_STATES),
    limit: z.string(),
    api: z.string(),
    used: z.array(
      z.object({ span: z.enum(['requests', 'day']), used: z.number(), of: z.number(), windowMs: z.number(), learned: z.boolean() }),
    ),
    inFlight: count,
    concurrent: z.number().nullable(),
    nextAt: moment.nullable(),
    blockedUntil: moment.nullable(),
    blockedReason: z.string().nullable(),
    failures: count,
    trippedUntil: moment.nullable(),
    granted: z.number(),
    waits: z.number(),
    throttled: z.number(),
    users: z.array(z.object({ job: z.uuid(), source: z.string(), tasks: count, waiting: count })),
  })
  .meta({ id: 'Gate' })

export const gateList = z.object({ items: z.array(gate) })

export const limitList = z.object({
  items: z.array(
    z
      .object({
        name: z.string(),
        api: z.string(),
        sources: z.array(z.string()),
        limit: z.string(),
        scope: z.enum(['ip', 'host', 'key', 'account']).meta({ description: 'What the limit counts by' }),
        state: z.enum(GATE_STATES).meta({ description: 'Of its worst gate' }),
        gates: z.object({ total: count, ready: count, blocked: count, tripped: count, failing: count, near: count }),
        use: z.number().nullable().meta({ description: 'Of its fullest gate, 0 to 1; null: not known' }),
        worst: gate.nullable(),
        inFlight: count,
        granted: z.number(),
        waits: z.number(),
        throttled: z.number(),
        waiting: z
          .object({ limit: count, closed: count })
          .meta({ description: 'Tasks that wait for the limit itself, and those that wait for a closed gate' }),
      })
      .meta({ id: 'Limit' }),
  ),
})

export const limitName = z.object({ name: z.string().max(100).meta({ description: 'Name of a limit' }) })

export const gatesQuery = z.strictObject({
  q: z.string().max(200).optional().meta({ description: 'Part of the name of a host, key or account' }),
  limit: paging.limit,
})

export const gatesOfLimit = z.object({ items: z.array(gate), total: count })

const minutes = z.coerce.number().int().min(1).max(MAX_MINUTES).optional()

export const usersQuery = z.strictObject({ minutes })

export const apiUsers = z
  .object({
    api: z.string(),
    since: moment,
    requests: z.number(),
    live: z.number(),
    items: z.array(
      z.object({
        job: z.uuid().nullable(),
        source: z.string().nullable(),
        label: z.string(),
        requests: z.number(),
        share: z.number(),
        live: z.number(),
        throttled: z.number(),
        failed: z.number(),
        waitMs: z.number(),
      }),
    ),
  })
  .meta({ id: 'ApiUsers' })

const mark = z
  .object({
    at: moment,
    kind: z.enum(['deploy', 'restart', 'crash']),
    before: z.string(),
    version: z.string(),
    apps: z.array(z.string()),
    starts: count,
  })
  .meta({ id: 'Deploy' })

export const deployList = z.object({ items: z.array(mark) })

export const effectQuery = z.strictObject({ at: moment.optional() })

const figures = z.object({
  from: moment,
  to: moment,
  requests: z.number(),
  failed: z.number(),
  throttled: z.number(),
  errorRate: z.number().nullable(),
  records: z.number(),
  recordsPerSecond: z.number(),
  retries: z.number(),
  failures: z.number(),
})

export const effect = z
  .object({ mark: mark.nullable(), minutes: count, before: figures.nullable(), after: figures.nullable() })
  .meta({ id: 'DeployEffect' })

export const workerList = z.object({
  items: z.array(
    z
      .object({
        id: z.string(),
        app: z.string(),
        version: z.string(),
        host: z.string(),
        pid: z.number(),
        queues: z.array(z.string()),
        concurrency: z.number(),
        startedAt: moment,
        heartbeatAgoMs: z.number(),
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
  apps: z.array(
    z.object({
      app: z.string(),
      queues: z.array(z.string()),
      alive: count.nullable(),
      seenAt: moment.nullable(),
      restarts: count,
      crashes: count,
      startedAt: moment.nullable(),
      version: z.string().nullable(),
    }),
  ),
})

export const deadLetter = z
  .object({
    id: z.string(),
    queue: z.string(),
    at: moment.nullable(),
    reason: z.string(),
    bytes: count,
    body: z.string().meta({ description: 'The first 4 kB in a list' }),
    messageId: z.string().nullable(),
  })
  .meta({ id: 'DeadLetter' })

export const deadLetterList = z.object({
  items: z.array(deadLetter),
  queues: z.array(z.object({ queue: z.string(), count })),
})

const group = z
  .string()
  .max(1000)
  .meta({ description: 'A group as the list of groups has it: the reason without what differs from letter to letter' })

export const deadLetterQuery = z.strictObject({ queue: z.string().max(200).optional(), group: group.optional(), limit: paging.limit })

export const deadGroupQuery = z.strictObject({ queue: z.string().max(200).optional() })

export const deadGroupList = z.object({
  items: z.array(
    z
      .object({
        queue: z.string(),
        group,
        count,
        oldestAt: moment.nullable(),
        newestAt: moment.nullable(),
        id: z.string().meta({ description: 'Of one of them' }),
        reason: z.string().meta({ description: 'Of the same one' }),
      })
      .meta({ id: 'DeadGroup' }),
  ),
  read: count.meta({ description: 'Letters read' }),
  others: count.meta({ description: 'Letters of still other reasons, which are no group of their own' }),
  complete: z.boolean().meta({ description: 'Whether every letter was read; of each queue at most 100,000 are, the oldest' }),
  at: moment.meta({ description: 'When they were read; they are read again once their number has changed' }),
})

export const correctedBody = z.strictObject({ body: z.string().min(1).max(200_000).meta({ description: 'The corrected message' }) })

export const deadLetterChoice = z.strictObject({
  ids: z.array(z.string().max(64)).min(1).max(1000).optional(),
  queue: z.string().max(200).optional(),
  group: group.optional(),
  all: z.literal(true).optional(),
})

export const taken = z.object({ taken: count })

const alert = z
  .object({
    kind: z.string(),
    subject: z.string().meta({ description: 'Queue, job or API; what a source names' }),
    message: z.string().meta({ description: 'A sentence for people' }),
    hint: z.string().nullable().meta({ description: 'What to run at the command line' }),
    target: z
      .object({ kind: z.enum(ALERT_TARGETS), id: z.string() })
      .nullable()
      .meta({ description: 'What it is about: the id of a job, schedule or webhook, the name of an API or queue' }),
    since: moment,
    acknowledged: z
      .object({ at: moment, by: z.string(), from: z.string() })
      .nullable()
      .meta({ description: 'Who acknowledged it; it ends with the alert' }),
  })
  .meta({ id: 'Alert' })

export const alertGroups = z.object({
  groups: z.array(
    z
      .object({
        kind: z.string(),
        sentence: z.string().meta({ example: '5 dead-letter queues' }),
        alerts: count,
        acknowledged: count,
        since: moment,
        latest: moment.meta({ description: 'A moment by which the latest of them was raised, for `until`' }),
        first: alert.meta({ description: 'The first that is not acknowledged, else the first' }),
      })
      .meta({ id: 'AlertGroup' }),
  ),
})

export const alertList = listOf(alert)

export const alertQuery = z.strictObject({ kind: z.string().max(200).optional(), ...paging })

export const alertChoice = z.strictObject({
  kind: z.string().max(200),
  subjects: z.array(z.string().max(2000)).min(1).max(MAX_BULK).optional().meta({ description: 'These of the kind; absent: all of it' }),
  until: z.iso.datetime().optional().meta({ description: 'Only those raised up to then' }),
  undo: z.boolean().optional().meta({ description: 'Takes the acknowledgement back' }),
})

export const acknowledged = z.object({ changed: count })

const figuresOverTime = z.array(z.number())

const figuresOrNull = z.array(z.number().nullable())

export const historyQuery = z.strictObject({
  minutes,
  source: z.string().max(100).optional(),
  api: z.string().max(100).optional(),
  job: z.string().max(64).optional(),
})

export const history = z
  .object({
    minutes: z.array(moment).meta({ description: 'Starts of the spans, oldest first' }),
    spanMinutes: count,
    now: moment,
    series: z.object({
      rows: z.object(ofOutcomes(() => figuresOverTime)).nullable(),
      requests: z.record(z.string(), figuresOverTime).meta({ description: 'By answer: 2xx, 3xx, 4xx, 429, 5xx, or failed without one' }),
      waitSeconds: figuresOverTime,
      latency: z.record(z.string(), z.object({ p50: figuresOrNull, p95: figuresOrNull })).meta({ description: 'ms, by API' }),
      limits: z
        .record(z.string(), z.object({ use: figuresOrNull, waiting: figuresOrNull, closed: figuresOrNull }))
        .meta({ description: 'By limit: share used, tasks that wait for it, and tasks that wait because it is closed' }),
    }),
    marks: z.array(mark),
  })
  .meta({ id: 'History' })

export const health = z.object({ status: z.literal('ok') })

export const readiness = z.object({
  status: z.enum(['ready', 'not ready']),
  database: z.string(),
  broker: z.string(),
  schedulers: count,
  missingConsumers: z.array(z.string()),
})
