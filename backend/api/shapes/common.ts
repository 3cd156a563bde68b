import { z } from 'zod'
import { COUNTS, DEFAULT_LIMIT, JOB_STATUSES, JOB_VERBS, MAX_LIMIT, MAX_MINUTES, ofCounts } from '../../base/vocabulary'

export const moment = z.iso.datetime().meta({ description: 'ISO 8601, UTC' })

export const bigId = z.union([z.number(), z.string()]).meta({ description: 'A whole number; a string above 2^53' })

export const count = z.number().int().nonnegative()

export const figure = z.number().nonnegative()

/** What is counted of records. */
export const counts = ofCounts((name) => figure.meta({ description: COUNTS[name].about }))

export const anything = z.unknown()

export const words = z.record(z.string(), z.unknown())

export const status = z.enum(JOB_STATUSES).meta({ id: 'JobStatus' })

export const verb = z.enum(JOB_VERBS)

export const priorityName = z.enum(['live', 'asked', 'backfill'])

/** `?cursor=&limit=` of every list. */
export const paging = {
  cursor: z.string().max(2000).optional().meta({ description: 'The `next` of the previous page' }),
  limit: z.coerce
    .number()
    .int()
    .min(1)
    .max(MAX_LIMIT)
    .optional()
    .meta({ description: `Rows per page, ${DEFAULT_LIMIT} by default` }),
}

export const listOf = <T extends z.ZodType>(item: T) => z.object({ items: z.array(item), next: z.string().nullable() })

export { problem } from '../../contract'

export const pageQuery = z.strictObject(paging)

export const noQuery = z.strictObject({})

export const eventStream = z.string()

export const nothing = z.undefined().meta({ description: 'Done' })

export const traffic = z.record(
  z.string(),
  // Reports written before bytes were counted have none.
  z.object({ requests: z.number(), waits: z.number().default(0), waitMs: z.number(), throttled: z.number(), bytes: z.number().default(0) }),
)

/** How many minutes back, the current one included. */
export const minutes = z.coerce.number().int().min(1).max(MAX_MINUTES).optional()

/** The words of a source for the parts of its jobs. */
export const sourceWords = z
  .object({
    lane: z.object({ one: z.string(), many: z.string() }).meta({ description: 'What its lanes stand for: host, hosts' }),
    grid: z
      .object({ row: z.string(), column: z.string() })
      .nullable()
      .meta({ description: 'What a row and a column of the grid stand for; null: its jobs have no grid' }),
  })
  .meta({ id: 'SourceWords' })
