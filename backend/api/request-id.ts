import { randomUUID } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import type { FastifyInstance } from 'fastify'

/** What is safe in a header, a log line and a body; ids of tracing tools and UUIDs are such tokens. */
const TOKEN = /^[\w.:@+=/-]{1,128}$/

/** The id of a request: the client's own, where it is a short token. */
export function requestIdOf({ headers }: Pick<IncomingMessage, 'headers'>): string {
  const given = headers['x-request-id']
  return typeof given === 'string' && TOKEN.test(given) ? given : randomUUID()
}

/** Names the id in every answer of a source's route. */
export function nameRequests(app: FastifyInstance): void {
  app.addHook('onRequest', async ({ id, routeOptions }, reply) => {
    if (routeOptions.config?.sourceRoute) reply.header('x-request-id', id)
  })
}
