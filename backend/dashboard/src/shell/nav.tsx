import { Link, useLocation } from 'wouter-preact'
import { useMe } from '../hooks/use-me'
import { count } from '../lib/format'
import { Button } from '../ui/button'
import { Icon, type IconName } from '../ui/icon'
import { useOverview } from './overview'

interface Item {
  href: string
  icon: IconName
  text: string
  count?: number
  tone?: 'bad' | 'warn'
  /** What the count counts, for screen readers. */
  of?: string
}

/** Links to all pages, with counts of what needs attention. */
export function Nav() {
  const figures = useOverview()
  const { canWrite } = useMe()
  const jobs: Item[] = [
    { href: '/', icon: 'jobs', text: 'Jobs', count: figures?.jobs.running, of: 'running' },
    { href: '/charts', icon: 'chart', text: 'Charts' },
    { href: '/schedules', icon: 'clock', text: 'Schedules' },
  ]
  const suite: Item[] = [
    { href: '/gates', icon: 'gate', text: 'Gates' },
    { href: '/workers', icon: 'worker', text: 'Workers', count: figures?.workers.dead, tone: 'bad', of: 'without heartbeat' },
    { href: '/dead-letters', icon: 'dead', text: 'Dead letters', count: figures?.deadLetters ?? undefined, tone: 'warn', of: 'waiting' },
    { href: '/webhooks', icon: 'hook', text: 'Webhooks' },
    { href: '/activity', icon: 'list', text: 'Activity' },
  ]
  return (
    <>
      {canWrite && (
        <Button kind="primary" icon="plus" href="/new">
          New backfill
        </Button>
      )}
      <nav class="nav" aria-label="Pages">
        <div class="nav-group">
          <Items items={jobs} />
        </div>
        <div class="nav-group">
          <div class="nav-title">Suite</div>
          <Items items={suite} />
        </div>
      </nav>
    </>
  )
}

function Items({ items }: { items: Item[] }) {
  const [path] = useLocation()
  const here = (href: string) => (href === '/' ? path === '/' || path.startsWith('/jobs/') : path.startsWith(href))
  return (
    <>
      {items.map((item) => (
        <Link key={item.href} href={item.href} aria-current={here(item.href) ? 'page' : undefined}>
          <Icon name={item.icon} />
          {item.text}
          {item.count ? (
            <span class={`count ${item.tone ?? ''}`}>
              {count(item.count)}
              <span class="hidden"> {item.of}</span>
            </span>
          ) : null}
        </Link>
      ))}
    </>
  )
}
