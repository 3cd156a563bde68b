import { useMemo } from 'preact/hooks'
import { Link } from 'wouter-preact'
import type { JobSummary } from '../api/types'
import { serverNow } from '../lib/clock'
import { brief, count, counted, duration, percent, rate, seconds, shortId, upper } from '../lib/format'
import { isActive } from '../lib/verbs'
import { Bar } from '../ui/bar'
import { Icon } from '../ui/icon'
import { Status } from '../ui/status'
import { Ago, RanFor } from '../ui/time'
import { Unbroken } from '../ui/unbroken'
import { ACTIVITIES, isMoving } from './activity'
import { toneOf, Verdict } from './verdict'

interface Props {
  job: JobSummary
  /** Null when the reader may not change jobs. */
  chosen: boolean | null
  onChoose: (id: string, on: boolean) => void
}

/** One job: what it reads, what it does or waits for, and its progress; one that waits for its turn takes one line. */
export function JobRow({ job, chosen, onChoose }: Props) {
  const isQueued = job.position !== null
  return (
    <li class={['job', chosen && 'chosen', isQueued && 'queued'].filter(Boolean).join(' ')}>
      {chosen !== null && (
        <label class="job-check">
          <input type="checkbox" checked={chosen} onChange={(event) => onChoose(job.id, event.currentTarget.checked)} />
          <span class="hidden">Select {job.label}</span>
        </label>
      )}
      <div class="job-mark">
        <Status state={job.status} fraction={job.fraction} still={!isMoving(job)} bare />
      </div>
      <div class="job-text">
        <div class="job-title">
          <Link href={`/jobs/${job.id}`} class="clip">
            <Unbroken text={upper(job.label)} />
          </Link>
          <span class="tag phone-not">{job.source}</span>
          <code class="quiet tiny">{shortId(job.id)}</code>
        </div>
        {!isQueued && <Sentences job={job} />}
      </div>
      {isQueued ? <Place job={job} /> : <Figures job={job} />}
    </li>
  )
}

/** How it is, why it stands still, and what it waits for. */
function Sentences({ job }: { job: JobSummary }) {
  const active = isActive(job.status)
  const settled = job.tasks.done + job.tasks.skipped + job.tasks.failed + job.tasks.cancelled
  const wait = job.status === 'running' ? job.waits[0] : undefined
  return (
    <>
      {job.error && !active && (
        <p class="job-sentence">
          <span class="bad">{job.error}</span>
        </p>
      )}
      {active && job.tasks.total > 1 && (
        <p class="job-sentence">
          {count(settled)} / {counted(job.tasks.total, 'task')}
        </p>
      )}
      {job.stalled && (
        <p class="job-wait bad">
          <Icon name="alert" size={13} />
          <span>
            {upper(job.stalled.message)} (<Ago at={job.stalled.since} />)
          </span>
        </p>
      )}
      {wait && !job.stalled && (
        <p class={wait.error ? 'job-wait warn' : 'job-wait'}>
          <Icon name={wait.error ? 'alert' : 'clock'} size={13} />
          <span class="clamp">
            {wait.sentence}
            {wait.error ? ` – ${wait.error}` : ''}
          </span>
        </p>
      )}
      {job.acknowledged && (
        <p class="job-wait">
          <Icon name="check" size={13} />
          <span class="clip">
            acknowledged by {job.acknowledged.by} <Ago at={job.acknowledged.at} />
          </span>
        </p>
      )}
    </>
  )
}

/** The place in the line of a job that waits for its turn, and when it starts. */
function Place({ job }: { job: JobSummary }) {
  const position = job.position ?? 0
  return (
    <>
      <span class="job-bar job-figures">{position === 1 ? 'Next in line' : `Number ${count(position)} in line`}</span>
      <span class="job-side quiet">{job.startsInMs === null ? '' : `starts in ${duration(job.startsInMs)}`}</span>
    </>
  )
}

function Figures({ job }: { job: JobSummary }) {
  const asOf = useMemo(() => serverNow(), [job])
  if (!isActive(job.status))
    return (
      <>
        <div class="job-bar">
          <span class="job-figures">
            <span>
              <b>{brief(job.new + job.updated)}</b> new · {brief(job.known)} known
            </span>
          </span>
        </div>
        <div class="job-side ended">
          <Verdict job={job} />
          <span class="quiet">
            <Ago at={job.completedAt ?? job.createdAt} />
          </span>
        </div>
      </>
    )
  const moving = isMoving(job)
  const activity = ACTIVITIES[job.activity]
  return (
    <>
      <div class="job-bar">
        <Bar
          label={`Progress of ${job.label}`}
          fraction={moving ? job.fraction : (job.fraction ?? 0)}
          tone={moving ? toneOf(job) : 'idle'}
        />
        <span class="job-figures">
          <span>{job.expected ? `${brief(job.seen)} / ${brief(job.expected)}` : `${brief(job.seen)} read`}</span>
          <span>{job.fraction === null ? '' : percent(job.fraction)}</span>
        </span>
      </div>
      <div class="job-side">
        {activity && (
          <span class={`job-activity ${activity.tone}`}>
            <Icon name={activity.icon} size={13} />
            {moving && job.rate ? rate(job.rate) : activity.text}
          </span>
        )}
        <span class="quiet">
          {moving && job.leftMs !== null
            ? `${seconds(job.leftMs)} left`
            : job.startedAt && <RanFor seconds={job.seconds} asOf={asOf} moving={job.status === 'running'} />}
        </span>
      </div>
    </>
  )
}
