/** A worker whose last heartbeat is older than this has missed two of them. */
export const DEAD_AFTER = `interval '12 seconds'`

/** How many deliveries the live workers of each queue hold at once. */
export const CAPACITY = `select q.queue, greatest(1, sum(w.concurrency))::int as places
  from backhaul.workers w, unnest(w.queues) as q(queue) where w.heartbeat_at > clock_timestamp() - ${DEAD_AFTER} group by q.queue`
