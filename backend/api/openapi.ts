import swagger from '@fastify/swagger'
import swaggerUi from '@fastify/swagger-ui'
import type { FastifyInstance } from 'fastify'
import { jsonSchemaTransform, jsonSchemaTransformObject } from 'fastify-type-provider-zod'
import type { OpenAPIV3_1 } from 'openapi-types'
import type { Source } from '../contract'

const ABOUT = `Starts, watches and steers backfills. Lists are read page by page: send the \`next\` of an answer as \`cursor\` until it is null.
Every error is a problem document (RFC 9457) that names the field. \`Authorization: Bearer <ADMIN_TOKEN>\` may do everything, \`READ_TOKEN\` may look.`

const TAGS = [
  { name: 'jobs', description: 'What was asked for, and how far it is' },
  { name: 'suite', description: 'Sources, workers, limits, queues, history' },
  { name: 'dead letters', description: 'Messages that could not be understood' },
  { name: 'refusals', description: 'What upstreams refused twice, not requested again for a while' },
  { name: 'schedules', description: 'Backfills started by the clock' },
  { name: 'webhooks', description: 'Who is told of events over HTTP' },
  { name: 'access', description: 'Who asks, login, and what was done' },
  { name: 'health', description: 'Whether this process works' },
]

type Document = ReturnType<typeof jsonSchemaTransformObject> & OpenAPIV3_1.Document

/** Each shape is made for requests and for answers; the document keeps those it refers to. */
function withoutUnused(document: Document): Document {
  const schemas = Object.entries(document.components?.schemas ?? {})
  const text = JSON.stringify(document)
  const used = schemas.filter(([name]) => text.includes(`#/components/schemas/${name}"`))
  const smaller = { ...document, components: { ...document.components, schemas: Object.fromEntries(used) } }
  // Without one, what only that one referred to is unused too.
  return used.length === schemas.length ? smaller : withoutUnused(smaller)
}

/** The OpenAPI document of every route that is registered after this, and a page to browse it. */
export async function describe(app: FastifyInstance, version: string, sources: readonly Source[]): Promise<void> {
  const routes = sources.filter((source) => source.routes?.length).map(({ name, about }) => ({ name, description: about }))
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: { title: 'Backhaul', description: ABOUT, version, license: { name: 'MIT', identifier: 'MIT' } },
      servers: [{ url: '/' }],
      tags: [...TAGS, ...routes],
      security: [{ token: [] }, { session: [] }],
      components: {
        securitySchemes: {
          token: { type: 'http', scheme: 'bearer' },
          session: { type: 'apiKey', in: 'cookie', name: 'backhaul_session' },
        },
      },
    },
    transform: jsonSchemaTransform,
    transformObject: (document) => withoutUnused(jsonSchemaTransformObject(document) as Document),
  })
  await app.register(swaggerUi, {
    routePrefix: '/api/docs',
    uiConfig: { docExpansion: 'list', deepLinking: true, validatorUrl: null, withCredentials: true } as object,
    theme: { title: 'Backhaul API' },
    // Its page brings styles inside its markup.
    transformStaticCSP: (header) => header.replace("style-src 'self'", "style-src 'self' 'unsafe-inline'"),
  })
  // Written once: clients that do not read it all hold the same bytes.
  let written: Buffer | undefined
  app.get('/api/openapi.json', { schema: { hide: true } as object }, (_, reply) => {
    written ??= Buffer.from(JSON.stringify(app.swagger()))
    return reply.type('application/json; charset=utf-8').send(written)
  })
}
