import type { JobStatus } from '../../base/vocabulary'
import { schedulersAlive } from '../../engine/jobs/progress'
import { DEAD_AFTER } from '../../engine/store'
import { databaseCache } from '../base/caches'
import type { Service } from '../base/context'
import { countJobs } from '../jobs/list'
import { listQueues, type QueueInfo, queueDepths } from '../queues/queues'

/** The whole suite at a glance. */
export interface Overview {
  jobs: Record<JobStatus, number>
  /** New and updated records of the last minute, and requests sent in it. */
  rowsPerMinute: number
  requestsPerMinute: number
  workers: { alive: number; dead: number }
  schedulers: number
  alerts: number
  /** Those that nobody has acknowledged. */
  alertsOpen: number
  /** Dead letters; null while the broker is unreachable. */
  deadLetters: number | null
  lookupsOpen: number
  queues: QueueInfo[]
}

const overviews = databaseCache<Overview>(1000)

/** The suite at a glance, at most a second old. */
export const overview = (service: Service): Promise<Overview> => overviews(service).get('', () => readOverview(service))

async function readOverview(service: Service): Promise<Overview> {
  const [jobs, rates, [figures], schedulers, queues, depths] = await Promise.all([
    countJobs(service, {}),
    readRates(service),
    readFigures(service),
    schedulersAlive(service.db),
    listQueues(service),
    queueDepths(service),
  ])
  const { alive = 0, dead = 0, alerts = 0, alertsOpen = 0, lookupsOpen = 0 } = figures ?? {}
  const deadLetters = depths ? [...depths.values()].reduce((sum, depth) => sum + depth.dead, 0) : null
  return { jobs, ...rates, workers: { alive, dead }, schedulers, alerts, alertsOpen, deadLetters, lookupsOpen, queues }
}

/** Two index scans count the open lookups: unclaimed ones, and claimed ones. */
const readFigures = ({ db }: Service) =>
  db.query<{ alive: number; dead: number; alerts: number; alertsOpen: number; lookupsOpen: number }>(
    `select w.alive, w.dead, a.*,
            ((select count(*) from backhaul.lookups where asked > answered and claim is null)
             + (select count(*) from backhaul.lookups where asked > answered and claim is not null))::int as "lookupsOpen"
       from (select (count(*) filter (where heartbeat_at > clock_timestamp() - ${DEAD_AFTER}))::int as alive,
                    (count(*) filter (where heartbeat_at <= clock_timestamp() - ${DEAD_AFTER}))::int as dead from backhaul.workers) w,
            (select count(*)::int as alerts, (count(*) filter (where acknowledged_at is null))::int as "alertsOpen" from backhaul.alerts) a`,
  )

/** The last sixty seconds: all samples of this minute, and the share of the previous minute's that falls into them. */
async function readRates({ db }: Service): Promise<{ rowsPerMinute: number; requestsPerMinute: number }> {
  const [row] = await db.query<{ rowsPerMinute: number; requestsPerMinute: number }>(
    `select coalesce(sum(weight * value) filter (where name = 'backhaul_rows_total' and labels::jsonb ->> 'outcome' in ('new', 'updated')), 0)::float8
              as "rowsPerMinute",
            coalesce(sum(weight * value) filter (where name = 'backhaul_requests_total'), 0)::float8 as "requestsPerMinute"
       from (select name, labels, value, case when minute = date_trunc('minute', now()) then 1 else 1 - extract(second from now()) / 60 end as weight
               from backhaul.samples
              where minute >= date_trunc('minute', now()) - interval '1 minute' and name in ('backhaul_rows_total', 'backhaul_requests_total')) s`,
  )
  return { rowsPerMinute: Math.round(row?.rowsPerMinute ?? 0), requestsPerMinute: Math.round(row?.requestsPerMinute ?? 0) }
}
