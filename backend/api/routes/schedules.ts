import { z } from 'zod'
import { getJob } from '../../service/jobs/list'
import * as service from '../../service/schedules/schedules'
import { listTicks } from '../../service/schedules/ticks'
import { act } from '../../service/suite/actions'
import { actorOf } from '../security'
import * as shapes from '../shapes'
import { type App, type Context, refusals } from './context'

const scheduleId = z.object({ id: z.string().max(100).meta({ description: 'Id or name of a schedule' }) })

/** Backfills that start by a cron expression. */
export function schedules(app: App, context: Context): void {
  const it = context.service
  const tags = ['schedules']
  const about = (operationId: string, summary: string) => ({ tags, operationId, summary })
  const one = (operationId: string, summary: string) => ({ ...about(operationId, summary), params: scheduleId })

  app.get(
    '/api/schedules',
    {
      schema: {
        ...about('listSchedules', 'List schedules by name'),
        querystring: shapes.noQuery,
        response: { 200: shapes.scheduleList, ...refusals() },
      },
    },
    async () => ({ items: await service.listSchedules(it) }),
  )
  app.post(
    '/api/schedules',
    {
      schema: {
        ...about('addSchedule', 'Add a schedule'),
        body: shapes.newSchedule,
        response: { 201: shapes.schedule, ...refusals(403, 404, 409) },
      },
    },
    async (request, reply) => {
      const { body } = request
      const made = await act(it, actorOf(request), 'schedule.add', body.name, body as never, () => service.addSchedule(it, body))
      return await reply.code(201).header('location', `/api/schedules/${made.id}`).send(made)
    },
  )
  app.get(
    '/api/schedules/:id',
    { schema: { ...one('getSchedule', 'Get a schedule'), response: { 200: shapes.schedule, ...refusals(404) } } },
    async ({ params }) => await service.getSchedule(it, params.id),
  )
  app.get(
    '/api/schedules/:id/ticks',
    {
      schema: {
        ...one('listTicks', 'List what became of the ticks of a schedule, newest first'),
        querystring: shapes.pageQuery,
        response: { 200: shapes.tickList, ...refusals(404) },
      },
    },
    async ({ params, query }) => await listTicks(it, params.id, query),
  )
  app.patch(
    '/api/schedules/:id',
    {
      schema: {
        ...one('changeSchedule', 'Change the given fields of a schedule'),
        body: shapes.scheduleChange,
        response: { 200: shapes.schedule, ...refusals(403, 404, 409) },
      },
    },
    async (request) => {
      const { params, body } = request
      return await act(it, actorOf(request), 'schedule.change', params.id, body as never, () => service.changeSchedule(it, params.id, body))
    },
  )
  app.delete(
    '/api/schedules/:id',
    {
      schema: {
        ...one('removeSchedule', 'Remove a schedule; the jobs that it started stay'),
        response: { 204: shapes.nothing, ...refusals(403, 404) },
      },
    },
    async (request, reply) => {
      await act(it, actorOf(request), 'schedule.remove', request.params.id, {}, () => service.removeSchedule(it, request.params.id))
      return await reply.code(204).send()
    },
  )
  for (const [verb, change, summary] of [
    ['pause', service.pauseSchedule, 'Let no tick start anything'],
    ['resume', service.resumeSchedule, 'Go on with the next tick'],
  ] as const) {
    app.post(
      `/api/schedules/:id/${verb}`,
      { schema: { ...one(`${verb}Schedule`, summary), response: { 200: shapes.schedule, ...refusals(403, 404) } } },
      async (request) => await act(it, actorOf(request), `schedule.${verb}`, request.params.id, {}, () => change(it, request.params.id)),
    )
  }
  app.post(
    '/api/schedules/:id/run',
    {
      schema: {
        ...one('runSchedule', 'Start its job now, in addition to its ticks'),
        response: { 200: shapes.scheduleRun, ...refusals(403, 404) },
      },
    },
    async (request) => {
      const { id } = request.params
      const started = await act(it, actorOf(request), 'schedule.run', id, {}, () => service.runSchedule(it, id))
      return { job: await getJob(it, started.id), created: started.created, broker: started.broker ?? null }
    },
  )
}
