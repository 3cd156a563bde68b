import { useState } from 'preact/hooks'
import { get } from '../api/client'
import type { DeadLetter } from '../api/types'
import { useMe } from '../hooks/use-me'
import { bytes, pretty } from '../lib/format'
import { attempt } from '../lib/updates'
import { Button } from '../ui/button'
import { Copy } from '../ui/copy'
import { Ago } from '../ui/time'
import { CorrectDialog } from './correct-dialog'

interface Props {
  letter: DeadLetter
  /** The only one of its group, which says the reason. */
  isAlone: boolean
  chosen: boolean
  onChoose: (chosen: boolean) => void
  onTake: (verb: 'replay' | 'drop') => void
  onChange: () => void
}

/** Longer messages are corrected where they come from. */
const MAX_EDITED = 200_000

/** One rejected message with its reason and body. */
export function Letter({ letter, isAlone, chosen, onChoose, onTake, onChange }: Props) {
  const { canWrite } = useMe()
  const [whole, setWhole] = useState<string | null>(null)
  const [editing, setEditing] = useState<string | null>(null)
  const body = whole ?? letter.body
  const cut = whole === null && letter.bytes > new TextEncoder().encode(letter.body).length
  const read = async () => {
    if (!cut) return body
    const found = await attempt(() => get<DeadLetter>(`/api/dead-letters/${encodeURIComponent(letter.id)}`))
    if (found) setWhole(found.body)
    return found?.body
  }
  const correct = async () => {
    const text = await read()
    if (text !== undefined) setEditing(pretty(text))
  }
  return (
    <li class="letter">
      {canWrite && (
        <input
          type="checkbox"
          aria-label={`Choose the message ${letter.messageId ?? letter.id}`}
          checked={chosen}
          onChange={(event) => onChoose(event.currentTarget.checked)}
        />
      )}
      <div class="stack tight grow">
        {!isAlone && <p class="break">{letter.reason}</p>}
        <p class="row small soft">
          {letter.at && <Ago at={letter.at} />}
          <span>{bytes(letter.bytes)}</span>
          {letter.messageId && <code class="break">{letter.messageId}</code>}
        </p>
        <details>
          <summary class="small">Body</summary>
          {/* biome-ignore lint/a11y/noNoninteractiveTabindex: scrollable content must be reachable with the keyboard. */}
          <pre class="code" tabIndex={0}>
            {pretty(body) || '(empty)'}
          </pre>
          <div class="row">
            <Copy text={body} label="Copy the body">
              Copy
            </Copy>
            {cut && (
              <Button small kind="plain" onClick={() => void read()}>
                Show all
              </Button>
            )}
          </div>
        </details>
      </div>
      {canWrite && (
        <div class="row letter-verbs">
          {letter.bytes <= MAX_EDITED && (
            <Button small icon="edit" onClick={() => void correct()}>
              Correct
            </Button>
          )}
          <Button small icon="send" onClick={() => onTake('replay')}>
            Replay
          </Button>
          <Button small kind="danger" icon="bin" label="Delete this message" onClick={() => onTake('drop')} />
        </div>
      )}
      {editing !== null && (
        <CorrectDialog
          letter={letter}
          text={editing}
          onClose={() => setEditing(null)}
          onDone={() => {
            setEditing(null)
            onChange()
          }}
        />
      )}
    </li>
  )
}
