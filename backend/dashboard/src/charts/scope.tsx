import type { SourceInfo } from '../api/types'
import { useFetch } from '../hooks/use-fetch'
import type { UrlParams } from '../hooks/use-params'
import { shortId } from '../lib/format'
import { Button } from '../ui/button'
import { Field } from '../ui/field'

const RANGES = [
  ['60', '1 h'],
  ['360', '6 h'],
  ['1440', '24 h'],
  ['10080', '7 d'],
] as const
export const DEFAULT_RANGE = '360'

/** The range that the address names. */
export const rangeOf = (params: UrlParams): string =>
  RANGES.some(([minutes]) => minutes === params.get('minutes')) ? params.get('minutes') : DEFAULT_RANGE

/** Whose charts are shown, and how far back they go. */
export function Scope({ params }: { params: UrlParams }) {
  const range = rangeOf(params)
  return (
    <>
      <Whose params={params} />
      <fieldset class="chips">
        <legend class="hidden">Range</legend>
        {RANGES.map(([minutes, text]) => (
          <button
            key={minutes}
            type="button"
            class="chip"
            aria-pressed={minutes === range}
            onClick={() => params.set({ minutes: minutes === DEFAULT_RANGE ? null : minutes })}
          >
            {text}
          </button>
        ))}
      </fieldset>
    </>
  )
}

function Whose({ params }: { params: UrlParams }) {
  const { data, problem } = useFetch<{ items: SourceInfo[] }>('/api/sources')
  const job = params.get('job')
  if (job)
    return (
      <span class="row">
        <Button small href={`/jobs/${job}`}>
          Job {shortId(job)}
        </Button>
        <Button small kind="plain" icon="close" onClick={() => params.set({ job: null })}>
          Show everything
        </Button>
      </span>
    )
  const sources = data?.items ?? []
  const apis = [...new Set(sources.flatMap((source) => source.apis))].sort()
  const chosen = params.get('source') ? `source ${params.get('source')}` : params.get('api') ? `api ${params.get('api')}` : ''
  const choose = (value: string) => {
    const [kind, name = ''] = value.split(' ')
    params.set({ source: kind === 'source' ? name : null, api: kind === 'api' ? name : null })
  }
  return (
    <Field label="Show" hint={problem && !data ? 'The sources could not be read.' : undefined}>
      {(input) => (
        <select {...input} class="input" value={chosen} onChange={(event) => choose(event.currentTarget.value)}>
          <option value="">Everything</option>
          {/* What the address names is shown before the lists are there. */}
          {!data && chosen && <option value={chosen}>{chosen.split(' ')[1]}</option>}
          <optgroup label="Sources">
            {sources.map(({ name }) => (
              <option key={name} value={`source ${name}`}>
                {name}
              </option>
            ))}
          </optgroup>
          <optgroup label="APIs">
            {apis.map((api) => (
              <option key={api} value={`api ${api}`}>
                {api}
              </option>
            ))}
          </optgroup>
        </select>
      )}
    </Field>
  )
}
