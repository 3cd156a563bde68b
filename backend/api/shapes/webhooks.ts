import { z } from 'zod'
import { anything, count, listOf, moment, paging } from './common'

export const newWebhook = z
  .strictObject({
    url: z.string().max(2000),
    events: z.array(z.string().max(200)).min(1).max(50).meta({ description: 'Event keys or patterns: `job.failed`, `job.*`, `*`' }),
  })
  .meta({ id: 'NewWebhook' })

export const webhookChange = newWebhook.partial().extend({ active: z.boolean().optional() }).meta({ id: 'WebhookChange' })

export const delivery = z
  .object({
    id: z.uuid(),
    key: z.string(),
    state: z.enum(['pending', 'delivered', 'failed']),
    attempts: count,
    status: z.number().nullable(),
    error: z.string().nullable(),
    tookMs: z.number().nullable(),
    createdAt: moment,
    triedAt: moment.nullable(),
    nextAt: moment.nullable(),
    payload: anything,
  })
  .meta({ id: 'Delivery' })

export const webhook = z
  .object({
    id: z.uuid(),
    url: z.string(),
    events: z.array(z.string()),
    active: z.boolean(),
    createdAt: moment,
    lastDelivery: delivery.nullable(),
    failing: z
      .object({ since: moment, failures: count, error: z.string().nullable(), nextAt: moment.nullable() })
      .nullable()
      .meta({ description: 'The tries in a row that failed; null after one that succeeded, and before the first' }),
  })
  .meta({ id: 'Webhook' })

export const webhookMade = webhook.extend({ secret: z.string().meta({ description: 'The key of the signature; shown only once' }) })

export const webhookList = z.object({ items: z.array(webhook) })

export const deliveryList = listOf(delivery)

export const deliveryQuery = z.strictObject({ state: delivery.shape.state.optional(), ...paging })
