import { useMemo, useState } from 'preact/hooks'
import { useLocation } from 'wouter-preact'
import { Problem, post, Unreachable } from '../api/client'
import type { Estimate, JobSummary, SourceInfo } from '../api/types'
import { useFocusOnFault } from '../hooks/use-focus-on-fault'
import { newKey } from '../lib/key'
import { build, fill, incomplete } from '../lib/schema'
import { showUpdate } from '../lib/updates'
import { Button } from '../ui/button'
import { Field } from '../ui/field'
import { Note } from '../ui/note'
import { EstimateCard } from './estimate-card'
import { faultsOf } from './faults'
import { SchemaFields } from './schema-fields'
import { useEstimate } from './use-estimate'

const PRIORITIES = { asked: 'Asked', backfill: 'Backfill', live: 'Live' }

/** The form of one source. It can be started once there is an estimate for exactly these parameters. */
export function StartForm({ source, preset }: { source: SourceInfo; preset: unknown }) {
  const [, navigate] = useLocation()
  const [values, setValues] = useState(() => fill(source.form, preset))
  const [priority, setPriority] = useState('asked')
  const [busy, setBusy] = useState(false)
  const [refused, setRefused] = useState<Problem | Unreachable | null>(null)
  useFocusOnFault(refused)
  const params = build(source.form, values)
  // An untouched form is not sent: the answer would only name the empty fields.
  const [touched, setTouched] = useState(preset !== undefined)
  const blank = !touched || incomplete(source.form, values)
  const asked = JSON.stringify({ source: source.name, params })
  const estimated = useEstimate<Estimate>('/api/jobs/estimate', blank ? null : asked)
  // A second click sends the same request; other parameters are another request, with another key.
  const key = useMemo(newKey, [asked, priority])
  const faults = faultsOf(refused ?? estimated.problem, Object.keys(values))

  const start = async (event: Event) => {
    event.preventDefault()
    if (!estimated.estimate) return
    setBusy(true)
    try {
      const job = await post<JobSummary & { created: boolean; broker: string | null }>(
        '/api/jobs',
        { source: source.name, params, priority },
        { headers: { 'Idempotency-Key': key } },
      )
      const kept = job.broker === null ? '' : ' The job is stored; workers start it once RabbitMQ is back.'
      showUpdate((job.created ? `Started: ${job.label}.` : 'This is already being backfilled; opened its job.') + kept)
      navigate(`/jobs/${job.id}`)
    } catch (error) {
      if (!(error instanceof Problem || error instanceof Unreachable)) throw error
      setRefused(error)
      setBusy(false)
    }
  }
  const change = (path: string, value: string | boolean) => {
    setRefused(null)
    setTouched(true)
    setValues((old) => ({ ...old, [path]: value }))
  }

  return (
    <form class="start" noValidate onSubmit={(event) => void start(event)}>
      <div class="card pad stack wide-gap">
        <SchemaFields schema={source.form} values={values} faults={faults} onChange={change} />
        <div class="fields">
          <Field label="Priority" hint="Live runs before asked, asked before backfill">
            {(props) => (
              <select {...props} class="input" value={priority} onChange={(event) => setPriority(event.currentTarget.value)}>
                {Object.entries(PRIORITIES).map(([name, text]) => (
                  <option key={name} value={name}>
                    {text}
                  </option>
                ))}
              </select>
            )}
          </Field>
        </div>
      </div>
      <aside class="card pad stack" aria-label="Estimate and start">
        <EstimateCard of={estimated} faults={Object.keys(faults).length > 0} />
        {refused && <Note tone="bad">{refused.message}</Note>}
        <div class="row">
          <Button kind="primary" type="submit" busy={busy} disabled={!estimated.estimate}>
            {estimated.estimate?.activeJob ? 'Go to the running job' : 'Start the backfill'}
          </Button>
          <Button
            kind="plain"
            onClick={() => {
              setValues(fill(source.form, source.example))
              setTouched(true)
            }}
          >
            Fill in an example
          </Button>
        </div>
      </aside>
    </form>
  )
}
