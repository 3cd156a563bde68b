import { Link } from 'wouter-preact'
import { post } from '../api/client'
import type { JobDetail, PartitionCell } from '../api/types'
import { useMe } from '../hooks/use-me'
import { useParams } from '../hooks/use-params'
import { count, counted } from '../lib/format'
import { attempt } from '../lib/updates'
import { Button } from '../ui/button'
import { Ago } from '../ui/time'
import { cellText } from './signs'

interface Props {
  job: JobDetail
  name: string
  cell: PartitionCell | undefined
  onChange: () => void
}

/** What is known of the chosen cell, and what can be done about it. */
export function CellDetails({ job, name, cell, onChange }: Props) {
  const params = useParams()
  const { canWrite } = useMe()
  return (
    <div class="row small soft">
      <p class="break">
        <b>{name}</b>: {cellText(cell)}.{' '}
        {cell && (
          <>
            Changed <Ago at={cell.changedAt} />
            {cell.attempts > 0 && `, ${counted(cell.attempts, 'try', 'tries')} without a page`}.{' '}
            <Link href={params.href({ tab: 'tasks', row: cell.row, column: cell.column })}>
              {cell.tasks === 1 ? 'Show its task, and what ran it' : `Show its ${count(cell.tasks)} tasks, and what ran them`}
            </Link>
          </>
        )}
      </p>
      {cell?.state === 'failed' && canWrite && (
        <Button small icon="retry" onClick={() => void retry(job, cell, name, onChange)}>
          Retry this cell
        </Button>
      )}
    </div>
  )
}

async function retry(job: JobDetail, { row, column }: PartitionCell, name: string, onChange: () => void): Promise<void> {
  await attempt(
    () => post(`/api/jobs/${job.id}/retry`, { row, column }),
    () => `${name}: retrying.`,
  )
  onChange()
}
