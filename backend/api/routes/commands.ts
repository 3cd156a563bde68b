import { estimateCommand, startCommand } from '../../service/jobs/commands'
import { actorOf, traceOf } from '../security'
import * as shapes from '../shapes'
import { type App, type Context, refusals } from './context'

/** 50,000 ids of the longest kind, a DID, with what is around them. */
const BODY_LIMIT = 4 * 1024 * 1024

/** The commands of the sources: many ids in one request. */
export function commands(app: App, { service }: Context): void {
  const tags = ['jobs']
  app.post(
    '/api/commands/estimate',
    {
      bodyLimit: BODY_LIMIT,
      config: { access: 'read' },
      schema: {
        tags,
        operationId: 'estimateCommand',
        summary: 'Estimate what a command costs for many ids, and name those that are invalid',
        body: shapes.commandEstimateBody,
        response: { 200: shapes.commandEstimate, ...refusals(404) },
      },
    },
    async ({ body }) => await estimateCommand(service, body),
  )
  app.post(
    '/api/commands/start',
    {
      bodyLimit: BODY_LIMIT,
      schema: {
        tags,
        operationId: 'startCommand',
        summary: 'Start a command for many ids: one job for each, in one transaction, or lookups',
        description: 'With one invalid id nothing is started; the errors name each by its place, such as `ids.17`.',
        body: shapes.commandBody,
        response: { 200: shapes.commandDone, ...refusals(403, 404, 503) },
      },
    },
    async (request) => await startCommand(service, actorOf(request), { ...request.body, trace: traceOf(request) }),
  )
}
