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

/** Names why work is held. The arguments are parameters of the statement. */
const holdSql = (key: string, reason: string, since: string): string =>
  `hold as (
       insert into backhaul.holds as h (key, reason, held_at) values (${key}::text, ${reason}::text, clock_timestamp())
       on conflict (key) do update
          set reason = excluded.reason, held_at = case when h.released_at is null then h.held_at else excluded.held_at end,
              released_at = case when h.released_at > ${since}::timestamptz - ${UNSEEN} then h.released_at end
       returning released_at
     )`

/** When what is held is due: never, unless the key was released meanwhile. */
const heldUntil = (since: string): string =>
  `case when hold.released_at is null then timestamptz '${NEVER}' when hold.released_at > ${since}::timestamptz then clock_timestamp()
                          else clock_timestamp() + ${TRY_AGAIN} end`

/** When work began, no later than it did, by the database's clock. @param began by `performance.now()` */
export async function beganAt(db: Reader, began: number): Promise<Date> {
  const [row] = await db.query<{ at: Date }>('select clock_timestamp() as at')
  // The time since then includes the query.
  return new Date((row?.at.getTime() ?? 0) - (performance.now() - began))
}

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
    `with ${holdSql('$4', '$5', '$6')}
     update backhaul.tasks
        set ${RELEASED}, slot_at = null, waiting_on = $5::text, waiting_since = coalesce(waiting_since, clock_timestamp()), traffic = $7, held_by = $4::text,
            due_at = ${heldUntil('$6')}
       from hold where id = $1 and claim = $2 and step = $3 and state = 'ready' returning hold.released_at is null as held`,
    [task.id, task.claim, task.step, key, textOf(reason), since, JSON.stringify(traffic)],
  )
  return row?.held
}

/** Parks claimed lookups until a key is released, as `holdTask` does. Claiming them again ends it. @returns whether they wait for a release */
export async function holdLookups(
  db: Reader,
  claimed: { kind: string; claim: bigint },
  { key, reason, since }: Omit<Hold, 'traffic'>,
): Promise<boolean | undefined> {
  const [row] = await db.query<{ held: boolean }>(
    `with ${holdSql('$3', '$4', '$5')},
          claimed as materialized (select ctid as place from backhaul.lookups where kind = $1 and claim = $2 order by id for update)
     update backhaul.lookups l set ${RELEASED}, error = $4::text, held_by = $3::text, due_at = ${heldUntil('$5')}
       from hold where l.ctid = any (array(select place from claimed)) and l.kind = $1 and l.claim = $2
     returning hold.released_at is null as held`,
    [claimed.kind, claimed.claim, key, textOf(reason), since],
  )
  return row?.held
}

/** Makes all tasks and lookups that this key holds due at once; wake workers after the commit. @returns how many */
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
  const lookups = await tx.query(
    `update backhaul.lookups l set due_at = clock_timestamp(), held_by = null, error = null, ${NOT_WOKEN}
       from (select kind, id from backhaul.lookups where held_by = $1 and claim is null order by kind, id for update) w
      where l.kind = w.kind and l.id = w.id returning 1`,
    [key],
  )
  return rows.length + lookups.length
}
