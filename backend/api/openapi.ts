import swagger from '@fastify/swagger'
import swaggerUi from '@fastify/swagger-ui'
import type { FastifyInstance } from 'fastify'
import { jsonSchemaTransform, jsonSchemaTransformObject } from 'fastify-type-provider-zod'
import type { OpenAPIV3_1 } from 'openapi-types'
import type { Source } from '../contract'

const ABOUT = `Start, watch and control backfills. Lists are paged: send the \`next\` of an answer as \`cursor\` until it is null.
Every error is a problem document (RFC 9457) that names the field. \`Authorization: Bearer <ADMIN_TOKEN>\` may do everything, \`READ_TOKEN\` may only read.`

const TAGS = [
  { name: 'jobs', description: 'Backfills: start, follow and control them' },
  { name: 'suite', description: 'Sources, workers, limits, queues and history' },
  { name: 'dead letters', description: 'Messages that could not be understood' },
  { name: 'refusals', description: 'What upstreams refused twice, not requested again for a while' },
  { name: 'schedules', description: 'Backfills that start by a cron expression' },
  { name: 'webhooks', description: 'Receivers of events over HTTP' },
  { name: 'access', description: 'Tokens, sessions and the log of actions' },
  { name: 'health', description: 'Whether this process can work' },
]

type Document = ReturnType<typeof jsonSchemaTransformObject> & OpenAPIV3_1.Document

/** Every shape has a variant for requests and one for answers; the document keeps those that it refers to. */
function withoutUnused(document: Document): Document {
  const schemas = Object.entries(document.components?.schemas ?? {})
  const text = JSON.stringify(document)
  const used = schemas.filter(([name]) => text.includes(`#/components/schemas/${name}"`))
  const smaller = { ...document, components: { ...document.components, schemas: Object.fromEntries(used) } }
  // Removing one may leave others unused.
  return used.length === schemas.length ? smaller : withoutUnused(smaller)
}

/** Serves the OpenAPI document of every route registered after this, and a page to browse it. */
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
    // Its bar has the logo of the server's framework and loads other documents.
    theme: { title: 'Backhaul API', css: [{ filename: 'bar.css', content: '.swagger-ui .topbar { display: none }' }] },
    // Its page has inline styles, and the dashboard shows it in a frame.
    transformStaticCSP: (header) =>
      header.replace("style-src 'self'", "style-src 'self' 'unsafe-inline'").replace("frame-ancestors 'none'", "frame-ancestors 'self'"),
  })
  // Serialized once, so that slow clients share the same bytes.
  let written: Buffer | undefined
  app.get('/api/openapi.json', { schema: { hide: true } as object }, (_, reply) => {
    written ??= Buffer.from(JSON.stringify(app.swagger()))
    return reply.type('application/json; charset=utf-8').send(written)
  })
}
