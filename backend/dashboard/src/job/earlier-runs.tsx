import type { JobDetail } from '../api/types'
import { count, duration, moment } from '../lib/format'
import { Section } from '../ui/page'
import { Status } from '../ui/status'
import { Table } from '../ui/table'

/** How a job ended before it was retried. */
export function EarlierRuns({ job }: { job: JobDetail }) {
  if (job.earlierRuns.length === 0) return null
  return (
    <Section title="Earlier runs" extra="The time of the job is the sum of its runs.">
      <Table
        caption="Earlier runs"
        rows={job.earlierRuns}
        id={(row) => String(row.number)}
        columns={[
          { head: 'Run', num: true, cell: (row) => count(row.number) },
          { head: 'Result', cell: (row) => <Status state={row.status} /> },
          { head: 'Ended', cell: (row) => <span class="nowrap">{moment(row.endedAt)}</span> },
          { head: 'Took', num: true, cell: (row) => duration(row.seconds * 1000) },
          { head: 'Tasks failed', num: true, cell: (row) => `${count(row.tasks.failed)} / ${count(row.tasks.total)}` },
          { head: 'Error', fill: true, cell: (row) => <span class="break">{row.error ?? '–'}</span> },
        ]}
      />
    </Section>
  )
}
