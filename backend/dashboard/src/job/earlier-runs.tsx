import type { JobDetail } from '../api/types'
import { count, counted, duration, moment } from '../lib/format'
import { Section } from '../ui/page'
import { Status } from '../ui/status'

/** How a job ended before it was retried. */
export function EarlierRuns({ job }: { job: JobDetail }) {
  if (job.earlierRuns.length === 0) return null
  return (
    <Section title="Earlier runs" extra="The time of the job is the sum of its runs.">
      <ol class="card lines">
        {job.earlierRuns.map((run) => (
          <li key={run.number}>
            <p class="row small">
              <b>Run {count(run.number)}</b>
              <Status state={run.status} />
              <span class="soft">
                ended {moment(run.endedAt)}, took {duration(run.seconds * 1000)}
              </span>
              <span class={run.tasks.failed > 0 ? 'bad' : 'soft'}>
                {count(run.tasks.failed)} of {counted(run.tasks.total, 'task')} failed
              </span>
            </p>
            {run.error && <p class="soft break">{run.error}</p>}
          </li>
        ))}
      </ol>
    </Section>
  )
}
