import { Link } from 'wouter-preact'
import type { Gate } from '../api/types'
import { count, counted, duration, shortId } from '../lib/format'
import { Bar } from '../ui/bar'
import { Note } from '../ui/note'
import { Status } from '../ui/status'
import { At, Countdown } from '../ui/time'
import { MARKS, TRIPPED } from './words'

/** From this share of a window on it is near its limit. */
const NEAR = 0.9

export function gateState({ state, failures, used }: Gate): string {
  if (state === 'tripped') return TRIPPED
  if (state === 'blocked') return 'paused by the API'
  if (failures > 0) return 'requests fail'
  return used.some((it) => it.used >= NEAR * it.of) ? 'near the limit' : 'open'
}

export function GateState({ gate }: { gate: Gate }) {
  const text = gateState(gate)
  return <Status state={text === 'open' || gate.state !== 'ready' ? MARKS[gate.state] : 'partial'} text={text} />
}

/** One gate: why it is closed, what is used of its windows, and which jobs use it now. */
export function GateFacts({ gate }: { gate: Gate }) {
  const next = [gate.nextAt, gate.trippedUntil, gate.blockedUntil]
    .filter((at) => at !== null)
    .sort()
    .at(-1)
  return (
    <>
      <div class="row spread">
        <h3 class="break">{gate.name}</h3>
        <GateState gate={gate} />
      </div>
      <Closed gate={gate} />
      {gate.used.map((it) => (
        <Budget key={`${it.span} ${it.windowMs}`} name={gate.name} it={it} />
      ))}
      <dl class="pairs small">
        <dt>Next request</dt>
        <dd class="num">{next ? <Countdown until={next} /> : 'now'}</dd>
        <dt>In flight</dt>
        <dd class="num">
          {count(gate.inFlight)}
          {gate.concurrent === null ? '' : ` of ${count(gate.concurrent)} at once`}
        </dd>
        <dt>Granted in total</dt>
        <dd class="num">{count(gate.granted)}</dd>
        <dt>Requests that waited for it</dt>
        <dd class="num">{count(gate.waits)}</dd>
        <dt>Refused by the API</dt>
        <dd class={gate.throttled > 0 ? 'num warn' : 'num'}>{count(gate.throttled)}</dd>
      </dl>
      <Now gate={gate} />
    </>
  )
}

function Closed({ gate }: { gate: Gate }) {
  if (gate.trippedUntil)
    return (
      <Note tone="bad">
        {counted(gate.failures, 'failure')} in a row. Next try <Countdown until={gate.trippedUntil} />, at <At at={gate.trippedUntil} />{' '}
        UTC; work waits until then.
      </Note>
    )
  if (gate.blockedUntil)
    return (
      <Note tone="warn">
        {gate.blockedReason ?? 'The API asked us to wait'}: until <At at={gate.blockedUntil} /> UTC, <Countdown until={gate.blockedUntil} />
        .
      </Note>
    )
  if (gate.failures > 0)
    return <p class="warn small">{counted(gate.failures, 'failure')} in a row; after five the gate closes for a while.</p>
  return null
}

function Budget({ name, it }: { name: string; it: Gate['used'][number] }) {
  const left = Math.max(0, it.of - it.used)
  const fraction = left / Math.max(1, it.of)
  const window = it.span === 'day' ? 'the day' : duration(it.windowMs)
  return (
    <div class="budget">
      <div class="row spread small">
        <span class="soft">Left in {window}</span>
        <span>
          <b>{count(left)}</b>{' '}
          <span class="quiet" title={it.learned ? 'The API reported this limit' : undefined}>
            of {count(it.of)}
            {it.learned ? ' (learned)' : ''}
          </span>
        </span>
      </div>
      <Bar
        label={`Budget of ${name} left for ${window}`}
        fraction={fraction}
        tone={fraction < 0.1 ? 'bad' : fraction < 0.3 ? 'warn' : 'ok'}
      />
    </div>
  )
}

/** Jobs with tasks in progress that have used it, or that wait for it. */
function Now({ gate }: { gate: Gate }) {
  if (gate.users.length === 0) return <p class="quiet small">No job uses it at this moment.</p>
  return (
    <ul class="users small" aria-label={`Jobs that use ${gate.name} now`}>
      {gate.users.map((user) => (
        <li key={user.job} class="row spread">
          <Link href={`/jobs/${user.job}`}>
            {user.source} <code>{shortId(user.job)}</code>
          </Link>
          <span class="soft">
            {[user.tasks > 0 && `${count(user.tasks)} in progress`, user.waiting > 0 && `${count(user.waiting)} waiting`]
              .filter(Boolean)
              .join(', ')}
          </span>
        </li>
      ))}
    </ul>
  )
}
