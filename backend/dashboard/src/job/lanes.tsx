import { waitOf } from '../../../base/vocabulary'
import { query } from '../api/client'
import type { JobDetail, Lane, List } from '../api/types'
import { useFetch } from '../hooks/use-fetch'
import { useParams } from '../hooks/use-params'
import { brief, bytes, count, counted } from '../lib/format'
import { isActive } from '../lib/verbs'
import { Parts } from '../ui/bar'
import { Loaded } from '../ui/loaded'
import { Section } from '../ui/page'
import { Pager } from '../ui/pager'
import { Status } from '../ui/status'
import { type Column, Table } from '../ui/table'
import { Waiting } from '../ui/time'

const EVERY_MS = 3000

/** Tasks by lane, the largest lanes first, page by page. */
export function Lanes({ job }: { job: JobDetail }) {
  const params = useParams()
  const path = `/api/jobs/${job.id}/lanes${query({ cursor: params.get('cursor'), limit: 50 })}`
  const fetched = useFetch<List<Lane>>(job.lanes.length > 0 ? path : null, { everyMs: isActive(job.status) ? EVERY_MS : undefined })
  if (job.lanes.length === 0) return null
  return (
    <Section title="Lanes" extra={counted(fetched.data?.total ?? job.lanes.length, 'lane')}>
      <Loaded of={fetched}>
        {({ items, next, total }) => (
          <>
            <Table caption="Tasks by lane" rows={items} id={(row) => row.lane} columns={COLUMNS} />
            <Pager params={params} next={next} total={total} shown={items.length} what="lanes" />
          </>
        )}
      </Loaded>
    </Section>
  )
}

const COLUMNS: Column<Lane>[] = [
  { head: 'Lane', fill: true, cell: (row) => <LaneCell row={row} /> },
  { head: 'Done / found', cell: (row) => <LaneBar lane={row} /> },
  { head: 'Failed', num: true, cell: (row) => <span class={row.failed > 0 ? 'bad' : undefined}>{count(row.failed)}</span> },
  { head: 'Records', num: true, from: 'tablet', cell: (row) => brief(row.seen) },
  { head: 'Data', num: true, from: 'tablet', cell: (row) => (row.bytes > 0 ? bytes(row.bytes) : '') },
]

/** A lane has the mark of a task in the same state. */
const markOf = ({ state, failed }: Lane): string =>
  ({ active: 'held', parked: 'pending', waiting: 'waiting', ended: failed > 0 ? 'partial' : 'done' })[state]

function LaneCell({ row }: { row: Lane }) {
  const again = row.on === null || row.on === row.errorKind
  return (
    <>
      {row.lane === '' ? <span class="soft">Discovery</span> : <span class="break">{row.lane}</span>}
      <div>
        <Status state={markOf(row)} text={row.state} />
        {row.until && (
          <span class="soft">
            {' · '}
            <Waiting wait={{ ...waitOf(row), error: null }} until={row.until} />
          </span>
        )}
      </div>
      {row.errorKind && (
        <div class={row.failed > 0 && !(row.until && again) ? 'bad break' : 'warn break'}>
          {row.errorKind}
          {row.error && `: ${row.error}`}
        </div>
      )}
    </>
  )
}

function LaneBar({ lane }: { lane: Lane }) {
  const of = (n: number) => n / Math.max(1, lane.total)
  const open = lane.waiting + lane.ready
  return (
    <div class="lane-bar">
      {count(lane.done)} / {count(lane.total)}
      <Parts
        label={`${lane.done} done, ${lane.skipped} skipped, ${lane.failed} failed, ${lane.cancelled} cancelled, ${lane.held} in progress, ${open} open`}
        parts={[
          { fraction: of(lane.done), tone: 'ok' },
          { fraction: of(lane.skipped), tone: 'warn' },
          { fraction: of(lane.failed), tone: 'bad' },
          { fraction: of(lane.held) },
          { fraction: of(lane.cancelled), tone: 'idle' },
        ]}
      />
    </div>
  )
}
