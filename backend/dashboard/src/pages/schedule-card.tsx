import { useState } from 'preact/hooks'
import { Link } from 'wouter-preact'
import { post, remove } from '../api/client'
import type { Schedule } from '../api/types'
import { useMe } from '../hooks/use-me'
import { ask } from '../lib/ask'
import { counted, duration, moment, pretty } from '../lib/format'
import { attempt } from '../lib/updates'
import { Button } from '../ui/button'
import { Note } from '../ui/note'
import { Status } from '../ui/status'
import { Ago, At, Countdown } from '../ui/time'
import { Unbroken } from '../ui/unbroken'
import { ScheduleDialog } from './schedule-dialog'

interface Props {
  it: Schedule
  onChange: () => void
  /** On its own page, whose heading is its name. */
  whole?: boolean
}

/** One schedule: when, what, and its last run. */
export function ScheduleCard({ it, onChange, whole }: Props) {
  const { canWrite } = useMe()
  const [editing, setEditing] = useState(false)
  const does = async (verb: 'pause' | 'resume' | 'run', done: string) => {
    if (
      await attempt(
        () => post<object>(`/api/schedules/${it.id}/${verb}`),
        () => `${it.name}: ${done}.`,
      )
    )
      onChange()
  }
  const drop = async () => {
    const sure = await ask({
      title: `Remove ${it.name}?`,
      text: 'It will start no more jobs. Jobs it started are not affected.',
      action: 'Remove',
      danger: true,
    })
    if (!sure) return
    await attempt(
      () => remove(`/api/schedules/${it.id}`),
      () => `${it.name} is removed.`,
    )
    onChange()
  }
  return (
    <li class="card pad stack">
      <div>
        <div class="row spread">
          {whole ? (
            <When it={it} />
          ) : (
            <h2 class="break">
              <Link href={`/schedules/${it.id}`}>{it.name}</Link>
            </h2>
          )}
          {it.paused ? <Status state="paused" /> : <Status state="ok" text="on" />}
        </div>
        {!whole && <When it={it} />}
      </div>
      {it.error && <Note tone="warn">The last tick started no job: {it.error}</Note>}
      <dl class="pairs small">
        <dt>Next</dt>
        <dd>{it.paused || !it.nextAt ? 'paused' : <Next at={it.nextAt} />}</dd>
        <dt>Last</dt>
        <dd>
          {it.lastAt ? <Ago at={it.lastAt} /> : it.lastJob ? 'by hand' : 'not yet'}
          {it.lastJob && (
            <>
              {' · '}
              <Link href={`/jobs/${it.lastJob}`}>job</Link>
            </>
          )}
        </dd>
        <dt>Missed ticks</dt>
        <dd>{it.missed === 'skip' ? 'skipped' : 'made up'}</dd>
        <dt>Request</dt>
        <dd>
          {it.source}{' '}
          <code>
            <Unbroken text={pretty(it.params).replace(/\s+/g, ' ')} />
          </code>
        </dd>
      </dl>
      {!it.paused && it.upcoming.length > 0 && (
        <details class="small">
          <summary>{counted(it.upcoming.length, 'next time', 'next times')}</summary>
          <ol class="notes">
            {it.upcoming.map((at) => (
              <li key={at}>{moment(at)}</li>
            ))}
          </ol>
        </details>
      )}
      {canWrite && (
        <div class="row">
          {it.paused ? (
            <Button small icon="play" onClick={() => void does('resume', 'resumed')}>
              Resume
            </Button>
          ) : (
            <Button small icon="pause" onClick={() => void does('pause', 'paused')}>
              Pause
            </Button>
          )}
          <Button small icon="send" onClick={() => void does('run', 'started')}>
            Run now
          </Button>
          <Button small icon="edit" onClick={() => setEditing(true)}>
            Edit
          </Button>
          <Button small kind="danger" icon="bin" label={`Remove ${it.name}`} onClick={() => void drop()} />
        </div>
      )}
      {!whole && (
        <Link href={`/schedules/${it.id}`} class="small">
          History of {it.name}
        </Link>
      )}
      {editing && (
        <ScheduleDialog
          schedule={it}
          onClose={() => setEditing(false)}
          onDone={() => {
            setEditing(false)
            onChange()
          }}
        />
      )}
    </li>
  )
}

function Next({ at }: { at: string }) {
  return (
    <>
      <Countdown until={at} /> · <At at={at} /> UTC
    </>
  )
}

/** Its times as they were given. */
function When({ it }: { it: Schedule }) {
  return (
    <p class="soft small">
      <code>{it.cron}</code> · {it.timeZone}
      {it.jitterS > 0 && ` · jitter up to ${duration(it.jitterS * 1000)}`}
    </p>
  )
}
