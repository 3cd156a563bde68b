import type { JobDetail, TaskRow } from '../api/types'
import { useMe } from '../hooks/use-me'
import { counted, moment, named } from '../lib/format'
import { Button } from '../ui/button'
import { retry } from './failures'

/** Who read a task, and what each of its failed tries was answered. */
export function TaskHistory({ job, row, onChange }: { job: JobDetail; row: TaskRow; onChange: () => void }) {
  const { canWrite } = useMe()
  const canRetry = canWrite && row.state === 'failed'
  if (row.tried.length === 0 && row.ranBy === null && !canRetry) return null
  return (
    <details class="history">
      <summary class="soft">{row.tried.length > 0 ? `History: ${counted(row.tried.length, 'try', 'tries')} failed` : 'History'}</summary>
      {row.ranBy && (
        <p class="soft">
          {row.holder ? 'Read by' : 'Read last by'} <code>{row.ranBy}</code>
          {row.ranVersion && `, version ${row.ranVersion}`}
        </p>
      )}
      {row.tried.length > 0 && (
        <ol>
          {row.tried.map((one) => (
            <li key={one.at}>
              <span class="nowrap">{moment(one.at)}</span> <b>{named(one.kind)}</b>
              {one.api && <span class="soft"> · {one.api}</span>}
              <div class="soft break">{one.error}</div>
              {one.worker && one.worker !== row.ranBy && <code class="soft">{one.worker}</code>}
            </li>
          ))}
        </ol>
      )}
      {canRetry && (
        <Button small icon="retry" onClick={() => void retry(job, { task: row.id }, onChange)}>
          Retry this task
        </Button>
      )}
    </details>
  )
}
