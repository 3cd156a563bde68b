import { z } from 'zod'
import { ofOutcomes } from '../../base/vocabulary'
import { count, minutes, moment } from './common'

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
