import { jsonInt } from '../../base/vocabulary'
import { schedulersAlive } from '../../engine/jobs/progress'
import { DEAD_AFTER } from '../../engine/store'
import type { Service } from '../base/context'

export interface WorkerInfo {
  id: string
  app: string
  host: string
  pid: number
  queues: string[]
  concurrency: number
  startedAt: string
  heartbeatAgoMs: number
  alive: boolean
  rssBytes: number
  /** The longest delay of the event loop between the last two heartbeats, ms. */
  loopLagMs: number
  holding: { task: number | string; job: string; source: string; stream: string; key: string; pages: number; sinceMs: number }[]
}

export interface Workers {
  items: WorkerInfo[]
  schedulers: number
  /** Every worker of the registry, so that a missing one is visible. */
  apps: { app: string; queues: string[]; alive: number }[]
}

/** Workers that started and did not stop properly, including those without heartbeats, with the tasks they hold. */
export async function listWorkers({ db, sources }: Pick<Service, 'db' | 'sources'>): Promise<Workers> {
  const [rows, holding, schedulers] = await Promise.all([
    db.query<Omit<WorkerInfo, 'startedAt' | 'holding'> & { startedAt: Date }>(
      `select id, app, host, pid, queues, concurrency, started_at as "startedAt", rss_bytes::float8 as "rssBytes", loop_lag_ms as "loopLagMs",
              greatest(0, round(extract(epoch from clock_timestamp() - heartbeat_at) * 1000))::float8 as "heartbeatAgoMs",
              heartbeat_at > clock_timestamp() - ${DEAD_AFTER} as alive
         from backhaul.workers order by app, id`,
    ),
    db.query<Omit<WorkerInfo['holding'][number], 'task'> & { task: bigint; holder: string }>(
      `select t.holder, t.id as task, t.job_id as job, j.source, t.stream, t.key, t.pages,
              round(extract(epoch from clock_timestamp() - t.claimed_at) * 1000)::float8 as "sinceMs"
         from backhaul.tasks t join backhaul.jobs j on j.id = t.job_id where t.claim is not null order by t.claimed_at, t.id`,
    ),
    schedulersAlive(db),
  ])
  const items = rows.map((row) => ({
    ...row,
    startedAt: row.startedAt.toISOString(),
    holding: holding.filter((task) => task.holder === row.id).map(({ holder: _, ...task }) => ({ ...task, task: jsonInt(task.task) })),
  }))
  const apps = sources.flatMap((source) =>
    Object.entries(source.workers).map(([app, { queues }]) => ({
      app,
      queues: [...queues],
      alive: items.filter((worker) => worker.app === app && worker.alive).length,
    })),
  )
  return { items, schedulers, apps }
}
