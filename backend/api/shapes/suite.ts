import { z } from 'zod'
import { ALERT_TARGETS, GATE_STATES, MAX_BULK, MAX_MINUTES, ofOutcomes } from '../../base/vocabulary'
import { anything, bigId, count, listOf, moment, paging, words } from './common'
import { jobCounts } from './jobs'

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

export const gateList = z.object({
  items: z.array(
    z
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
  apps: z.array(z.object({ app: z.string(), queues: z.array(z.string()), alive: count })),
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

const perMinute = z.array(z.number())

const perMinuteOrNull = z.array(z.number().nullable())

export const historyQuery = z.strictObject({ minutes: z.coerce.number().int().min(1).max(MAX_MINUTES).optional() })

export const history = z
  .object({
    minutes: z.array(moment),
    series: z.object({
      rows: z.object(ofOutcomes(() => perMinute)),
      requests: z.record(z.string(), perMinute),
      waitSeconds: perMinute,
      latency: z.record(z.string(), z.object({ p50: perMinuteOrNull, p95: perMinuteOrNull })).meta({ description: 'ms, by API' }),
    }),
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
