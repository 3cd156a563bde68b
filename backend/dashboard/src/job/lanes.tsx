import type { JobDetail, TaskCounts } from '../api/types'
import { count, plural } from '../lib/format'
import { Parts } from '../ui/bar'
import { Section } from '../ui/page'
import { Table } from '../ui/table'

/** Tasks by lane, those with most to do first. */
export function Lanes({ job }: { job: JobDetail }) {
  if (job.lanes.length === 0) return null
  return (
    <Section title="Lanes" aside={plural(job.lanes.length, 'lane')}>
      <Table
        caption="Tasks by lane"
        rows={job.lanes}
        id={(row) => row.lane}
        columns={[
          { head: 'Lane', cell: (row) => <span class="break">{row.lane}</span> },
          { head: 'Tasks', fill: true, cell: (row) => <LaneBar lane={row} /> },
          { head: 'Done', num: true, from: 'tablet', cell: (row) => count(row.done + row.skipped) },
          { head: 'In hand', num: true, from: 'tablet', cell: (row) => count(row.held) },
          { head: 'Failed', num: true, cell: (row) => <span class={row.failed > 0 ? 'bad' : undefined}>{count(row.failed)}</span> },
          { head: 'Open', num: true, cell: (row) => count(row.waiting + row.ready) },
        ]}
      />
    </Section>
  )
}

function LaneBar({ lane }: { lane: TaskCounts & { lane: string } }) {
  const of = (n: number) => n / Math.max(1, lane.total)
  const open = lane.waiting + lane.ready
  return (
    <div class="lane-bar">
      <Parts
        label={`${lane.done} done, ${lane.skipped} skipped, ${lane.failed} failed, ${lane.cancelled} cancelled, ${lane.held} in hand, ${open} open`}
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
