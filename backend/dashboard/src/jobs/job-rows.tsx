import { Fragment } from 'preact'
import { useRef } from 'preact/hooks'
import type { JobSummary } from '../api/types'
import { useRowKeys } from '../hooks/use-row-keys'
import { serverNow } from '../lib/clock'
import { GROUP_TITLES, groupOf } from './groups'
import { JobRow } from './job-row'

interface Props {
  jobs: readonly JobSummary[]
  /** Whether they are in the order by attention: then each group has a title. */
  grouped: boolean
  busy: boolean
  /** Null when the reader may not change jobs. */
  chosen: ReadonlySet<string> | null
  onChoose: (id: string, on: boolean) => void
}

/** The rows of the list; j and k go through them. */
export function JobRows({ jobs, grouped, busy, chosen, onChoose }: Props) {
  const list = useRef<HTMLDivElement>(null)
  useRowKeys(list, '.job-title a')
  const now = serverNow()
  const groups: { title: string | null; jobs: JobSummary[] }[] = []
  for (const job of jobs) {
    const title = grouped ? GROUP_TITLES[groupOf(job, now)] : null
    const last = groups.at(-1)
    if (last && last.title === title) last.jobs.push(job)
    else groups.push({ title, jobs: [job] })
  }
  return (
    <div class="job-groups" ref={list} aria-busy={busy}>
      {groups.map(({ title, jobs }, n) => (
        <Fragment key={`${title} ${n}`}>
          {title && <h2 class="job-group">{title}</h2>}
          <ul class="card jobs" aria-label={title ?? 'Jobs'}>
            {jobs.map((job) => (
              <JobRow key={job.id} job={job} chosen={chosen ? chosen.has(job.id) : null} onChoose={onChoose} />
            ))}
          </ul>
        </Fragment>
      ))}
    </div>
  )
}
