import { z } from 'zod'
import { count, priorityName } from './common'
import { broker } from './jobs'

/** Ids in one request; `yarn queue --file` has no bound. */
const MAX_IDS = 50_000

const fields = {
  command: z.string().max(100).meta({ description: 'A command of a source, as `yarn queue` calls it', example: 'character-killmails' }),
  ids: z.array(z.string().max(512)).max(MAX_IDS).optional(),
  params: z.record(z.string(), z.unknown()).optional().meta({ description: 'The options of the command, for all ids' }),
  priority: priorityName.optional().meta({ description: 'That of the command by default' }),
}

export const commandEstimateBody = z.strictObject(fields).meta({ id: 'CommandEstimateBody' })

export const commandBody = z
  .strictObject({ ...fields, force: z.boolean().optional().meta({ description: 'Start jobs even if others for the same are active' }) })
  .meta({ id: 'CommandBody' })

export const commandEstimate = z
  .object({
    requests: count.meta({ description: 'Jobs, or ids of lookups' }),
    invalid: count,
    faults: z
      .array(z.object({ at: count.meta({ description: 'Its place among the ids, from 0' }), id: z.string(), message: z.string() }))
      .meta({ description: 'The first 100 of the invalid ids' }),
    active: count.meta({ description: 'Jobs that are active already' }),
    tasks: count,
    apis: z.array(z.object({ api: z.string(), requests: z.number().nullable(), leastMs: z.number().nullable(), limit: z.string() })),
    leastMs: z.number().nullable(),
    notes: z.array(z.string()),
  })
  .meta({ id: 'CommandEstimate' })

export const commandDone = z
  .object({
    created: count.meta({ description: 'Jobs started' }),
    joined: count.meta({ description: 'Jobs that were active already' }),
    lookups: count,
    job: z.uuid().nullable().meta({ description: 'The first job' }),
    broker,
  })
  .meta({ id: 'CommandDone' })
