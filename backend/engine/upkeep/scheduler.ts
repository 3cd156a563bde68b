import { setTimeout as pause } from 'node:timers/promises'
import type { Depths } from '../../../queues/depths'
import { logUnexpected, logUnreachable } from '../../base/log-errors'
import type { Db } from '../../database/db'
import { isUnreachable } from '../../database/passing'
import type { Engine } from '../engine'
import { rescue } from '../heartbeat'
import { admit } from '../jobs/admission'
import { sweepCancelled } from '../jobs/verbs'
import { logWorkersLost } from '../log'
import { lookupKinds } from '../lookups/kinds'
import { wakeLookups } from '../lookups/wake'
import { FINISH, insertFinishTask, noteStandstills, OPEN, promote, TO_FINISH } from '../store'
import { wake } from '../wake'
import { watchAlerts } from './alerts'
import { fanOut } from './fan-out'
import { openWork, TO_PROMOTE } from './open-work'
import { relay } from './outbox'
import { keepRetention } from './retention'
import { startSchedules } from './schedules'
import { analyzeNewTables } from './statistics'

const TICK_MS = 250
/** Missed heartbeats are believed after this long of unbroken ticks, ms: an outage of Postgres silences everybody at once. */
const STEADY_MS = 11_000

/** Open tasks are counted again every so many ticks; the count is only shown, no decision depends on it. */
const COUNT_EVERY = 20
/** Alerts are checked every so many ticks. */
const CHECK_EVERY = 20

/** One number for all schedulers that share a database. */
const LOCK = 7_265_001

/** What a scheduler needs besides the engine's parts. */
export interface SchedulerOptions {
  /** The session of the lock. */
  lockDb: Db
  /** A running job without a page for so long is stalled, ms (default 15 min). */
  stallMs?: number
  /** Tasks of ended jobs, events and deliveries are kept for so long, ms (default 30 days). */
  retentionMs?: number
  /** Log lines of jobs are kept for so long, ms (default 7 days). */
  jobLogMs?: number
  /** Asks the broker about dead letters; absent: their growth raises no alert. */
  depths?: Pick<Depths, 'read'>
  /** Notes figures of the suite for charts, every so many ms. */
  readings?: { everyMs: number; read(): Promise<void> }
}

interface Upkeep {
  alerts: ReturnType<typeof watchAlerts>
  retention: ReturnType<typeof keepRetention>
  readings: ReturnType<typeof keepReading>
}

export interface Scheduler {
  start(): void
  stop(): Promise<void>
}

/**
 * Four times a second: starts schedules, sends wake-ups, rescues tasks, gives places, ends jobs, publishes events and queues them for
 * webhooks, checks alerts and deletes expired rows. Several may run: one holds the lock, in a session of its own; when that session ends, another takes it.
 */
export function createScheduler(engine: Engine & SchedulerOptions): Scheduler {
  const { db, log, sources, settings, depths, stallMs = 15 * 60_000, retentionMs = 30 * 86_400_000, jobLogMs } = engine
  const upkeep = {
    alerts: watchAlerts({ db, log, sources, settings, stallMs, depths }),
    readings: keepReading(engine),
    retention: keepRetention({ db, log, retentionMs, jobLogMs, sources }),
  }
  let stopping = false
  let running = Promise.resolve()
  let steadySince = 0
  let ticks = 0

  async function tick(): Promise<void> {
    const now = Date.now()
    if (steadySince === 0) steadySince = now
    await engine.lockDb.tx(async (lock) => {
      const [row] = await lock.query<{ mine: boolean }>(`select pg_try_advisory_xact_lock(${LOCK}) as mine`)
      if (row?.mine) await work(engine, upkeep, now - steadySince >= STEADY_MS, ticks++)
    })
  }

  async function loop(): Promise<void> {
    while (!stopping) {
      const began = Date.now()
      try {
        await tick()
      } catch (error) {
        steadySince = 0
        logUnreachable(engine.log, 'The scheduler cannot work; it tries again', error)
        await pause(1000)
      }
      const took = Date.now() - began
      if (took > 5000) steadySince = 0
      await pause(Math.max(0, TICK_MS - took))
    }
  }

  return {
    start() {
      running = loop()
    },
    async stop() {
      stopping = true
      await running
      await upkeep.alerts.stop()
      await upkeep.readings.stop()
    },
  }
}

/** Reads beside the ticks: with thousands of hosts it takes longer than wake-ups may wait. */
function keepReading({ readings, log }: SchedulerOptions & Pick<Engine, 'log'>): { tick(ticks: number): void; stop(): Promise<void> } {
  let reading: Promise<void> | undefined
  return {
    tick(ticks) {
      if (!readings || reading || ticks % Math.round(readings.everyMs / TICK_MS) !== 0) return
      reading = readings
        .read()
        .catch((error: unknown) => (isUnreachable(error) ? undefined : logUnexpected(log, 'Reading figures failed', error)))
        .finally(() => {
          reading = undefined
        })
    },
    stop: async () => await reading,
  }
}

async function work(engine: Engine, upkeep: Upkeep, steady: boolean, ticks: number): Promise<void> {
  const { db, broker, log, sources } = engine
  const open = await openWork(db, steady)
  // What one chore changed may be work for those after it.
  let changed = open.lost
  if (open.lost) {
    const { moved, gone } = await rescue(db)
    if (gone.length > 0) logWorkersLost(log, gone, moved)
  }
  if (open.scheduled) {
    await apart(engine, 'Starting schedules failed', async () => {
      changed = (await startSchedules(engine)).length > 0 || changed
    })
  }
  if (open.queued || changed) changed = (await admit(engine)).length > 0 || changed
  if (open.waiting || changed) for (const job of await jobsToPromote(engine)) await promote(db, job)
  if (ticks % COUNT_EVERY === 0) {
    await countOpen(db)
    await apart(engine, 'Noting what jobs wait for failed', () => noteStandstills(db, (COUNT_EVERY * TICK_MS) / 1000))
    await foldCounts(db)
    await apart(engine, 'Analyzing new tables failed', () => analyzeNewTables(db, sources))
  }
  if (open.cancelled) await sweepCancelled(engine)
  if (open.finished) await insertFinishTasks(engine)
  changed ||= open.cancelled || open.finished
  if (open.unfanned || changed) await apart(engine, 'Passing events to webhooks failed', () => fanOut(db))
  upkeep.readings.tick(ticks)
  if (ticks % CHECK_EVERY === 0) await apart(engine, 'Checking alerts failed', () => upkeep.alerts.check())
  await apart(engine, 'Deleting expired rows failed', () => upkeep.retention.tick())
  if (open.ready || open.waiting || changed) await wake(db, broker)
  if (open.lookups || changed) for (const [kind, lookup] of lookupKinds(sources)) await wakeLookups(db, broker, kind, lookup)
  if (open.unpublished || changed) await relay(db, broker)
}

/** Jobs must go on when one of the other chores fails; only an outage of Postgres stops the whole tick. */
async function apart(engine: Engine, what: string, chore: () => Promise<unknown>): Promise<void> {
  try {
    await chore()
  } catch (error) {
    if (isUnreachable(error)) throw error
    logUnexpected(engine.log, what, error)
  }
}

async function countOpen(db: Db): Promise<void> {
  await db.query(
    `update backhaul.jobs j set open = c.open
       from (select j.id, count(t.id)::int as open from backhaul.jobs j
               left join backhaul.tasks t on t.job_id = j.id and t.state in ${OPEN} and t.stream <> '${FINISH}'
              where j.admitted group by j.id) c
      where j.id = c.id and j.open <> c.open and j.admitted`,
  )
}

/** Rows of job_counts that are left as they are: one for each source and status, and what some seconds add. */
const COUNTS = 200

/** Adds up what transactions noted of the number of jobs, so that reading it stays cheap. */
export async function foldCounts(db: Db): Promise<void> {
  await db.query(
    `with gone as (delete from backhaul.job_counts where (select count(*) from backhaul.job_counts) > ${COUNTS} returning source, status, jobs)
     insert into backhaul.job_counts (source, status, jobs) select source, status, sum(jobs) from gone group by 1, 2 having sum(jobs) <> 0`,
  )
}

async function jobsToPromote({ db }: Engine): Promise<string[]> {
  const jobs = await db.query<{ id: string }>(`select j.id ${TO_PROMOTE}`)
  return jobs.map((job) => job.id)
}

/** A job without waiting or ready tasks gets its one finish task, where no worker has seen to it; a second scheduler finds it there. */
export async function insertFinishTasks({ db, sources }: Engine): Promise<void> {
  const jobs = await db.query<{ id: string; source: string }>(`select j.id, j.source ${TO_FINISH}`)
  // A source that this version does not know is a newer version's.
  for (const job of jobs.filter((one) => sources.some((source) => source.name === one.source))) {
    await db.tx((tx) => insertFinishTask(tx, job.id))
  }
}
