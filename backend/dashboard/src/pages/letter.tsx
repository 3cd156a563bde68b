import { useState } from 'preact/hooks'
import { get } from '../api/client'
import type { DeadLetter } from '../api/types'
import { useMe } from '../hooks/use-me'
import { bytes, pretty } from '../lib/format'
import { attempt } from '../lib/updates'
import { Button } from '../ui/button'
import { Copy } from '../ui/copy'
import { Ago } from '../ui/time'

interface Props {
  letter: DeadLetter
  /** Null when the reader may not change them. */
  chosen: boolean | null
  onChoose: (id: string, on: boolean) => void
  onTake: (verb: 'replay' | 'drop') => void
}

/** One rejected message with its reason and body. */
export function Letter({ letter, chosen, onChoose, onTake }: Props) {
  const { canWrite } = useMe()
  const [whole, setWhole] = useState<string | null>(null)
  const body = whole ?? letter.body
  const cut = whole === null && letter.bytes > new TextEncoder().encode(letter.body).length
  const more = async () =>
    setWhole((await attempt(() => get<DeadLetter>(`/api/dead-letters/${encodeURIComponent(letter.id)}`)))?.body ?? null)
  return (
    <li class="card pad letter">
      {chosen !== null && (
        <label class="letter-check">
          <input type="checkbox" checked={chosen} onChange={(event) => onChoose(letter.id, event.currentTarget.checked)} />
          <span class="hidden">
            Select the message {letter.messageId ?? letter.id} of {letter.queue}
          </span>
        </label>
      )}
      <div class="stack tight grow">
        <p class="break">
          <b>{letter.reason}</b>
        </p>
        <p class="row small soft">
          <span class="tag">{letter.queue}</span>
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
              <Button small kind="plain" onClick={() => void more()}>
                Show all
              </Button>
            )}
          </div>
        </details>
      </div>
      {canWrite && (
        <div class="row letter-verbs">
          <Button small icon="send" onClick={() => onTake('replay')}>
            Replay
          </Button>
          <Button small kind="danger" icon="bin" label="Delete this message" onClick={() => onTake('drop')} />
        </div>
      )}
    </li>
  )
}
