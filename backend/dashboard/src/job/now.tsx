import type { JobDetail } from '../api/types'
import { Empty } from '../ui/empty'
import { Counters } from './counters'
import { EarlierRuns } from './earlier-runs'
import { FailuresNote } from './failures-note'
import { InHand } from './in-hand'
import { Lanes } from './lanes'
import { Requests } from './requests'
import { Stages } from './stages'

/** Current activity: tasks in progress, errors, lanes, requests. */
export function Now({ job }: { job: JobDetail }) {
  const nothing = job.stages.length + job.inHand.length + job.errors.length + job.lanes.length + Object.keys(job.requests).length === 0
  if (nothing)
    return (
      <Empty small title="Nothing has happened yet" icon="clock">
        <p>Tasks, errors and requests appear here once a worker starts the first task.</p>
      </Empty>
    )
  return (
    <div class="stack wide-gap">
      <Stages job={job} />
      <FailuresNote job={job} />
      <EarlierRuns job={job} />
      <InHand job={job} />
      <Lanes job={job} />
      <Counters job={job} />
      <Requests job={job.id} requests={job.requests} />
    </div>
  )
}
