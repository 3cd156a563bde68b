import type { Depth } from '../../../queues/depths'
import type { QueueName } from '../../../queues/names'
import { isDue, type Reader } from '../../base/sql'
import type { AlertFound, Source } from '../../contract'
import { livePlaces } from '../jobs/progress'
import { openIds } from '../lookups/store'

/*
 * What could be wrong: one check each. They run every 5 s, so each starts from few rows: queues without consumers, gates,
 * running jobs whose tasks in hand commit no page.
 */

export interface Found extends AlertFound {
  /** Raised already, but to be reported again. */
  again?: boolean
  /** More for the event. */
  data?: Record<string, string>
}

/** Messages of each queue, as the broker last reported them. */
export type QueueDepths = ReadonlyMap<QueueName, Pick<Depth, 'ready'>>

/** Every queue of the registry with the kinds of lookup that travel on it, whether it is that of a feed, and the app that takes from it. */
function queuesOf(sources: readonly Source[]): { queue: QueueName; kinds: string[]; isFeed: boolean; app: string | undefined }[] {
  return sources.flatMap((source) => {
    const lookups = Object.entries(source.lookups ?? {})
    const feeds = Object.values(source.feeds ?? {}).map((feed) => feed.queue)
    const streams = Object.values(source.streams).map((stream) => stream.queue)
    const queues = new Set([...streams, ...lookups.map(([, lookup]) => lookup.queue), ...feeds])
    return [...queues].map((queue) => ({
      queue,
      kinds: lookups.filter(([, lookup]) => lookup.queue === queue).map(([kind]) => kind),
      isFeed: feeds.includes(queue),
      app: Object.entries(source.workers).find(([, worker]) => worker.queues.includes(queue))?.[0],
    }))
  })
}

/**
 * Queues with work that is due and no live worker.
 * @param depths the messages of feeds: what they carry is work, and no row says that it is there
 */
export async function unattended(db: Reader, sources: readonly Source[], depths: QueueDepths): Promise<Found[]> {
  const live = await livePlaces(db)
  const idle = queuesOf(sources).filter(({ queue }) => !live.has(queue))
  if (idle.length === 0) return []
  const kinds = idle.flatMap(({ queue, kinds }) => kinds.map((kind) => ({ queue, kind })))
  const rows = await db.query<{ queue: string }>(
    `select q.queue from unnest($1::text[]) q(queue)
      where exists (select 1 from backhaul.jobs j, lateral (
                      select 1 from backhaul.tasks t where t.queue = q.queue and t.job_id = j.id and t.state = 'ready' and t.claim is null
                         and ${isDue('t.due_at')} limit 1) t where j.admitted)
         or exists (select 1 from unnest($2::text[], $3::text[]) k(queue, kind), lateral (${openIds('k.kind', '1')}) l where k.queue = q.queue)`,
    [idle.map(({ queue }) => queue), kinds.map(({ queue }) => queue), kinds.map(({ kind }) => kind)],
  )
  const due = new Set(rows.map(({ queue }) => queue))
  return idle
    .filter(({ queue, isFeed }) => due.has(queue) || (isFeed && (depths.get(queue)?.ready ?? 0) > 0))
    .map(({ queue, app }) => ({
      subject: queue,
      message: `work is due on ${queue} and no worker takes it${app ? `: ${app} is not running` : ''}`,
      ...(app && { hint: `npx pm2 start ecosystem.config.js --only ${app}` }),
      target: { kind: 'queue', id: queue },
    }))
}

/**
 * APIs whose breaker is tripped. One stays so at most 60 s before it is tried again, so a gate that is no longer
 * asked is not reported forever. Hosts and keys of one API are reported together: a thousand hosts may be unreachable at once.
 */
export async function trippedBreakers(db: Reader): Promise<Found[]> {
  const rows = await db.query<{ api: string; gates: string[] }>(
    `select split_part(name, ':', 1) as api, array_agg(name order by name) as gates from backhaul.gates
      where open_until > clock_timestamp() - interval '2 minutes' group by 1 order by 1`,
  )
  return rows.map(({ api, gates }) => {
    const of = gates.length === 1 && gates[0] === api ? '' : ` for ${gates.slice(0, 3).join(', ')}${gates.length > 3 ? ' and others' : ''}`
    return {
      subject: api,
      message: `requests to ${api} fail one after the other${of}: its work waits, and one request now and then finds out whether it answers again`,
      target: { kind: 'gate', id: api },
    }
  })
}

/** Keys that hold work until a person acts. */
export async function holds(db: Reader): Promise<Found[]> {
  const rows = await db.query<{ key: string; reason: string; job: string | null }>(
    `select h.key, h.reason, t.job_id as job from backhaul.holds h
       left join lateral (select job_id from backhaul.tasks t where t.held_by = h.key and t.state = 'ready' limit 1) t on true
      where h.released_at is null
        and (t.job_id is not null or exists (select from backhaul.lookups l where l.held_by = h.key)) order by h.key`,
  )
  return rows.map(({ key, reason, job }) => ({
    subject: key,
    message: `work waits until a person acts: ${reason}`,
    ...(job && { target: { kind: 'job', id: job } }),
  }))
}

/** Schedules whose last tick started no job. */
export async function failedSchedules(db: Reader): Promise<Found[]> {
  const rows = await db.query<{ id: string; name: string; error: string }>(
    `select id::text, name, error from backhaul.schedules where error is not null and not paused order by name`,
  )
  return rows.map(({ id, name, error }) => ({
    subject: name,
    message: `the schedule ${name} started no job at its last tick: ${error.slice(0, 300)}`,
    target: { kind: 'schedule', id },
  }))
}

/** How many of the last deliveries to a webhook are read. */
const DELIVERIES = 20

/** Webhooks whose last deliveries all failed, at least one of them for good. */
export async function failingWebhooks(db: Reader): Promise<Found[]> {
  const rows = await db.query<{ id: string; host: string }>(
    `select w.id::text, substring(w.url from '^[a-z]+://(?:[^/@]*@)?([^/:?#]+)') as host
       from backhaul.webhooks w cross join lateral (
         select bool_or(state = 'failed') and not bool_or(state = 'delivered') as fails
           from (select state from backhaul.deliveries where webhook_id = w.id order by created_at desc limit ${DELIVERIES}) l) d
      where w.active and d.fails order by w.created_at`,
  )
  return rows.map(({ id, host }) => ({
    subject: id,
    message: `the webhook to ${host} gets no event: its last deliveries failed`,
    target: { kind: 'webhook', id },
  }))
}

/** A task that works on its page, by the longest timeout of a request and some more. */
const IN_HAND = `interval '150 seconds'`

interface Running {
  subject: string
  source: string
  key: string
  quiet: boolean
}

/**
 * Running jobs without a page for `stallMs` in which something is wrong: tasks that try again after errors, a page that never ends, or
 * waiting tasks of which none gets a place. A job that waits for a worker, its turn, a limit or a person has not stalled: what it
 * waits for is shown beside it, and a queue without workers and a breaker have alerts of their own.
 * @param lasts which of the jobs that run now have been seen to run for long enough
 */
export async function stalled(db: Reader, stallMs: number, lasts: (running: Running[]) => Running[]): Promise<Found[]> {
  const running = await db.query<Running>(
    `select j.id::text as subject, j.source, coalesce(j.active_key, j.id::text) as key,
            not exists (select 1 from backhaul.tasks t where t.job_id = j.id and t.state = 'ready' and t.paged_at > c.since) as quiet
       from backhaul.jobs j, (select clock_timestamp() - $1 * interval '1 millisecond' as since) c where j.admitted and j.status = 'running'`,
    [stallMs],
  )
  const suspects = lasts(running).filter((job) => job.quiet)
  if (suspects.length === 0) return []
  const rows = await db.query<{ id: string; last: Date; error: string | null }>(
    `select * from (
       select j.id, f.wrong, f.error, greatest(j.started_at, f.last) as last from backhaul.jobs j cross join lateral (
         select max(greatest(paged_at, settled_at)) as last, max(error) filter (where state = 'ready' and attempts > 0) as error,
                coalesce(bool_or(case when claim is null then attempts > 0 and waiting_on is null
                                      else attempts > 0 or claimed_at < clock_timestamp() - ${IN_HAND} end) filter (where state = 'ready'), true) as wrong
           from backhaul.tasks where job_id = j.id) f
        where j.id = any($1::uuid[]) and j.status = 'running') s
      where last < clock_timestamp() - $2 * interval '1 millisecond' and wrong`,
    [suspects.map((job) => job.subject), stallMs],
  )
  return rows.map(({ id, last, error }) => {
    const job = suspects.find((one) => one.subject === id) as Running
    const why = error ? `; the last error: ${error.slice(0, 200)}` : ''
    const message = `job ${id.slice(0, 8)} (${job.key}) has committed no page since ${last.toISOString().slice(0, 19)}Z${why}`
    return { subject: id, message, target: { kind: 'job', id }, data: { job: id, source: job.source } }
  })
}
