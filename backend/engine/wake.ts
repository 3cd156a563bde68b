import type { Broker } from '../../queues/broker'
import type { QueueName } from '../../queues/names'
import type { Reader } from '../base/sql'
import { type OpenSpan, openSpan } from '../tracing'
import { LAZY } from './store'

/** A worker whose last heartbeat is older than this has missed two of them. */
export const DEAD_AFTER = `interval '12 seconds'`

/** How many deliveries the live workers of each queue hold at once. */
export const CAPACITY = `select q.queue, greatest(1, sum(w.concurrency))::int as places
  from backhaul.workers w, unnest(w.queues) as q(queue) where w.heartbeat_at > clock_timestamp() - ${DEAD_AFTER} group by q.queue`

/** A wake-up is rung again after 1 s, doubling to 10 s: it may have been lost, or wait behind others. */
export const WAKE_AGAIN = `(woken_at is null or woken_at < clock_timestamp() - least(10, power(2, least(wakes, 5) - 1)) * interval '1 second')`

interface Due {
  id: bigint
  queue: QueueName
  wakes: number
  place: bigint
  /** Trace context of whoever asked for the job. */
  trace: string | null
}

const wakeUpOf = ({ id, queue }: Due, traceparent: string | null) => ({
  queue,
  body: { taskId: id.toString() },
  headers: traceparent ? { traceparent } : undefined,
})

/** Of a first ring; those that follow while nobody comes tell nothing new. */
const publishSpan = ({ id, queue, wakes, trace }: Due): OpenSpan | undefined =>
  trace && wakes === 1 ? openSpan(`publish ${queue}`, { 'backhaul.task': id.toString() }, { parent: trace, kind: 'producer' }) : undefined

/**
 * Publishes wake-ups of tasks that are ready, due and unclaimed: at most twice what the queue's live workers can hold, the
 * lowest priority number first, then the job served least, so that queues stay short and the order is decided here.
 * Admitted jobs are asked one by one for what is longest due, which the index tasks_due holds: what a call costs depends on the live
 * capacity, as the number of admitted jobs does, and not on how many jobs or tasks wait.
 * Marked before they are published, because a worker claims what it is told of at once; nothing is locked meanwhile.
 * A wake-up lost in between is rung again, a doubled one finds nothing to do.
 * @param queue only this one; absent: all
 * @returns wake-ups the broker has confirmed
 */
export async function wake(db: Reader, broker: Broker, queue?: QueueName): Promise<number> {
  if (broker.state === 'blocked') return 0
  const due = await db.query<Due>(
    `with recursive ${LAZY}, capacity as (${CAPACITY}), queues as (
       (select $1::text as queue where $1 is not null union all
        select queue from (select queue from backhaul.tasks where $1::text is null and state = 'ready' and claim is null order by queue limit 1) f)
       union all
       select (select t.queue from backhaul.tasks t where t.state = 'ready' and t.claim is null and t.queue > q.queue order by t.queue limit 1)
         from queues q where q.queue is not null and $1::text is null
     ), rooms as (
       select q.queue, 2 * coalesce(c.places, 1) as room from queues q left join capacity c using (queue) where q.queue is not null
     ), running as (select id from backhaul.jobs where admitted), open as (
       select d.*, q.room, row_number() over (partition by d.queue, d.job_id order by d.due_at, d.id) as turn
         from rooms q cross join running j cross join lateral (
           select t.id, t.job_id, t.queue, t.priority, t.due_at, t.woken_at, t.wakes, t.paged_at from backhaul.tasks t
            where t.queue = q.queue and t.job_id = j.id and t.state = 'ready' and t.claim is null and t.due_at <= clock_timestamp()
            order by t.due_at limit q.room) d
     ), ranked as (
       select *, row_number() over (partition by queue order by priority, turn, paged_at nulls first, id) as place from open
     ), chosen as (
       select r.id, r.place from ranked r where r.place <= r.room and ${WAKE_AGAIN}
     ), held as (
       select t.id, chosen.place from backhaul.tasks t join chosen on chosen.id = t.id
        where t.state = 'ready' and t.claim is null order by t.id for update of t skip locked
     )
     update backhaul.tasks t set woken_at = clock_timestamp(), wakes = wakes + 1
       from held, lazy where t.id = held.id returning t.id, t.queue, t.wakes, held.place,
            (select j.trace from backhaul.jobs j where j.id = t.job_id) as trace`,
    [queue ?? null],
  )
  if (due.length === 0) return 0
  due.sort((a, b) => Number(a.place - b.place))
  const spans = due.map(publishSpan)
  const sent = await broker.publish(due.map((task, place) => wakeUpOf(task, spans[place]?.traceparent ?? task.trace)))
  for (const [place, span] of spans.entries())
    span?.end(sent[place] === 'confirmed' ? undefined : new Error(`the wake-up was ${sent[place]}`))
  const lost = due.filter((_, place) => sent[place] !== 'confirmed').map((task) => task.id)
  if (lost.length > 0) {
    await db.query(`update backhaul.tasks set woken_at = null, wakes = greatest(0, wakes - 1) where id = any($1) and claim is null`, [lost])
  }
  return due.length - lost.length
}
