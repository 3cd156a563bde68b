import type { JobDetail } from '../../service/detail'
import type { Live, LiveEvent } from '../live'
import type { JobsNews, News } from './context'
import type { Sink } from './latest'

/** Passes on what is told under `name`; while the database is away nothing is, and afterwards what changed. */
const heard =
  <T>(name: LiveEvent['event'], sink: Sink<T>) =>
  ({ event, data }: LiveEvent): void => {
    if (event === name) sink.next(data as T)
    else if (event === 'end' || event === 'closed') sink.end()
  }

/** What the dashboard hears, for subscriptions. */
export const newsOf = (live: Live): News => ({
  job: (id, sink) => live.watchJob(id, heard<JobDetail>('job', sink)).stop,
  jobs: (filter, limit, sink) => live.watchJobs(filter, limit, heard<JobsNews>('jobs', sink)).stop,
})
