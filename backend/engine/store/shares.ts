import type { Reader } from '../../base/sql'
import { LAZY } from './task'

/*
 * Start-time fair queueing: a job's next turn begins where its last one ended, in pages by weight. So jobs that always have work get pages
 * in proportion to their weights. A job that had nothing due since its last turn, or is new, begins where the queue stands when it has work,
 * so that it gets nothing for its rest; a wait for a limit is no rest (`KEPT_TURNS`). Goyal, Vin and Cheng, Start-time Fair Queuing (SIGCOMM
 * 1996). A queue has many servers: while a turn takes long others begin, and what its job is behind then stays its own.
 */

/**
 * Where a queue stands for jobs of one priority: where the one begins that was served least among those that have had work since their last
 * turn; where none has, the latest beginning of a turn. Jobs of another priority do not share with them: one that goes ahead of all would
 * otherwise move all of them forward to the same point, whatever their weights.
 * @param queue, priority SQL expressions
 */
export const standOf = (queue: string, priority: string): string => `(
  select coalesce(min(s.served) filter (where exists (
           select 1 from backhaul.tasks t where t.queue = ${queue} and t.job_id = a.id and t.state = 'ready' and t.due_at <= s.since)),
         max(s.began), 0)
    from backhaul.jobs a join backhaul.shares s on s.job_id = a.id and s.queue = ${queue}
   where a.admitted and a.weight is not null and a.priority = ${priority})`

/** Counts pages of a turn on a queue against the share of a job with a weight. */
export async function chargeShare(db: Reader, jobId: string, queue: string, pages: number): Promise<void> {
  await db.query(
    `with ${LAZY}
     insert into backhaul.shares as s (job_id, queue, began, served, since)
     select j.id, $2, c.at, c.at + $3 / j.weight, clock_timestamp()
       from lazy, backhaul.jobs j left join backhaul.shares s on s.job_id = j.id and s.queue = $2
            cross join lateral (select coalesce(s.served, ${standOf('$2::text', 'j.priority')}) as at) c
      where j.id = $1 and j.weight is not null
     on conflict (job_id, queue) do update
        set began = greatest(s.served, excluded.began), served = greatest(s.served, excluded.began) + (excluded.served - excluded.began),
            since = excluded.since`,
    [jobId, queue, pages],
  )
}
