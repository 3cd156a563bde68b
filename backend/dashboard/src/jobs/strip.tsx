import { useRef } from 'preact/hooks'
import { useOneStop } from '../hooks/use-one-stop'
import { brief, count, counted, seconds } from '../lib/format'
import { useOverview, useOverviewAge } from '../shell/overview'
import { Fact } from '../ui/fact'
import { Dated } from '../ui/loaded'

/** The suite in six figures, each with a link to its page. */
export function Strip() {
  return (
    <Dated at={useOverviewAge()}>
      <Figures />
    </Dated>
  )
}

function Figures() {
  const it = useOverview()
  // Before the first answer nothing is known, and that is not none.
  const none = it ? 'none' : ' '
  const element = useRef<HTMLDListElement>(null)
  useOneStop(element)
  const queues = it?.queues ?? []
  const due = queues.reduce((sum, queue) => sum + queue.due, 0)
  const oldest = Math.max(0, ...queues.map((queue) => queue.oldestDueMs ?? 0))
  const unattended = queues.filter((queue) => queue.consumers === 0).length
  const dead = it?.workers.dead ?? 0
  return (
    <dl class="card facts" aria-label="The suite now" ref={element}>
      <Fact name="Records / min" href="/charts">
        {brief(it?.rowsPerMinute)}
      </Fact>
      <Fact name="Requests / min" href="/gates">
        {brief(it?.requestsPerMinute)}
      </Fact>
      <Fact
        name="Workers"
        href="/workers"
        tone={it && (dead > 0 || it.workers.alive === 0) ? 'bad' : null}
        more={
          dead > 0
            ? `${count(dead)} without heartbeat`
            : it?.schedulers === 0
              ? 'no scheduler is running'
              : it
                ? counted(it.schedulers, 'scheduler')
                : ' '
        }
      >
        {count(it?.workers.alive)}
      </Fact>
      <Fact
        name="Tasks due"
        href="/workers"
        tone={unattended > 0 ? 'warn' : null}
        more={unattended > 0 ? `${counted(unattended, 'queue')} without a worker` : due > 0 ? `oldest for ${seconds(oldest)}` : none}
      >
        {count(it ? due : null)}
      </Fact>
      <Fact
        name="Dead letters"
        href="/dead-letters"
        tone={it?.deadLetters ? 'warn' : null}
        more={it?.deadLetters === null ? 'RabbitMQ is unreachable' : it?.deadLetters ? 'see why' : none}
      >
        {count(it?.deadLetters)}
      </Fact>
      <Fact name="Open lookups" more="names to fetch">
        {brief(it?.lookupsOpen)}
      </Fact>
    </dl>
  )
}
