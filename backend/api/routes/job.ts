import { JOB_VERBS } from '../../base/vocabulary'
import { jobDetail } from '../../service/jobs/detail'
import { failuresOf } from '../../service/jobs/failures'
import { listLanes } from '../../service/jobs/lanes'
import { getReport } from '../../service/jobs/list'
import { partitionsOf } from '../../service/jobs/partitions'
import { listRejects, listTasks } from '../../service/jobs/tasks'
import { timelineOf } from '../../service/jobs/timeline'
import { prioritizeJob, steerJob } from '../../service/jobs/verbs'
import { actorOf } from '../security'
import * as shapes from '../shapes'
import { type App, type Context, jobId, refusals } from './context'

const ABOUT = {
  pause: 'Pause a job: its current pages are finished, and no new ones start',
  resume: 'Resume a paused job',
  cancel: 'Cancel a job; the rows it has written stay',
  retry: 'Retry the failed tasks of a job from the page they reached',
  acknowledge: 'Note that a person knows that a job failed: it no longer asks for attention',
} as const

/** One job: its details, and the verbs on it. */
export function job(app: App, { service }: Context): void {
  const tags = ['jobs']
  const about = (operationId: string, summary: string) => ({ tags, operationId, summary, params: jobId })
  app.get(
    '/api/jobs/:id',
    { schema: { ...about('getJob', 'Get a job with its details'), response: { 200: shapes.jobDetail, ...refusals(404) } } },
    async ({ params }) => await jobDetail(service, params.id),
  )
  for (const verb of JOB_VERBS) {
    const schema = { ...about(`${verb}Job`, ABOUT[verb]), response: { 200: shapes.jobSummary, ...refusals(403, 404, 409) } }
    const path = `/api/jobs/:id/${verb}`
    if (verb === 'retry')
      app.post(
        path,
        { schema: { ...schema, body: shapes.retryBody } },
        async (request) => await steerJob(service, actorOf(request), verb, request.params.id, request.body ?? undefined),
      )
    else app.post(path, { schema }, async (request) => await steerJob(service, actorOf(request), verb, request.params.id))
  }
  app.post(
    '/api/jobs/:id/priority',
    {
      schema: {
        ...about('prioritizeJob', 'Make a job more or less urgent'),
        body: shapes.priorityBody,
        response: { 200: shapes.jobSummary, ...refusals(403, 404, 409) },
      },
    },
    async (request) => await prioritizeJob(service, actorOf(request), request.params.id, request.body.priority),
  )
  app.get(
    '/api/jobs/:id/tasks',
    {
      schema: {
        ...about('listTasks', 'List the tasks of a job by stream and key'),
        querystring: shapes.taskQuery,
        response: { 200: shapes.taskList, ...refusals(404) },
      },
    },
    async ({ params, query }) => await listTasks(service, params.id, query),
  )
  app.get(
    '/api/jobs/:id/timeline',
    {
      schema: {
        ...about('getTimeline', 'List what happened to a job: who started it, actions, waits, lost workers, its end; oldest first'),
        response: { 200: shapes.timeline, ...refusals(404) },
      },
    },
    async ({ params }) => ({ items: await timelineOf(service, params.id) }),
  )
  app.get(
    '/api/jobs/:id/failures',
    {
      schema: {
        ...about('listFailures', 'List the failures of a job by cause: whether trying again helps'),
        response: { 200: shapes.failures, ...refusals(404) },
      },
    },
    async ({ params }) => await failuresOf(service, params.id),
  )
  app.get(
    '/api/jobs/:id/lanes',
    {
      schema: {
        ...about('listLanes', 'List the lanes of a job: how far each is, and what it waits for'),
        querystring: shapes.laneQuery,
        response: { 200: shapes.laneList, ...refusals(404) },
      },
    },
    async ({ params, query }) => await listLanes(service, params.id, query),
  )
  app.get(
    '/api/jobs/:id/rejects',
    {
      schema: {
        ...about('listRejects', 'List the rejected records of a job, oldest first'),
        querystring: shapes.pageQuery,
        response: { 200: shapes.rejectList, ...refusals(404) },
      },
    },
    async ({ params, query }) => await listRejects(service, params.id, query),
  )
  app.get(
    '/api/jobs/:id/report',
    {
      schema: {
        ...about('getReport', 'Get the report of a job: what it found, and whether that is complete'),
        response: { 200: shapes.report, ...refusals(404) },
      },
    },
    async ({ params }) => ({ ...(await getReport(service, params.id)) }),
  )
  app.get(
    '/api/jobs/:id/partitions',
    {
      schema: {
        ...about('getPartitions', 'Get the tasks of a job as a grid, or a window of it, where its source has one'),
        querystring: shapes.partitionQuery,
        response: { 200: shapes.partitions, ...refusals(404) },
      },
    },
    async ({ params, query }) => await partitionsOf(service, params.id, query),
  )
}
