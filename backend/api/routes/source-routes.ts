import type { Route, Source } from '../../contract'
import type { Service } from '../../service/base/context'
import { createRouteContext } from '../../service/routes/context'
import { HttpError } from '../problems'
import { actorOf, traceOf } from '../security'
import { type App, type Context, routeRefusals } from './context'

const METHODS = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'] as const

/** The routes of the sources. */
export function sourceRoutes(app: App, { service }: Context): void {
  const byPath = new Map<string, Route[]>()
  for (const source of service.sources) {
    for (const route of source.routes ?? []) {
      mount(app, service, source, route)
      byPath.set(route.path, [...(byPath.get(route.path) ?? []), route])
    }
  }
  for (const routes of byPath.values()) closeOthers(app, routes)
}

function mount(app: App, service: Service, source: Source, route: Route): void {
  const { method, path, access, refusals, params, query, body, headers } = route
  app.route({
    method,
    url: path,
    // HEAD would do what GET does: who is not known may ask for a link that works once, and it must be a person who follows it.
    exposeHeadRoute: access !== 'open',
    config: { sourceRoute: true, access, refusals },
    schema: {
      tags: [source.name],
      operationId: route.operation,
      summary: route.about,
      ...(params && { params }),
      ...(query && { querystring: query }),
      ...(body && { body }),
      ...(headers && { headers }),
      ...(access === 'open' && { security: [] }),
      response: {
        ...routeRefusals(refusals, ...statusesOf(route)),
        ...Object.fromEntries(route.answers.map((answer) => [answer.status, shapeOf(answer)])),
      },
    },
    async handler(request, reply) {
      // Only the declared headers: a source gets no others, tokens among them.
      const own = headers?.parse(request.raw.headers)
      const ask = { params: request.params, query: request.query, body: request.body, headers: own }
      const answer = await route.answer(
        ask,
        createRouteContext(service, source, actorOf(request), { id: request.id, trace: traceOf(request) }),
      )
      const declared = route.answers.find(({ status }) => status === answer.status)
      if (!declared) throw new Error(`${route.operation} answered ${answer.status}, which its answers do not name`)
      const type = declared.type === undefined ? {} : { 'content-type': `${declared.type}; charset=utf-8` }
      return await reply
        .code(answer.status)
        .headers({ ...type, ...answer.headers })
        .send(answer.body)
    },
  })
}

const shapeOf = ({ body, type }: Route['answers'][number]) =>
  type === undefined ? body : { description: body.meta()?.description ?? type, content: { [type]: { schema: body } } }

/** Statuses that a route may answer with besides 400 and its own. */
const statusesOf = ({ method, access }: Route): number[] => [
  ...(access === 'open' ? [421] : [401]),
  ...(access === 'admin' ? [403] : []),
  404,
  ...(method === 'GET' ? [] : [409, 503]),
]

/** Refuses other methods at a route's path, which would reach the dashboard otherwise. */
function closeOthers(app: App, routes: readonly Route[]): void {
  const [{ path: url, refusals } = { path: '' }] = routes
  const known = routes.map(({ method }) => method)
  const allow = known.join(', ')
  app.route({
    method: METHODS.filter((method) => !known.includes(method)),
    url,
    config: { sourceRoute: true, refusals },
    schema: { hide: true } as object,
    async handler({ method }) {
      throw new HttpError(405, `This route does not support ${method}, only ${allow}; see /api/docs`, { allow })
    },
  })
}
