import type { JobDetail, Wait } from '../api/types'
import { counted } from '../lib/format'
import { Icon, type IconName } from '../ui/icon'
import { Countdown } from '../ui/time'

const ICONS: Record<Wait['kind'], IconName> = { gate: 'gate', retry: 'retry', hold: 'alert', worker: 'worker' }

/** Why work is waiting, and until when. */
export function Waits({ job }: { job: JobDetail }) {
  if (job.waits.length === 0 || job.status !== 'running') return null
  return (
    <ul class="waits">
      {job.waits.map((wait) => (
        <li key={`${wait.kind} ${wait.on}`} class={wait.kind === 'retry' ? 'wait warn' : 'wait'}>
          <Icon name={ICONS[wait.kind]} size={15} />
          <span class="grow">
            {wait.sentence}
            {wait.until && (
              <>
                {' · '}
                <Countdown until={wait.until} />
              </>
            )}
          </span>
          <span class="soft nowrap">{counted(wait.tasks, 'task')}</span>
        </li>
      ))}
    </ul>
  )
}
