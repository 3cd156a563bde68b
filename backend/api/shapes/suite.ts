import { z } from 'zod'
import { anything, bigId, count, moment, sourceWords, words } from './common'
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

export const health = z.object({ status: z.literal('ok') })

export const readiness = z.object({
  status: z.enum(['ready', 'not ready']),
  database: z.string(),
  broker: z.string(),
  schedulers: count,
  missingConsumers: z.array(z.string()),
})
