import { useEffect, useRef, useState } from 'preact/hooks'
import { LOG_LEVELS } from '../../../base/vocabulary'
import { get, query } from '../api/client'
import type { JobDetail, JobLog, LogLine } from '../api/types'
import { useFetch } from '../hooks/use-fetch'
import { useLive } from '../hooks/use-live'
import { useParams } from '../hooks/use-params'
import { count, moment } from '../lib/format'
import { attempt } from '../lib/updates'
import { isActive } from '../lib/verbs'
import { Button } from '../ui/button'
import { Empty } from '../ui/empty'
import { Export } from '../ui/export'
import { Loaded } from '../ui/loaded'
import { fieldsText, merged } from './log-lines'

const LIMIT = 200
/** So near to the end, px, new lines keep the end in view. */
const NEAR = 60
/** A text is searched once nobody has typed for so long, ms. */
const TYPING_MS = 300

/** The log lines of a job, by level and text; while it runs, those that come are shown as they come. */
export function Log({ job }: { job: JobDetail }) {
  const params = useParams()
  const filter = { level: params.get('level'), q: params.get('q') }
  return (
    <div class="stack">
      <Filters job={job} filter={filter} />
      <Lines key={`${filter.level} ${filter.q}`} job={job} filter={filter} />
    </div>
  )
}

interface Filter {
  level: string
  q: string
}

function Filters({ job, filter }: { job: JobDetail; filter: Filter }) {
  const params = useParams()
  const [text, setText] = useState(filter.q)
  useEffect(() => {
    if (text === filter.q) return
    const timer = setTimeout(() => params.set({ q: text }, { replace: true }), TYPING_MS)
    return () => clearTimeout(timer)
  }, [text])
  return (
    <div class="row log-filters">
      <label class="row tight small">
        Level
        <select
          class="input"
          value={filter.level}
          onChange={(event) => params.set({ level: event.currentTarget.value }, { replace: true })}
        >
          <option value="">all</option>
          {LOG_LEVELS.filter((level) => level !== 'debug').map((level) => (
            <option key={level} value={level}>
              {level === 'error' ? 'only errors' : level === 'warn' ? 'warnings and worse' : level}
            </option>
          ))}
        </select>
      </label>
      <input
        type="search"
        class="input grow"
        placeholder="Text in the log"
        aria-label="Text in the log"
        value={text}
        onInput={(event) => setText(event.currentTarget.value)}
      />
      <Export path={`/api/jobs/${job.id}/log`} what="log lines" filter={{ ...filter }} />
    </div>
  )
}

function Lines({ job, filter }: { job: JobDetail; filter: Filter }) {
  const path = `/api/jobs/${job.id}/log`
  const fetched = useFetch<JobLog>(`${path}${query({ ...filter, limit: LIMIT })}`)
  const [lines, setLines] = useState<LogLine[]>([])
  const [older, setOlder] = useState<number | null>(null)
  const [lost, setLost] = useState(0)
  const box = useRef<HTMLDivElement>(null)
  useEffect(() => {
    if (!fetched.data) return
    setLines((shown) => merged(shown, fetched.data?.items ?? []))
    setOlder(fetched.data.older)
    setLost(fetched.data.lost)
  }, [fetched.data])
  useLive(isActive(job.status) ? `${path}/events${query({ ...filter })}` : null, {
    log: (page: JobLog) => {
      setLines((shown) => merged(shown, page.items))
      setLost(page.lost)
    },
  })
  const last = lines.at(-1)?.n
  const isAtEnd = useRef(true)
  useEffect(() => {
    const it = box.current
    if (it && isAtEnd.current) it.scrollTop = it.scrollHeight
  }, [last])
  const more = async () => {
    const page = await attempt(() => get<JobLog>(`${path}${query({ ...filter, before: older, limit: LIMIT })}`))
    if (!page) return
    isAtEnd.current = false
    setLines((shown) => merged(shown, page.items))
    setOlder(page.older)
  }
  return (
    <Loaded of={fetched}>
      {() =>
        lines.length === 0 ? (
          <Empty small title={filter.level || filter.q ? 'No line matches' : 'No log lines are kept of this job'} icon="list">
            <p>
              {filter.level || filter.q
                ? 'Choose another level or text.'
                : 'Lines are kept for some days from the moment a worker begins; JOB_LOG_DAYS and JOB_LOG_LINES set how many.'}
            </p>
          </Empty>
        ) : (
          <>
            {older !== null && (
              <Button small icon="up" onClick={() => void more()}>
                Show earlier lines
              </Button>
            )}
            <div
              class="card log"
              ref={box}
              role="log"
              aria-label="Log of this job"
              // biome-ignore lint/a11y/noNoninteractiveTabindex: scrollable content must be reachable with the keyboard.
              tabIndex={0}
              onScroll={(event) => {
                const it = event.currentTarget
                isAtEnd.current = it.scrollHeight - it.scrollTop - it.clientHeight < NEAR
              }}
            >
              {lines.map((line) => (
                <p key={line.n} class={line.level}>
                  <time dateTime={line.at} title={`${moment(line.at)}, ${line.process}`}>
                    {line.at.slice(11, 19)}
                  </time>{' '}
                  <b>{line.level}</b> {line.message} <span class="soft">{fieldsText(line.fields)}</span>
                </p>
              ))}
            </div>
            <p class="soft small">
              {isActive(job.status) ? 'New lines appear as they come. ' : ''}
              {lost > 0 && `${count(lost)} lines were not kept: there were too many at once, or the database was unreachable.`}
            </p>
          </>
        )
      }
    </Loaded>
  )
}
