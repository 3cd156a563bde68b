import { Readable } from 'node:stream'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { createSchema, createYoga } from 'graphql-yoga'
import { Refused } from '../../base/errors'
import { jsonIn } from '../../base/json'
import type { Service } from '../../service/base/context'
import type { Live } from '../live'
import { actorOf } from '../security'
import type { Context } from './context'
import { createMask } from './errors'
import { Job } from './job-fields'
import { useLimits } from './limits'
import { Mutation } from './mutations'
import { Query } from './queries'
import { scalars } from './scalars'
import { Schedule } from './schedule-fields'
import { sdlOf } from './sdl'
import { Subscription } from './subscriptions'
import { updatesOf } from './updates'

const PATH = '/graphql'

interface Incoming {
  req: FastifyRequest
}

const createHandler = ({ log, sources }: Service, contextOf: (request: FastifyRequest) => Context) =>
  createYoga<Incoming, Context>({
    schema: createSchema<Incoming & Context>({
      typeDefs: sdlOf(sources),
      resolvers: { ...scalars, Query, Mutation, Subscription, Job, Schedule } as never,
    }),
    graphqlEndpoint: PATH,
    context: ({ req }) => contextOf(req),
    plugins: [useLimits()],
    maskedErrors: { maskError: createMask(log) },
    // The mask logs what a client may not read; yoga's own lines would log refusals as errors.
    logging: false,
    // Its pages load files from other hosts.
    graphiql: false,
    landingPage: false,
    batching: false,
    multipart: false,
    cors: false,
    // Clients could fill the memory with kept documents.
    parserAndValidationCache: false,
  })

/** Answers GraphQL at /graphql: queries and mutations by POST, queries also by GET, subscriptions as server-sent events. */
export function graphql(app: FastifyInstance, { service, live }: { service: Service; live: Live }): void {
  const updates = updatesOf(live)
  const yoga = createHandler(service, (request) => ({
    service,
    updates,
    actor: actorOf(request, 'graphql'),
    canWrite: request.visitor.canWrite,
    trace: traceOf(request),
  }))
  app.route({
    url: PATH,
    method: ['GET', 'POST'],
    // OpenAPI describes REST only.
    schema: { hide: true } as object,
    // Queries are sent by POST too; whether a mutation may is asked where it runs.
    config: { access: 'read' },
    async handler(request: FastifyRequest, reply: FastifyReply) {
      checkAddress(request)
      const answer = await yoga.handleNodeRequestAndResponse(request, reply, { req: request })
      reply.code(answer.status)
      for (const [name, value] of answer.headers) reply.header(name, value)
      // As fast as it is read; when the reader leaves, the subscription ends.
      return reply.send(answer.body ? Readable.from(answer.body, { objectMode: false }) : '')
    },
  })
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
