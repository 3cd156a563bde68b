import type { JobDetail } from '../api/types'
import { count, seconds } from '../lib/format'
import { Section } from '../ui/page'
import { Table } from '../ui/table'
import { Unbroken } from '../ui/unbroken'

/** Tasks that a worker is working on. */
export function InHand({ job }: { job: JobDetail }) {
  if (job.inHand.length === 0) return null
  return (
    <Section title="In progress">
      <Table
        caption="Tasks in progress"
        rows={job.inHand}
        id={(row) => row.task}
        columns={[
          { head: 'Task', fill: true, cell: (row) => <TaskName stream={row.stream} task={row.key} /> },
          { head: 'Pages', num: true, cell: (row) => count(row.pages) },
          { head: 'Worker', from: 'tablet', cell: (row) => <code class="soft">{row.worker}</code> },
          { head: 'For', num: true, cell: (row) => seconds(row.sinceMs) },
        ]}
      />
    </Section>
  )
}

/** Stream and key of a task. */
export function TaskName({ stream, task }: { stream: string; task: string }) {
  return (
    <>
      <span class="soft">{stream}</span>{' '}
      <span class="name">
        <Unbroken text={task} />
      </span>
    </>
  )
}
