import type { JobDetail } from '../api/types'
import { count, duration, moment } from '../lib/format'
import { Section } from '../ui/page'
import { Status } from '../ui/status'
import { Table } from '../ui/table'

/** How a job ended before it was tried again. */
export function EarlierRuns({ job }: { job: JobDetail }) {
  if (job.earlierRuns.length === 0) return null
  return (
    <Section title="Earlier runs" aside="The time of the job is that of its runs together.">
      <Table
        caption="Earlier runs"
        rows={job.earlierRuns}
        id={(row) => String(row.number)}
        columns={[
          { head: 'Run', num: true, cell: (row) => count(row.number) },
          { head: 'How it ended', cell: (row) => <Status state={row.status} /> },
          { head: 'Ended', cell: (row) => <span class="nowrap">{moment(row.endedAt)}</span> },
          { head: 'Took', num: true, cell: (row) => duration(row.seconds * 1000) },
          { head: 'Tasks failed', num: true, cell: (row) => `${count(row.tasks.failed)} / ${count(row.tasks.total)}` },
          { head: 'Why', fill: true, cell: (row) => <span class="break">{row.error ?? '–'}</span> },
        ]}
      />
    </Section>
  )
}
