import type { Door, Source } from '../../contract'
import type { Service } from '../../service/base/context'
import { createDoorDesk } from '../../service/routes/context'
import { Answer } from '../problems'
import { actorOf, traceOf } from '../security'
import { type App, type Desk, doorRefusals } from './desk'

const METHODS = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'] as const
const IS_DOOR = { door: true }

/** The routes that sources bring along. */
export function doors(app: App, { service }: Desk): void {
  const methods = new Map<string, string[]>()
  for (const source of service.sources) {
    for (const door of source.doors ?? []) {
      mount(app, service, source, door)
      methods.set(door.path, [...(methods.get(door.path) ?? []), door.method])
    }
  }
  for (const [path, known] of methods) closeOthers(app, path, known)
}

function mount(app: App, service: Service, source: Source, door: Door): void {
  const { method, path, params, query, body } = door
  const isRead = method === 'GET'
  app.route({
    method,
    url: path,
    config: IS_DOOR,
    schema: {
      tags: [source.name],
      operationId: door.operation,
      summary: door.about,
      ...(params && { params }),
      ...(query && { querystring: query }),
      ...(body && { body }),
      response: {
        ...doorRefusals(...(isRead ? [404] : [403, 404, 409, 503])),
        ...Object.fromEntries(door.answers.map((answer) => [answer.status, answer.body])),
      },
    },
    async handler(request, reply) {
      const ask = { params: request.params, query: request.query, body: request.body }
      const answer = await door.answer(ask, createDoorDesk(service, source, actorOf(request), traceOf(request)))
      if (!door.answers.some(({ status }) => status === answer.status))
        throw new Error(`${door.operation} answered ${answer.status}, which its answers do not name`)
      return await reply
        .code(answer.status)
        .headers(answer.headers ?? {})
        .send(answer.body)
    },
  })
}

/** Other methods at a door's path are refused there: the dashboard takes paths that nobody else does. */
function closeOthers(app: App, url: string, known: readonly string[]): void {
  const allow = known.join(', ')
  app.route({
    method: METHODS.filter((method) => !known.includes(method)),
    url,
    config: IS_DOOR,
    schema: { hide: true } as object,
    async handler({ method }) {
      throw new Answer(405, `There is no ${method} here, only ${allow}; see /api/docs`, { allow })
    },
  })
}
