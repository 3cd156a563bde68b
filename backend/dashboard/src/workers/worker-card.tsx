import { Link } from 'wouter-preact'
import type { WorkerInfo } from '../api/types'
import { bytes, count, duration } from '../lib/format'
import { Status } from '../ui/status'
import { Since } from '../ui/time'
import { Unbroken } from '../ui/unbroken'

/** A lag from which deliveries and heartbeats come noticeably late, ms. */
const LATE_MS = 500

/** One worker process with its tasks. */
export function WorkerCard({ worker }: { worker: WorkerInfo }) {
  return (
    <li class={worker.alive ? 'card pad stack gate' : 'card pad stack gate unreachable'}>
      <div>
        <div class="row spread">
          <h3 class="break">{worker.app}</h3>
          {worker.alive ? <Status state="ok" text="running" /> : <Status state="failed" text="no heartbeat" />}
        </div>
        <p class="soft small break">
          {worker.host}, process {worker.pid}
        </p>
        {!worker.alive && (
          <p class="bad small">
            Last seen {duration(worker.heartbeatAgoMs)} ago. Its tasks are released after two missed heartbeats; the figures below are of
            then.
          </p>
        )}
      </div>
      <dl class="pairs small worker-facts">
        <div>
          <dt>Version</dt>
          <dd class="num">{worker.version || 'not known'}</dd>
        </div>
        <div>
          <dt>{worker.alive ? 'Running for' : 'Started'}</dt>
          <dd class="num">
            <Since at={worker.startedAt} />
            {worker.alive ? '' : ' ago'}
          </dd>
        </div>
        <div>
          <dt>In progress</dt>
          <dd class="num">
            {count(worker.holding.length)} of {count(worker.concurrency)}
          </dd>
        </div>
        <div>
          <dt>Memory</dt>
          <dd class="num">{bytes(worker.rssBytes)}</dd>
        </div>
        <div>
          <dt>Event-loop lag, at most</dt>
          <dd class={worker.loopLagMs > LATE_MS ? 'num warn' : 'num'}>{duration(worker.loopLagMs)}</dd>
        </div>
      </dl>
      {worker.holding.length > 0 && (
        <ul class="users small" aria-label={`Tasks of ${worker.app}`}>
          {worker.holding.map((task) => (
            <li key={task.task} class="row spread">
              <Link href={`/jobs/${task.job}`} class="name">
                <Unbroken text={`${task.source} ${task.stream} ${task.key}`} />
              </Link>
              <span class="soft nowrap">{task.sinceMs < 1000 ? 'just now' : `for ${duration(task.sinceMs)}`}</span>
            </li>
          ))}
        </ul>
      )}
    </li>
  )
}
