import type { Reader, Tx } from '../../base/sql'
import { NO_CLAIM, OPEN } from './task'

/*
 * What verbs and retention do to all tasks of a job.
 */

/** Tasks cancelled in one statement. */
const CANCEL_BATCH = 10_000

/** Cancels what is open of a job that is cancelled, a batch at a time; may be called again after a crash. */
export async function cancelTasks(db: Reader, jobId: string): Promise<void> {
  for (let cancelled = CANCEL_BATCH; cancelled > 0; ) {
    const rows = await db.query(
      `update backhaul.tasks set state = 'cancelled', ${NO_CLAIM}, settled_at = clock_timestamp() where id in
         (select id from backhaul.tasks where job_id = $1 and state in ${OPEN} order by id limit ${CANCEL_BATCH}) and state in ${OPEN}
       returning id`,
      [jobId],
    )
    cancelled = rows.length
  }
}

/** Waits of a job's tasks count from now on: what passed while it was paused was no wait for an upstream. */
export async function forgetWaits(db: Reader, jobId: string): Promise<void> {
  await db.query(`update backhaul.tasks set waiting_since = null where job_id = $1 and state = 'ready' and waiting_since is not null`, [
    jobId,
  ])
}

/** Deletes up to `limit` tasks of a job. @returns how many */
export async function deleteTasks(tx: Tx, jobId: string, limit: number): Promise<number> {
  const [gone] = await tx.query<{ n: number }>(
    `with gone as (delete from backhaul.tasks where id = any(array(select id from backhaul.tasks where job_id = $1 limit $2)) returning 1)
     select count(*)::int as n from gone`,
    [jobId, limit],
  )
  return gone?.n ?? 0
}
