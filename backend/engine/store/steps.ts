import type { Json } from '../../base/json'
import type { Reader, Tx } from '../../base/sql'
import { COUNT_NAMES } from '../../base/vocabulary'
import type { Reject, Traffic } from '../../contract'
import { type Counts, NO_CLAIM, type Task, textOf } from './task'
import { type TaskFault, triedAfter, triedOf } from './tried'

export interface PageCommit extends Counts {
  cursor: Json
  ended: boolean
  expected: bigint | null
  traffic: Traffic
  notes: string[]
  counters: Record<string, number>
  /** Why its end is no proof that all was read. */
  unverified: string | null
  /** Why it ends skipped and not done. */
  skipped?: { kind?: string; reason: string }
  /** Why it ends failed and not done. */
  failed?: { kind: string; reason: string; api?: string }
  /** The lane in which it goes on, where that is another one. */
  lane?: string
  /** When and why it goes on later; it is released until then. */
  later?: { inMs: number; on: string }
}

/** Another worker has the task by now; nothing of the page may be committed. */
export class Lost extends Error {}
/** SQLSTATE of `backhaul.task_lost()`. */
const LOST = 'BH001'

const LATER_MS = `$${17 + COUNT_NAMES.length}::float8`
const LATER_ON = `$${18 + COUNT_NAMES.length}::text`
const API = `$${19 + COUNT_NAMES.length}::text`
const TRIED = `$${20 + COUNT_NAMES.length}::text`
const LATER = `${LATER_MS} is not null`

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
        set step = step + 1, first_cursor = case when $8 then first_cursor else coalesce(first_cursor, cursor) end, cursor = $4, attempts = 0, error_kind = $15, error = $16, error_api = ${API}, tried = ${triedAfter(TRIED)}, slot_at = null, waiting_since = null, paged_at = clock_timestamp(),
            expected = $5, traffic = $6, notes = $7, counters = $11, unverified = $12,
            state = case when $8 then case when $16::text is not null then 'failed' when $9::text is null then 'done' else 'skipped' end
                         when $10::text is not null then 'waiting' else 'ready' end::backhaul.task_state,
            reason = $9, reason_kind = $14, lane = coalesce($10, lane), settled_at = case when $8 then clock_timestamp() end,
            claim = case when $8 or $10 is not null or ${LATER} then null else claim end, holder = case when $8 or $10 is not null or ${LATER} then null else holder end,
            woken_at = case when $10 is null and not ${LATER} then woken_at end, wakes = case when ${LATER} then 0 else wakes end,
            due_at = case when ${LATER} then clock_timestamp() + ${LATER_MS} * interval '1 millisecond' else due_at end, waiting_on = ${LATER_ON},
            pages = $13, ${COUNT_NAMES.map((name, n) => `${name} = $${17 + n}`).join(', ')}
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
      textOf(page.skipped?.reason) ?? null,
      page.lane ?? null,
      JSON.stringify(page.counters),
      textOf(page.unverified),
      page.pages,
      textOf(page.skipped?.kind) ?? null,
      textOf(page.failed?.kind) ?? null,
      textOf(page.failed?.reason) ?? null,
      ...COUNT_NAMES.map((name) => page[name]),
      page.later?.inMs ?? null,
      textOf(page.later?.on) ?? null,
      page.failed?.api ?? null,
      triedOf(page.failed && { kind: page.failed.kind, error: page.failed.reason, api: page.failed.api }),
    ],
  )
  try {
    return (await moved)[0]?.runs === true
  } catch (error) {
    throw (error as { code?: string }).code === LOST ? new Lost() : error
  }
}

/** Whether a task is still held under its claim and its job runs. */
export async function stillRuns(db: Reader, task: Task): Promise<boolean> {
  const [row] = await db.query<{ runs: boolean }>(
    `select exists (select from backhaul.tasks t join backhaul.jobs j on j.id = t.job_id
                     where t.id = $1 and t.claim = $2 and t.state = 'ready' and j.status = 'running') as runs`,
    [task.id, task.claim],
  )
  return row?.runs === true
}

/** Ends a task without a page. @returns false when the fence did not hold */
export async function settleTask(
  tx: Tx,
  task: Task,
  end: { state: 'failed' | 'done'; fault?: TaskFault; traffic: Traffic },
): Promise<boolean> {
  const rows = await tx.query(
    `update backhaul.tasks
        set state = $4::backhaul.task_state, reason = null, reason_kind = null, error_kind = coalesce($5, error_kind), error = coalesce($6, error), error_api = coalesce($8, error_api), traffic = $7,
            tried = ${triedAfter('$9')}, settled_at = clock_timestamp(), ${NO_CLAIM}, slot_at = null
      where id = $1 and claim = $2 and step = $3 and state = 'ready' returning id`,
    [
      task.id,
      task.claim,
      task.step,
      end.state,
      end.fault?.kind ?? null,
      textOf(end.fault?.error) ?? null,
      JSON.stringify(end.traffic),
      end.fault?.api ?? null,
      triedOf(end.fault),
    ],
  )
  return rows.length === 1
}

/** Deletes a task as if it had never been planned. @returns false when the fence did not hold */
export async function removeTask(tx: Tx, task: Task): Promise<boolean> {
  const rows = await tx.query(`delete from backhaul.tasks where id = $1 and claim = $2 and step = $3 and state = 'ready' returning id`, [
    task.id,
    task.claim,
    task.step,
  ])
  return rows.length === 1
}

/** Keeps the records of a page that were rejected. */
export const insertRejects = (tx: Tx, task: Task, rejects: readonly Reject[]): Promise<void> =>
  keepRejects(tx, { jobId: task.job_id, taskId: task.id, source: task.source, stream: task.stream }, rejects)

/** Keeps those of a feed's messages, which belong to no job. @param stream the feed */
export const insertFeedRejects = (tx: Tx, feed: { source: string; stream: string }, rejects: readonly Reject[]): Promise<void> =>
  keepRejects(tx, { jobId: null, taskId: null, ...feed }, rejects)

interface Origin {
  jobId: string | null
  taskId: bigint | null
  source: string
  stream: string
}

async function keepRejects(tx: Tx, { jobId, taskId, source, stream }: Origin, rejects: readonly Reject[]): Promise<void> {
  if (rejects.length === 0) return
  const text = (value: unknown) => textOf(typeof value === 'string' ? value : (JSON.stringify(value) ?? String(value)))
  await tx.query(
    `insert into backhaul.rejects (job_id, task_id, source, stream, key, reason, detail, raw)
     select $1, $2, $3, $4, r.key, r.reason, r.detail, r.raw
       from unnest($5::text[], $6::text[], $7::text[], $8::text[]) as r(key, reason, detail, raw)`,
    [
      jobId,
      taskId,
      source,
      stream,
      rejects.map((reject) => text(reject.key)),
      rejects.map((reject) => reject.reason),
      rejects.map((reject) => (reject.detail === undefined ? null : text(reject.detail))),
      rejects.map((reject) => text(reject.raw)),
    ],
  )
}
