import { Link } from 'wouter-preact'
import { query } from '../api/client'
import type { ActionRow, List } from '../api/types'
import { useFetch } from '../hooks/use-fetch'
import { useParams } from '../hooks/use-params'
import { moment, shortId } from '../lib/format'
import { Empty } from '../ui/empty'
import { Loaded } from '../ui/loaded'
import { Page } from '../ui/page'
import { Pager } from '../ui/pager'
import { Status } from '../ui/status'
import { Table } from '../ui/table'
import { Ago } from '../ui/time'

const EVERY_MS = 10_000

/** What people did, through any entry point. */
export function Activity() {
  const params = useParams()
  const cursor = params.get('cursor')
  const fetched = useFetch<List<ActionRow>>(`/api/actions${query({ cursor, limit: 50 })}`, { everyMs: cursor ? undefined : EVERY_MS })
  return (
    <Page title="Activity" about="Everything that people started or changed: who, when and how, including refused attempts.">
      <Loaded of={fetched}>
        {({ items, next, total }) =>
          items.length === 0 ? (
            <Empty title="No actions yet" icon="list">
              <p>Starts, pauses, cancels, replays and other actions are logged here.</p>
            </Empty>
          ) : (
            <>
              <Table
                caption="Actions"
                file={{ path: '/api/actions' }}
                rows={items}
                id={(row) => row.id}
                columns={[
                  {
                    head: 'When',
                    cell: (row) => (
                      <span title={moment(row.at)}>
                        <Ago at={row.at} />
                      </span>
                    ),
                  },
                  { head: 'What', fill: true, cell: (row) => <What row={row} /> },
                  { head: 'Who', from: 'tablet', cell: (row) => row.who },
                  {
                    head: 'From',
                    from: 'tablet',
                    cell: (row) => (
                      <span class="soft nowrap">
                        {row.address} · {row.entryPoint}
                      </span>
                    ),
                  },
                ]}
              />
              <Pager params={params} next={next} total={total} shown={items.length} what="actions" />
            </>
          )
        }
      </Loaded>
    </Page>
  )
}

const UUID = /^[0-9a-f]{8}-[0-9a-f-]{27}$/

/** Where the pages of what was acted on are, by the first word of the verb. */
const PAGES: Record<string, string> = { job: '/jobs', schedule: '/schedules', webhook: '/webhooks' }

function Target({ row }: { row: ActionRow }) {
  if (!row.target) return <span class="quiet">–</span>
  const page = PAGES[row.verb.split('.')[0] ?? '']
  const short = UUID.test(row.target) ? shortId(row.target) : row.target
  const text = row.label ?? short
  return (
    <>
      {row.label !== null && page && UUID.test(row.target) ? (
        <Link href={`${page}/${row.target}`} class="break">
          {text}
        </Link>
      ) : (
        <span class="break">{text}</span>
      )}
      {text !== short && (
        <>
          {' '}
          <code class="quiet">{short}</code>
        </>
      )}
    </>
  )
}

function What({ row }: { row: ActionRow }) {
  return (
    <div class="sentence">
      <b>{row.verb}</b> <Target row={row} />
      {row.outcome !== 'done' && (
        <div class="warn break">
          <Status state="partial" text="refused" bare /> {row.outcome}
        </div>
      )}
    </div>
  )
}
