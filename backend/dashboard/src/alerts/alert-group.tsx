import { useState } from 'preact/hooks'
import { query } from '../api/client'
import type { Alert, AlertGroup as Group, List } from '../api/types'
import { useFetch } from '../hooks/use-fetch'
import { useId } from '../hooks/use-id'
import { count } from '../lib/format'
import { Button } from '../ui/button'
import { Icon } from '../ui/icon'
import { Loaded } from '../ui/loaded'
import { Ago } from '../ui/time'
import { acknowledge } from './acknowledge'
import { AlertFoot, AlertItem } from './alert-item'

const FIRST = 10
const MOST = 200
const EVERY_MS = 5000

interface Props {
  group: Group
  canWrite: boolean
  onLeave: () => void
  onChange: () => void
}

/** The alerts of one kind: one sentence, and the alerts themselves when it is opened. */
export function AlertGroup({ group, canWrite, onLeave, onChange }: Props) {
  const [open, setOpen] = useState(false)
  const id = useId()
  const { alerts, acknowledged, kind } = group
  const known = acknowledged === alerts
  const single = alerts === 1
  const all = () => acknowledge({ kind, until: group.latest, undo: known }).then(onChange)
  return (
    <section class={known ? 'alert-group known' : 'alert-group'} aria-labelledby={id}>
      <div class="alert-head">
        <span class={known ? 'quiet' : 'bad'}>
          <Icon name={known ? 'check' : 'alert'} />
        </span>
        <h3 id={id}>{group.sentence}</h3>
      </div>
      {single ? (
        <AlertFoot alert={group.first} onLeave={onLeave}>
          <Acknowledge />
        </AlertFoot>
      ) : (
        <div class="alert-foot">
          <span class="soft small">
            the first since <Ago at={group.since} />
            {acknowledged > 0 && ` · ${count(acknowledged)} of ${count(alerts)} acknowledged`}
          </span>
          <span class="row">
            <Button small kind="plain" icon={open ? 'up' : 'down'} expanded={open} onClick={() => setOpen(!open)}>
              {open ? 'Hide' : 'Show'} them
            </Button>
            <Acknowledge />
          </span>
        </div>
      )}
      {open && !single && <Alerts kind={kind} total={alerts} canWrite={canWrite} onLeave={onLeave} onChange={onChange} />}
    </section>
  )

  function Acknowledge() {
    if (!canWrite) return null
    return (
      <Button small kind="plain" onClick={() => void all()}>
        {known ? 'Take back' : single ? 'Acknowledge' : 'Acknowledge all'}
      </Button>
    )
  }
}

/** The first alerts of a kind, and more on request. */
function Alerts({ kind, total, canWrite, onLeave, onChange }: Omit<Props, 'group'> & { kind: string; total: number }) {
  const [limit, setLimit] = useState(FIRST)
  const list = useFetch<List<Alert>>(`/api/alerts${query({ kind, limit })}`, { everyMs: EVERY_MS })
  const changed = () => {
    void list.refresh()
    onChange()
  }
  return (
    <Loaded of={list}>
      {({ items, next }) => (
        <>
          <ul class="alert-items">
            {items.map((alert) => (
              <AlertItem key={alert.subject} alert={alert} canWrite={canWrite} onLeave={onLeave} onChange={changed} />
            ))}
          </ul>
          {next && limit < MOST && (
            <Button small onClick={() => setLimit(Math.min(MOST, limit * 5))}>
              Show more of {count(total)}
            </Button>
          )}
          {next && limit >= MOST && <p class="soft small">These are the oldest {count(items.length)}; the API lists all of them.</p>}
        </>
      )}
    </Loaded>
  )
}
