import { randomUUID } from 'node:crypto'
import { Refused } from '../../base/errors'
import type { Json } from '../../base/json'
import type { Tx } from '../../base/sql'
import { requireAccess } from '../../config/apis'
import type { PriorityName } from '../../contract'
import { databaseTime } from '../../database/clock'
import type { Db } from '../../database/db'
import { PRIORITY, type Started, startJob } from '../../engine/jobs/verbs'
import { noteTick } from '../../engine/upkeep/tick-history'
import { checkRhythm, type Planned, planAfter, type Rhythm, ticksAfter } from '../../engine/upkeep/ticks'
import { wake } from '../../engine/wake'
import type { Service } from '../base/context'
import { uuidText } from '../base/cursor'
import { checkedParams, sourceOf } from '../base/registry'
import { sendWakeUps } from '../jobs/start'
import { type Checked, checked, type NewSchedule } from './check'

/*
 * Backfills that start by the clock: adding, changing and removing them. The scheduler starts their jobs (engine/upkeep/schedules.ts).
 */

type Context = Pick<Service, 'db' | 'sources' | 'settings'>

export interface Schedule {
  id: string
  name: string
  cron: string
  timeZone: string
  jitterS: number
  missed: 'skip' | 'make_up'
  source: string
  params: Json
  priority: PriorityName
  paused: boolean
  /** When its next job starts: the next tick with its jitter. Null while it is paused. */
  nextAt: string | null
  /** The next five ticks, without their jitter. */
  upcoming: string[]
  /** The last tick. */
  lastAt: string | null
  lastJob: string | null
  /** Why the last tick started nothing. */
  error: string | null
  createdAt: string
}

export type ScheduleChange = Partial<NewSchedule>

type Row = Awaited<ReturnType<typeof find>>

const UPCOMING = 5

const wordOf = (priority: number): PriorityName =>
  (Object.entries(PRIORITY).find(([, value]) => value === priority)?.[0] ?? 'backfill') as PriorityName

function shown({ tickAt: _, dueAt, lastAt, createdAt, priority, ...row }: Row, now: Date): Schedule {
  return {
    ...row,
    priority: wordOf(priority),
    nextAt: row.paused ? null : dueAt.toISOString(),
    upcoming: upcomingOf(row, now),
    lastAt: lastAt?.toISOString() ?? null,
    createdAt: createdAt.toISOString(),
  }
}

function upcomingOf(row: Pick<Rhythm, 'cron' | 'timeZone'>, now: Date): string[] {
  try {
    return ticksAfter(row, now, UPCOMING).map((tick) => tick.toISOString())
  } catch {
    // Another version wrote the rhythm; the schedule's error says so at the next tick.
    return []
  }
}

/** All schedules by name. */
export async function listSchedules({ db }: Pick<Service, 'db'>): Promise<Schedule[]> {
  const rows = await db.prisma.schedule.findMany({ orderBy: { name: 'asc' } })
  const now = await databaseTime(db)
  return rows.map((row) => shown(row, now))
}

/** @param id its id or its name @throws {Refused} `missing` */
export async function getSchedule({ db }: Pick<Service, 'db'>, id: string): Promise<Schedule> {
  return shown(await find(db, id), await databaseTime(db))
}

const isId = (text: string): boolean => uuidText.safeParse(text.toLowerCase()).success

async function find({ prisma }: Db, id: string) {
  const row = await prisma.schedule.findUnique({ where: isId(id) ? { id } : { name: id } })
  if (!row) throw missing(id)
  return row
}

const missing = (id: string): Refused =>
  new Refused('missing', `There is no schedule ${JSON.stringify(id.slice(0, 100))}; \`yarn schedule list\` shows them.`, 'id')

/**
 * Adds a schedule; its first tick is the next one of its cron.
 * @throws {Refused} `input` with the field: a cron that is invalid or never fires, an unknown time zone, a jitter that reaches the
 *   next tick, params its source refuses; `state` when the name is taken
 */
export async function addSchedule(context: Context, asked: NewSchedule): Promise<Schedule> {
  const { db } = context
  const now = await databaseTime(db)
  const it = await checked(context, db, { ...asked, id: randomUUID() }, now)
  // A rhythm that was checked has a next tick.
  const first = planAfter(it, now) as Planned
  const row = await named(it.name, () => db.prisma.schedule.create({ data: { ...it, ...first, createdAt: now } }))
  return shown(row, now)
}

/**
 * Changes the given fields. A new rhythm starts with its next tick from now.
 * @throws {Refused} like `addSchedule`, and `missing`
 */
export async function changeSchedule(context: Context, id: string, change: ScheduleChange): Promise<Schedule> {
  const { db } = context
  const now = await databaseTime(db)
  const { id: found } = await find(db, id)
  await named(change.name ?? '', () =>
    db.tx(async (tx) => {
      const row = await lock(tx, found)
      if (!row) throw missing(id)
      const given = Object.fromEntries(Object.entries(change).filter(([, value]) => value !== undefined))
      const it = await checked(context, tx, { ...row, priority: wordOf(row.priority), ...given }, now)
      const first = planAfter(it, now)
      const isSame = it.cron === row.cron && it.timeZone === row.timeZone && it.jitterS === row.jitterS
      await tx.query(
        `update backhaul.schedules
            set name = $2, cron = $3, time_zone = $4, jitter_s = $5, missed = $6::backhaul.missed_ticks, source = $7, params = $8, priority = $9,
                tick_at = case when $10 then tick_at else $11 end, due_at = case when $10 then due_at else $12 end, error = null
          where id = $1`,
        [
          ...[row.id, it.name, it.cron, it.timeZone, it.jitterS, it.missed, it.source, JSON.stringify(it.params), it.priority],
          ...[isSame, first?.tickAt, first?.dueAt],
        ],
      )
    }),
  )
  return shown(await find(db, found), now)
}

type Changeable = Omit<Checked, 'params'> & { params: Json }

/** Locks the row, so that no tick and no other change comes between reading and writing it. */
async function lock(tx: Tx, id: string): Promise<Changeable | undefined> {
  const [row] = await tx.query<Changeable>(
    `select id, name, cron, time_zone as "timeZone", jitter_s as "jitterS", missed, source, params, priority
       from backhaul.schedules where id = $1 for update`,
    [id],
  )
  return row
}

/** Pauses a schedule: no tick starts a job until it is resumed. */
export async function pauseSchedule({ db }: Pick<Service, 'db'>, id: string): Promise<Schedule> {
  const { id: found } = await find(db, id)
  const [row] = await db.prisma.schedule.updateManyAndReturn({ where: { id: found }, data: { paused: true } })
  return shown(row ?? (await find(db, id)), await databaseTime(db))
}

/** Resumes a schedule with the next tick from now; ticks during the pause are skipped. @throws {Refused} `input` when its rhythm is invalid */
export async function resumeSchedule({ db }: Pick<Service, 'db'>, id: string): Promise<Schedule> {
  const now = await databaseTime(db)
  const row = await find(db, id)
  checkRhythm(row, now)
  const { count } = await db.prisma.schedule.updateMany({
    where: { id: row.id, paused: true },
    data: { paused: false, ...planAfter(row, now) },
  })
  if (count > 0 && row.dueAt < now)
    await noteTick(db, row.id, {
      tickAt: row.tickAt,
      skipped: 'The schedule was paused at this tick, and at any between it and the next entry',
    })
  const [resumed] = await db.prisma.schedule.updateManyAndReturn({ where: { id: row.id }, data: { error: null } })
  return shown(resumed ?? (await find(db, id)), now)
}

/** Removes a schedule; the jobs it started stay. @returns the removed schedule */
export async function removeSchedule({ db }: Pick<Service, 'db'>, id: string): Promise<Schedule> {
  const row = await find(db, id)
  await db.prisma.schedule.deleteMany({ where: { id: row.id } })
  return shown(row, await databaseTime(db))
}

/**
 * Starts a schedule's job now, in addition to its ticks; also while it is paused.
 * @returns the job, with `created: false` when an equal one is active already, and why no worker could be woken yet
 * @throws {Refused} `missing`, or `input` when its source no longer accepts the params
 */
export async function runSchedule(
  service: Context & Pick<Service, 'broker' | 'log' | 'config'>,
  id: string,
): Promise<Started & { broker?: string }> {
  const { db, broker } = service
  const row = await find(db, id)
  const source = sourceOf(service, row.source)
  const params = checkedParams(source, row.params)
  requireAccess(source, service.config)
  const origin = { kind: 'schedule', name: row.name } as const
  const job = await startJob(service, source, params, { priority: row.priority, origin })
  await noteTick(db, row.id, { tickAt: null, job })
  await db.prisma.schedule.updateMany({ where: { id: row.id }, data: { lastJob: job.id, error: null } })
  return { ...job, broker: await sendWakeUps(service, () => wake(db, broker)) }
}

/** @throws {Refused} `state` when another schedule has this name */
async function named<T>(name: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if ((error as { code?: string }).code !== '23505') throw error
    throw new Refused(
      'state',
      `A schedule named ${JSON.stringify(name.trim())} already exists; choose another name or change that one.`,
      'name',
    )
  }
}
