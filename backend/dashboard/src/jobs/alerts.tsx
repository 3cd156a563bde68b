import { Link } from 'wouter-preact'
import type { Alert } from '../api/types'
import { Note } from '../ui/note'
import { Ago } from '../ui/time'

const WHERE: Record<string, (subject: string) => string> = {
  job_stalled: (subject) => `/jobs/${subject}`,
  breaker_tripped: () => '/gates',
  queue_unattended: () => '/workers',
  dead_letters_growing: (subject) => `/dead-letters?queue=${encodeURIComponent(subject)}`,
}

/** Alerts, each with a link to its page. */
export function Alerts({ items }: { items: Alert[] }) {
  if (items.length === 0) return null
  return (
    <section class="stack tight" aria-label="Alerts">
      {items.map((alert) => (
        <Note key={`${alert.kind} ${alert.subject}`} tone="bad">
          <span class="row spread">
            <span class="grow message">{alert.message}</span>
            <span class="row small">
              <span class="soft">
                since <Ago at={alert.since} />
              </span>
              {WHERE[alert.kind] && <Link href={WHERE[alert.kind]?.(alert.subject) ?? '/'}>View</Link>}
            </span>
          </span>
        </Note>
      ))}
    </section>
  )
}
