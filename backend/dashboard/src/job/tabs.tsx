import { useEffect, useRef } from 'preact/hooks'
import { Link } from 'wouter-preact'
import type { JobDetail } from '../api/types'
import { useParams } from '../hooks/use-params'
import { brief } from '../lib/format'

const PHONE = '(max-width: 40rem)'

/** Links to the parts of a job's page. On a phone the chosen one is in sight, and a press brings its part to the top. */
export function Tabs({ job, tab }: { job: JobDetail; tab: string }) {
  const params = useParams()
  const nav = useRef<HTMLElement>(null)
  useEffect(() => {
    const it = nav.current
    const chosen = it?.querySelector<HTMLElement>('[aria-current]')
    if (it && chosen) it.scrollLeft = chosen.offsetLeft - (it.clientWidth - chosen.offsetWidth) / 2
  }, [tab])
  const tabs: { name: string; text: string; count?: number; tone?: string }[] = [
    { name: 'now', text: job.report ? 'Run' : 'Now' },
    { name: 'tasks', text: 'Tasks', count: job.tasks.total },
  ]
  if (job.tasks.failed > 0 || job.errors.length > 0) tabs.push({ name: 'failures', text: 'Failures', count: job.tasks.failed, tone: 'bad' })
  if (job.partitions) tabs.push({ name: 'grid', text: 'Grid' })
  tabs.push({ name: 'timeline', text: 'Timeline' }, { name: 'log', text: 'Log' })
  tabs.push({ name: 'rejects', text: 'Rejected', count: job.rejected, tone: 'warn' })
  if (job.report) tabs.unshift({ name: 'report', text: 'Report' })
  tabs.push({ name: 'params', text: 'Request' })
  return (
    <nav class="tabs" aria-label="Parts of this job" ref={nav}>
      {tabs.map(({ name, text, count, tone }) => (
        <Link
          key={name}
          href={params.href({
            tab: name,
            state: null,
            cursor: null,
            columns: null,
            rows: null,
            row: null,
            column: null,
            group: null,
            task: null,
            level: null,
            q: null,
          })}
          onClick={() => matchMedia(PHONE).matches && nav.current?.scrollIntoView()}
          aria-current={tab === name ? 'page' : undefined}
        >
          {text}
          {count ? <span class={`count ${tone ?? ''}`}>{brief(count)}</span> : null}
        </Link>
      ))}
    </nav>
  )
}
