import { z } from 'zod'
import { count, moment, paging } from './common'

const kind = z
  .string()
  .max(100)
  .meta({ description: 'A kind of lookup, or another kind of refusal that a source keeps', example: 'character' })

export const refusalQuery = z.strictObject({ kind: kind.optional(), limit: paging.limit })

export const refusalList = z.object({
  items: z.array(
    z
      .object({
        kind: z.string(),
        id: z.string(),
        reason: z.string(),
        refusedAt: moment.nullable(),
        until: moment.meta({ description: 'Not requested again before this time' }),
      })
      .meta({ id: 'Refusal' }),
  ),
})

export const refusalChoice = z
  .strictObject({ kind, ids: z.array(z.string().max(20)).min(1).max(1000).optional(), all: z.literal(true).optional() })
  .meta({ id: 'RefusalChoice' })

export const forgotten = z.object({ forgotten: count })
