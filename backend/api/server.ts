import cookie from '@fastify/cookie'
import helmet from '@fastify/helmet'
import fastify, { type FastifyInstance } from 'fastify'
import { serializerCompiler, validatorCompiler, type ZodTypeProvider } from 'fastify-type-provider-zod'
import { loadParts } from '../contract'
import type { Service } from '../service/base/context'
import { MAX_BODY, parseJson, refuseUnstorable } from './body'
import { boundConnections, TIMEOUTS } from './connections'
import type { Failures } from './failures'
import { graphql } from './graphql'
import { createLive, type Live } from './live'
import { describe } from './openapi'
import { answerProblem, problemOf, send } from './problems'
import { nameRequests, requestIdOf } from './request-id'
import { routes } from './routes'
import { secure } from './security'
import { serveDashboard } from './static'

export interface Api {
  app: FastifyInstance
  live: Live
  /** Starts to listen. @returns its URL */
  listen(): Promise<string>
  /** Loads what waits for its first use, so that a newer build that takes the place of this one is not mixed with what runs. */
  loadAll(): void
  /** Ends event streams, lets current requests finish, and closes. */
  close(): Promise<void>
}

export interface ApiOptions {
  service: Service
  /** Shown to visitors. */
  version: string
  /** Folder of the built dashboard. */
  dashboard: string
  /** Replaces API_PORT, for tests. */
  port?: number
  /** Wrong tokens, counted by all entry points of this process. */
  failures?: Failures
}

/** What a page may load: its own files and nothing from other sites. */
const PAGES = {
  contentSecurityPolicy: {
    useDefaults: false,
    directives: {
      defaultSrc: ["'self'"],
      imgSrc: ["'self'", 'data:'],
      styleSrc: ["'self'"],
      objectSrc: ["'none'"],
      baseUri: ["'none'"],
      formAction: ["'self'"],
      frameAncestors: ["'none'"],
    },
  },
  referrerPolicy: { policy: 'no-referrer' as const },
  // Strict transport security is up to the proxy that terminates TLS.
  strictTransportSecurity: false,
  crossOriginEmbedderPolicy: false,
}

/** Builds the server with all its routes; it does not listen yet. */
export async function createApi({ service, version, dashboard, port, failures }: ApiOptions): Promise<Api> {
  const { config } = service
  const app = fastify({
    logger: false,
    bodyLimit: MAX_BODY,
    ...TIMEOUTS,
    forceCloseConnections: 'idle',
    // Only a proxy on this machine is believed about the client's address.
    trustProxy: 'loopback',
    genReqId: requestIdOf,
    // Given here, so that the server does not load compilers of its own.
    schemaController: {
      compilersFactory: { buildValidator: () => validatorCompiler as never, buildSerializer: () => serializerCompiler as never },
    },
    frameworkErrors: (error, _, reply) => send(reply, problemOf(error)),
  })
  app.setErrorHandler(answerProblem(service))
  boundConnections(app)
  parseJson(app)
  refuseUnstorable(app)
  // Before the guards, whose refusals name it as well.
  nameRequests(app)
  await app.register(cookie)
  await app.register(helmet, PAGES)
  const guard = secure(app, config, failures)
  const live = createLive(service)
  await describe(app, version, service.sources)
  await app.register(async (api) => routes(api.withTypeProvider<ZodTypeProvider>(), { service, live, version, guard }))
  const loadGraphql = graphql(app, { service, live })
  await serveDashboard(app, dashboard)
  return {
    app,
    live,
    listen: () => app.listen({ host: config.apiHost, port: port ?? config.apiPort }),
    loadAll() {
      loadGraphql()
      loadParts(service.sources)
    },
    async close() {
      live.close()
      await app.close()
    },
  }
}
