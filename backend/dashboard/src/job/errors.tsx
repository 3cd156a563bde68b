import { Link } from 'wouter-preact'
import type { JobDetail } from '../api/types'
import { useParams } from '../hooks/use-params'
import { count, named } from '../lib/format'
import { Section } from '../ui/page'
import { Status } from '../ui/status'
import { Table } from '../ui/table'

const MEANS: Record<string, string> = {
  ready: 'retrying',
  waiting: 'retrying',
  failed: 'failed',
  skipped: 'skipped',
  cancelled: 'cancelled',
}

/** Errors by kind, each with an example. */
export function Errors({ job }: { job: JobDetail }) {
  const params = useParams()
  if (job.errors.length === 0) return null
  return (
    <Section title="Errors" extra={<Link href={params.href({ tab: 'tasks', state: 'failed' })}>Failed tasks</Link>}>
      <Table
        caption="Errors by kind"
        rows={job.errors}
        id={(row) => `${row.kind} ${row.state}`}
        columns={[
          { head: 'Kind', cell: (row) => <Kind kind={row.kind} state={row.state} /> },
          { head: 'Tasks', num: true, cell: (row) => count(row.tasks) },
          { head: 'Example', fill: true, cell: (row) => <span class="break">{row.example ?? '–'}</span> },
        ]}
      />
    </Section>
  )
}

/** The kind of error, and what happens to its tasks. */
function Kind({ kind, state }: { kind: string; state: string }) {
  return (
    <>
      <b class="nowrap">{named(kind)}</b>
      <div>
        <Status state={state} text={MEANS[state] ?? state} />
      </div>
    </>
  )
}
