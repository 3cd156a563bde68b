import type { QueueName } from '../../../queues/names'
import { isDue, type Reader } from '../../base/sql'
import { standOf } from './shares'
import { LAZY } from './task'
import { CAPACITY } from './workers'

/** A wake-up is sent again after 1 s, doubling to 10 s: it may be lost, or wait behind others. */
export const WAKE_AGAIN = `(woken_at is null or woken_at < clock_timestamp() - least(10, power(2, least(wakes, 5) - 1)) * interval '1 second')`

/** A task whose wake-up is to be published. */
export interface Due {
  id: bigint
  queue: QueueName
  wakes: number
  place: bigint
  /** Trace context of whoever asked for the job. */
  trace: string | null
}

/** Every queue that has something to wake for. */
const ROOMS_OF_ALL = `queues as (
       (select queue from backhaul.tasks where state = 'ready' and claim is null order by queue limit 1)
       union all
       select (select t.queue from backhaul.tasks t where t.state = 'ready' and t.claim is null and t.queue > q.queue order by t.queue limit 1)
         from queues q where q.queue is not null
     ), rooms as (
       select q.queue, 2 * coalesce(c.places, 1) as room from queues q left join capacity c using (queue) where q.queue is not null
     )`
const ROOM_OF_ONE = `rooms as (
       select $2::text as queue, 2 * coalesce((select places from capacity where queue = $2::text), 1) as room
     )`

/**
 * So many turns a job may be behind after it waited for a limit. Of a budget that all of them wait for, each still gets its share; a job
 * with a limit of its own does not hold up the others for long once that is over.
 */
const KEPT_TURNS = 8

/**
 * With `$1`, the turns a job keeps: a statement without values has no name and is planned at every call, which takes six times as long as
 * running it; so would a parameter that may be null.
 * @param rooms as above
 */
const markSql = (rooms: string): string =>
  `with recursive ${LAZY}, capacity as (${CAPACITY}), ${rooms}, running as (select id, weight, priority from backhaul.jobs where admitted), stands as (
       select q.queue, p.priority, ${standOf('q.queue', 'p.priority')} as stands
         from rooms q cross join (select distinct priority from running where weight is not null) p
     ), open as (
       select d.*, q.room, j.weight, p.stands, s.served as share, h.held, c.cost,
              row_number() over (partition by d.queue, d.job_id order by d.due_at, d.id) as turn,
              s.since is null or min(d.due_at) over (partition by d.queue, d.job_id) > s.since as rested,
              p.stands - case when s.since is not null and bool_or(d.waits) over (partition by d.queue, d.job_id) then $1::int * c.cost else 0 end as least_served
         from rooms q cross join running j left join stands p on p.queue = q.queue and p.priority = j.priority
              left join backhaul.shares s on j.weight is not null and s.job_id = j.id and s.queue = q.queue
              left join lateral (
                select count(*) as held from backhaul.tasks t
                 where j.weight is not null and t.job_id = j.id and t.queue = q.queue and t.state = 'ready' and t.claim is not null) h on true
              cross join lateral (select coalesce(nullif(s.served - s.began, 0), 1 / coalesce(j.weight, 1)) as cost) c
              cross join lateral (
           select t.id, t.job_id, t.queue, t.priority, t.asks_nothing, t.due_at, t.woken_at, t.wakes, t.paged_at,
                  t.waiting_on is not null and t.waiting_since is not null as waits
             from backhaul.tasks t
            where t.queue = q.queue and t.job_id = j.id and t.state = 'ready' and t.claim is null and ${isDue('t.due_at')}
            order by t.due_at limit q.room) d
     ), begun as (
       insert into backhaul.shares as s (job_id, queue, began, served, since)
       select job_id, queue, least_served, least_served, clock_timestamp() from open where rested and weight is not null and turn = 1
       on conflict (job_id, queue) do update set since = excluded.since, served = greatest(s.served, excluded.served),
              began = greatest(s.served, excluded.served) - (s.served - s.began)
     ), ranked as (
       select *, row_number() over (partition by queue order by priority, not asks_nothing, served + (turn - 1) * cost, paged_at nulls first, id) as place
         from open cross join lateral (
           select case when weight is null then coalesce(stands, 0)
                       when rested then greatest(least_served, share) else share end + coalesce(held, 0) * cost as served) v
     ), chosen as (
       select r.id, r.place from ranked r where r.place <= r.room and ${WAKE_AGAIN}
     ), held as (
       select t.id, chosen.place from backhaul.tasks t join chosen on chosen.id = t.id
        where t.state = 'ready' and t.claim is null order by t.id for update of t skip locked
     )
     update backhaul.tasks t set woken_at = clock_timestamp(), wakes = wakes + 1
       from held, lazy where t.id = held.id returning t.id, t.queue, t.wakes, held.place,
            (select j.trace from backhaul.jobs j where j.id = t.job_id) as trace`
const MARK_ALL = markSql(ROOMS_OF_ALL)
const MARK_ONE = markSql(ROOM_OF_ONE)

/**
 * Chooses tasks that are ready, due and unclaimed and marks them as woken: at most twice what the queue's live workers can hold,
 * the lowest priority number first, then what asks nothing, then the job served least for its weight, so that queues stay short and the order is decided here. A job that rested is noted to begin where the queue stands; one that waited
 * for a limit keeps what it is behind, as far as it is some turns.
 * A turn that is under way, or about to be, counts as much as the last one of its job did.
 * Admitted jobs are asked one by one for what is longest due, which the index tasks_due holds: what a call costs depends on the
 * live capacity, as the number of admitted jobs does, and not on how many jobs or tasks wait.
 * @param queue only this one; absent: all
 * @returns them in the order in which they are to be published
 */
export async function markWoken(db: Reader, queue?: QueueName): Promise<Due[]> {
  const due = await (queue === undefined ? db.query<Due>(MARK_ALL, [KEPT_TURNS]) : db.query<Due>(MARK_ONE, [KEPT_TURNS, queue]))
  return due.sort((a, b) => Number(a.place - b.place))
}

/** Removes the mark of tasks whose wake-up was not confirmed or served another task, so that it is published again at once. */
export async function unmarkWoken(db: Reader, ids: readonly bigint[]): Promise<void> {
  await db.query(`update backhaul.tasks set woken_at = null, wakes = greatest(0, wakes - 1) where id = any($1) and claim is null`, [ids])
}
