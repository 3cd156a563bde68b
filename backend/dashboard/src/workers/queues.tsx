import type { Overview } from '../api/types'
import { useFetch } from '../hooks/use-fetch'
import { useParams } from '../hooks/use-params'
import { count, duration } from '../lib/format'
import { Loaded } from '../ui/loaded'
import { Name } from '../ui/name'
import { Note } from '../ui/note'
import { Section } from '../ui/page'
import { Table } from '../ui/table'
import { isUnattended, unattendedFirst } from './order'

const EVERY_MS = 5000

/** The queues and their work: those that nobody takes from first. */
export function Queues() {
  const fetched = useFetch<Overview>('/api/overview', { everyMs: EVERY_MS })
  return (
    <Section title="Queues" extra="A message only wakes a worker; the work itself is in Postgres.">
      <Loaded of={fetched}>{({ queues }) => <List queues={queues} />}</Loaded>
    </Section>
  )
}

function List({ queues }: { queues: Overview['queues'] }) {
  // An alert names a queue.
  const chosen = useParams().get('queue')
  return (
    <>
      {queues.some(({ ready }) => ready === null) && (
        <Note tone="warn">RabbitMQ is unreachable, so consumers and messages are not known. What is due is in Postgres, and is right.</Note>
      )}
      <Table
        caption="Queues"
        rows={queues.toSorted(unattendedFirst)}
        id={(row) => row.name}
        columns={[
          {
            head: 'Queue',
            fill: true,
            cell: (row) => (
              <span class={row.name === chosen ? 'chosen' : undefined}>
                <Name>{row.name}</Name>
              </span>
            ),
          },
          {
            head: 'Consumers',
            num: true,
            cell: (row) => (
              <span class={isUnattended(row) ? 'bad' : row.consumers === 0 ? 'soft' : undefined}>
                {row.consumers === 0 ? 'none' : known(row.consumers)}
              </span>
            ),
          },
          { head: 'Messages', num: true, from: 'tablet', cell: (row) => known(row.ready) },
          { head: 'Tasks due', num: true, cell: (row) => count(row.due) },
          { head: 'Oldest due for', num: true, cell: (row) => (row.oldestDueMs === null ? 'none due' : duration(row.oldestDueMs)) },
        ]}
      />
    </>
  )
}

const known = (value: number | null): string => (value === null ? 'not known' : count(value))
