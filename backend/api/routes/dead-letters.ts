import { z } from 'zod'
import { getDeadLetter, listDeadLetters, takeDeadLetters } from '../../service/queues/dead-letters'
import { actorOf } from '../security'
import * as shapes from '../shapes'
import { type App, type Context, refusals } from './context'

/** Messages that could not be understood. */
export function deadLetters(app: App, { service }: Context): void {
  const tags = ['dead letters']
  app.get(
    '/api/dead-letters',
    {
      schema: {
        tags,
        operationId: 'listDeadLetters',
        summary: 'List dead letters, oldest first',
        querystring: shapes.deadLetterQuery,
        response: { 200: shapes.deadLetterList, ...refusals(503) },
      },
    },
    async ({ query }) => await listDeadLetters(service, query),
  )
  app.get(
    '/api/dead-letters/:id',
    {
      schema: {
        tags,
        operationId: 'getDeadLetter',
        summary: 'Get a dead letter with its whole body',
        params: z.object({ id: z.string().max(64) }),
        response: { 200: shapes.deadLetter, ...refusals(404, 503) },
      },
    },
    async ({ params }) => await getDeadLetter(service, params.id),
  )
  for (const [verb, summary] of [
    ['replay', 'Publish dead letters to the queues they were meant for'],
    ['drop', 'Delete dead letters'],
  ] as const) {
    app.post(
      `/api/dead-letters/${verb}`,
      {
        schema: {
          tags,
          operationId: `${verb}DeadLetters`,
          summary,
          body: shapes.deadLetterChoice,
          response: { 200: shapes.taken, ...refusals(403, 404, 503) },
        },
      },
      async (request) => ({ taken: await takeDeadLetters(service, actorOf(request), verb, request.body) }),
    )
  }
}
