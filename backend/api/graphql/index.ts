import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { createSchema, createYoga } from 'graphql-yoga'
import type { Log } from '../../engine/source'
import type { Context } from './context'
import { createMask } from './errors'
import { Job } from './job-fields'
import { useLimits } from './limits'
import { Mutation } from './mutations'
import { Query } from './queries'
import { scalars } from './scalars'
import { sdl } from './sdl'
import { Subscription } from './subscriptions'

const PATH = '/graphql'

interface Incoming {
  req: FastifyRequest
}

const createHandler = (log: Log, contextOf: (request: FastifyRequest) => Context) =>
  createYoga<Incoming, Context>({
    schema: createSchema<Incoming & Context>({ typeDefs: sdl, resolvers: { ...scalars, Query, Mutation, Subscription, Job } as never }),
    graphqlEndpoint: PATH,
    context: ({ req }) => contextOf(req),
    plugins: [useLimits()],
    maskedErrors: { maskError: createMask(log) },
    // The mask tells the log what a client may not read; yoga's own lines would say refusals as errors.
    logging: false,
    // Its pages load from other hosts.
    graphiql: false,
    landingPage: false,
    batching: false,
    multipart: false,
    cors: false,
    // Kept documents would be memory that clients fill.
    parserAndValidationCache: false,
  })

/** Answers GraphQL at /graphql: queries and mutations by POST, queries also by GET, subscriptions as server-sent events. */
export function graphql(app: FastifyInstance, log: Log, contextOf: (request: FastifyRequest) => Context): void {
  const yoga = createHandler(log, contextOf)
  app.route({
    url: PATH,
    method: ['GET', 'POST'],
    // OpenAPI is about REST.
    schema: { hide: true } as object,
    // Queries are sent by POST too; whether a mutation may is asked where it runs.
    config: { reads: true },
    handler: (request: FastifyRequest, reply: FastifyReply) => yoga.handleNodeRequestAndResponse(request, reply, { req: request }),
  })
}
