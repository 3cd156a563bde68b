import type { Reader } from '../../base/sql'
import { jsonInt } from '../../base/vocabulary'
import { schedulersAlive } from '../../engine/jobs/progress'
import { DEAD_AFTER } from '../../engine/store'
import type { Service } from '../base/context'

export interface WorkerInfo {
  id: string
  app: string
  /** What was deployed. */
  version: string
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
  /** Every worker of the registry, so that a missing one is visible, then the other processes. */
  apps: AppInfo[]
}

export interface AppInfo {
  app: string
  /** None for a process that is no worker. */
  queues: string[]
  /** Null for a process that sends no heartbeats. */
  alive: number | null
  /** When one of its processes was last known to run; null: not in the time for which starts are kept. */
  seenAt: string | null
  /** Starts after the first one, in a week: all, and those whose predecessor did not stop by itself. */
  restarts: number
  crashes: number
  /** The last start, and its version. */
  startedAt: string | null
  version: string | null
}

/** Workers that started and did not stop properly, including those without heartbeats, with the tasks they hold. */
export async function listWorkers({ db, sources }: Pick<Service, 'db' | 'sources'>): Promise<Workers> {
  const [rows, holding, schedulers, starts] = await Promise.all([
    db.query<Omit<WorkerInfo, 'startedAt' | 'holding'> & { startedAt: Date }>(
      `select id, app, version, host, pid, queues, concurrency, started_at as "startedAt", rss_bytes::float8 as "rssBytes", loop_lag_ms as "loopLagMs",
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
    readStarts(db),
  ])
  const items = rows.map((row) => ({
    ...row,
    startedAt: row.startedAt.toISOString(),
    holding: holding.filter((task) => task.holder === row.id).map(({ holder: _, ...task }) => ({ ...task, task: jsonInt(task.task) })),
  }))
  const alive = (app: string) => items.filter((worker) => worker.app === app && worker.alive)
  const workers = sources.flatMap((source) => Object.entries(source.workers).map(([app, { queues }]) => ({ app, queues: [...queues] })))
  const named = new Set(workers.map(({ app }) => app))
  const others = [...starts.keys()].filter((app) => !named.has(app)).map((app) => ({ app, queues: [] }))
  const apps = [...workers, ...others].map(({ app, queues }) => {
    const isWorker = named.has(app) || items.some((worker) => worker.app === app)
    return { app, queues, alive: isWorker ? alive(app).length : null, ...(starts.get(app) ?? NEVER_STARTED) }
  })
  return { items, schedulers, apps }
}

type Starts = Omit<AppInfo, 'app' | 'queues' | 'alive'>
const NEVER_STARTED: Starts = { seenAt: null, restarts: 0, crashes: 0, startedAt: null, version: null }

/** What is known of the starts of each app in a week. */
async function readStarts(db: Reader): Promise<Map<string, Starts>> {
  const rows = await db.query<Omit<Starts, 'seenAt' | 'startedAt'> & { app: string; seenAt: Date; startedAt: Date }>(
    `select s.app, max(s.at) as "startedAt", (array_agg(s.version order by s.id desc))[1] as version,
            coalesce(max(w.heartbeat_at), max(greatest(s.at, s.ended_at))) as "seenAt",
            count(*) filter (where s.before is not null and s.at > clock_timestamp() - interval '7 days')::int as restarts,
            count(*) filter (where s.lost and s.ended_at > clock_timestamp() - interval '7 days')::int as crashes
       from backhaul.starts s left join backhaul.workers w on w.id = s.process group by s.app order by s.app`,
  )
  return new Map(rows.map(({ app, ...row }) => [app, { ...row, seenAt: row.seenAt.toISOString(), startedAt: row.startedAt.toISOString() }]))
}
