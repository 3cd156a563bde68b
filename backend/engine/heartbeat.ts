import { randomBytes } from 'node:crypto'
import { hostname } from 'node:os'
import type { Reader } from '../base/sql'
import { releaseAbandonedLookups, releaseLookupsHeldBy, releaseUnknownLookups } from './lookups/store'
import { hostOf, lives, noteLost, noteStart, noteStop, type Started } from './starts'
import { DEAD_AFTER, releaseAbandoned, releaseHeldBy, releaseUnknown } from './store'

export interface Identity extends Started {
  queues: readonly string[]
  concurrency: number
}

/** New at each start, so that a restarted process never takes its predecessor's claims for its own. */
export const newWorkerId = (): string => `${hostname()}:${process.pid}:${randomBytes(3).toString('hex')}`

/**
 * Registers a worker, and releases what dead processes of its host held: PM2 restarts a killed worker long before two heartbeats are
 * missed.
 */
export async function signOn(db: Reader, me: Identity): Promise<void> {
  await write(db, me, [], 0)
  const neighbors = await db.query<{ id: string; pid: number }>(`select id, pid from backhaul.workers where host = $1`, [hostOf(me.id)])
  for (const { id } of neighbors.filter((neighbor) => !lives(neighbor.pid))) await remove(db, id)
  await noteStart(db, me)
}

/** What a worker is working on: tasks by id, from before their claim; lookups by their claim. */
export interface Holding {
  tasks: Set<bigint>
  lookups: Set<bigint>
}

/**
 * Reports that the worker is alive and what it holds, and releases claims under its name that it does not know: the reply to their
 * commit was lost.
 * @param lagMs longest delay of the event loop since the last heartbeat, ms
 */
export async function heartbeat(db: Reader, me: Identity, holding: Holding, lagMs = 0): Promise<void> {
  const tasks = [...holding.tasks]
  await write(db, me, tasks, lagMs)
  await releaseUnknown(db, me.id, tasks)
  await releaseUnknownLookups(db, me.id, [...holding.lookups])
}

async function write(db: Reader, me: Identity, held: readonly bigint[], lagMs: number): Promise<void> {
  const [, pid] = me.id.split(':')
  await db.query(
    `insert into backhaul.workers (id, app, host, pid, queues, concurrency, holding, rss_bytes, loop_lag_ms, version, heartbeat_at)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, clock_timestamp())
     on conflict (id) do update
        set heartbeat_at = clock_timestamp(), holding = excluded.holding, rss_bytes = excluded.rss_bytes, loop_lag_ms = excluded.loop_lag_ms`,
    [me.id, me.app, hostOf(me.id), pid, me.queues, me.concurrency, held, process.memoryUsage.rss(), lagMs, me.version ?? ''],
  )
}

/** A worker stops: removes it and releases what it still holds. */
export async function signOff(db: Reader, id: string): Promise<void> {
  await remove(db, id)
  await noteStop(db, id)
}

async function remove(db: Reader, id: string): Promise<void> {
  await releaseHeldBy(db, id)
  await releaseLookupsHeldBy(db, id)
  await releaseRequests(db, [id])
  await db.query(`delete from backhaul.workers where id = $1`, [id])
}

/**
 * Releases what is held by workers that missed two heartbeats, and by workers that are not registered.
 * Only a process that reached Postgres all that time may call this: after an outage every worker would seem dead.
 * @returns how many tasks and lookups were released, and the workers that were removed
 */
export async function rescue(db: Reader): Promise<{ moved: number; gone: string[] }> {
  const gone = await db.query<{ id: string; seenAt: Date }>(
    `delete from backhaul.workers where heartbeat_at < clock_timestamp() - ${DEAD_AFTER} returning id, heartbeat_at as "seenAt"`,
  )
  const ids = gone.map((worker) => worker.id)
  if (ids.length > 0) await releaseRequests(db, ids)
  await noteLost(db, gone)
  const moved = (await releaseAbandoned(db)) + (await releaseAbandonedLookups(db))
  return { moved, gone: ids }
}

/** A request in flight ended with its process; without this, its place at the gate would stay taken until its timeout. */
async function releaseRequests(db: Reader, workers: readonly string[]): Promise<void> {
  await db.query(
    `update backhaul.gates g
        set holders = (select coalesce(jsonb_object_agg(h.key, h.value), '{}') from jsonb_each(g.holders) h where split_part(h.key, '/', 1) <> all($1))
      where exists (select 1 from jsonb_object_keys(g.holders) k where split_part(k, '/', 1) = any($1))`,
    [workers],
  )
}
