import { z } from 'zod'
import { deadGroups } from '../../service/queues/dead-groups'
import { getDeadLetter, listDeadLetters, sendCorrected, takeDeadLetters } from '../../service/queues/dead-letters'
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
    '/api/dead-letters/groups',
    {
      schema: {
        tags,
        operationId: 'groupDeadLetters',
        summary: 'Count dead letters by queue and reason, the largest group first',
        querystring: shapes.deadGroupQuery,
        response: { 200: shapes.deadGroupList, ...refusals(503) },
      },
    },
    async ({ query }) => await deadGroups(service, query.queue),
  )
  app.post(
    '/api/dead-letters/:id/correct',
    {
      schema: {
        tags,
        operationId: 'correctDeadLetter',
        summary: 'Send a corrected message in place of a dead letter',
        description: 'It is checked as a worker would; the dead letter is removed once RabbitMQ has confirmed the new message.',
        params: z.object({ id: z.string().max(64) }),
        body: shapes.correctedBody,
        response: { 200: shapes.deadLetter, ...refusals(403, 404, 503) },
      },
    },
    async (request) => await sendCorrected(service, actorOf(request), request.params.id, request.body.body),
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
