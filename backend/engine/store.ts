import type { Json } from '../base/json'
import type { Reader, Tx } from '../base/sql'
import { COUNT_NAMES, type Counted } from '../base/vocabulary'
import type { DomainEvent, NewTask, Reject, Source, Traffic } from '../contract'

/*
 * Every statement the engine runs on tasks. `tx` first where the caller's transaction matters.
 * The fence: each outcome names the claim and the step it was read at; no row back means that another worker holds
 * the task, or nobody does, and nothing of ours may be written.
 */

/**
 * For statements whose loss costs a second wake-up or a heartbeat, never a row: their commit need not wait for the disk.
 * To be joined as `lazy`, so that it runs with the statement.
 */
export const LAZY = `lazy as materialized (select set_config('synchronous_commit', 'off', true) as commit)`

export interface Counts extends Counted<bigint> {
  pages: number
}

export interface Task extends Counts {
  id: bigint
  job_id: string
  source: string
  params: Json
  stream: string
  key: string
  queue: string
  lane: string | null
  stage: number
  priority: number
  step: number
  claim: bigint
  cursor: Json
  attempts: number
  error_kind: string | null
  error: string | null
  slot_at: Date | null
  expected: bigint | null
  traffic: Traffic
  notes: string[]
  backlog: number | null
}

/** The stream of the task that ends a job. */
export const FINISH = '$finish'

/** Columns of a `Task`, for `tasks t` and `jobs j`. */
export const TASK = `t.id, t.job_id, j.source, j.params, t.stream, t.key, t.queue, t.lane, t.stage, t.priority, t.step, t.claim, t.cursor, t.attempts,
  t.error_kind, t.error, t.slot_at, t.expected, t.traffic, t.notes, t.pages, ${COUNT_NAMES.map((name) => `t.${name}`).join(', ')}, j.backlog`

/** Takes a task that is ready, due, unclaimed and whose job runs; undefined when it is not all of that. */
export async function claimTask(db: Reader, id: bigint, holder: string): Promise<Task | undefined> {
  const [task] = await db.query<Task>(
    `with claimed as (
       update backhaul.tasks t
          set claim = nextval('backhaul.claims'), holder = $2, claimed_at = clock_timestamp(), waiting_on = null
         from backhaul.jobs j
        where t.id = $1 and t.state = 'ready' and t.claim is null and t.due_at <= clock_timestamp()
          and j.id = t.job_id and j.admitted and j.status in ('queued', 'running')
       returning ${TASK}
     ), started as (
       update backhaul.jobs set status = 'running', started_at = coalesce(started_at, clock_timestamp())
        where id = (select job_id from claimed) and status = 'queued'
     )
     select * from claimed`,
    [id, holder],
  )
  return task
}

export interface PageCommit extends Counts {
  cursor: Json
  ended: boolean
  expected: bigint | null
  traffic: Traffic
  notes: string[]
  /** Why it ends skipped and not done. */
  skipped?: string
  /** The lane in which it goes on, where that is another one. */
  lane?: string
}

/** NUL, which Postgres text cannot hold, is written as the six characters of its escape. */
export const textOf = <T extends string | null | undefined>(text: T): T => text?.replaceAll('\0', '\\u0000') as T

/** Somebody else has the task by now; nothing of the page may be committed. */
export class Lost extends Error {}
/** SQLSTATE of `backhaul.task_lost()`. */
const LOST = 'BH001'

/**
 * Moves the task past a page, ends it, or lets it wait for a place in another lane.
 * @param query may commit at once: the statement fails when the fence does not hold
 * @returns whether its job still runs
 * @throws {Lost} when the fence does not hold
 */
export async function commitPage(query: Reader['query'], task: Task, page: PageCommit): Promise<boolean> {
  const moved = query<{ runs: boolean }>(
    `with moved as (
     update backhaul.tasks t
        set step = step + 1, cursor = $4, attempts = 0, error_kind = null, error = null, slot_at = null, paged_at = clock_timestamp(),
            expected = $5, traffic = $6, notes = $7,
            state = case when $8 then case when $9::text is null then 'done' else 'skipped' end
                         when $10::text is not null then 'waiting' else 'ready' end::backhaul.task_state,
            reason = $9, lane = coalesce($10, lane), settled_at = case when $8 then clock_timestamp() end,
            claim = case when $8 or $10 is not null then null else claim end, holder = case when $8 or $10 is not null then null else holder end,
            woken_at = case when $10 is null then woken_at end,
            pages = $11, ${COUNT_NAMES.map((name, n) => `${name} = $${12 + n}`).join(', ')}
      where id = $1 and claim = $2 and step = $3 and state = 'ready'
      returning (select j.status = 'running' from backhaul.jobs j where j.id = t.job_id) as runs
     )
     select coalesce((select runs from moved), backhaul.task_lost()) as runs`,
    [
      task.id,
      task.claim,
      task.step,
      JSON.stringify(page.cursor),
      page.expected,
      JSON.stringify(page.traffic),
      page.notes.map(textOf),
      page.ended,
      textOf(page.skipped) ?? null,
      page.lane ?? null,
      page.pages,
      ...COUNT_NAMES.map((name) => page[name]),
    ],
  )
  try {
    return (await moved)[0]?.runs === true
  } catch (error) {
    throw (error as { code?: string }).code === LOST ? new Lost() : error
  }
}

/** Ends a task without a page. @returns false when the fence did not hold */
export async function settleTask(
  tx: Tx,
  task: Task,
  end: { state: 'skipped' | 'failed' | 'done'; reason?: string; errorKind?: string; error?: string; traffic: Traffic },
): Promise<boolean> {
  const rows = await tx.query(
    `update backhaul.tasks
        set state = $4::backhaul.task_state, reason = $5, error_kind = coalesce($6, error_kind), error = coalesce($7, error), traffic = $8,
            settled_at = clock_timestamp(), claim = null, holder = null, slot_at = null
      where id = $1 and claim = $2 and step = $3 and state = 'ready' returning id`,
    [
      task.id,
      task.claim,
      task.step,
      end.state,
      textOf(end.reason) ?? null,
      end.errorKind ?? null,
      textOf(end.error) ?? null,
      JSON.stringify(end.traffic),
    ],
  )
  return rows.length === 1
}

/** Takes a task away as if it had never been planned. @returns false when the fence did not hold */
export async function removeTask(tx: Tx, task: Task): Promise<boolean> {
  const rows = await tx.query(`delete from backhaul.tasks where id = $1 and claim = $2 and step = $3 and state = 'ready' returning id`, [
    task.id,
    task.claim,
    task.step,
  ])
  return rows.length === 1
}

export interface Release {
  /** From now by the database's clock; absent: at once. */
  dueInMs?: number
  slotAt?: Date
  waitingOn?: string
  attempts?: number
  errorKind?: string
  error?: string
  traffic: Traffic
}

/** Gives a task back, to be claimed again when it is due. @returns false when the fence did not hold */
export async function release(db: Reader, task: Task, back: Release): Promise<boolean> {
  const rows = await db.query(
    `with ${LAZY}
     update backhaul.tasks
        set claim = null, holder = null, woken_at = null, wakes = 0, due_at = clock_timestamp() + $4 * interval '1 millisecond', slot_at = $5, waiting_on = $6,
            attempts = coalesce($7, attempts), error_kind = coalesce($8, error_kind), error = coalesce($9, error), traffic = $10
       from lazy where id = $1 and claim = $2 and step = $3 and state = 'ready' returning id`,
    [
      task.id,
      task.claim,
      task.step,
      Math.max(0, Math.round(back.dueInMs ?? 0)),
      back.slotAt ?? null,
      back.waitingOn ?? null,
      back.attempts ?? null,
      back.errorKind ?? null,
      textOf(back.error) ?? null,
      JSON.stringify(back.traffic),
    ],
  )
  return rows.length === 1
}

/** Adds tasks to a job; one that is there already is left alone. Those outside lanes may be claimed at once if the job is admitted. */
export const insertTasks = (tx: Tx, job: { id: string; priority: number }, source: Source, tasks: readonly NewTask[]): Promise<void> =>
  insertTasksOf(tx, source, job.priority, [{ id: job.id, tasks }])

/** Tasks in one statement; their order inside a job is kept for as many. */
const TASKS_AT_ONCE = 10_000

/** The same for many jobs of a source and one priority, in as few statements as they need. */
export async function insertTasksOf(
  tx: Tx,
  source: Source,
  priority: number,
  jobs: readonly { id: string; tasks: readonly NewTask[] }[],
): Promise<void> {
  const all = jobs.flatMap(({ id, tasks }) => tasks.map((task) => ({ ...task, job: id, sort: `${id} ${task.stream} ${task.key}` })))
  for (let from = 0; from < all.length; from += TASKS_AT_ONCE) {
    const sorted = all
      .slice(from, from + TASKS_AT_ONCE)
      .map((task, place) => ({ ...task, place }))
      .sort((a, b) => (a.sort < b.sort ? -1 : 1))
    await tx.query(
      `insert into backhaul.tasks (job_id, stream, key, queue, lane, stage, seq, priority, cursor, state, reason, error_kind, error, settled_at)
       select n.job, n.stream, n.key, n.queue, n.lane, n.stage, s.base + n.place, $1, n.cursor,
              coalesce(n.ended::backhaul.task_state, case when n.lane is null and j.admitted then 'ready' else 'waiting' end::backhaul.task_state),
              n.reason, n.kind, n.error, case when n.ended is not null then clock_timestamp() end
         from unnest($2::uuid[], $3::text[], $4::text[], $5::text[], $6::text[], $7::int[], $8::int[], $9::jsonb[], $10::text[], $11::text[], $12::text[], $13::text[])
                as n(job, stream, key, queue, lane, stage, place, cursor, ended, reason, kind, error)
              join backhaul.jobs j on j.id = n.job,
              (select nextval('backhaul.tasks_seq_seq') * 100000 as base) s
       on conflict (job_id, stream, key) do nothing`,
      [
        priority,
        sorted.map((task) => task.job),
        sorted.map((task) => task.stream),
        sorted.map((task) => task.key),
        sorted.map((task) => queueOf(source, task.stream)),
        sorted.map((task) => task.lane ?? null),
        sorted.map((task) => task.stage ?? 0),
        sorted.map((task) => task.place),
        sorted.map((task) => JSON.stringify(task.cursor)),
        ...['ended', 'reason', 'kind', 'error'].map((field) => sorted.map((task) => textOf(endOf(task)[field]) ?? null)),
      ],
    )
  }
}

/** State, reason, kind and error of a task that is born settled. */
function endOf({ ended }: NewTask): Record<string, string | undefined> {
  if (!ended) return {}
  return 'skipped' in ended ? { ended: 'skipped', reason: ended.skipped } : { ended: 'failed', kind: ended.failed, error: ended.error }
}

/** The queue a stream's tasks travel on. @throws {Error} for a stream the source does not have: a fault of its plan */
export function queueOf(source: Source, name: string): string {
  const stream = source.streams[name]
  if (!stream) throw new Error(`source ${source.name} planned a task for the stream ${name}, which it does not have`)
  return stream.queue
}

/** Sets records aside, whole. */
export async function insertRejects(tx: Tx, task: Task, rejects: readonly Reject[]): Promise<void> {
  if (rejects.length === 0) return
  const text = (value: unknown) => textOf(typeof value === 'string' ? value : (JSON.stringify(value) ?? String(value)))
  await tx.query(
    `insert into backhaul.rejects (job_id, task_id, source, stream, key, reason, detail, raw)
     select $1, $2, $3, $4, r.key, r.reason, r.detail, r.raw
       from unnest($5::text[], $6::text[], $7::text[], $8::text[]) as r(key, reason, detail, raw)`,
    [
      task.job_id,
      task.id,
      task.source,
      task.stream,
      rejects.map((reject) => text(reject.key)),
      rejects.map((reject) => reject.reason),
      rejects.map((reject) => (reject.detail === undefined ? null : text(reject.detail))),
      rejects.map((reject) => text(reject.raw)),
    ],
  )
}

/** Leaves domain events for the relay; they are visible with the rows they speak of. */
export async function insertEvents(tx: Tx, events: readonly DomainEvent[]): Promise<void> {
  if (events.length === 0) return
  await tx.query(
    `insert into backhaul.events_outbox (key, payload)
     select e.key, e.payload from unnest($1::text[], $2::jsonb[]) with ordinality as e(key, payload, place) order by e.place`,
    [events.map((event) => event.key), events.map((event) => JSON.stringify(event.payload))],
  )
}
