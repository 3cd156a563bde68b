import type { FastifyInstance } from 'fastify'
import type { SandboxContext } from './context'
import type { ActiveFault, FaultRequest } from './faults'
import type { SandboxSource } from './source'

interface Parts {
  context: SandboxContext
  known: Record<string, string>
  sources: SandboxSource[]
  fault(request: FaultRequest): ActiveFault
  reset(): void
}

const HELP = [
  'GET  /_sandbox/violations            breaches of the upstreams’ rules',
  'GET  /_sandbox/requests              traffic by API; ?api=zkillboard lists arrivals one by one',
  'GET  /_sandbox/faults                what is switched on, and what there is',
  'POST /_sandbox/faults                {"name": "empty-page", "match": "page/3/", "times": 1}',
  'DELETE /_sandbox/faults              ?name=… or all',
  'POST /_sandbox/reset                 forgets traffic, violations, faults, spent limits, added records',
]

/** JSON of a control request, or the sentence about what is wrong with it. */
function inputOf(body: unknown, query: unknown): Record<string, unknown> {
  const text = typeof body === 'string' && body.trim() !== '' ? body : '{}'
  const parsed: unknown = JSON.parse(text)
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) throw new SyntaxError('the body must be a JSON object')
  return { ...(query as Record<string, unknown>), ...parsed }
}

function mountSources(app: FastifyInstance, sources: SandboxSource[]): void {
  for (const [route, action] of sources.flatMap((source) => Object.entries(source.control))) {
    const [method = 'GET', path = '/'] = route.split(' ')
    app.route({ method, url: `/_sandbox${path}`, handler: async (request) => action(inputOf(request.body, request.query)) })
  }
}

/** The routes that steer the sandbox itself. */
export function mountControl(app: FastifyInstance, parts: Parts): void {
  const { context } = parts
  app.get('/_sandbox', async (_request, reply) => {
    const further = parts.sources.flatMap((source) =>
      Object.keys(source.control).map((route) => route.replace(' ', ' /_sandbox').replace('GET ', 'GET  ')),
    )
    return reply.type('text/plain; charset=utf-8').send(`${[...HELP, ...further].join('\n')}\n`)
  })
  app.get('/_sandbox/violations', async () => context.violations.report())
  app.get<{ Querystring: { api?: string } }>('/_sandbox/requests', async ({ query }) =>
    query.api === undefined ? context.arrivals.traffic() : context.arrivals.list(query.api),
  )
  app.get('/_sandbox/faults', async () => ({ on: context.faults.list(), known: parts.known }))
  app.post('/_sandbox/faults', async (request, reply) => {
    try {
      return await reply.code(201).send(parts.fault(inputOf(request.body, {}) as FaultRequest))
    } catch (error) {
      return reply.code(400).send({ error: (error as Error).message })
    }
  })
  app.delete<{ Querystring: { name?: string } }>('/_sandbox/faults', async ({ query }, reply) => {
    context.faults.clear(query.name)
    return reply.code(204).send()
  })
  app.post('/_sandbox/reset', async (_request, reply) => {
    parts.reset()
    return reply.code(204).send()
  })
  mountSources(app, parts.sources)
}
