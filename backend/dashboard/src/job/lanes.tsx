import { upper, waitOf } from '../../../base/vocabulary'
import { query } from '../api/client'
import type { JobDetail, Lane, List } from '../api/types'
import { useFetch } from '../hooks/use-fetch'
import { useParams } from '../hooks/use-params'
import { brief, bytes, count, named } from '../lib/format'
import { isActive } from '../lib/verbs'
import { type Part, Parts } from '../ui/bar'
import { Loaded } from '../ui/loaded'
import { Section } from '../ui/page'
import { Pager } from '../ui/pager'
import { Status } from '../ui/status'
import { type Column, Table } from '../ui/table'
import { Waiting } from '../ui/time'
import { Unbroken } from '../ui/unbroken'

const EVERY_MS = 3000

/** Tasks by lane, in the words of the source, the largest lanes first, page by page. */
export function Lanes({ job }: { job: JobDetail }) {
  const params = useParams()
  const path = `/api/jobs/${job.id}/lanes${query({ cursor: params.get('cursor'), limit: 50 })}`
  const fetched = useFetch<List<Lane>>(job.lanes.length > 0 ? path : null, { everyMs: isActive(job.status) ? EVERY_MS : undefined })
  if (job.lanes.length === 0) return null
  const { lane: word } = job.words
  const total = fetched.data?.total ?? job.lanes.length
  return (
    <Section title={upper(word.many)} extra={`${count(total)} ${total === 1 ? word.one : word.many}`}>
      <Loaded of={fetched}>
        {({ items, next, total }) => (
          <>
            <Legend lanes={items} />
            <Table caption={`Tasks by ${word.one}`} rows={items} id={(row) => row.lane} columns={columnsOf(job)} />
            <Pager params={params} next={next} total={total} shown={items.length} what={word.many} />
          </>
        )}
      </Loaded>
    </Section>
  )
}

const columnsOf = ({ status, words }: JobDetail): Column<Lane>[] => [
  { head: upper(words.lane.one), fill: true, cell: (row) => <LaneCell row={row} status={status} /> },
  { head: 'Settled / found', cell: (row) => <LaneBar lane={row} /> },
  { head: 'Failed', num: true, cell: (row) => <span class={row.failed > 0 ? 'bad' : undefined}>{count(row.failed)}</span> },
  { head: 'Records', num: true, from: 'tablet', cell: (row) => brief(row.seen) },
  { head: 'Data', num: true, from: 'tablet', cell: (row) => (row.bytes > 0 ? bytes(row.bytes) : '') },
]

const PARTS: { name: 'done' | 'skipped' | 'failed' | 'held' | 'cancelled'; text: string; tone?: Part['tone'] }[] = [
  { name: 'done', text: 'done', tone: 'ok' },
  { name: 'skipped', text: 'skipped', tone: 'skipped' },
  { name: 'failed', text: 'failed', tone: 'bad' },
  { name: 'held', text: 'in progress' },
  { name: 'cancelled', text: 'cancelled', tone: 'idle' },
]

/** What the colors of the bars mean: those that occur. */
function Legend({ lanes }: { lanes: readonly Lane[] }) {
  const shown = PARTS.filter(({ name }) => lanes.some((lane) => lane[name] > 0))
  if (shown.length === 0) return null
  return (
    <ul class="row small soft legend-row" aria-label="Colors of the bars">
      {shown.map(({ name, text, tone }) => (
        <li key={name} class="row tight">
          <span class="bar key" aria-hidden="true">
            <i class={tone} />
          </span>
          {text}
        </li>
      ))}
      {lanes.some(({ waiting, ready }) => waiting + ready > 0) && (
        <li class="row tight">
          <span class="bar key" aria-hidden="true" />
          open
        </li>
      )}
    </ul>
  )
}

/** A lane has the mark of a task in the same state. */
const markOf = ({ state, failed }: Lane): string =>
  ({ active: 'held', parked: 'pending', waiting: 'waiting', ended: failed > 0 ? 'partial' : 'done' })[state]

/** Of a job that does not run nothing moves: an open lane is as its job, and counts down to nothing. */
function LaneCell({ row, status }: { row: Lane; status: JobDetail['status'] }) {
  const stands = isActive(status) && status !== 'running' && row.state !== 'ended' && row.held === 0
  const again = row.on === null || row.on === row.errorKind
  return (
    <>
      {row.lane === '' ? (
        <span class="soft">Discovery</span>
      ) : (
        <span class="name">
          <Unbroken text={row.lane} />
        </span>
      )}
      <div>
        <Status state={stands ? status : markOf(row)} text={stands ? status : row.state} />
        {row.until && !stands && (
          <span class="soft">
            {' · '}
            <Waiting wait={{ ...waitOf(row), error: null }} until={row.until} />
          </span>
        )}
      </div>
      {row.errorKind && (
        <div class={row.failed > 0 && !(row.until && again) ? 'bad break' : 'warn break'}>
          {named(row.errorKind)}
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
      {count(lane.done + lane.skipped + lane.failed + lane.cancelled)} / {count(lane.total)}
      <Parts
        label={`${lane.done} done, ${lane.skipped} skipped, ${lane.failed} failed, ${lane.cancelled} cancelled, ${lane.held} in progress, ${open} open`}
        parts={PARTS.map(({ name, tone }) => ({ fraction: of(lane[name]), tone }))}
      />
    </div>
  )
}
