import { useEffect, useState } from 'preact/hooks'
import { JOB_STATUSES } from '../../../base/vocabulary'
import type { JobCounts, SourceInfo } from '../api/types'
import { useFetch } from '../hooks/use-fetch'
import type { UrlParams } from '../hooks/use-params'
import { count, named } from '../lib/format'
import { Export } from '../ui/export'
import { Icon } from '../ui/icon'
import { Status } from '../ui/status'

const PAUSE_MS = 250

/** Filter by status, kept in the URL. */
export function StatusChips({ params, counts }: { params: UrlParams; counts: Partial<JobCounts> }) {
  const chosen = params.get('status').split(',').filter(Boolean)
  const toggle = (status: string) => {
    const next = chosen.includes(status) ? chosen.filter((one) => one !== status) : [...chosen, status]
    params.set({ status: next.join(','), cursor: null })
  }
  const all = Object.values(counts).reduce((sum, n) => sum + n, 0)
  return (
    <fieldset class="chips scroll">
      <legend class="hidden">Status</legend>
      <button type="button" class="chip" aria-pressed={chosen.length === 0} onClick={() => params.set({ status: null, cursor: null })}>
        All <b>{count(all)}</b>
      </button>
      {JOB_STATUSES.map((status) => (
        <button key={status} type="button" class="chip" aria-pressed={chosen.includes(status)} onClick={() => toggle(status)}>
          <Status state={status} fraction={0.6} text={named(status)} />
          <b>{count(counts[status])}</b>
        </button>
      ))}
    </fieldset>
  )
}

/** Filters by source and by text. */
export function Finders({ params }: { params: UrlParams }) {
  return (
    <div class="finders">
      <SourceFilter params={params} />
      <Search params={params} />
      <Export path="/api/jobs" what="jobs" filter={{ status: params.get('status'), source: params.get('source'), q: params.get('q') }} />
    </div>
  )
}

function SourceFilter({ params }: { params: UrlParams }) {
  const sources = useFetch<{ items: SourceInfo[] }>('/api/sources').data?.items ?? []
  if (sources.length < 2 && !params.get('source')) return null
  return (
    <label>
      <span class="hidden">Source</span>
      <select
        class="input"
        value={params.get('source')}
        onChange={(event) => params.set({ source: event.currentTarget.value || null, cursor: null })}
      >
        <option value="">All sources</option>
        {sources.map((source) => (
          <option key={source.name} value={source.name}>
            {source.name}
          </option>
        ))}
      </select>
    </label>
  )
}

/** Searches after a pause in typing, without an entry in the browser's history. */
function Search({ params }: { params: UrlParams }) {
  const inUrl = params.get('q')
  const [text, setText] = useState(inUrl)
  useEffect(() => setText(inUrl), [inUrl])
  // Only typing starts a search.
  useEffect(() => {
    if (text === inUrl) return
    const timer = setTimeout(() => params.set({ q: text.trim() || null, cursor: null }, { replace: true }), PAUSE_MS)
    return () => clearTimeout(timer)
  }, [text])
  return (
    <label class="search">
      <span class="hidden">Search jobs</span>
      <Icon name="search" size={14} />
      <input
        class="input"
        type="search"
        placeholder="Search by id or subject"
        value={text}
        onInput={(event) => setText(event.currentTarget.value)}
      />
    </label>
  )
}
