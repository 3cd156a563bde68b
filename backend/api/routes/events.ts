import { DEFAULT_LIMIT } from '../../base/vocabulary'
import { checkFilter } from '../../service/jobs/list'
import { findJob } from '../../service/jobs/verbs'
import type { Watch } from '../live'
import { HttpError } from '../problems'
import * as shapes from '../shapes'
import { openStream } from '../sse'
import { type App, type Context, jobId, refusals } from './context'

/** Clients of one process; more are refused, because each holds a connection. */
const MAX_STREAMS = 2000

/** Of a route that sends events. */
export const STREAM = { description: 'Server-sent events', content: { 'text/event-stream': { schema: shapes.eventStream } } }

/** @throws {HttpError} 503 */
export function checkRoom(live: Context['live']): void {
  if (live.watchers > 3 * MAX_STREAMS) throw new HttpError(503, 'Too many clients follow events already; poll the list instead.')
}

/** Server-sent events: of one job until it ends, and of the list. */
export function events(app: App, { service, live }: Context): void {
  const tags = ['jobs']
  app.get(
    '/api/jobs/:id/events',
    {
      schema: {
        tags,
        operationId: 'watchJob',
        summary: 'Follow a job until it ends',
        description:
          'Event `job` (a JobDetail, at most one per second, when the job has changed), then `end` once it has ended; `unreachable` while the database is.',
        params: jobId,
        response: { 200: STREAM, ...refusals(404, 503) },
      },
    },
    async (request, reply) => {
      checkRoom(live)
      const { id } = await findJob(service, request.params.id)
      const watches: Watch[] = []
      const stream = openStream(request, reply, () => stopAll(watches))
      watches.push(live.watchJob(id, stream.send))
      stream.follow(watches)
    },
  )
  app.get(
    '/api/events',
    {
      schema: {
        tags,
        operationId: 'watchJobs',
        summary: 'Follow the list of jobs',
        description:
          'Event `jobs` (`{items, counts}`: the first page whole, then jobs that are new or changed), `overview`, `alerts`, and `unreachable` while the database is. Every connection starts with the current values.',
        querystring: shapes.eventsQuery,
        response: { 200: STREAM, ...refusals(503) },
      },
    },
    async (request, reply) => {
      checkRoom(live)
      const { limit = DEFAULT_LIMIT, ...filter } = request.query
      checkFilter(service, filter)
      const watches: Watch[] = []
      const stream = openStream(request, reply, () => stopAll(watches))
      watches.push(live.watchJobs(filter, limit, stream.send), live.watchOverview(stream.send), live.watchAlerts(stream.send))
      stream.follow(watches)
    },
  )
}

function stopAll(watches: readonly Watch[]): void {
  for (const watch of watches) watch.stop()
}
