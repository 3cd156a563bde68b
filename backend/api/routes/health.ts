import { readiness } from '../../service/suite/readiness'
import * as shapes from '../shapes'
import { type App, type Context, openRefusals } from './context'

/** Whether this process lives, and whether it can work. */
export function health(app: App, { service }: Context): void {
  const tags = ['health']
  app.get(
    '/healthz',
    {
      schema: {
        tags,
        operationId: 'getHealth',
        summary: 'This process answers',
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
        summary: 'Database and broker answer; queues that nobody consumes are listed and not fatal',
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
