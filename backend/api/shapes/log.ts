import { z } from 'zod'
import { LOG_LEVELS, SPAN_KINDS } from '../../base/vocabulary'
import { anything, count, moment } from './common'

export const logLine = z
  .object({
    n: count.meta({ description: 'Its number in the job; lines are deleted from the lowest on' }),
    at: moment,
    level: z.string(),
    message: z.string(),
    fields: anything,
    process: z.string().meta({ description: 'Which process wrote it' }),
  })
  .meta({ id: 'LogLine' })

export const jobLog = z
  .object({
    items: z.array(logLine).meta({ description: 'Oldest first' }),
    older: count.nullable().meta({ description: 'The `before` of the lines above these; null where there are none' }),
    last: count.meta({ description: 'Where reading on begins, as `after`: the last line of the job, or of these where more follow' }),
    lost: count.meta({ description: 'Lines that were not kept, because there were too many at once or the database was unreachable' }),
  })
  .meta({ id: 'JobLog' })

export const timeline = z
  .object({
    items: z.array(
      z
        .object({
          at: moment,
          until: moment.nullable().meta({ description: 'When it was over; null for a moment' }),
          kind: z.enum(['start', 'action', 'end', ...SPAN_KINDS]),
          text: z.string(),
          lastedMs: z.number().nullable().meta({ description: 'How long it lasted in all, without gaps between' }),
          detail: z.string().nullable(),
        })
        .meta({ id: 'TimelineItem' }),
    ),
  })
  .meta({ id: 'Timeline' })

const filter = {
  level: z.enum(LOG_LEVELS).optional().meta({ description: 'This level and those that are worse' }),
  q: z.string().max(200).optional().meta({ description: 'Part of the message or of the fields' }),
}

const number = z.coerce.number().int().nonnegative().optional()

export const logFilter = z.strictObject(filter)

export const logQuery = z.strictObject({
  ...filter,
  before: number.meta({ description: 'Only the lines right before this number' }),
  after: number.meta({ description: 'Only the lines right after this number' }),
  limit: z.coerce.number().int().min(1).max(1000).optional().meta({ description: 'Lines, 200 by default' }),
})
