import { Refused } from '../../base/errors'
import type { JobDetail } from '../../service/jobs/detail'
import type { Live, LiveEvent } from '../live'
import type { JobsNews, News } from './context'
import type { Sink } from './latest'

/** Passes on what is told under `name`; while the database is unreachable nothing is, and afterwards what changed. */
const heard =
  <T>(name: LiveEvent['event'], sink: Sink<T>) =>
  ({ event, data }: LiveEvent): void => {
    if (event === name) sink.next(data as T)
    else if (event === 'end' || event === 'closed') sink.end()
  }

/** As many as the events of REST are heard by. */
const MAX_WATCHERS = 6000

/** What the dashboard hears, for subscriptions. @throws {Refused} `setup` when too many listen already */
export function newsOf(live: Live): News {
  const checkRoom = () => {
    if (live.watchers > MAX_WATCHERS) throw new Refused('setup', 'Too many clients follow jobs already; ask for them now and then instead.')
  }
  return {
    job(id, sink) {
      checkRoom()
      return live.watchJob(id, heard<JobDetail>('job', sink)).stop
    },
    jobs(filter, limit, sink) {
      checkRoom()
      return live.watchJobs(filter, limit, heard<JobsNews>('jobs', sink)).stop
    },
  }
}
