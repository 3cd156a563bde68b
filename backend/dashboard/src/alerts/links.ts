import type { Alert } from '../api/types'

type Target = NonNullable<Alert['target']>

const PAGES: Record<Target['kind'], { href(id: string): string; text: string }> = {
  job: { href: (id) => `/jobs/${id}`, text: 'Open the job' },
  gate: { href: (id) => `/gates?q=${encodeURIComponent(id)}`, text: 'Open the gate' },
  queue: { href: (id) => `/workers?queue=${encodeURIComponent(id)}`, text: 'Open the workers' },
  dead_letters: { href: (id) => `/dead-letters?queue=${encodeURIComponent(id)}`, text: 'Open the dead letters' },
  schedule: { href: (id) => `/schedules/${id}`, text: 'Open the schedule' },
  webhook: { href: (id) => `/webhooks/${id}`, text: 'Open the webhook' },
}

/** The page of what an alert is about; null where it names nothing that has one. */
export function linkOf({ target }: Pick<Alert, 'target'>): { href: string; text: string } | null {
  if (!target) return null
  const { href, text } = PAGES[target.kind]
  return { href: href(target.id), text }
}
