import { Link } from 'wouter-preact'
import type { WorkerInfo } from '../api/types'
import { bytes, count, duration } from '../lib/format'
import { Status } from '../ui/status'
import { Since } from '../ui/time'

/** One worker with its state and its tasks. */
export function WorkerCard({ worker }: { worker: WorkerInfo }) {
  const slow = (worker.loopLagMs ?? 0) > 500
  return (
    <li class="card pad stack gate">
      <div>
        <div class="row spread">
          <h3 class="break">{worker.app}</h3>
          {worker.alive ? (
            <Status state="ok" text="alive" />
          ) : (
            <Status state="failed" text={`no heartbeat for ${duration(worker.heartbeatAgoMs)}`} />
          )}
        </div>
        <p class="soft small break">
          {worker.host}, process {worker.pid}
        </p>
      </div>
      <dl class="pairs small">
        <dt>In progress</dt>
        <dd class="num">
          {count(worker.holding.length)} of {count(worker.concurrency)}
        </dd>
        <dt>Memory</dt>
        <dd class="num">{bytes(worker.rssBytes)}</dd>
        <dt>Event loop lag</dt>
        <dd class={slow ? 'num warn' : 'num'}>{duration(worker.loopLagMs)}</dd>
        <dt>Uptime</dt>
        <dd class="num">
          <Since at={worker.startedAt} />
        </dd>
      </dl>
      {worker.holding.length > 0 && (
        <ul class="users small" aria-label={`Tasks of ${worker.app}`}>
          {worker.holding.map((task) => (
            <li key={task.task} class="row spread">
              <Link href={`/jobs/${task.job}`} class="break">
                {task.source} {task.stream} {task.key}
              </Link>
              <span class="soft">{duration(task.sinceMs)}</span>
            </li>
          ))}
        </ul>
      )}
    </li>
  )
}
