import type { FastifyInstance } from 'fastify'
import type { SandboxContext } from './base/context'
import type { ActiveFault, FaultRequest } from './base/faults'
import { BadControl, type Input } from './base/input'
import type { ControlRoute } from './base/source'

interface Parts {
  context: SandboxContext
  /** Every fault with its sentence, by source. */
  known: Record<string, Record<string, string>>
  /** The control routes of each source. */
  routes: Record<string, Record<string, ControlRoute>>
  /** @throws {BadControl} */
  fault(request: FaultRequest): ActiveFault
  reset(): void
}

const HELP = [
  ['GET /_sandbox/violations', 'violations of the rules of the upstreams'],
  ['GET /_sandbox/requests', 'traffic by API; ?api=zkillboard lists the arrivals'],
  ['GET /_sandbox/faults', 'active faults, and all that there are'],
  ['POST /_sandbox/faults', '{"name": "empty-page", "match": "page/3/", "times": 1}: switches a fault on'],
  ['DELETE /_sandbox/faults', 'switches the faults off, with ?name=… those of that name'],
  ['POST /_sandbox/reset', 'forgets traffic, violations, faults, spent limits and what was added to the worlds'],
] as const

/** The query and the body of a control request. @throws {BadControl} for a body that is no JSON object */
function inputOf(body: unknown, query: unknown): Input {
  if (typeof body !== 'string' || body.trim() === '') return query as Input
  let parsed: unknown
  try {
    parsed = JSON.parse(body)
  } catch (error) {
    throw new BadControl(`the body is not JSON: ${(error as SyntaxError).message}`)
  }
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) throw new BadControl('the body must be a JSON object')
  return { ...(query as Input), ...parsed }
}

/** The routes that steer the sandbox itself. */
export function mountControl(app: FastifyInstance, { context, known, routes, fault, reset }: Parts): void {
  const further = Object.entries(routes).flatMap(([source, own]) =>
    Object.entries(own).map(([route, action]) => ({ route: route.replace(' ', ` /_sandbox/${source}`), ...action })),
  )
  const lines = [...HELP, ...further.map(({ route, about }) => [route, about] as const)]
  const help = lines.map(([route, about]) => `${route.replace('GET ', 'GET  ').padEnd(36)} ${about}\n`).join('')
  app.get('/_sandbox', async (_request, reply) => reply.type('text/plain; charset=utf-8').send(help))
  app.get('/_sandbox/violations', async () => context.violations.report())
  app.get<{ Querystring: { api?: string } }>('/_sandbox/requests', async ({ query }) =>
    query.api === undefined ? context.arrivals.traffic() : context.arrivals.list(query.api),
  )
  app.get('/_sandbox/faults', async () => ({ on: context.faults.list(), known }))
  app.post('/_sandbox/faults', async (request, reply) => reply.code(201).send(fault(inputOf(request.body, {}) as FaultRequest)))
  app.delete<{ Querystring: { name?: string } }>('/_sandbox/faults', async ({ query }, reply) => {
    context.faults.clear(query.name)
    return reply.code(204).send()
  })
  app.post('/_sandbox/reset', async (_request, reply) => {
    reset()
    return reply.code(204).send()
  })
  for (const { route, run } of further) {
    const [method = '', url = ''] = route.split(' ')
    app.route({ method, url, handler: async (request) => run(inputOf(request.body, request.query)) })
  }
}
