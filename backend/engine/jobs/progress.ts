import type { Reader } from '../../base/sql'
import { type Counted, OPEN_STATES, SETTLED_STATES, TASK_STATES, type WaitKind } from '../../base/vocabulary'
import { CAPACITY, DEAD_AFTER, FINISH } from '../store'
import { type Turn, turnsOf } from './admission'
import { COUNTS } from './counts'
import { SECONDS_RUN } from './runs'

export { FINISH } from '../store'
export { type Turn, turnsOf } from './admission'
export { COUNTS } from './counts'

/*
 * What entry points show of jobs while they run. These figures are for people: the engine decides nothing by them.
 */

/** Why unclaimed tasks of a job make no progress. */
export interface Wait {
  /** `gate`: until an API's next slot; `retry`: after an error; `hold`: until a person acts; `worker`: due, but no worker has taken it yet. */
  kind: WaitKind
  /** API, kind of error, reason of a hold, or queue. */
  on: string
  tasks: number
  /** Time until the first of them is due, ms by the database's clock; 0 when it is due. */
  inMs: number
  /** When the first of them is due, by the database's clock. */
  dueAt: Date
  /** The last error of a retry. */
  error: string | null
}

export interface Progress extends Counted {
  id: string
  /** When its figures were read, by the database's clock. */
  readAt: Date
  source: string
  status: string
  /** Names what is backfilled; null for a job that was forced to run beside another one. */
  activeKey: string | null
  params: unknown
  priority: number
  /** One of the kinds of its source. */
  kind: string | null
  /** When a person noted that they know that it failed, and who. */
  acknowledged: Date | null
  acknowledgedBy: string | null
  /** False while the most jobs allowed already run, or while it is paused. */
  admitted: boolean
  /** Its position among the jobs that wait to be admitted; null if it does not wait. */
  turn: Turn | null
  error: string | null
  createdAt: Date
  startedAt: Date | null
  completedAt: Date | null
  /** From its start (or its creation, if it has not started) to its end or now; without the time between an end and a retry. */
  seconds: number
  tasks: Tasks
  pages: number
  /** Records that exist according to the upstream, where it gives a number for every task. */
  expected: number | null
  /** From its report; null while there is none. */
  verified: boolean | null
  /** Retention deleted its tasks after it ended. */
  cleared: boolean
  lookups: { asked: number; open: number }
  waits: Wait[]
  /** A worker holds the task that writes its report. */
  isReporting: boolean
}

export interface Tasks {
  total: number
  waiting: number
  ready: number
  /** The ready ones that a worker holds. */
  held: number
  done: number
  skipped: number
  failed: number
  cancelled: number
}

/** Queues that at least one live worker consumes, with how many deliveries they hold at once. */
export async function livePlaces(db: Reader): Promise<Map<string, number>> {
  const rows = await db.query<{ queue: string; places: number }>(CAPACITY)
  return new Map(rows.map((row) => [row.queue, row.places]))
}

type Sums = Omit<Progress, 'tasks' | 'turn' | 'lookups' | 'waits'> & Tasks & { reported: Progress['lookups'] | null }

/**
 * The progress of these jobs, in the order of the ids; ids without a job are left out. The figures of a job with a report come from it,
 * because its tasks may be deleted by then.
 * @param countLookups requested and open by job; by default read from the database. The count of a report is the minimum of what was requested.
 * @param findTurns positions of jobs that wait to be admitted; by default read from the database
 */
export async function progress(
  db: Reader,
  ids: readonly string[],
  countLookups: () => Promise<ReadonlyMap<string, Progress['lookups']>> = () => readLookups(db, ids),
  findTurns: (queued: readonly string[]) => Promise<ReadonlyMap<string, Turn>> = (queued) => turnsOf(db, queued),
): Promise<Progress[]> {
  if (ids.length === 0) return []
  const [sums, lookups, waits] = await Promise.all([readSums(db, ids), countLookups(), readWaits(db, ids)])
  const queued = sums.filter((job) => job.status === 'queued' && !job.admitted).map((job) => job.id)
  const turns = queued.length > 0 ? await findTurns(queued) : undefined
  return sums.map(({ total, waiting, ready, held, done, skipped, failed, cancelled, reported, ...job }) => ({
    ...job,
    turn: turns?.get(job.id) ?? null,
    tasks: { total, waiting, ready, held, done, skipped, failed, cancelled },
    lookups: { asked: Math.max(lookups.get(job.id)?.asked ?? 0, reported?.asked ?? 0), open: lookups.get(job.id)?.open ?? 0 },
    waits: waits.filter((wait) => wait.id === job.id).map(({ id: _, ...wait }) => wait),
  }))
}

async function readSums(db: Reader, ids: readonly string[]): Promise<Sums[]> {
  const sums = COUNTS.map((column) => `coalesce(sum(${column}), 0)::float8 as ${column}`)
  const states = TASK_STATES.map(
    (state) => `(count(*) filter (where ${state === 'held' ? 'claim is not null' : `state = '${state}'`}))::int as ${state}`,
  )
  return await db.query<Sums>(
    `select j.id, statement_timestamp() as "readAt", j.source, j.status, j.active_key as "activeKey", j.params, j.priority, j.kind, j.acknowledged_at as acknowledged,
            j.acknowledged_by as "acknowledgedBy", j.admitted, j.error, j.created_at as "createdAt",
            j.started_at as "startedAt", j.completed_at as "completedAt", r.verified, r.cleared is not null as cleared, r.lookups as reported,
            ${SECONDS_RUN} as seconds,
            j.admitted and exists (select 1 from backhaul.tasks f where f.job_id = j.id and f.stream = '${FINISH}' and f.claim is not null) as "isReporting",
            ${['total', ...SETTLED_STATES].map((state) => `coalesce((r.tasks ->> '${state}')::int, t.${state}, 0) as ${state}`).join(', ')},
            ${[...OPEN_STATES, 'held'].map((state) => `coalesce(t.${state}, 0) as ${state}`).join(', ')},
            ${COUNTS.map((column) => `coalesce(r.${column}, t.${column}, 0) as ${column}`).join(', ')}, coalesce(r.expected, t.expected) as expected
       from unnest($1::uuid[]) with ordinality as wanted(id, place) join backhaul.jobs j on j.id = wanted.id
       left join lateral jsonb_to_record(j.report) as r(tasks jsonb, lookups jsonb, verified boolean, cleared text, expected float8, ${COUNTS.map((column) => `${column} float8`).join(', ')})
         on true
       left join lateral (
         select count(*)::int as total, ${states.join(', ')}, ${sums.join(', ')},
                case when bool_and(expected is not null) then sum(expected)::float8 end as expected
           from backhaul.tasks where job_id = j.id and stream <> '${FINISH}' and j.report is null) t on true
      order by wanted.place`,
    [ids],
  )
}

/** Lookups that these jobs requested; the index lookups_jobs finds them. */
export async function readLookups(db: Reader, ids: readonly string[]): Promise<Map<string, Progress['lookups']>> {
  const rows = await db.query<{ id: string; asked: number; open: number }>(
    `select j.id, l.asked, l.open from unnest($1::uuid[]) as j(id) cross join lateral (
       select count(*)::int as asked, (count(*) filter (where asked > answered))::int as open from backhaul.lookups where jobs @> array[j.id]) l`,
    [ids],
  )
  return new Map(rows.map(({ id, asked, open }) => [id, { asked, open }]))
}

async function readWaits(db: Reader, ids: readonly string[]): Promise<(Wait & { id: string })[]> {
  return await db.query<Wait & { id: string }>(
    `select job_id as id, kind, "on", count(*)::int as tasks,
            greatest(0, round(extract(epoch from min(due_at) - clock_timestamp()) * 1000))::float8 as "inMs", min(due_at) as "dueAt",
            max(error) as error
       from (select t.job_id, t.due_at, case when late then null else t.error end as error,
                    case when late then 'worker' when t.held_by is not null then 'hold' when t.waiting_on is not null then 'gate' else 'retry' end as kind,
                    case when late then t.queue else coalesce(t.waiting_on, t.error_kind, 'retry') end as "on"
               from backhaul.tasks t, lateral (select t.due_at <= clock_timestamp() as late) l
              where t.job_id = any($1::uuid[]) and t.state = 'ready' and t.claim is null) w
      group by 1, 2, 3 order by 5, 2, 3`,
    [ids],
  )
}

/** Progress of the lookups of one kind: open, answered, and missing according to the upstream. */
export async function lookupProgress(db: Reader, kind: string, ids: readonly string[]): Promise<LookupProgress> {
  const [row] = await db.query<LookupProgress>(
    `select (count(*) filter (where asked > answered))::int as open,
            (count(*) filter (where asked <= answered and error is null))::int as answered,
            coalesce(array_agg(id order by id) filter (where asked <= answered and error is not null), '{}') as missing,
            max(error) filter (where asked > answered) as error
       from backhaul.lookups where kind = $1 and id = any($2)`,
    [kind, ids],
  )
  return row ?? { open: 0, answered: 0, missing: [], error: null }
}

export interface LookupProgress {
  open: number
  answered: number
  missing: string[]
  /** Why an open one was not answered at its last try. */
  error: string | null
}

export interface WorkerHeartbeat {
  id: string
  app: string
  queues: string[]
  concurrency: number
  /** Since its last heartbeat, ms. */
  agoMs: number
  /** Tasks that it holds. */
  holding: number
  alive: boolean
}

/** Registered workers, including those that stopped sending heartbeats. */
export async function workerHeartbeats(db: Reader): Promise<WorkerHeartbeat[]> {
  return await db.query<WorkerHeartbeat>(
    `select id, app, queues, concurrency, round(extract(epoch from clock_timestamp() - heartbeat_at) * 1000)::float8 as "agoMs",
            cardinality(holding) as holding, heartbeat_at > clock_timestamp() - ${DEAD_AFTER} as alive
       from backhaul.workers order by app, id`,
  )
}

/**
 * Sessions that schedulers hold open for their lock. The lock itself is held for some ms of every tick only.
 * @returns how many schedulers are connected to this database
 */
export async function schedulersAlive(db: Reader): Promise<number> {
  const [row] = await db.query<{ n: number }>(
    `select count(*)::int as n from pg_stat_activity where datname = current_database() and application_name = 'scheduler lock'`,
  )
  return row?.n ?? 0
}
