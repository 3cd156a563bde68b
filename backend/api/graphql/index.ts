import { Readable } from 'node:stream'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { Refused } from '../../base/errors'
import { jsonIn } from '../../base/json'
import type { Service } from '../../service/base/context'
import type { Live } from '../live'
import { actorOf } from '../security'
import type { Context } from './context'
import type { createHandler } from './handler'
import { updatesOf } from './updates'

const PATH = '/graphql'

/**
 * Answers GraphQL at /graphql: queries and mutations by POST, queries also by GET, subscriptions as server-sent events.
 * @returns what loads it now; without a call, the first request does
 */
export function graphql(app: FastifyInstance, { service, live }: { service: Service; live: Live }): () => void {
  const updates = updatesOf(live)
  const contextOf = (request: FastifyRequest): Context => ({
    service,
    updates,
    actor: actorOf(request, 'graphql'),
    canWrite: request.visitor.canWrite,
    trace: traceOf(request),
  })
  let made: ReturnType<typeof createHandler> | undefined
  // It is half of what the API takes to load, and the dashboard does without it.
  const yoga = () => {
    if (made) return made
    const { createHandler } = require('./handler') as typeof import('./handler')
    made = createHandler(service, PATH, contextOf)
    return made
  }
  app.route({
    url: PATH,
    method: ['GET', 'POST'],
    // OpenAPI describes REST only.
    schema: { hide: true } as object,
    // Queries are sent by POST too; whether a mutation may is asked where it runs.
    config: { access: 'read' },
    async handler(request: FastifyRequest, reply: FastifyReply) {
      checkAddress(request)
      const answer = await yoga().handleNodeRequestAndResponse(request, reply, { req: request })
      reply.code(answer.status)
      for (const [name, value] of answer.headers) reply.header(name, value)
      // As fast as it is read; when the reader leaves, the subscription ends.
      return reply.send(answer.body ? Readable.from(answer.body, { objectMode: false }) : '')
    },
  })
  return yoga
}

/** @throws {Refused} `input` for a query parameter that must be JSON and is not */
function checkAddress({ query }: FastifyRequest): void {
  for (const name of ['variables', 'extensions']) {
    const text = (query as Record<string, unknown>)[name]
    if (text !== undefined && !isJsonObject(text)) throw new Refused('input', `${name} must be a JSON object.`, name)
  }
}

function isJsonObject(text: unknown): boolean {
  const value = typeof text === 'string' ? jsonIn(text) : undefined
  return typeof value === 'object' && value !== null
}

const traceOf = ({ headers }: FastifyRequest): string | undefined =>
  typeof headers.traceparent === 'string' ? headers.traceparent : undefined
