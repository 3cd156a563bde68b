import { z } from 'zod'
import { GATE_STATES } from '../../base/vocabulary'
import { count, minutes, moment, paging } from './common'

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
