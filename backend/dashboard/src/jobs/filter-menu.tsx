import { useState } from 'preact/hooks'
import { Link } from 'wouter-preact'
import type { SourceInfo } from '../api/types'
import { useFetch } from '../hooks/use-fetch'
import type { UrlParams } from '../hooks/use-params'
import { named } from '../lib/format'
import { useStore } from '../lib/store'
import { showUpdate } from '../lib/updates'
import { keepViews, views, withView } from '../lib/views'
import { Button } from '../ui/button'
import { Copy } from '../ui/copy'
import { Field } from '../ui/field'
import { Menu } from '../ui/menu'

const TIMES: Record<string, string> = {
  '1h': 'In the last hour',
  '24h': 'In the last 24 hours',
  '7d': 'In the last 7 days',
  '30d': 'In the last 30 days',
}

/** Filters by source, kind and time, and the views that were saved in this browser. */
export function FilterMenu({ params }: { params: UrlParams }) {
  const set = ['source', 'kind', 'since', 'until'].filter((name) => params.get(name)).length
  return (
    <Menu text={set > 0 ? `Filters (${set})` : 'Filters'} label="Filters and saved views" icon="filter">
      {(close) => (
        <div class="filter-menu">
          <Choices params={params} />
          <Views close={close} />
        </div>
      )}
    </Menu>
  )
}

function Choices({ params }: { params: UrlParams }) {
  const sources = useFetch<{ items: SourceInfo[] }>('/api/sources').data?.items ?? []
  const source = params.get('source')
  const kinds = [...new Set(sources.filter(({ name }) => !source || name === source).flatMap((one) => one.kinds))]
  const since = params.get('since')
  const change = (changes: Record<string, string | null>) => params.set({ ...changes, cursor: null })
  return (
    <>
      <Choice
        label="Source"
        value={source}
        options={sources.map(({ name }) => [name, name])}
        all="All sources"
        onChange={(value) => change({ source: value, kind: null })}
      />
      {(kinds.length > 0 || params.get('kind')) && (
        <Choice
          label="Kind"
          value={params.get('kind')}
          options={kinds.map((kind) => [kind, named(kind)])}
          all="All kinds"
          onChange={(kind) => change({ kind })}
        />
      )}
      <Choice
        label="Created"
        value={since}
        options={since && !TIMES[since] ? [...Object.entries(TIMES), [since, `Since ${since}`]] : Object.entries(TIMES)}
        all="At any time"
        onChange={(value) => change({ since: value, until: null })}
      />
      {set(params) && (
        <Button small kind="plain" icon="close" onClick={() => change({ source: null, kind: null, since: null, until: null })}>
          Clear these filters
        </Button>
      )}
    </>
  )
}

const set = (params: UrlParams): boolean => ['source', 'kind', 'since', 'until'].some((name) => params.get(name))

interface ChoiceProps {
  label: string
  value: string
  options: [value: string, text: string][]
  all: string
  onChange: (value: string | null) => void
}

function Choice({ label, value, options, all, onChange }: ChoiceProps) {
  return (
    <Field label={label}>
      {(props) => (
        <select {...props} class="input" value={value} onChange={(event) => onChange(event.currentTarget.value || null)}>
          <option value="">{all}</option>
          {options.map(([option, text]) => (
            <option key={option} value={option}>
              {text}
            </option>
          ))}
        </select>
      )}
    </Field>
  )
}

/** The saved views, and the one that is shown under a name of its own. */
function Views({ close }: { close: () => void }) {
  const all = useStore(views)
  const [name, setName] = useState('')
  const save = (event: Event) => {
    event.preventDefault()
    const query = new URLSearchParams(window.location.search)
    query.delete('cursor')
    const kept = keepViews(withView(all, { name: name.trim(), query: query.toString() }))
    showUpdate(
      kept ? `The view ${name.trim()} is saved in this browser.` : 'This browser stores nothing: the view lasts until the page is closed.',
      kept ? 'ok' : 'bad',
    )
    setName('')
    close()
  }
  return (
    <section class="saved-views" aria-label="Saved views">
      <h3>Saved views</h3>
      <p class="soft small">
        {all.length === 0 ? 'None in this browser yet.' : 'Kept in this browser only.'} The link of a view shows the same to everybody.
      </p>
      <ul>
        {all.map((view) => (
          <li key={view.name} class="row spread">
            <Link href={`/?${view.query}`} class="clip" onClick={close}>
              {view.name}
            </Link>
            <Copy text={new URL(`/?${view.query}`, window.location.href).href} label={`Copy the link of the view ${view.name}`} />
            <Button
              small
              kind="plain"
              icon="bin"
              label={`Delete the view ${view.name}`}
              onClick={() => keepViews(all.filter((one) => one !== view))}
            />
          </li>
        ))}
      </ul>
      <form class="row" onSubmit={save}>
        <input
          class="input grow"
          aria-label="Name of the view"
          placeholder="Name of this view"
          maxLength={60}
          value={name}
          onInput={(event) => setName(event.currentTarget.value)}
        />
        <Button small type="submit" disabled={name.trim() === ''}>
          Save
        </Button>
      </form>
    </section>
  )
}
