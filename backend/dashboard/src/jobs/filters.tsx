import { useEffect, useRef, useState } from 'preact/hooks'
import { JOB_STATUSES } from '../../../base/vocabulary'
import type { JobCounts } from '../api/types'
import { useOneStop } from '../hooks/use-one-stop'
import type { UrlParams } from '../hooks/use-params'
import { count, named } from '../lib/format'
import { Icon } from '../ui/icon'
import { Status } from '../ui/status'
import { SORTS } from './filter'
import { FilterMenu } from './filter-menu'

const PAUSE_MS = 250

/** Filter by status, kept in the URL. */
export function StatusChips({ params, counts }: { params: UrlParams; counts: Partial<JobCounts> }) {
  const element = useRef<HTMLFieldSetElement>(null)
  useOneStop(element)
  const chosen = params.get('status').split(',').filter(Boolean)
  const toggle = (status: string) => {
    const next = chosen.includes(status) ? chosen.filter((one) => one !== status) : [...chosen, status]
    params.set({ status: next.join(','), cursor: null })
  }
  const isKnown = Object.keys(counts).length > 0
  const all = isKnown ? Object.values(counts).reduce((sum, n) => sum + n, 0) : null
  return (
    <fieldset class="chips scroll" ref={element}>
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

/** Search, order and filters of the list. */
export function Finders({ params }: { params: UrlParams }) {
  return (
    <div class="finders">
      <Search params={params} />
      <label>
        <span class="hidden">Order</span>
        <select
          class="input sort"
          value={params.get('sort') || 'attention'}
          onChange={(event) =>
            params.set({ sort: event.currentTarget.value === 'attention' ? null : event.currentTarget.value, cursor: null })
          }
        >
          {Object.entries(SORTS).map(([sort, text]) => (
            <option key={sort} value={sort}>
              {text}
            </option>
          ))}
        </select>
      </label>
      <FilterMenu params={params} />
    </div>
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
        placeholder="Subject, error, source or id"
        value={text}
        onInput={(event) => setText(event.currentTarget.value)}
      />
    </label>
  )
}
