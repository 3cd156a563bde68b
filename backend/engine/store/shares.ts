import type { Reader } from '../../base/sql'
import { LAZY } from './task'

/*
 * Start-time fair queueing: a job's next turn begins where its last one ended, in pages by weight, but not before the point where the queue
 * stands, which is the latest beginning of a turn. So jobs that always have work get pages in proportion to their weights, and one
 * that rested gets nothing for it. Goyal, Vin and Cheng, Start-time Fair Queuing (SIGCOMM 1996).
 */

/**
 * Where a queue stands for jobs of one priority: the latest beginning of a turn of those that are admitted. Jobs of another priority do not
 * share with them: one that goes ahead of all would otherwise move all of them forward to the same point, whatever their weights.
 * @param queue, priority SQL expressions
 */
export const standOf = (queue: string, priority: string): string => `(
  select coalesce(max(s.began), 0) from backhaul.jobs a join backhaul.shares s on s.job_id = a.id and s.queue = ${queue}
   where a.admitted and a.weight is not null and a.priority = ${priority})`

/** Counts pages of a turn on a queue against the share of a job with a weight. */
export async function chargeShare(db: Reader, jobId: string, queue: string, pages: number): Promise<void> {
  await db.query(
    `with ${LAZY}
     insert into backhaul.shares as s (job_id, queue, began, served)
     select j.id, $2, c.at, c.at + $3 / j.weight
       from lazy, backhaul.jobs j cross join lateral (select ${standOf('$2::text', 'j.priority')} as at) c
      where j.id = $1 and j.weight is not null
     on conflict (job_id, queue) do update
        set began = greatest(s.served, excluded.began), served = greatest(s.served, excluded.began) + (excluded.served - excluded.began)`,
    [jobId, queue, pages],
  )
}
