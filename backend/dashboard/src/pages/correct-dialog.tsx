import { useState } from 'preact/hooks'
import { Problem, post, Unreachable } from '../api/client'
import type { DeadLetter } from '../api/types'
import { showUpdate } from '../lib/updates'
import { Button } from '../ui/button'
import { Dialog } from '../ui/dialog'
import { Field } from '../ui/field'

interface Props {
  letter: DeadLetter
  text: string
  onClose: () => void
  onDone: () => void
}

/** Edits a rejected message and sends it again; the server checks it as a worker would before it replaces the old one. */
export function CorrectDialog({ letter, text, onClose, onDone }: Props) {
  const [body, setBody] = useState(text)
  const [fault, setFault] = useState('')
  const [busy, setBusy] = useState(false)
  const send = async (event: Event) => {
    event.preventDefault()
    setBusy(true)
    try {
      await post<DeadLetter>(`/api/dead-letters/${encodeURIComponent(letter.id)}/correct`, { body })
      showUpdate(`The corrected message was sent to ${letter.queue}.`)
      onDone()
    } catch (error) {
      if (!(error instanceof Problem || error instanceof Unreachable)) throw error
      setFault(error.message)
      setBusy(false)
    }
  }
  return (
    <Dialog title="Correct the message" kind="wide" onClose={onClose}>
      <form class="stack" noValidate onSubmit={(event) => void send(event)}>
        <p class="small break">
          It was rejected: <b>{letter.reason}</b>
        </p>
        <Field
          label="Message"
          fault={fault}
          hint={`Checked before it is sent to ${letter.queue}. The old message is removed once RabbitMQ has confirmed this one.`}
          wide
        >
          {(props) => (
            <textarea
              {...props}
              class="input mono"
              rows={14}
              spellcheck={false}
              value={body}
              onInput={(event) => {
                setFault('')
                setBody(event.currentTarget.value)
              }}
            />
          )}
        </Field>
        <div class="dialog-foot">
          <Button onClick={onClose}>Cancel</Button>
          <Button kind="primary" icon="send" type="submit" busy={busy} disabled={body.trim() === ''}>
            Send the corrected message
          </Button>
        </div>
      </form>
    </Dialog>
  )
}
