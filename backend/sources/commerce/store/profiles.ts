import type { Reader, Tx } from '../../../base/sql'

export type BackfillStatus = 'in_progress' | 'completed' | 'completed_with_errors' | 'failed' | 'cancelled'

export interface Profile {
  userId: string
  plan: string
  /** Null: no backfill was started. */
  backfillStatus: BackfillStatus | null
  backfillCompletedAt: Date | null
}

export async function readProfile(db: Reader, userId: string): Promise<Profile | undefined> {
  const [row] = await db.query<Profile>(
    `select user_id as "userId", plan, backfill_status as "backfillStatus", backfill_completed_at as "backfillCompletedAt"
       from commerce.profiles where user_id = $1`,
    [userId],
  )
  return row
}

export async function setPlan(tx: Tx, userId: string, plan: string): Promise<void> {
  await tx.query(
    `insert into commerce.profiles (user_id, plan) values ($1, $2)
     on conflict (user_id) do update set plan = excluded.plan, updated_at = clock_timestamp()`,
    [userId, plan],
  )
}

/** Notes how a user's backfill stands; only a completed one moves the time of completion. */
export async function setBackfillStatus(tx: Tx, userId: string, status: BackfillStatus): Promise<void> {
  await tx.query(
    `insert into commerce.profiles as p (user_id, backfill_status, backfill_completed_at)
     values ($1, $2, case when $2 = 'completed' then clock_timestamp() end)
     on conflict (user_id) do update set backfill_status = excluded.backfill_status,
       backfill_completed_at = coalesce(excluded.backfill_completed_at, p.backfill_completed_at), updated_at = clock_timestamp()`,
    [userId, status],
  )
}
