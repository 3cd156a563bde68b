import type { Route, Source } from '../../contract'
import type { Service } from '../../service/base/context'
import { createRouteContext } from '../../service/routes/context'
import { Answer } from '../problems'
import { actorOf, traceOf } from '../security'
import { type App, type Context, routeRefusals } from './context'

const METHODS = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'] as const
const IS_SOURCE_ROUTE = { sourceRoute: true }

/** The routes that sources bring along. */
export function sourceRoutes(app: App, { service }: Context): void {
  const methods = new Map<string, string[]>()
  for (const source of service.sources) {
    for (const route of source.routes ?? []) {
      mount(app, service, source, route)
      methods.set(route.path, [...(methods.get(route.path) ?? []), route.method])
    }
  }
  for (const [path, known] of methods) closeOthers(app, path, known)
}

function mount(app: App, service: Service, source: Source, route: Route): void {
  const { method, path, params, query, body } = route
  const isRead = method === 'GET'
  app.route({
    method,
    url: path,
    config: IS_SOURCE_ROUTE,
    schema: {
      tags: [source.name],
      operationId: route.operation,
      summary: route.about,
      ...(params && { params }),
      ...(query && { querystring: query }),
      ...(body && { body }),
      response: {
        ...routeRefusals(...(isRead ? [404] : [403, 404, 409, 503])),
        ...Object.fromEntries(route.answers.map((answer) => [answer.status, answer.body])),
      },
    },
    async handler(request, reply) {
      const ask = { params: request.params, query: request.query, body: request.body }
      const answer = await route.answer(ask, createRouteContext(service, source, actorOf(request), traceOf(request)))
      if (!route.answers.some(({ status }) => status === answer.status))
        throw new Error(`${route.operation} answered ${answer.status}, which its answers do not name`)
      return await reply
        .code(answer.status)
        .headers(answer.headers ?? {})
        .send(answer.body)
    },
  })
}

/** Other methods at a route's path are refused there: the dashboard takes paths that nobody else does. */
function closeOthers(app: App, url: string, known: readonly string[]): void {
  const allow = known.join(', ')
  app.route({
    method: METHODS.filter((method) => !known.includes(method)),
    url,
    config: IS_SOURCE_ROUTE,
    schema: { hide: true } as object,
    async handler({ method }) {
      throw new Answer(405, `There is no ${method} here, only ${allow}; see /api/docs`, { allow })
    },
  })
}
