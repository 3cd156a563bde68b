import type { Webhook } from '../api/types'
import { counted } from '../lib/format'
import { Note } from '../ui/note'
import { Status } from '../ui/status'
import { Ago, At, Countdown } from '../ui/time'

/** Whether a webhook gets events: on, off, or failing since when. */
export function HookState({ it }: { it: Webhook }) {
  if (!it.active) return <Status state="paused" text="off" />
  if (!it.failing) return <Status state="ok" text="on" />
  return (
    <span class="nowrap">
      <Status state="failed" text="failing" />{' '}
      <span class="tiny soft">
        since <At at={it.failing.since} /> UTC
      </span>
    </span>
  )
}

/** Why a webhook fails, and what happens next. */
export function Failing({ it }: { it: Webhook }) {
  if (!it.failing) return null
  const { since, failures, error, nextAt } = it.failing
  return (
    <Note tone="bad">
      <p>
        <b>
          {failures === 1 ? 'The last try' : `The last ${counted(failures, 'try', 'tries')}`} failed, the first <Ago at={since} />.
        </b>
      </p>
      {error && <p class="break">{error}</p>}
      <p class="small">
        {!it.active ? (
          'The webhook is off: nothing is sent until it is turned on.'
        ) : nextAt ? (
          <>
            Next try <Countdown until={nextAt} />.
          </>
        ) : (
          'No event waits for it; the next one is the next try.'
        )}
      </p>
    </Note>
  )
}
