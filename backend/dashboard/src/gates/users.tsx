import { Link } from 'wouter-preact'
import { percent } from '../../../base/vocabulary'
import type { ApiUsers, Limit } from '../api/types'
import { useFetch } from '../hooks/use-fetch'
import { count, duration, shortId } from '../lib/format'
import { Loaded } from '../ui/loaded'
import { Table } from '../ui/table'
import { Unbroken } from '../ui/unbroken'

const EVERY_MS = 10_000

/** Who used the API in the last hour, the largest users first. */
export function Users({ limit }: { limit: Limit }) {
  const fetched = useFetch<ApiUsers>(`/api/limits/${encodeURIComponent(limit.name)}/users`, { everyMs: EVERY_MS })
  return (
    <div class="stack">
      <h3>Used by, in the last hour</h3>
      <Loaded of={fetched}>{(it) => <List it={it} />}</Loaded>
    </div>
  )
}

function List({ it }: { it: ApiUsers }) {
  if (it.items.length === 0) return <p class="soft">Nobody sent a request to {it.api} in the last hour.</p>
  const live = it.requests === 0 ? 0 : it.live / it.requests
  return (
    <>
      <p class="soft small">
        {count(it.requests)} requests to {it.api}: {percent(live)} live, {percent(1 - live)} backfill.
      </p>
      <Table
        caption={`Who used ${it.api} in the last hour`}
        rows={it.items}
        id={(row) => row.job ?? row.label}
        columns={[
          {
            head: 'Who',
            fill: true,
            cell: (row) =>
              row.job ? (
                <>
                  <Link href={`/jobs/${row.job}`} class="name">
                    <Unbroken text={row.label} />
                  </Link>{' '}
                  <code class="quiet tiny">{shortId(row.job)}</code>
                </>
              ) : (
                row.label
              ),
          },
          { head: 'Requests', num: true, cell: (row) => count(row.requests) },
          { head: 'Share', num: true, cell: (row) => percent(row.share) },
          { head: 'Class', from: 'tablet', cell: (row) => classOf(row) },
          { head: '429', num: true, cell: (row) => <span class={row.throttled > 0 ? 'warn' : undefined}>{count(row.throttled)}</span> },
          { head: 'Waited', num: true, from: 'tablet', cell: (row) => (row.waitMs === 0 ? '0 s' : duration(row.waitMs)) },
        ]}
      />
    </>
  )
}

function classOf({ live, requests }: ApiUsers['items'][number]): string {
  if (live === 0) return 'backfill'
  return live === requests ? 'live' : `${percent(live / requests)} live`
}
