import type { Reader } from '../../base/sql'
import { OPEN } from './task'

/** Tasks changed in one statement. */
const BATCH = 10_000

/** Gives the open tasks of a job another priority, a batch at a time; may be called again after a crash. */
export async function setTaskPriority(db: Reader, jobId: string, priority: number): Promise<void> {
  for (let changed = BATCH; changed === BATCH; ) {
    const rows = await db.query(
      `update backhaul.tasks set priority = $2 where id in
         (select id from backhaul.tasks where job_id = $1 and state in ${OPEN} and priority <> $2 order by id limit ${BATCH} for update skip locked)
       returning id`,
      [jobId, priority],
    )
    changed = rows.length
  }
}
