import { useState } from 'preact/hooks'
import { Problem, patch, post, Unreachable } from '../api/client'
import type { Schedule, SourceInfo } from '../api/types'
import { useFetch } from '../hooks/use-fetch'
import { useFocusOnFault } from '../hooks/use-focus-on-fault'
import { build, fill, type Values } from '../lib/schema'
import { showUpdate } from '../lib/updates'
import { faultsOf } from '../start/faults'
import { SchemaFields } from '../start/schema-fields'
import { Button } from '../ui/button'
import { Dialog } from '../ui/dialog'
import { Field } from '../ui/field'
import { Loaded } from '../ui/loaded'
import { Note } from '../ui/note'
import { Rhythm, type RhythmValue } from './rhythm'

interface Props {
  /** The schedule to change; absent: a new one. */
  schedule?: Schedule
  onClose: () => void
  onDone: () => void
}

/** A new schedule, or one to change. */
export function ScheduleDialog({ schedule, onClose, onDone }: Props) {
  const sources = useFetch<{ items: SourceInfo[] }>('/api/sources')
  return (
    <Dialog title={schedule ? `Edit ${schedule.name}` : 'Add a schedule'} kind="wide" onClose={onClose}>
      <Loaded of={sources}>{({ items }) => <ScheduleForm sources={items} schedule={schedule} onClose={onClose} onDone={onDone} />}</Loaded>
    </Dialog>
  )
}

const HERE = Intl.DateTimeFormat().resolvedOptions().timeZone || 'UTC'

const rhythmOf = (schedule: Schedule | undefined): RhythmValue =>
  schedule
    ? { cron: schedule.cron, timeZone: schedule.timeZone, jitterS: String(schedule.jitterS), missed: schedule.missed }
    : { cron: '0 3 * * *', timeZone: HERE, jitterS: '0', missed: 'skip' }

function ScheduleForm({ sources, schedule, onClose, onDone }: Props & { sources: SourceInfo[] }) {
  const [name, setName] = useState(schedule?.name ?? '')
  const [source, setSource] = useState(() => sources.find((one) => one.name === schedule?.source) ?? sources[0])
  const [rhythm, setRhythm] = useState<RhythmValue>(() => rhythmOf(schedule))
  const [values, setValues] = useState<Values>(() => fill(source?.form ?? {}, schedule?.params))
  const [problem, setProblem] = useState<Problem | Unreachable | null>(null)
  const [busy, setBusy] = useState(false)
  useFocusOnFault(problem)
  const faults = faultsOf(problem, ['name', 'cron', 'timeZone', 'jitterS', 'missed', ...Object.keys(values)])

  const save = async (event: Event) => {
    event.preventDefault()
    setBusy(true)
    try {
      const body = {
        name: name.trim(),
        ...rhythm,
        jitterS: Number(rhythm.jitterS),
        source: source?.name,
        params: build(source?.form ?? {}, values),
      }
      const made = schedule ? await patch<Schedule>(`/api/schedules/${schedule.id}`, body) : await post<Schedule>('/api/schedules', body)
      showUpdate(`${made.name} ${schedule ? 'changed' : 'added'}.`)
      onDone()
    } catch (error) {
      if (!(error instanceof Problem || error instanceof Unreachable)) throw error
      setProblem(error)
      setBusy(false)
    }
  }
  const choose = (wanted: string) => {
    const next = sources.find((one) => one.name === wanted)
    setSource(next)
    setValues(fill(next?.form ?? {}, undefined))
  }

  return (
    <form class="stack wide-gap" noValidate onSubmit={(event) => void save(event)}>
      <div class="fields">
        <Field label="Name" fault={faults.name} hint="Unique, such as nightly-kills">
          {(props) => <input {...props} class="input" required value={name} onInput={(event) => setName(event.currentTarget.value)} />}
        </Field>
        <Field label="Source">
          {(props) => (
            <select {...props} class="input" value={source?.name} onChange={(event) => choose(event.currentTarget.value)}>
              {sources.map((one) => (
                <option key={one.name} value={one.name}>
                  {one.name}
                </option>
              ))}
            </select>
          )}
        </Field>
      </div>
      <Rhythm value={rhythm} faults={faults} onChange={setRhythm} />
      {source && (
        <SchemaFields
          schema={source.form}
          values={values}
          faults={faults}
          onChange={(path, value) => setValues((old) => ({ ...old, [path]: value }))}
        />
      )}
      {problem && <Note tone="bad">{problem.message}</Note>}
      <div class="dialog-foot">
        <Button onClick={onClose}>Cancel</Button>
        <Button kind="primary" type="submit" busy={busy} disabled={name.trim() === ''}>
          {schedule ? 'Save the changes' : 'Add the schedule'}
        </Button>
      </div>
    </form>
  )
}
