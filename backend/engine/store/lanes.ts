import { UNREACHABLE } from '../../base/errors'
import type { Reader } from '../../base/sql'
import { OPEN_STATES, SETTLED_STATES } from '../../base/vocabulary'
import type { StageEnd } from '../../contract'
import { NOT_CANCELLED, NOT_WOKEN, OPEN, type Task, textOf } from './task'
import type { TaskFault } from './tried'

/*
 * Places: which waiting tasks may be claimed, by the width of their lane, its stages, and the lanes a job runs at once. And what
 * one task of a lane found out of its host, for the others.
 */

/** How many tasks of a lane run at once, for the row `job`. */
const widthOf = (lanes: string): string => `coalesce((job.lane_widths ->> ${lanes}.lane)::int, job.lane_width)`

/** The first stage of a lane of the job `$1` that has open tasks: two probes of the index, however many wait. @param lane SQL */
export function firstStage(lane: string): string {
  const first = (state: string) =>
    `(select o.stage from backhaul.tasks o where o.job_id = $1 and o.state = '${state}' and o.lane = ${lane} order by o.stage limit 1)`
  return `least(${OPEN_STATES.map(first).join(', ')})`
}

/**
 * Gives waiting tasks of a job their places: outside lanes all of them; in lanes up to the width of each active lane,
 * then of as many further lanes as the job may run. A lane whose ready tasks are all parked does not count as active.
 * The walk over lanes jumps from one to the next in the index, so that a lane of a million waiting tasks costs one probe; what was picked is
 * an array, because a join would have all that wait read for it.
 */
export async function promote(db: Reader, jobId: string): Promise<void> {
  await db.query(
    `with recursive job as (
       select id, lane_width, lane_widths, lanes_at_once from backhaul.jobs where id = $1 and admitted and status in ('queued', 'running')
     ), lanes as (
       select t.lane, count(*)::int as taken, bool_or(t.claim is not null or t.due_at <= clock_timestamp() + interval '1 second') as active
         from backhaul.tasks t join job on t.job_id = job.id
        where t.state = 'ready' and t.lane is not null group by t.lane
     ), walk as (
       (select t.lane from backhaul.tasks t where t.job_id = $1 and t.state = 'waiting' and t.lane is not null and exists (select 1 from job) order by t.lane limit 1)
       union all
       select (select t.lane from backhaul.tasks t where t.job_id = $1 and t.state = 'waiting' and t.lane > walk.lane order by t.lane limit 1)
         from walk where walk.lane is not null
     ), free as (
       select greatest(0, job.lanes_at_once - (select count(*) from lanes where active))::int as lanes from job
     ), places as (
       select lanes.lane, ${widthOf('lanes')} - lanes.taken as places from lanes, job where lanes.taken < ${widthOf('lanes')}
       union all
       (select walk.lane, (select ${widthOf('walk')} from job) from walk
         where walk.lane is not null and not exists (select 1 from lanes where lanes.lane = walk.lane)
         limit (select lanes from free))
     ), picked as (
       select w.id from places p cross join lateral (
         select t.id from backhaul.tasks t
          where t.job_id = $1 and t.state = 'waiting' and t.lane = p.lane
            and t.stage = ${firstStage('p.lane')}
          order by t.stage, t.seq limit p.places) w
       union all
       select t.id from backhaul.tasks t join job on t.job_id = job.id where t.state = 'waiting' and t.lane is null
     )
     update backhaul.tasks t set state = 'ready', due_at = greatest(t.due_at, clock_timestamp()), ${NOT_WOKEN}
     where t.id = any(array(select id from picked)) and t.state = 'waiting'`,
    [jobId],
  )
}

/** Another task of the lane has committed a page since then: its host is there. The states lead into the index. */
const answeredSince = (moment: string): string => `exists (
  select 1 from backhaul.tasks o where o.job_id = $1 and o.lane = $2 and o.id <> $3
     and o.state in ${NOT_CANCELLED} and o.paged_at > ${moment})`

/** Unclaimed tasks of a lane, unless its host has answered since this one began to fail. */
const SILENT = `select id from backhaul.tasks
  where job_id = $1 and lane = $2 and id <> $3 and claim is null and not ${answeredSince(`clock_timestamp() - $4 * interval '1 millisecond'`)}`

/**
 * What one task found out of its lane's host counts for those that have a place beside it and are unclaimed: the host
 * is tried exactly as often as one task tries.
 * @param spanMs the least time that its attempts took
 */
export async function shareAttempt(db: Reader, task: Task, attempts: number, dueInMs: number, spanMs: number): Promise<void> {
  await db.query(
    `update backhaul.tasks t set attempts = greatest(t.attempts, $5), due_at = greatest(t.due_at, clock_timestamp() + $6 * interval '1 millisecond'),
            ${NOT_WOKEN}
       from (${SILENT} and state = 'ready' order by id for update skip locked) w
      where t.id = w.id and t.claim is null and t.state = 'ready'`,
    [task.job_id, task.lane, task.id, spanMs, attempts, Math.max(0, Math.round(dueInMs))],
  )
}

/** Whether the tasks of a lane failed with its host, which has not answered since: tasks found for it later need not try as long again. */
export async function isLaneGivenUp(db: Reader, task: Task): Promise<boolean> {
  const [row] = await db.query<{ lost: boolean }>(
    `select f.at is not null and not ${answeredSince('f.at')} as lost
       from (select max(settled_at) as at from backhaul.tasks where job_id = $1 and lane = $2 and state = 'failed' and error_kind ~ $4) f`,
    [task.job_id, task.lane, task.id, UNREACHABLE.source],
  )
  return row?.lost ?? false
}

/** Tasks changed in one statement: as many as commit well within its timeout. */
const LANE_BATCH = 5_000

/** Changes the tasks of the lane that nobody holds, a batch at a time: what a death on the way leaves is found out by the next one. */
async function changeSilent(
  db: Reader,
  task: Task,
  spanMs: number,
  set: string,
  only: string,
  values: readonly unknown[],
): Promise<number> {
  let changed = 0
  for (let last = LANE_BATCH; last === LANE_BATCH; changed += last) {
    const rows = await db.query(
      `update backhaul.tasks t set ${set}
         from (${SILENT} and state in ${OPEN}${only} order by id limit ${LANE_BATCH} for update skip locked) w
        where t.id = w.id and t.claim is null and t.state in ${OPEN} returning t.id`,
      [task.job_id, task.lane, task.id, spanMs, ...values],
    )
    last = rows.length
  }
  return changed
}

/**
 * Fails the tasks of a lane that nobody holds, because its host is unreachable.
 * @param spanMs the least time that the attempts of this task took
 * @returns how many
 */
export const failLane = (db: Reader, task: Task, spanMs: number, { kind, error, api }: TaskFault): Promise<number> =>
  changeSilent(
    db,
    task,
    spanMs,
    `state = 'failed', error_kind = $5, error = $6, error_api = $7, settled_at = clock_timestamp(), slot_at = null, waiting_on = null`,
    '',
    [kind, textOf(error), api ?? null],
  )

/**
 * Leaves the tasks of a lane that nobody holds no more attempts, because its host is unreachable: each is read once more before it
 * fails. @returns how many
 */
export const exhaustLane = (db: Reader, task: Task, spanMs: number, attempts: number, { kind, error, api }: TaskFault): Promise<number> =>
  changeSilent(
    db,
    task,
    spanMs,
    `attempts = $7, error_kind = $5, error = $6, error_api = $8, due_at = clock_timestamp(), ${NOT_WOKEN}`,
    ' and attempts < $7',
    [kind, textOf(error), attempts, api ?? null],
  )

/** Whether a job's discovery should rest: as many tasks wait as its plan allows. @param finders streams that discover, which do not count */
export async function backlogFull(db: Reader, jobId: string, backlog: number, finders: readonly string[]): Promise<boolean> {
  const [row] = await db.query<{ full: boolean }>(
    `select count(*) >= $2 as full
       from (select 1 from backhaul.tasks where job_id = $1 and state = 'waiting' and stream <> all($3::text[]) limit $2) w`,
    [jobId, backlog, finders],
  )
  return row?.full ?? false
}

/**
 * Tasks of a stream that another running job of the source has open, by key: the id of that job. What it costs depends on the jobs
 * that run and on the keys.
 */
export async function openElsewhere(
  db: Reader,
  source: string,
  jobId: string | null,
  stream: string,
  keys: readonly string[],
): Promise<Map<string, string>> {
  if (keys.length === 0) return new Map()
  const rows = await db.query<{ key: string; job: string }>(
    `select t.key, t.job_id as job
       from (select id from backhaul.jobs where admitted and source = $1 and id is distinct from $2::uuid) j
            cross join unnest($4::text[]) k(key)
            join backhaul.tasks t on t.job_id = j.id and t.stream = $3 and t.key = k.key
      where t.state in ${OPEN}`,
    [source, jobId, stream, [...keys].sort()],
  )
  return new Map(rows.map(({ key, job }) => [key, job]))
}

/** How the tasks of a stage of a task's lane have ended. What it costs depends on how many these are. */
export async function stageEnd(db: Reader, { job_id: job, lane }: Task, stage: number): Promise<StageEnd> {
  const [row] = await db.query<StageEnd>(
    `select ${SETTLED_STATES.map((state) => `(count(*) filter (where state = '${state}'))::int as ${state}`).join(', ')},
            (array_agg(error order by seq) filter (where state = 'failed'))[1] as error,
            (array_agg(reason order by seq) filter (where state = 'skipped'))[1] as skip,
            (array_agg(unverified order by seq) filter (where unverified is not null))[1] as unverified
       from backhaul.tasks where job_id = $1 and state = any($4::backhaul.task_state[]) and lane = $2 and stage = $3`,
    [job, lane, stage, SETTLED_STATES],
  )
  return row as StageEnd
}
