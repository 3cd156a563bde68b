import { Refused } from '../../base/errors'
import type { JobDetail } from '../../service/jobs/detail'
import type { Live, LiveEvent } from '../live'
import type { JobsUpdate, Updates } from './context'
import type { Sink } from './latest'

/** Passes on the events called `name`: none while the database is unreachable, then what changed. */
const heard =
  <T>(name: LiveEvent['event'], sink: Sink<T>) =>
  ({ event, data }: LiveEvent): void => {
    if (event === name) sink.next(data as T)
    else if (event === 'end' || event === 'closed') sink.end()
  }

/** The same maximum as for the events of REST. */
const MAX_WATCHERS = 6000

/** The live updates of the dashboard, for subscriptions. @throws {Refused} `setup` when there are too many watchers */
export function updatesOf(live: Live): Updates {
  const checkRoom = () => {
    if (live.watchers > MAX_WATCHERS) throw new Refused('setup', 'Too many clients follow jobs; poll instead.')
  }
  return {
    job(id, sink) {
      checkRoom()
      return live.watchJob(id, heard<JobDetail>('job', sink)).stop
    },
    jobs(filter, limit, sink) {
      checkRoom()
      return live.watchJobs(filter, limit, heard<JobsUpdate>('jobs', sink)).stop
    },
  }
}
