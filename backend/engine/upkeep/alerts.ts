import type { Depth, Depths } from '../../../queues/depths'
import type { Json } from '../../base/json'
import type { Log } from '../../base/log'
import type { Tx } from '../../base/sql'
import type { Db } from '../../database/db'
import { logAlert, logAlertCleared } from '../log'
import { insertEvents } from '../store'
import { type Found, failedSchedules, failingWebhooks, holds, type QueueDepths, stalled, trippedBreakers, unattended } from './alert-checks'
import { ALERTS, alertKey, clearedKey, type EngineAlert } from './event-keys'
import { type SourceCheckOptions, sourceAlerts, watchSources } from './source-checks'

/*
 * Problems that a person should know of. A row of `alerts` exists as long as its problem lasts. Raising and clearing an alert
 * each write the row and the event in one transaction, then one log line, so each is reported once however often it is seen.
 */

/** A queue without a worker is reported after this long: restarts and deployments take less, ms. */
const UNATTENDED_MS = 30_000
/** How often jobs are checked for their last page, which reads all tasks of those that seem to stand still, ms. */
const STALL_EVERY_MS = 60_000
/** How often the broker is asked for the messages of its queues, ms. */
const DEPTHS_EVERY_MS = 30_000
/** Reading dead letters holds them for a moment, so their queue seems empty: an alert is cleared after so many empty checks. */
const EMPTY_CHECKS = 2

export interface AlertOptions extends SourceCheckOptions {
  /** A running job without a page for so long is stalled, ms. */
  stallMs: number
  /** Asks the broker; absent: neither dead letters nor the messages of feeds are watched. */
  depths?: Pick<Depths, 'read'>
}

interface Row {
  kind: string
  subject: string
  message: string
  since: Date
}

/** Checks what could be wrong; to be called every 5 s under the scheduler's lock. */
export function watchAlerts(options: AlertOptions): { check(): Promise<void>; stop(): Promise<void> } {
  const { db, log, sources, stallMs, depths, now = Date.now } = options
  const unattendedFor = lasting(now)
  const runningFor = lasting(now)
  const readDepths = depths ? watchDepths(depths, now) : () => undefined
  const dead = watchDead()
  let latest: QueueDepths = new Map()
  const ofSources = watchSources(options)
  const known = new Set(Object.keys({ ...ALERTS, ...sourceAlerts(sources) }))
  let stalledAt = Number.NEGATIVE_INFINITY

  async function check(): Promise<void> {
    const rows = await db.query<Row>(`select kind, subject, message, since from backhaul.alerts`)
    const raised = (kind: EngineAlert) => new Map(rows.filter((row) => row.kind === kind).map((row) => [row.subject, row.message]))
    // An alert whose check is gone would stay for ever.
    const gone = rows.filter((row) => !known.has(row.kind)).map(({ kind }) => [kind, []])
    const depth = readDepths()
    latest = depth ?? latest
    const found: Record<string, Found[]> = {
      ...Object.fromEntries(gone),
      ...ofSources.take(),
      queue_unattended: unattendedFor(await unattended(db, sources, latest), UNATTENDED_MS, raised('queue_unattended')),
      held: await holds(db),
      breaker_tripped: await trippedBreakers(db),
      schedule_failed: await failedSchedules(db),
      webhook_failing: await failingWebhooks(db),
    }
    if (now() - stalledAt >= Math.min(STALL_EVERY_MS, stallMs / 4)) {
      stalledAt = now()
      // Counted from when it was seen to run: one that was paused for a day has not stalled when it is resumed.
      found.job_stalled = await stalled(db, stallMs, (running) => runningFor(running, stallMs, raised('job_stalled')))
    }
    if (depth) found.dead_letters_growing = dead(depth, raised('dead_letters_growing'))
    await reconcile(db, log, rows, found)
  }
  return { check, stop: () => ofSources.stop() }
}

/** Of what is seen at each check, returns what has been seen for at least `ms`, and what is raised already. */
export function lasting(now: () => number) {
  const since = new Map<string, number>()
  return <T extends { subject: string }>(seen: readonly T[], ms: number, raised: ReadonlyMap<string, unknown>): T[] => {
    const at = now()
    const subjects = new Set(seen.map((one) => one.subject))
    for (const subject of since.keys()) if (!subjects.has(subject)) since.delete(subject)
    for (const subject of subjects) if (!since.has(subject)) since.set(subject, at)
    return seen.filter((one) => raised.has(one.subject) || at - (since.get(one.subject) ?? at) >= ms)
  }
}

/** Asks the broker now and then. @returns what it answered since the last call; undefined when nothing is new or it is unreachable */
function watchDepths(depths: Pick<Depths, 'read'>, now: () => number): () => Awaited<ReturnType<Depths['read']>> {
  let askedAt = Number.NEGATIVE_INFINITY
  let answer: Awaited<ReturnType<Depths['read']>>
  return () => {
    if (now() - askedAt >= DEPTHS_EVERY_MS) {
      askedAt = now()
      // Not waited for: the broker may take seconds.
      void depths.read().then((depth) => {
        answer = depth
      })
    }
    const depth = answer
    answer = undefined
    return depth
  }
}

/**
 * Dead letters are reported when there are some, and again whenever their number has doubled since. That number is at the
 * beginning of the row's message, where it outlives this process. The row is deleted when none are left.
 */
function watchDead() {
  const empty = new Map<string, number>()
  return (depths: ReadonlyMap<string, Pick<Depth, 'dead'>>, raised: ReadonlyMap<string, string>): Found[] =>
    [...depths].flatMap(([queue, { dead }]) => {
      empty.set(queue, dead === 0 ? (empty.get(queue) ?? 0) + 1 : 0)
      return deadOf(queue, dead, raised.get(queue), (empty.get(queue) ?? 0) >= EMPTY_CHECKS)
    })
}

function deadOf(queue: string, count: number, raised: string | undefined, isEmpty: boolean): Found[] {
  const before = Number.parseInt(raised ?? '0', 10)
  if (raised !== undefined && count < 2 * before) return isEmpty ? [] : [deadFound(queue, raised)]
  if (count === 0) return []
  return [
    { ...deadFound(queue, `${count} ${count === 1 ? 'message was' : 'messages were'} rejected on ${queue}`), again: raised !== undefined },
  ]
}

const deadFound = (queue: string, message: string): Found => ({
  subject: queue,
  message,
  hint: `yarn dead list --queue ${queue}`,
  target: { kind: 'dead_letters', id: queue },
})

/** Brings the rows to what was found; kinds that were not checked are left as they are. */
async function reconcile(db: Db, log: Log, rows: readonly Row[], found: Record<string, Found[]>): Promise<void> {
  for (const [kind, items] of Object.entries(found)) {
    const before = new Map(rows.filter((row) => row.kind === kind).map((row) => [row.subject, row]))
    for (const item of items) {
      const row = before.get(item.subject)
      before.delete(item.subject)
      if (row?.message !== item.message || item.again) await raise(db, log, kind, item)
    }
    for (const row of before.values()) await clear(db, log, row)
  }
}

async function raise(db: Db, log: Log, kind: string, { subject, message, hint, target, again, data }: Found): Promise<void> {
  const isNew = await db.tx(async (tx) => {
    // One that has grown is shown to those again who had acknowledged the smaller one.
    const [row] = await tx.query<{ since: Date; fresh: boolean }>(
      `insert into backhaul.alerts (kind, subject, message, hint, target_kind, target_id, since) values ($1, $2, $3, $4, $5, $6, clock_timestamp())
       on conflict (kind, subject) do update set message = excluded.message, hint = excluded.hint, target_kind = excluded.target_kind,
             target_id = excluded.target_id, acknowledged_at = case when not $7 then alerts.acknowledged_at end
       returning since, xmax = 0 as fresh`,
      [kind, subject, message, hint ?? null, target?.kind ?? null, target?.id ?? null, again ?? false],
    )
    if (!row || !(row.fresh || again)) return false
    const about = { ...(hint && { hint }), ...(target && { target: { ...target } }) }
    await publish(tx, alertKey(kind), { kind, subject, message, ...about, since: row.since.toISOString(), ...data })
    return true
  })
  if (isNew) logAlert(log, kind, subject, hint ? `${message}; ${hint}` : message)
}

async function clear(db: Db, log: Log, { kind, subject, message, since }: Row): Promise<void> {
  const gone = await db.tx(async (tx) => {
    const rows = await tx.query(`delete from backhaul.alerts where kind = $1 and subject = $2 returning kind`, [kind, subject])
    if (rows.length > 0)
      await publish(tx, clearedKey(kind), { kind, subject, message, since: since.toISOString(), clearedAt: new Date().toISOString() })
    return rows.length > 0
  })
  if (gone) logAlertCleared(log, kind, subject)
}

const publish = (tx: Tx, key: string, payload: { [name: string]: Json }): Promise<void> => insertEvents(tx, [{ key, payload }])
