import { messageOf } from '../../base/errors'
import type { Json } from '../../base/json'
import type { Tx } from '../../base/sql'
import { isPassing } from '../../database/passing'
import { type Engine, sourceNamed } from '../engine'
import { insertJobs, parseParams, type Started } from '../jobs/start'
import { logTick } from '../log'
import { noteTick } from './tick-history'
import { decide, type Planned, type Rhythm } from './ticks'

/*
 * Starts the jobs of schedules. A tick's job and the plan of the next tick commit together under a lock on the schedule's row,
 * so a crash neither loses nor doubles a tick; the inbox keeps one job for one tick whatever else happens.
 */

/** Starts in one tick of the scheduler; what is left comes 250 ms later. */
const MAX_AT_ONCE = 20

export interface ScheduleRow extends Rhythm {
  name: string
  missed: 'skip' | 'make_up'
  source: string
  params: Json
  priority: number
  tickAt: Date
  dueAt: Date
  now: Date
}

/** What became of one due tick. */
export interface Ticked {
  name: string
  tickAt: Date
  job?: Started
  error?: string
  /** Ticks before this one were left out. */
  leftOut?: boolean
}

const DUE = `not paused and due_at <= coalesce($1::timestamptz, statement_timestamp())`

/**
 * Starts what is due, the longest due first.
 * @param now the time to go by; absent: the database's
 * @returns what became of each tick
 */
export async function startSchedules(engine: Pick<Engine, 'db' | 'log' | 'sources' | 'settings'>, now?: Date): Promise<Ticked[]> {
  const done: Ticked[] = []
  for (let n = 0; n < MAX_AT_ONCE; n++) {
    const [due] = await engine.db.query<{ id: string; name: string }>(
      `select id, name from backhaul.schedules where ${DUE} order by due_at, id limit 1`,
      [now ?? null],
    )
    if (!due) break
    const ticked = await tickOf(engine, due, now)
    // Absent: somebody changed the schedule between the two statements.
    if (!ticked) continue
    logTick(engine.log, ticked)
    done.push(ticked)
  }
  return done
}

/** A schedule that this version cannot work out is paused: it must not keep the others from starting. */
async function tickOf(
  engine: Pick<Engine, 'db' | 'sources' | 'settings'>,
  due: { id: string; name: string },
  now: Date | undefined,
): Promise<Ticked | undefined> {
  try {
    return await engine.db.tx((tx) => takeTick(tx, engine, due.id, now))
  } catch (error) {
    if (isPassing(error)) throw error
    const why = `${messageOf(error)}; the schedule is paused`
    return await engine.db.tx(async (tx) => {
      const [row] = await tx.query<{ tickAt: Date }>(
        `update backhaul.schedules set paused = true, error = $2 where id = $1 returning tick_at as "tickAt"`,
        [due.id, why],
      )
      if (!row) return undefined
      await noteTick(tx, due.id, { tickAt: row.tickAt, error: why })
      return { name: due.name, tickAt: row.tickAt, error: why }
    })
  }
}

async function takeTick(
  tx: Tx,
  engine: Pick<Engine, 'sources' | 'settings'>,
  id: string,
  now: Date | undefined,
): Promise<Ticked | undefined> {
  const [row] = await tx.query<ScheduleRow>(
    `select id, name, cron, time_zone as "timeZone", jitter_s as "jitterS", missed, source, params, priority, tick_at as "tickAt", due_at as "dueAt",
            coalesce($1::timestamptz, clock_timestamp()) as now
       from backhaul.schedules where ${DUE} and id = $2 for update`,
    [now ?? null, id],
  )
  if (!row) return undefined
  const planned: Planned = { tickAt: row.tickAt, dueAt: row.dueAt }
  const { tick, leftOut, next } = decide(row, row.missed, planned, row.now)
  if (!tick) {
    const error = `Missed tick ${planned.tickAt.toISOString()}: no scheduler was running; skipped`
    await plan(tx, row, next, { tickAt: planned.tickAt, error })
    await noteMissed(tx, row.id, planned.tickAt)
    return { name: row.name, tickAt: planned.tickAt, error, leftOut }
  }
  if (leftOut) await noteMissed(tx, row.id, planned.tickAt)
  const outcome = await attempt(tx, engine, row, tick.tickAt)
  await noteTick(tx, row.id, { tickAt: tick.tickAt, ...outcome })
  await plan(tx, row, next, { tickAt: tick.tickAt, ...outcome })
  return { name: row.name, tickAt: tick.tickAt, ...outcome, leftOut }
}

/** One entry however many they were: a schedule of every second misses thousands in an hour. */
const noteMissed = (tx: Tx, id: string, first: Date): Promise<void> =>
  noteTick(tx, id, { tickAt: first, skipped: 'No scheduler was running at this tick, and at any between it and the next entry' })

/** A fault of the schedule itself is kept with it; one of the database ends the transaction, and the tick comes again. */
async function attempt(
  tx: Tx,
  engine: Pick<Engine, 'sources' | 'settings'>,
  row: ScheduleRow,
  tick: Date,
): Promise<{ job?: Started; error?: string }> {
  await tx.query('savepoint tick')
  try {
    const source = sourceNamed(engine.sources, row.source)
    const params = parseParams(source, row.params)
    const inbox = { queue: 'schedule', messageId: `${row.id}@${tick.toISOString()}`, bodyHash: 'tick' }
    const origin = { kind: 'schedule', name: row.name } as const
    const [job] = await insertJobs(tx, engine, source, [params], { priority: row.priority, inbox, origin })
    return { job }
  } catch (error) {
    if (isPassing(error)) throw error
    await tx.query('rollback to savepoint tick')
    return { error: messageOf(error) }
  }
}

/** Notes what became of a tick and plans the next; a schedule without one is paused. */
async function plan(
  tx: Tx,
  row: ScheduleRow,
  next: Planned | undefined,
  last: { tickAt: Date; job?: Started; error?: string },
): Promise<void> {
  const error = last.error ?? (next ? null : `${row.cron} names no further tick; the schedule is paused`)
  await tx.query(
    `update backhaul.schedules set tick_at = coalesce($2, tick_at), due_at = coalesce($3, due_at), paused = $2::timestamptz is null, last_at = $4,
            last_job = coalesce($5, last_job), error = $6 where id = $1`,
    [row.id, next?.tickAt ?? null, next?.dueAt ?? null, last.tickAt, last.job?.id ?? null, error],
  )
}
