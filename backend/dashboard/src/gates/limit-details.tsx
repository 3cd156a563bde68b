import { useEffect, useRef } from 'preact/hooks'
import { counted } from '../../../base/vocabulary'
import type { Limit } from '../api/types'
import { Button } from '../ui/button'
import { GateFacts } from './gate-facts'
import { Hosts } from './hosts'
import { Users } from './users'
import { manyOf } from './words'

/** One limit: what waits, who uses it, and its gates. */
export function LimitDetails({ limit, host }: { limit: Limit; host: string }) {
  const heading = useRef<HTMLHeadingElement>(null)
  // It opens below the table; the focus goes there, as to a new page.
  useEffect(() => heading.current?.focus(), [])
  const { waiting, gates, worst } = limit
  return (
    <section class="section" aria-label={`Limit ${limit.name}`}>
      <div class="section-head">
        <h2 ref={heading} tabIndex={-1}>
          {limit.name}
        </h2>
        <div class="row">
          <Button small icon="chart" href={`/charts?api=${encodeURIComponent(limit.api)}`}>
            Charts
          </Button>
        </div>
      </div>
      <p class="soft">
        {limit.limit}
        {limit.scope !== 'ip' && `, for each ${limit.scope}`}. {waitText(waiting)}
      </p>
      <div class="halves">
        <Users limit={limit} />
        {gates.total > 1 || limit.scope !== 'ip' ? (
          <Hosts limit={limit} host={host} />
        ) : worst ? (
          <div class="card pad stack">
            <GateFacts gate={worst} />
          </div>
        ) : (
          <p class="soft">No {manyOf(limit)} yet: nothing was asked of it.</p>
        )}
      </div>
    </section>
  )
}

function waitText({ limit, closed }: Limit['waiting']): string {
  const parts = [
    limit > 0 && `${counted(limit, 'task waits', 'tasks wait')} for the limit`,
    closed > 0 && `${counted(closed, 'task waits', 'tasks wait')} for a closed gate`,
  ].filter(Boolean)
  return parts.length === 0 ? 'Nothing waits for it.' : `${parts.join('; ')}.`
}
