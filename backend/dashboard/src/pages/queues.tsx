import type { Overview } from '../api/types'
import { count, duration } from '../lib/format'
import { Section } from '../ui/page'
import { Table } from '../ui/table'

/** The queues and their work. */
export function Queues({ queues }: { queues: Overview['queues'] }) {
  return (
    <Section title="Queues" extra="A message only wakes a worker; the work itself is in Postgres.">
      <Table
        caption="Queues"
        rows={queues}
        id={(row) => row.name}
        columns={[
          { head: 'Queue', fill: true, cell: (row) => <span class="break">{row.name}</span> },
          {
            head: 'Consumers',
            num: true,
            cell: (row) => (
              <span class={row.consumers === 0 ? 'warn' : undefined}>{row.consumers === 0 ? 'none' : count(row.consumers)}</span>
            ),
          },
          { head: 'Messages', num: true, from: 'tablet', cell: (row) => count(row.ready) },
          { head: 'Tasks due', num: true, cell: (row) => count(row.due) },
          { head: 'Oldest due', num: true, cell: (row) => (row.oldestDueMs === null ? '–' : duration(row.oldestDueMs)) },
        ]}
      />
    </Section>
  )
}
