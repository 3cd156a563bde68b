import { JOB_VERBS } from '../../base/vocabulary'
import { jobDetail } from '../../service/jobs/detail'
import { listLanes } from '../../service/jobs/lanes'
import { getReport } from '../../service/jobs/list'
import { partitionsOf } from '../../service/jobs/partitions'
import { listRejects, listTasks } from '../../service/jobs/tasks'
import { steerJob } from '../../service/jobs/verbs'
import { actorOf } from '../security'
import * as shapes from '../shapes'
import { type App, type Context, jobId, refusals } from './context'

const ABOUT = {
  pause: 'Let pages in hand end and start no new ones',
  resume: 'Let a paused job go on',
  cancel: 'End a job; what it has written stays',
  retry: 'Let failed tasks try again from the page they reached',
} as const

/** One job: all that is known of it, and the verbs on it. */
export function job(app: App, { service }: Context): void {
  const tags = ['jobs']
  const about = (operationId: string, summary: string) => ({ tags, operationId, summary, params: jobId })
  app.get(
    '/api/jobs/:id',
    { schema: { ...about('getJob', 'All that is known of a job'), response: { 200: shapes.jobDetail, ...refusals(404) } } },
    async ({ params }) => await jobDetail(service, params.id),
  )
  for (const verb of JOB_VERBS) {
    app.post(
      `/api/jobs/:id/${verb}`,
      { schema: { ...about(`${verb}Job`, ABOUT[verb]), response: { 200: shapes.jobSummary, ...refusals(403, 404, 409) } } },
      async (request) => await steerJob(service, actorOf(request), verb, request.params.id),
    )
  }
  app.get(
    '/api/jobs/:id/tasks',
    {
      schema: {
        ...about('listTasks', 'Its tasks by stream and key'),
        querystring: shapes.taskQuery,
        response: { 200: shapes.taskList, ...refusals(404) },
      },
    },
    async ({ params, query }) => await listTasks(service, params.id, query),
  )
  app.get(
    '/api/jobs/:id/lanes',
    {
      schema: {
        ...about('listLanes', 'Its tasks by lane: how far each is, and what it waits for'),
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
        ...about('listRejects', 'Records it set aside, oldest first'),
        querystring: shapes.pageQuery,
        response: { 200: shapes.rejectList, ...refusals(404) },
      },
    },
    async ({ params, query }) => await listRejects(service, params.id, query),
  )
  app.get(
    '/api/jobs/:id/report',
    { schema: { ...about('getReport', 'What it found, and whether that is all'), response: { 200: shapes.report, ...refusals(404) } } },
    async ({ params }) => ({ ...(await getReport(service, params.id)) }),
  )
  app.get(
    '/api/jobs/:id/partitions',
    {
      schema: {
        ...about('getPartitions', 'Its tasks as a grid, where its source has one'),
        response: { 200: shapes.partitions, ...refusals(404) },
      },
    },
    async ({ params }) => await partitionsOf(service, params.id),
  )
}
