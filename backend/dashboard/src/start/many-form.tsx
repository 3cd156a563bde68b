import { useState } from 'preact/hooks'
import { useLocation } from 'wouter-preact'
import { idsIn } from '../../../base/vocabulary'
import { Problem, post, Unreachable } from '../api/client'
import type { CommandDone, CommandEstimate, CommandInfo } from '../api/types'
import { useFocusOnFault } from '../hooks/use-focus-on-fault'
import { count, counted } from '../lib/format'
import { build, fill } from '../lib/schema'
import { showUpdate } from '../lib/updates'
import { Button } from '../ui/button'
import { Field } from '../ui/field'
import { Note } from '../ui/note'
import { faultsOf } from './faults'
import { ManyEstimate } from './many-estimate'
import { SchemaFields } from './schema-fields'
import { useEstimate } from './use-estimate'

/** Starts a command for many ids at once: one job for each, or lookups. */
export function ManyForm({ command }: { command: CommandInfo }) {
  const [, navigate] = useLocation()
  const [text, setText] = useState('')
  const [values, setValues] = useState(() => fill(command.form, undefined))
  const [busy, setBusy] = useState(false)
  const [refused, setRefused] = useState<Problem | Unreachable | null>(null)
  useFocusOnFault(refused)
  const listed = idsIn(text)
  const unique = new Map(listed.map((id) => [id.text, id.line]))
  const ids = [...unique.keys()]
  const body = { command: command.name, ids, params: build(command.form, values) }
  const estimated = useEstimate<CommandEstimate>('/api/commands/estimate', ids.length === 0 ? null : JSON.stringify(body))
  const faults = faultsOf(refused ?? estimated.problem, ['ids', ...Object.keys(values)])
  const it = estimated.estimate
  const noun = command.lookup === null ? 'job' : 'lookup'

  const start = async (event: Event) => {
    event.preventDefault()
    if (!it || it.invalid > 0) return
    setBusy(true)
    try {
      const done = await post<CommandDone>('/api/commands/start', body)
      showUpdate(doneText(done))
      navigate(done.job && done.created + done.joined === 1 ? `/jobs/${done.job}` : '/')
    } catch (error) {
      if (!(error instanceof Problem || error instanceof Unreachable)) throw error
      setRefused(error)
      setBusy(false)
    }
  }
  const type = (next: string) => {
    setRefused(null)
    setText(next)
  }
  const open = async (event: { currentTarget: HTMLInputElement }) => {
    const [file] = event.currentTarget.files ?? []
    if (file) type(await file.text())
  }
  /** Only those that are named; an estimate names the first hundred. */
  const leaveOut = (wrong: CommandEstimate['faults']) => {
    const bad = new Set(wrong.map((fault) => ids[fault.at]))
    type(ids.filter((id) => !bad.has(id)).join('\n'))
  }

  return (
    <form class="start" noValidate onSubmit={(event) => void start(event)}>
      <div class="card pad stack wide-gap">
        <Field label={`${command.ids ?? 'Id'}s`} hint="Separated by spaces, commas or lines; # starts a comment" fault={faults.ids} wide>
          {(props) => (
            <textarea
              {...props}
              class="input mono"
              rows={8}
              spellcheck={false}
              value={text}
              onInput={(event) => type(event.currentTarget.value)}
            />
          )}
        </Field>
        <label class="row small">
          <span>Or from a file</span>
          <input type="file" accept=".txt,.csv,text/plain,text/csv" onChange={(event) => void open(event)} />
        </label>
        <SchemaFields
          schema={command.form}
          values={values}
          faults={faults}
          onChange={(path, value) => {
            setRefused(null)
            setValues((old) => ({ ...old, [path]: value }))
          }}
        />
      </div>
      <aside class="card pad stack" aria-label="Estimate and start">
        <ManyEstimate of={estimated} given={ids.length} doubled={listed.length - ids.length} noun={noun} />
        {it && it.invalid > 0 && (
          <Note tone="bad">
            <p>
              {counted(it.invalid, 'id')} of {count(ids.length)} cannot be read. Nothing is started until all can.
            </p>
            <ul class="notes small">
              {it.faults.map((fault) => (
                <li key={fault.at} class="break">
                  Line {unique.get(ids[fault.at] ?? '') ?? '?'}, <code>{fault.id}</code>: {fault.message}
                </li>
              ))}
            </ul>
            {it.invalid > it.faults.length && <p class="small">… and {count(it.invalid - it.faults.length)} more.</p>}
            <Button small onClick={() => leaveOut(it.faults)}>
              Leave out {it.faults.length === 1 ? 'this id' : `these ${count(it.faults.length)}`}
            </Button>
          </Note>
        )}
        {refused && <Note tone="bad">{refused.message}</Note>}
        <div class="row">
          <Button kind="primary" type="submit" busy={busy} disabled={!it || it.invalid > 0}>
            {it ? `Start ${counted(it.requests, noun)}` : 'Start'}
          </Button>
        </div>
      </aside>
    </form>
  )
}

function doneText({ created, joined, lookups, broker }: CommandDone): string {
  const kept = broker === null ? '' : ' Workers start once RabbitMQ is back.'
  if (lookups > 0) return `${counted(lookups, 'lookup')} requested.${kept}`
  const active = joined === 0 ? '' : ` ${counted(joined, 'job')} of the same ${joined === 1 ? 'was' : 'were'} active already.`
  return `${counted(created, 'job')} started.${active}${kept}`
}
