import { Link } from 'wouter-preact'
import { query } from '../api/client'
import type { List, Schedule, Tick } from '../api/types'
import { useFetch } from '../hooks/use-fetch'
import { useParams } from '../hooks/use-params'
import { shortId } from '../lib/format'
import { Empty } from '../ui/empty'
import { Loaded } from '../ui/loaded'
import { Page, Section } from '../ui/page'
import { Pager } from '../ui/pager'
import { Status } from '../ui/status'
import { Table } from '../ui/table'
import { Ago, At } from '../ui/time'
import { ScheduleCard } from './schedule-card'

const EVERY_MS = 10_000

/** One schedule with its history: what each tick started, or why it started nothing. */
export function SchedulePage({ id }: { id: string }) {
  const params = useParams()
  const cursor = params.get('cursor')
  const schedule = useFetch<Schedule>(`/api/schedules/${id}`, { everyMs: EVERY_MS })
  const ticks = useFetch<List<Tick>>(`/api/schedules/${id}/ticks${query({ cursor, limit: 50 })}`, {
    everyMs: cursor ? undefined : EVERY_MS,
  })
  const refresh = () => {
    void schedule.refresh()
    void ticks.refresh()
  }
  return (
    <Loaded of={schedule}>
      {(it) => (
        <Page title={it.name} back={{ href: '/schedules', text: 'Schedules' }}>
          <ul class="stack">
            <ScheduleCard it={it} onChange={refresh} whole />
          </ul>
          <Section title="History">
            <Loaded of={ticks}>
              {({ items, next }) =>
                items.length === 0 ? (
                  <Empty small title="No ticks yet" icon="clock">
                    <p>Each tick is noted here: the job it started, or why it started none.</p>
                  </Empty>
                ) : (
                  <>
                    <Table
                      caption="Ticks"
                      rows={items}
                      id={(row) => row.id}
                      file={{ path: `/api/schedules/${it.id}/ticks` }}
                      columns={[
                        { head: 'Outcome', cell: (row) => <Outcome row={row} /> },
                        { head: 'Tick', cell: (row) => (row.tickAt ? <At at={row.tickAt} /> : <span class="soft">by hand</span>) },
                        { head: 'Job', fill: true, cell: (row) => <JobOf row={row} /> },
                        { head: 'Noted', from: 'tablet', cell: (row) => <Ago at={row.at} /> },
                      ]}
                    />
                    <Pager params={params} next={next} shown={items.length} what="ticks" />
                  </>
                )
              }
            </Loaded>
          </Section>
        </Page>
      )}
    </Loaded>
  )
}

const OUTCOMES: Record<Tick['outcome'], { state: string; text: string }> = {
  started: { state: 'ok', text: 'started a job' },
  joined: { state: 'ready', text: 'already active' },
  skipped: { state: 'skipped', text: 'skipped' },
  refused: { state: 'failed', text: 'refused' },
}

const Outcome = ({ row }: { row: Tick }) => <Status {...OUTCOMES[row.outcome]} />

function JobOf({ row }: { row: Tick }) {
  return (
    <>
      {row.job && row.jobStatus && (
        <span class="row">
          <Link href={`/jobs/${row.job}`}>
            <code>{shortId(row.job)}</code>
          </Link>
          <Status state={row.jobStatus} fraction={0.6} />
        </span>
      )}
      {row.job && !row.jobStatus && <span class="quiet">job {shortId(row.job)}, which no longer exists</span>}
      {row.reason && <div class={row.outcome === 'refused' ? 'bad break' : 'soft break'}>{row.reason}</div>}
    </>
  )
}
