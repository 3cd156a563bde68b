import type { JobDetail, TimelineItem } from '../api/types'
import { useFetch } from '../hooks/use-fetch'
import { duration } from '../lib/format'
import { isActive } from '../lib/verbs'
import { Icon, type IconName } from '../ui/icon'
import { Loaded } from '../ui/loaded'
import { At } from '../ui/time'

const EVERY_MS = 5000

const ICONS: Record<TimelineItem['kind'], IconName> = {
  start: 'play',
  action: 'edit',
  end: 'seal',
  turn: 'clock',
  gate: 'gate',
  retry: 'retry',
  hold: 'alert',
  worker: 'worker',
  tries: 'retry',
  lost: 'alert',
  stopped: 'stop',
}
const TONES: Partial<Record<TimelineItem['kind'], string>> = { hold: 'warn', retry: 'warn', tries: 'warn', lost: 'bad' }

/** What happened to a job, oldest first. Waits of the same kind are one entry. */
export function Timeline({ job }: { job: JobDetail }) {
  const fetched = useFetch<{ items: TimelineItem[] }>(`/api/jobs/${job.id}/timeline`, {
    everyMs: isActive(job.status) ? EVERY_MS : undefined,
  })
  return (
    <Loaded of={fetched}>
      {({ items }) => (
        <ol class="card timeline" aria-label="What happened to this job">
          {items.map((item) => (
            <li key={`${item.at} ${item.kind} ${item.text}`}>
              <span class={TONES[item.kind] ?? 'soft'}>
                <Icon name={ICONS[item.kind]} size={15} />
              </span>
              <div>
                <p>
                  {item.text}
                  {item.lastedMs !== null && <b> · {duration(item.lastedMs)}</b>}
                </p>
                {item.detail && <p class="soft small break">{item.detail}</p>}
              </div>
              <span class="soft small when">
                <At at={item.at} />
                {item.until && (
                  <>
                    {' to '}
                    <At at={item.until} />
                  </>
                )}
              </span>
            </li>
          ))}
        </ol>
      )}
    </Loaded>
  )
}
