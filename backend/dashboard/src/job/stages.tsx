import type { JobDetail } from '../api/types'
import { count } from '../lib/format'
import { Bar } from '../ui/bar'
import { Section } from '../ui/page'
import { Table } from '../ui/table'
import { Unbroken } from '../ui/unbroken'

/** Progress by lane and stage, where the source knows how many records there will be. */
export function Stages({ job }: { job: JobDetail }) {
  if (job.stages.length === 0) return null
  return (
    <Section title="Stages">
      <Table
        caption="Progress by stage"
        rows={job.stages}
        id={(row) => `${row.lane} ${row.stage}`}
        columns={[
          { head: 'Stage', fill: true, cell: (row) => <StageCell row={row} /> },
          {
            head: 'Tasks',
            num: true,
            from: 'tablet',
            cell: (row) => (row.tasks.total > 0 ? `${count(settledOf(row))} / ${count(row.tasks.total)}` : 'none yet'),
          },
        ]}
      />
    </Section>
  )
}

type Stage = JobDetail['stages'][number]

const settledOf = ({ tasks }: Stage): number => tasks.done + tasks.skipped + tasks.failed + tasks.cancelled

function StageCell({ row }: { row: Stage }) {
  const tone = row.tasks.failed > 0 ? 'bad' : row.fraction === 1 ? 'ok' : undefined
  // A stage that has not begun has nothing that moves.
  const fraction = row.fraction ?? (row.tasks.held > 0 ? null : 0)
  return (
    <>
      <span class="name">
        <Unbroken text={row.sentence} />
      </span>
      <Bar label={row.label} fraction={fraction} tone={tone} />
    </>
  )
}
