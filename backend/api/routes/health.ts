import { readiness } from '../../service/suite/readiness'
import * as shapes from '../shapes'
import { type App, type Context, openRefusals } from './context'

/** Whether this process is alive, and whether it can work. */
export function health(app: App, { service }: Context): void {
  const tags = ['health']
  app.get(
    '/healthz',
    {
      schema: {
        tags,
        operationId: 'getHealth',
        summary: 'Check that this process answers',
        security: [],
        response: { 200: shapes.health, ...openRefusals() },
      },
    },
    async () => ({ status: 'ok' as const }),
  )
  app.get(
    '/readyz',
    {
      schema: {
        tags,
        operationId: 'getReadiness',
        summary: 'Check that the database and the broker answer; queues without a consumer are listed and do not count as a failure',
        security: [],
        response: { 200: shapes.readiness, 503: shapes.readiness, ...openRefusals() },
      },
    },
    async (_, reply) => {
      const found = await readiness(service)
      return await reply.code(found.status === 'ready' ? 200 : 503).send(found)
    },
  )
}
