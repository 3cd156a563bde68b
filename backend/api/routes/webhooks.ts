import { z } from 'zod'
import { act } from '../../service/suite/actions'
import * as service from '../../service/webhooks/webhooks'
import { actorOf } from '../security'
import * as shapes from '../shapes'
import { type App, type Context, refusals } from './context'

const webhookId = z.object({ id: z.string().max(64) })
const deliveryId = z.object({ id: z.string().max(64), deliveryId: z.string().max(64) })

/** Receivers of events over HTTP. */
export function webhooks(app: App, context: Context): void {
  const it = context.service
  const tags = ['webhooks']
  const about = (operationId: string, summary: string) => ({ tags, operationId, summary })
  const one = (operationId: string, summary: string) => ({ ...about(operationId, summary), params: webhookId })

  app.get(
    '/api/webhooks',
    {
      schema: {
        ...about('listWebhooks', 'List webhooks, without their secrets; READ_TOKEN sees only the host of their URLs'),
        querystring: shapes.noQuery,
        response: { 200: shapes.webhookList, ...refusals() },
      },
    },
    async ({ visitor }) => {
      const items = await service.listWebhooks(it)
      return { items: visitor.canWrite ? items : items.map(service.withoutKey) }
    },
  )
  app.post(
    '/api/webhooks',
    {
      schema: {
        ...about('addWebhook', 'Add a webhook; only this answer contains its secret'),
        body: shapes.newWebhook,
        response: { 201: shapes.webhookMade, ...refusals(403) },
      },
    },
    async (request, reply) => {
      const { body } = request
      const made = await act(
        it,
        actorOf(request),
        'webhook.add',
        null,
        shown(body),
        () => service.addWebhook(it, body),
        ({ id }) => id,
      )
      return await reply.code(201).header('location', `/api/webhooks/${made.id}`).send(made)
    },
  )
  app.get(
    '/api/webhooks/:id',
    { schema: { ...one('getWebhook', 'Get a webhook'), response: { 200: shapes.webhook, ...refusals(404) } } },
    async ({ params, visitor }) => {
      const webhook = await service.getWebhook(it, params.id)
      return visitor.canWrite ? webhook : service.withoutKey(webhook)
    },
  )
  app.patch(
    '/api/webhooks/:id',
    {
      schema: {
        ...one('changeWebhook', 'Change the given fields of a webhook'),
        body: shapes.webhookChange,
        response: { 200: shapes.webhook, ...refusals(403, 404) },
      },
    },
    async (request) => {
      const { params, body } = request
      return await act(it, actorOf(request), 'webhook.change', params.id, shown(body), () => service.changeWebhook(it, params.id, body))
    },
  )
  app.delete(
    '/api/webhooks/:id',
    {
      schema: { ...one('removeWebhook', 'Remove a webhook with its deliveries'), response: { 204: shapes.nothing, ...refusals(403, 404) } },
    },
    async (request, reply) => {
      await act(it, actorOf(request), 'webhook.remove', request.params.id, {}, () => service.removeWebhook(it, request.params.id))
      return await reply.code(204).send()
    },
  )
  app.post(
    '/api/webhooks/:id/test',
    { schema: { ...one('testWebhook', 'Send a test event to a webhook now'), response: { 200: shapes.delivery, ...refusals(403, 404) } } },
    async (request) =>
      await act(it, actorOf(request), 'webhook.test', request.params.id, {}, () => service.testWebhook(it, request.params.id)),
  )
  app.get(
    '/api/webhooks/:id/deliveries',
    {
      schema: {
        ...one('listDeliveries', 'List the deliveries of a webhook, newest first'),
        querystring: shapes.deliveryQuery,
        response: { 200: shapes.deliveryList, ...refusals(404) },
      },
    },
    async ({ params, query }) => await service.listDeliveries(it, params.id, query),
  )
  app.post(
    '/api/webhooks/:id/deliveries/:deliveryId/retry',
    {
      schema: {
        ...about('retryDelivery', 'Send a delivery again now'),
        params: deliveryId,
        response: { 200: shapes.delivery, ...refusals(403, 404, 409) },
      },
    },
    async (request) => {
      const { id, deliveryId: which } = request.params
      return await act(it, actorOf(request), 'webhook.retry', id, { delivery: which }, () => service.retryDelivery(it, id, which))
    },
  )
}

/** The request as the log of actions keeps it: a URL may carry a key in its path or query, so only its host is kept. */
function shown({ url, ...rest }: { url?: string; events?: string[]; active?: boolean }) {
  return { ...rest, ...(url !== undefined && { host: URL.canParse(url) ? new URL(url).host : 'invalid URL' }) }
}
