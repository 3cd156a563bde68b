import { Link } from 'wouter-preact'
import type { JobSummary } from '../api/types'
import { brief, duration, percent, rate, shortId, upper } from '../lib/format'
import { isActive } from '../lib/verbs'
import { Bar } from '../ui/bar'
import { Icon } from '../ui/icon'
import { Status } from '../ui/status'
import { Ago } from '../ui/time'
import { toneOf, Verdict } from './verdict'

interface Props {
  job: JobSummary
  /** Null when the reader may not change jobs. */
  chosen: boolean | null
  onChoose: (id: string, on: boolean) => void
}

/** One job: what it reads, its state and its progress. */
export function JobRow({ job, chosen, onChoose }: Props) {
  const active = isActive(job.status)
  return (
    <li class={chosen ? 'job chosen' : 'job'}>
      {chosen !== null && (
        <label class="job-check">
          <input type="checkbox" checked={chosen} onChange={(event) => onChoose(job.id, event.currentTarget.checked)} />
          <span class="hidden">Select {job.label}</span>
        </label>
      )}
      <div class="job-mark">
        <Status state={job.status} fraction={job.fraction} bare />
      </div>
      <div class="job-text">
        <div class="job-title">
          <Link href={`/jobs/${job.id}`} class="clip">
            {upper(job.label)}
          </Link>
          <span class="tag phone-not">{job.source}</span>
          <code class="quiet tiny">{shortId(job.id)}</code>
        </div>
        <p class="job-sentence">{job.error && !active ? <span class="bad">{job.error}</span> : job.sentence}</p>
        {active && <RowWait job={job} />}
      </div>
      <div class="job-bar">
        {active ? (
          <>
            <Bar
              label={`Progress of ${job.label}`}
              fraction={job.status === 'running' ? job.fraction : (job.fraction ?? 0)}
              tone={toneOf(job)}
            />
            <span class="job-figures">
              <span>{job.expected ? `${brief(job.seen)} / ${brief(job.expected)}` : `${brief(job.seen)} read`}</span>
              <span>{job.fraction === null ? '' : percent(job.fraction)}</span>
            </span>
          </>
        ) : (
          <span class="job-figures">
            <span>
              <b>{brief(job.new + job.updated)}</b> new · {brief(job.known)} known
            </span>
          </span>
        )}
      </div>
      <div class="job-side">
        {active ? (
          <>
            <span>{job.status === 'running' ? rate(job.rate) : ''}</span>
            <span class="quiet">{job.leftMs === null || job.status !== 'running' ? '' : `${duration(job.leftMs)} left`}</span>
          </>
        ) : (
          <>
            <Verdict job={job} />
            <span class="quiet">
              <Ago at={job.completedAt ?? job.createdAt} />
            </span>
          </>
        )}
      </div>
    </li>
  )
}

/** The first of its waits. */
function RowWait({ job }: { job: JobSummary }) {
  const wait = job.waits[0]
  if (!wait || job.status !== 'running') return null
  return (
    <p class={wait.error ? 'job-wait warn' : 'job-wait'}>
      <Icon name={wait.error ? 'alert' : 'clock'} size={13} />
      <span class="clip">
        {wait.sentence}
        {wait.error ? ` – ${wait.error}` : ''}
      </span>
    </p>
  )
}
