import { isDue, type Reader, type Tx } from '../../base/sql'
import type { Traffic } from '../../contract'
import { firstStage } from './lanes'
import { noteSpans, type SpanNote } from './spans'
import { LAZY, NO_CLAIM, RELEASED, TASK, type Task, textOf } from './task'
import { type TaskFault, triedAfter, triedOf } from './tried'

/** Takes a task that is ready, due, unclaimed and whose job runs; undefined when it is not all of that. */
export async function claimTask(db: Reader, id: bigint, holder: string): Promise<Task | undefined> {
  const [task] = await db.query<Task>(
    `with claimed as (
       update backhaul.tasks t
          set claim = nextval('backhaul.claims'), holder = $2, ran_by = $2, claimed_at = clock_timestamp(), waiting_on = null, held_by = null
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

/**
 * The settled task's place goes to the next waiting one of its lane, in the same transaction: to one of its stage, or, where nothing of
 * that stage is left, of the next one.
 */
export async function claimNext(tx: Tx, task: Task, holder: string): Promise<Task | undefined> {
  if (task.lane === null) return undefined
  const [next] = await tx.query<Task>(
    `update backhaul.tasks t
        set state = 'ready', claim = nextval('backhaul.claims'), holder = $4, ran_by = $4, claimed_at = clock_timestamp(), due_at = clock_timestamp()
       from backhaul.jobs j
      where t.id = (select id from backhaul.tasks w
                     where w.job_id = $1 and w.state = 'waiting' and w.lane = $2 and w.queue = $3
                       and w.stage = ${firstStage('$2')}
                     order by w.seq limit 1 for update skip locked)
        and t.state = 'waiting' and j.id = t.job_id and j.status = 'running'
      returning ${TASK}`,
    [task.job_id, task.lane, task.queue, holder],
  )
  return next
}

/** How a task is left. */
export interface Release {
  /** From now by the database's clock; absent: at once. */
  dueInMs?: number
  slotAt?: Date
  waitingOn?: string
  attempts?: number
  fault?: TaskFault
  traffic: Traffic
}

/** Releases a task, to be claimed again when it is due. @returns false when the fence did not hold */
export async function releaseTask(db: Reader, task: Task, back: Release): Promise<boolean> {
  const rows = await db.query(
    `with ${LAZY}
     update backhaul.tasks
        set ${RELEASED}, due_at = clock_timestamp() + $4 * interval '1 millisecond', slot_at = $5, waiting_on = $6,
            waiting_since = case when $6::text is null then waiting_since else coalesce(waiting_since, clock_timestamp()) end,
            attempts = coalesce($7, attempts), error_kind = coalesce($8, error_kind), error = coalesce($9, error), error_api = case when $8::text is null then error_api else $11 end, traffic = $10,
            tried = ${triedAfter('$12')}
       from lazy where id = $1 and claim = $2 and step = $3 and state = 'ready' returning id`,
    [
      task.id,
      task.claim,
      task.step,
      Math.max(0, Math.round(back.dueInMs ?? 0)),
      back.slotAt ?? null,
      back.waitingOn ?? null,
      back.attempts ?? null,
      back.fault?.kind ?? null,
      textOf(back.fault?.error) ?? null,
      JSON.stringify(back.traffic),
      back.fault?.api ?? null,
      triedOf(back.fault),
    ],
  )
  return rows.length === 1
}

/** A claim younger than this may be one whose reply is still on its way. */
export const YOUNG = `interval '5 seconds'`

/** Releases tasks claimed under this holder that it does not know of: the reply to their claim was lost. */
export async function releaseUnknown(db: Reader, holder: string, known: readonly bigint[]): Promise<void> {
  await db.query(
    `update backhaul.tasks set ${RELEASED}
      where claim is not null and holder = $1 and claimed_at < clock_timestamp() - ${YOUNG} and id <> all($2)`,
    [holder, known],
  )
}

/** Claims of one worker (`$1`), and those of workers that are gone. */
export const HELD_BY = 'holder = $1'
export const HELD_BY_NOBODY = `not exists (select 1 from backhaul.workers w where w.id = holder) and claimed_at < clock_timestamp() - ${YOUNG}`

/** Releases claims, locked in the order in which others lock them, so that neither waits for the other. @returns how many */
async function releaseWhere(db: Reader, whose: string, values: unknown[]): Promise<number> {
  const rows = await db.query<{ job: string; host: string | null }>(
    `with held as materialized (select id from backhaul.tasks where claim is not null and ${whose} order by id for update)
     update backhaul.tasks t set ${RELEASED} from held where t.id = held.id returning t.job_id as job, split_part(t.ran_by, ':', 1) as host`,
    values,
  )
  await noteSpans(db, lostBy(rows))
  return rows.length
}

/** Tasks that came back from workers that are gone, by job and host. */
function lostBy(rows: readonly { job: string; host: string | null }[]): SpanNote[] {
  const notes = new Map<string, SpanNote>()
  for (const { job, host } of rows) {
    const key = `${job} ${host}`
    const one = notes.get(key) ?? { job, kind: 'lost', on: host ?? '', times: 0, seconds: 0 }
    notes.set(key, { ...one, times: one.times + 1 })
  }
  return [...notes.values()]
}

/** Releases what a worker holds. @returns how many */
export const releaseHeldBy = (db: Reader, holder: string): Promise<number> => releaseWhere(db, HELD_BY, [holder])

/** Releases what workers hold that no longer exist. @returns how many */
export const releaseAbandoned = (db: Reader): Promise<number> => releaseWhere(db, HELD_BY_NOBODY, [])

/** Ends all claims on the tasks of a job that takes no more: its turns end at their next commit. */
export async function dropClaims(db: Reader, jobId: string): Promise<void> {
  await db.query(`update backhaul.tasks set ${NO_CLAIM} where job_id = $1 and claim is not null`, [jobId])
}

/**
 * A task that is ready, due and unclaimed on this queue, and has a lower priority number than the given one; the lowest first.
 * Admitted jobs are asked one by one, as in `markWoken`: what it costs depends on how many run, not on how many wait.
 */
export async function mostUrgent(db: Reader, queue: string, than: bigint): Promise<bigint | undefined> {
  const [row] = await db.query<{ id: bigint }>(
    `select d.id from (select j.id, j.priority from backhaul.jobs j
                        where j.admitted and j.priority < (select priority from backhaul.tasks where id = $2)) j
       cross join lateral (
         select t.id from backhaul.tasks t
          where t.queue = $1 and t.job_id = j.id and t.state = 'ready' and t.claim is null and ${isDue('t.due_at')}
          order by t.due_at limit 1) d
      order by j.priority limit 1`,
    [queue, than],
  )
  return row?.id
}
