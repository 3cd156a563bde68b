import type { JobSummary } from '../api/types'
import type { Part } from '../ui/bar'
import { Icon } from '../ui/icon'

/** The result of a job: verified, or why not. */
export function Verdict({ job }: { job: JobSummary }) {
  if (job.status === 'completed')
    return job.verified ? (
      <span class="status ok">
        <Icon name="seal" size={14} />
        Verified
      </span>
    ) : (
      <span class="status warn">
        <Icon name="alert" size={14} />
        Not verified
      </span>
    )
  if (job.status === 'partial' || job.status === 'failed')
    return <span class="bad nowrap">{job.tasks.failed > 0 ? `${job.tasks.failed} of ${job.tasks.total} failed` : 'Failed'}</span>
  return <span class="soft">Cancelled</span>
}

/** The color of a job's bar. */
export function toneOf(job: JobSummary): Part['tone'] {
  if (job.status === 'completed') return 'ok'
  if (job.status === 'partial') return 'warn'
  if (job.status === 'failed') return 'bad'
  return job.status === 'running' ? undefined : 'idle'
}
