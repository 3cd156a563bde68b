import type { FastifyReply } from 'fastify'
import { previewBulk, steerJobs } from '../../service/jobs/bulk'
import { estimateJob } from '../../service/jobs/estimate'
import { listJobs } from '../../service/jobs/list'
import { PRIORITY, type StartAsk, startJob } from '../../service/jobs/start'
import { actorOf, traceOf } from '../security'
import * as shapes from '../shapes'
import { type App, type Context, refusals } from './context'

/** The list of jobs, start, estimate, and verbs on many jobs. */
export function jobs(app: App, { service }: Context): void {
  const tags = ['jobs']
  app.get(
    '/api/jobs',
    {
      schema: {
        tags,
        operationId: 'listJobs',
        summary: 'List jobs, newest first unless asked otherwise',
        querystring: shapes.jobQuery,
        response: { 200: shapes.jobList, ...refusals() },
      },
    },
    async ({ query: { cursor, limit, ...filter } }) => await listJobs(service, filter, { cursor, limit }),
  )
  app.post(
    '/api/jobs',
    {
      schema: {
        tags,
        operationId: 'startJob',
        summary: 'Start a backfill',
        description:
          'Requests with the same `Idempotency-Key` header start one job. When the same backfill is active already, the answer is 200 with `created: false`.',
        headers: shapes.startHeaders,
        body: shapes.startBody,
        response: { 200: shapes.started, 201: shapes.started, ...refusals(403, 404, 409, 503) },
      },
    },
    async (request, reply) => {
      const ask: StartAsk = {
        ...request.body,
        idempotencyKey: request.headers['idempotency-key'],
        trace: traceOf(request),
      }
      const { job, created, added, broker } = await startJob(service, actorOf(request), ask)
      return await located(reply, created, job.id).send({ ...job, created, added, broker })
    },
  )
  app.post(
    '/api/jobs/estimate',
    {
      config: { access: 'read' },
      schema: {
        tags,
        operationId: 'estimateJob',
        summary: 'Estimate what a backfill costs at the limits in force',
        body: shapes.estimateBody,
        response: { 200: shapes.jobEstimate, ...refusals(404) },
      },
    },
    async ({ body: { priority, ...ask } }) => await estimateJob(service, { ...ask, priority: PRIORITY[priority ?? 'backfill'] }),
  )
  app.post(
    '/api/jobs/bulk',
    {
      schema: {
        tags,
        operationId: 'steerJobs',
        summary: 'One verb on many jobs: some by id, or all that match a filter, a batch at a time',
        description: 'Send `next` as `cursor` until it is null. Repeating a batch changes nothing more.',
        body: shapes.bulkBody,
        response: { 200: shapes.bulkDone, ...refusals(403) },
      },
    },
    async (request) => {
      const { cursor, limit, ...bulk } = request.body
      return await steerJobs(service, actorOf(request), bulk, { cursor, limit })
    },
  )
  app.post(
    '/api/jobs/bulk/preview',
    {
      config: { access: 'read' },
      schema: {
        tags,
        operationId: 'previewSteerJobs',
        summary: 'Count the jobs that match a filter, and those of them that a verb would change now',
        body: shapes.bulkPreviewBody,
        response: { 200: shapes.bulkPreview, ...refusals() },
      },
    },
    async (request) => await previewBulk(service, request.body),
  )
}

const located = (reply: FastifyReply, created: boolean, id: string): FastifyReply =>
  reply.code(created ? 201 : 200).header('location', `/api/jobs/${id}`)
