import { forget, list } from '../../service/suite/refusals'
import { actorOf } from '../security'
import * as shapes from '../shapes'
import { type App, type Context, refusals as problems } from './context'

/** What upstreams refused twice; it is not requested again for a while. */
export function refusals(app: App, { service }: Context): void {
  const tags = ['refusals']
  app.get(
    '/api/refusals',
    {
      schema: {
        tags,
        operationId: 'listRefusals',
        summary: 'List the refusals in force, by kind and id',
        querystring: shapes.refusalQuery,
        response: { 200: shapes.refusalList, ...problems() },
      },
    },
    async ({ query }) => ({ items: await list(service, query) }),
  )
  app.post(
    '/api/refusals/forget',
    {
      schema: {
        tags,
        operationId: 'forgetRefusals',
        summary: 'Forget refusals, so that their upstream is asked again',
        description: 'An id of a lookup is requested at once, a killmail when the next backfill finds it.',
        body: shapes.refusalChoice,
        response: { 200: shapes.forgotten, ...problems(403, 404) },
      },
    },
    async (request) => {
      const { kind, ...choice } = request.body
      return { forgotten: await forget(service, actorOf(request), kind, choice) }
    },
  )
}
