import type { FastifyRequest } from 'fastify'
import { createSchema, createYoga } from 'graphql-yoga'
import type { Service } from '../../service/base/context'
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

interface Incoming {
  req: FastifyRequest
}

/** Makes what answers the requests to `path`. */
export const createHandler = ({ log, sources }: Service, path: string, contextOf: (request: FastifyRequest) => Context) =>
  createYoga<Incoming, Context>({
    schema: createSchema<Incoming & Context>({
      typeDefs: sdlOf(sources),
      resolvers: { ...scalars, Query, Mutation, Subscription, Job, Schedule } as never,
    }),
    graphqlEndpoint: path,
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
