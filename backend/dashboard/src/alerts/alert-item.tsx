import { Link } from 'wouter-preact'
import type { Alert } from '../api/types'
import { upper } from '../lib/format'
import { Button } from '../ui/button'
import { Ago } from '../ui/time'
import { acknowledge } from './acknowledge'
import { linkOf } from './links'

interface Props {
  alert: Alert
  canWrite: boolean
  onLeave: () => void
  onChange: () => void
}

/** One alert: what is wrong and since when, who knows of it, and the way there. */
export function AlertItem({ alert, canWrite, onLeave, onChange }: Props) {
  const { acknowledged } = alert
  const change = () => acknowledge({ kind: alert.kind, subjects: [alert.subject], undo: acknowledged !== null }).then(onChange)
  return (
    <li class={acknowledged ? 'alert-item known' : 'alert-item'}>
      <p>{upper(alert.message)}</p>
      <AlertFoot alert={alert} onLeave={onLeave}>
        {canWrite && (
          <Button small kind="plain" onClick={() => void change()}>
            {acknowledged ? 'Take back' : 'Acknowledge'}
          </Button>
        )}
      </AlertFoot>
    </li>
  )
}

/** Since when an alert lasts, who knows of it, and a link to what it is about. */
export function AlertFoot({ alert, onLeave, children }: Pick<Props, 'alert' | 'onLeave'> & { children?: preact.ComponentChildren }) {
  const link = linkOf(alert)
  return (
    <div class="alert-foot">
      <span class="soft small">
        since <Ago at={alert.since} />
        {alert.acknowledged && (
          <>
            {' · '}acknowledged by {alert.acknowledged.by} ({alert.acknowledged.from}) <Ago at={alert.acknowledged.at} />
          </>
        )}
      </span>
      <span class="row">
        {link && (
          <Link href={link.href} class="small" onClick={onLeave}>
            {link.text}
          </Link>
        )}
        {children}
      </span>
    </div>
  )
}
