import type { Reader, Tx } from '../../base/sql'
import { NEVER } from '../../base/vocabulary'
import type { Traffic } from '../../contract'
import { NOT_WOKEN, RELEASED, type Task, textOf } from './task'

/*
 * Tasks that wait until a person acts. Who parks a task and who releases its key both lock the row of the key first, so that neither
 * misses the other.
 */

/** A release counts when its transaction commits, so one from shortly before the step may have been invisible to it. */
const UNSEEN = `interval '1 minute'`
/** When a task that may have missed a release is tried again. */
const TRY_AGAIN = `interval '5 seconds'`

export interface Hold {
  key: string
  reason: string
  /** No later than the step began, by the database's clock. */
  since: Date
  traffic: Traffic
}

/**
 * Parks a task until its key is released; it is due at once if that has happened since its step began.
 * @returns whether it waits for a release; undefined when the fence did not hold
 */
export async function holdTask(db: Reader, task: Task, { key, reason, since, traffic }: Hold): Promise<boolean | undefined> {
  const [row] = await db.query<{ held: boolean }>(
    `with hold as (
       insert into backhaul.holds as h (key, reason, held_at) values ($4::text, $5::text, clock_timestamp())
       on conflict (key) do update
          set reason = excluded.reason, held_at = case when h.released_at is null then h.held_at else excluded.held_at end,
              released_at = case when h.released_at > $6::timestamptz - ${UNSEEN} then h.released_at end
       returning released_at
     )
     update backhaul.tasks
        set ${RELEASED}, slot_at = null, waiting_on = $5::text, waiting_since = coalesce(waiting_since, clock_timestamp()), traffic = $7, held_by = $4::text,
            due_at = case when hold.released_at is null then timestamptz '${NEVER}' when hold.released_at > $6::timestamptz then clock_timestamp()
                          else clock_timestamp() + ${TRY_AGAIN} end
       from hold where id = $1 and claim = $2 and step = $3 and state = 'ready' returning hold.released_at is null as held`,
    [task.id, task.claim, task.step, key, textOf(reason), since, JSON.stringify(traffic)],
  )
  return row?.held
}

/** Makes all tasks that this key holds due at once; wake workers after the commit. @returns how many */
export async function releaseHeld(tx: Tx, key: string): Promise<number> {
  await tx.query(
    `insert into backhaul.holds (key, reason, held_at, released_at) values ($1, '', clock_timestamp(), clock_timestamp())
     on conflict (key) do update set released_at = clock_timestamp()`,
    [key],
  )
  const rows = await tx.query(
    `update backhaul.tasks t set due_at = clock_timestamp(), held_by = null, waiting_on = null, waiting_since = null, ${NOT_WOKEN}
       from (select id from backhaul.tasks where held_by = $1 and state = 'ready' and claim is null order by id for update) w
      where t.id = w.id returning t.id`,
    [key],
  )
  return rows.length
}
