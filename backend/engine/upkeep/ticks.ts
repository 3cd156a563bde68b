import { createHash } from 'node:crypto'
import { Cron } from 'croner'
import { Refused } from '../../base/errors'

/*
 * When a schedule ticks: arithmetic without a database. A tick is a moment its cron names; its job starts at the tick's due
 * moment, which is the tick and its jitter. The jitter of a tick is drawn from the schedule's id and the tick itself, so
 * that it is the same for everybody who works it out, before and after a crash.
 *
 * Days when clocks change, as croner counts them (its README, "Pattern"): a schedule with a single second, minute and hour runs
 * once on such a day, at the first valid time where its own does not exist and at the first of two. One with a list, range,
 * step or wildcard goes on in real time: it leaves out times that do not exist and runs at both of a repeated hour.
 */

export interface Rhythm {
  /** Names the schedule for its jitter. */
  id: string
  /** Five or six fields, or `@daily` and the like. */
  cron: string
  /** IANA name. */
  timeZone: string
  jitterS: number
}

export interface Planned {
  tickAt: Date
  dueAt: Date
}

/** A tick this much past its due moment counts as missed: restarts and the change from one scheduler to another take less, ms. */
export const MISSED_AFTER_MS = 60_000
/** At most so many missed ticks are made up, the latest. */
export const MAX_MADE_UP = 100

/** How many ticks ahead the jitter is held against: some days of a rhythm of minutes, both changes of clocks of a daily one. */
const LOOK_AHEAD = 400

const clockwork = ({ cron, timeZone }: Pick<Rhythm, 'cron' | 'timeZone'>): Cron =>
  new Cron(cron, { timezone: timeZone, mode: '5-or-6-parts', paused: true })

/** The next ticks after a moment, without their jitter; fewer where there are no more. */
export const ticksAfter = (rhythm: Pick<Rhythm, 'cron' | 'timeZone'>, after: Date, count: number): Date[] =>
  clockwork(rhythm).nextRuns(count, after)

/** The due moment of a tick; it lies before the next tick, so that ticks stay in order. */
export function dueOf(rhythm: Rhythm, tick: Date): Date {
  if (rhythm.jitterS === 0) return tick
  const [next] = ticksAfter(rhythm, tick, 1)
  const most = Math.min(rhythm.jitterS * 1000, (next?.getTime() ?? Number.POSITIVE_INFINITY) - tick.getTime())
  const drawn = createHash('sha256').update(`${rhythm.id}@${tick.toISOString()}`).digest().readUInt32BE(0) / 2 ** 32
  return new Date(tick.getTime() + Math.floor(drawn * most))
}

/** The first tick after a moment, with its due moment; undefined when there is none. */
export function planAfter(rhythm: Rhythm, after: Date): Planned | undefined {
  const [tickAt] = ticksAfter(rhythm, after, 1)
  return tickAt && { tickAt, dueAt: dueOf(rhythm, tickAt) }
}

export interface Decision {
  /** The tick that starts its job now; absent: missed ticks were left out up to one that is still to come. */
  tick?: Planned
  /** Missed ticks before it, or before the next, start nothing. */
  leftOut: boolean
  /** Absent: there is none. */
  next?: Planned
}

/** What becomes of the planned tick of a schedule once it is due. */
export function decide(rhythm: Rhythm, missed: 'skip' | 'make_up', planned: Planned, now: Date): Decision {
  const tick = missed === 'skip' ? firstSeen(rhythm, planned, now) : firstMadeUp(rhythm, planned, now)
  const leftOut = tick?.tickAt.getTime() !== planned.tickAt.getTime()
  if (!tick || tick.dueAt > now) return { leftOut, next: tick }
  return { tick, leftOut, next: planAfter(rhythm, tick.tickAt) }
}

/** The first tick from `tick` on that is not missed; undefined when there is none. */
function firstSeen(rhythm: Rhythm, tick: Planned, now: Date): Planned | undefined {
  const latest = now.getTime() - MISSED_AFTER_MS
  if (tick.dueAt.getTime() >= latest) return tick
  const from = new Date(Math.max(tick.tickAt.getTime(), latest - rhythm.jitterS * 1000 - 1))
  let next = planAfter(rhythm, from)
  while (next && next.dueAt.getTime() < latest) next = planAfter(rhythm, next.tickAt)
  return next
}

/** Where making up begins: at `tick`, or at the earliest of the latest ones where there are too many. */
function firstMadeUp(rhythm: Rhythm, tick: Planned, now: Date): Planned {
  if (tick.dueAt.getTime() >= now.getTime() - MISSED_AFTER_MS) return tick
  const earliest = clockwork(rhythm).previousRuns(MAX_MADE_UP, now).at(-1)
  return earliest && earliest > tick.tickAt ? { tickAt: earliest, dueAt: dueOf(rhythm, earliest) } : tick
}

/**
 * Refuses a rhythm that cannot be kept.
 * @throws {Refused} `input` for cron that cannot be read or never fires, an unknown time zone, a jitter that is none or reaches the next tick
 */
export function checkRhythm(rhythm: Rhythm, now: Date): void {
  checkZone(rhythm.timeZone)
  const { cron, jitterS } = rhythm
  if (!Number.isInteger(jitterS) || jitterS < 0)
    throw new Refused('input', `jitterS must be a whole number of seconds, 0 or more, got ${jitterS}.`, 'jitterS')
  const ticks = readCron(rhythm, now)
  if (ticks.length === 0)
    throw new Refused('input', `cron: ${JSON.stringify(cron)} never fires: it names a day that does not exist.`, 'cron')
  const gaps = ticks.slice(1).map((tick, at) => tick.getTime() - (ticks[at] as Date).getTime())
  const least = Math.min(...gaps) / 1000
  if (jitterS >= least) {
    throw new Refused('input', `jitterS must be less than the ${least} s from one tick to the next, got ${jitterS}.`, 'jitterS')
  }
}

function readCron(rhythm: Rhythm, now: Date): Date[] {
  const { cron } = rhythm
  const fault = (why: string) => new Refused('input', `cron: ${JSON.stringify(cron.slice(0, 100))} ${why}`, 'cron')
  if (cron.length > 200)
    throw fault('is too long: give five fields (minute hour day month weekday), six with seconds first, or @daily and the like.')
  // croner takes a date for a pattern as well; a schedule repeats.
  if (/^\s*\d{4}-/.test(cron)) throw fault('is a date; give five fields (minute hour day month weekday).')
  try {
    return ticksAfter(rhythm, now, rhythm.jitterS > 0 ? LOOK_AHEAD : 1)
  } catch (error) {
    if (!(error instanceof TypeError || error instanceof RangeError)) throw error
    throw fault(
      `cannot be read (${error.message.replace(/^CronPattern: /, '').slice(0, 200)}); give five fields (minute hour day month weekday), six with seconds first, or @daily and the like.`,
    )
  }
}

function checkZone(timeZone: string): void {
  const fault = new Refused(
    'input',
    `timeZone: there is no time zone ${JSON.stringify(timeZone.slice(0, 60))}; give an IANA name like Europe/Berlin or UTC.`,
    'timeZone',
  )
  if (!/^[A-Za-z]/.test(timeZone)) throw fault
  try {
    new Intl.DateTimeFormat('en', { timeZone })
  } catch (error) {
    // What Intl throws for a zone it does not know.
    if (error instanceof RangeError) throw fault
    throw error
  }
}
