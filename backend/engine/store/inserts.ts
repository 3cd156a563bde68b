import type { Reader, Tx } from '../../base/sql'
import type { NewTask, Source } from '../../contract'
import { openAgain } from './reopen'
import { FINISH, OPEN, textOf } from './task'

/**
 * Adds tasks to a job; one that is there already is left alone, or opened if it was found again. Those outside lanes may be claimed at
 * once if the job is admitted.
 * @returns how many were added or opened
 */
export async function insertTasks(tx: Tx, jobId: string, source: Source, tasks: readonly NewTask[]): Promise<number> {
  const again = tasks.filter((task) => task.again)
  const opened = again.length > 0 ? await openAgain(tx, jobId, source, again) : 0
  return opened + (await insertTasksOf(tx, source, [{ id: jobId, tasks }]))
}

/** Which of these tasks a job does not have yet. */
export async function newTasks(tx: Tx, jobId: string, tasks: readonly NewTask[]): Promise<NewTask[]> {
  if (tasks.length === 0) return []
  const rows = await tx.query<{ stream: string; key: string }>(
    `select t.stream, t.key from backhaul.tasks t join unnest($2::text[], $3::text[]) n(stream, key) using (stream, key) where t.job_id = $1`,
    [jobId, tasks.map(({ stream }) => stream), tasks.map(({ key }) => key)],
  )
  const known = new Set(rows.map(({ stream, key }) => `${stream} ${key}`))
  return tasks.filter(({ stream, key }) => !known.has(`${stream} ${key}`))
}

/** Tasks in one statement; their order inside a job is kept for as many. */
const TASKS_AT_ONCE = 10_000

/** Adds the tasks of many jobs of a source, in as few statements as they need. @returns how many were added */
export async function insertTasksOf(tx: Tx, source: Source, jobs: readonly { id: string; tasks: readonly NewTask[] }[]): Promise<number> {
  const all = jobs.flatMap(({ id, tasks }) =>
    tasks.map((task) => ({
      ...task,
      cell: source.streams[task.stream]?.cell?.(task.key),
      job: id,
      sort: `${id} ${task.stream} ${task.key}`,
    })),
  )
  let added = 0
  for (let from = 0; from < all.length; from += TASKS_AT_ONCE) {
    const sorted = all
      .slice(from, from + TASKS_AT_ONCE)
      .map((task, place) => ({ ...task, place }))
      .sort((a, b) => (a.sort < b.sort ? -1 : 1))
    const [inserted] = await tx.query<{ tasks: number }>(
      `with inserted as (
       insert into backhaul.tasks (job_id, stream, key, queue, lane, stage, seq, priority, cursor, cell_row, cell_column, state, reason, reason_kind, error_kind, error, settled_at, asks_nothing)
       select n.job, n.stream, n.key, n.queue, n.lane, n.stage, s.base + n.place, j.priority, n.cursor, n.cell_row, n.cell_column,
              coalesce(n.ended::backhaul.task_state, case when n.lane is null and j.admitted then 'ready' else 'waiting' end::backhaul.task_state),
              n.reason, n.reason_kind, n.kind, n.error, case when n.ended is not null then clock_timestamp() end, n.asks_nothing
         from unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::int[], $7::int[], $8::jsonb[], $9::text[], $10::text[], $11::text[], $12::text[], $13::text[], $14::text[], $15::text[], $16::boolean[], $17::boolean[])
                as n(job, stream, key, queue, lane, stage, place, cursor, cell_row, cell_column, ended, reason, reason_kind, kind, error, again, asks_nothing)
              join backhaul.jobs j on j.id = n.job,
              (select nextval('backhaul.tasks_seq_seq') * 100000 as base) s
        where not (n.again and n.ended is not null
                   and exists (select from backhaul.tasks o where o.job_id = n.job and o.cell_column = n.cell_column and o.cell_row = n.cell_row))
       on conflict (job_id, stream, key) do nothing returning 1
       )
       select count(*)::int as tasks from inserted`,
      [
        sorted.map((task) => task.job),
        sorted.map((task) => task.stream),
        sorted.map((task) => task.key),
        sorted.map((task) => queueOf(source, task.stream)),
        sorted.map((task) => task.lane ?? null),
        sorted.map((task) => task.stage ?? 0),
        sorted.map((task) => task.place),
        sorted.map((task) => JSON.stringify(task.cursor)),
        sorted.map((task) => textOf(task.cell?.row) ?? null),
        sorted.map((task) => textOf(task.cell?.column) ?? null),
        ...['ended', 'reason', 'reasonKind', 'kind', 'error'].map((field) => sorted.map((task) => textOf(endOf(task)[field]) ?? null)),
        sorted.map((task) => task.again === true),
        sorted.map((task) => source.streams[task.stream]?.asksNothing === true),
      ],
    )
    added += inserted?.tasks ?? 0
  }
  return added
}

/** State, reason and error of a task that is inserted as settled. */
function endOf({ ended }: NewTask): Record<string, string | undefined> {
  if (!ended) return {}
  return 'skipped' in ended
    ? { ended: 'skipped', reason: ended.skipped, reasonKind: ended.kind }
    : { ended: 'failed', kind: ended.failed, error: ended.error }
}

/** The queue a stream's tasks travel on. @throws {Error} for a stream the source does not have: a fault of its plan */
export function queueOf(source: Source, name: string): string {
  const stream = source.streams[name]
  if (!stream) throw new Error(`source ${source.name} planned a task for the stream ${name}, which it does not have`)
  return stream.queue
}

/** Admitted jobs without open tasks that have no finish task yet. */
export const TO_FINISH = `from backhaul.jobs j
  where j.admitted and not exists (select 1 from backhaul.tasks t where t.job_id = j.id and t.state in ${OPEN})
    and not exists (select 1 from backhaul.tasks t where t.job_id = j.id and t.stream = '${FINISH}')`

/**
 * Inserts the one finish task of a job that has nothing left to do; one that is there already is left alone. The job's row is locked: a
 * cancel comes wholly before, and there is no finish task, or cancels it with the others.
 * @returns the task, and the queue it travels on; undefined where it was not inserted now
 */
export async function insertFinishTask(db: Reader, jobId: string): Promise<{ id: bigint; queue: string } | undefined> {
  const [task] = await db.query<{ id: bigint; queue: string }>(
    `insert into backhaul.tasks (job_id, stream, key, queue, priority, cursor, state, asks_nothing)
     select j.id, '${FINISH}', '', t.queue, j.priority, '{}', 'ready', true
       from (select j.* ${TO_FINISH} and j.id = $1 and j.status in ('queued', 'running') for update of j) j,
            lateral (select queue from backhaul.tasks where job_id = j.id order by id limit 1) t
     on conflict (job_id, stream, key) do nothing
     returning id, queue`,
    [jobId],
  )
  return task
}
