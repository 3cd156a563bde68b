import { useState } from 'preact/hooks'
import { Problem, post, Unreachable } from '../api/client'
import type { Webhook } from '../api/types'
import { useFocusOnFault } from '../hooks/use-focus-on-fault'
import { faultsOf } from '../start/faults'
import { Button } from '../ui/button'
import { Copy } from '../ui/copy'
import { Dialog } from '../ui/dialog'
import { Fault, Field } from '../ui/field'
import { Note } from '../ui/note'

const EVENTS = {
  'job.completed': 'A job completed',
  'job.partial': 'A job ended with failed tasks',
  'job.failed': 'A job failed',
  'job.stalled': 'A job makes no progress',
  'job.cancelled': 'A job was cancelled',
  'alert.*': 'An alert: a queue without a worker, an API whose requests fail, dead letters',
}

/** A new webhook; its secret is shown here only once. */
export function WebhookDialog({ onClose }: { onClose: () => void }) {
  const [made, setMade] = useState<(Webhook & { secret: string }) | null>(null)
  return (
    <Dialog title={made ? 'Keep this secret' : 'Add a webhook'} onClose={onClose}>
      {made ? <Secret secret={made.secret} onClose={onClose} /> : <WebhookForm onClose={onClose} onMade={setMade} />}
    </Dialog>
  )
}

function Secret({ secret, onClose }: { secret: string; onClose: () => void }) {
  return (
    <>
      <p>
        Every event is signed with this secret (HMAC-SHA256), so that the receiver can check where it comes from. It is not shown again.
      </p>
      <div class="row">
        <code class="code grow">{secret}</code>
        <Copy text={secret} label="Copy the secret">
          Copy
        </Copy>
      </div>
      <div class="dialog-foot">
        <Button kind="primary" onClick={onClose}>
          Done
        </Button>
      </div>
    </>
  )
}

function WebhookForm({ onClose, onMade }: { onClose: () => void; onMade: (made: Webhook & { secret: string }) => void }) {
  const [url, setUrl] = useState('')
  const [events, setEvents] = useState<string[]>(['job.partial', 'job.failed', 'job.stalled', 'alert.*'])
  const [problem, setProblem] = useState<Problem | Unreachable | null>(null)
  const [busy, setBusy] = useState(false)
  useFocusOnFault(problem)
  const faults = faultsOf(problem, ['url', 'events'])
  const add = async (event: Event) => {
    event.preventDefault()
    setBusy(true)
    try {
      onMade(await post('/api/webhooks', { url: url.trim(), events }))
    } catch (error) {
      if (!(error instanceof Problem || error instanceof Unreachable)) throw error
      setProblem(error)
      setBusy(false)
    }
  }
  const toggle = (name: string, on: boolean) => setEvents((old) => (on ? [...old, name] : old.filter((one) => one !== name)))
  return (
    <form class="stack" noValidate onSubmit={(event) => void add(event)}>
      <Field label="Address" fault={faults.url} hint="https, reachable from this server">
        {(props) => (
          <input
            {...props}
            class="input"
            type="url"
            required
            placeholder="https://example.org/hooks/backhaul"
            value={url}
            onInput={(event) => setUrl(event.currentTarget.value)}
          />
        )}
      </Field>
      <fieldset>
        <legend class="legend">Send an event when</legend>
        {Object.entries(EVENTS).map(([name, text]) => (
          <label key={name} class="check">
            <input type="checkbox" checked={events.includes(name)} onChange={(event) => toggle(name, event.currentTarget.checked)} />
            <span>
              {text} <code class="quiet">{name}</code>
            </span>
          </label>
        ))}
        <Fault text={faults.events} />
      </fieldset>
      {problem && Object.keys(faults).length === 0 && <Note tone="bad">{problem.message}</Note>}
      <div class="dialog-foot">
        <Button onClick={onClose}>Cancel</Button>
        <Button kind="primary" type="submit" busy={busy} disabled={url.trim() === '' || events.length === 0}>
          Add the webhook
        </Button>
      </div>
    </form>
  )
}
