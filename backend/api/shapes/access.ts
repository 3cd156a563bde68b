import { z } from 'zod'
import { anything, bigId, listOf, moment } from './common'

export const actionList = listOf(
  z
    .object({
      id: bigId,
      at: moment,
      who: z.string(),
      address: z.string(),
      entryPoint: z.string(),
      verb: z.string(),
      target: z.string().nullable(),
      label: z
        .string()
        .nullable()
        .meta({ description: 'The target in words: what a job reads, the name of a schedule, the host of a webhook' }),
      detail: anything,
      outcome: z.string(),
    })
    .meta({ id: 'Action' }),
)

export const me = z
  .object({
    who: z.enum(['admin', 'reader', 'local']),
    canWrite: z.boolean(),
    version: z.string(),
    tokenNeeded: z.boolean(),
    sandbox: z.boolean().meta({ description: 'Whether an upstream is replaced by a server on this machine' }),
  })
  .meta({ id: 'Me' })

export const loginBody = z.strictObject({ token: z.string().max(1000) })
