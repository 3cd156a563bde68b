import { z } from 'zod'
import { count, moment, paging } from './common'

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
