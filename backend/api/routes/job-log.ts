import { readLog } from '../../service/jobs/log'
import { findJob } from '../../service/jobs/verbs'
import type { Watch } from '../live'
import * as shapes from '../shapes'
import { openStream } from '../sse'
import { type App, type Context, jobId, refusals } from './context'
import { checkRoom, STREAM } from './events'

/** The log of a job: its lines, and those that come. */
export function jobLog(app: App, { service, live }: Context): void {
  const tags = ['jobs']
  app.get(
    '/api/jobs/:id/log',
    {
      schema: {
        tags,
        operationId: 'getJobLog',
        summary: 'List the log lines of a job: its last ones, or those before or after a line',
        description: 'Lines of every process that worked on it, kept for JOB_LOG_DAYS, at most JOB_LOG_LINES of a job.',
        params: jobId,
        querystring: shapes.logQuery,
        response: { 200: shapes.jobLog, ...refusals(404) },
      },
    },
    async ({ params, query }) => await readLog(service, params.id, query),
  )
  app.get(
    '/api/jobs/:id/log/events',
    {
      schema: {
        tags,
        operationId: 'watchJobLog',
        summary: 'Follow the log of a job until it ends',
        description:
          'Event `log` (a JobLog: the last 200 lines, then what comes), then `end` once the job has ended; `unreachable` while the database is.',
        params: jobId,
        querystring: shapes.logFilter,
        response: { 200: STREAM, ...refusals(404, 503) },
      },
    },
    async (request, reply) => {
      checkRoom(live)
      const { id } = await findJob(service, request.params.id)
      const watches: Watch[] = []
      const stream = openStream(request, reply, () => {
        for (const watch of watches) watch.stop()
      })
      watches.push(live.watchLog(id, request.query, stream.send))
      stream.follow(watches)
    },
  )
}
