import { setInterval } from 'node:timers'
import type { Log } from '../base/log'
import { logUnreachable } from '../base/log-errors'
import { oneAtATime } from '../base/one-at-a-time'
import { redact } from '../base/redact'
import type { Reader } from '../base/sql'
import { LAZY, textOf } from './store'

/*
 * The log lines about jobs, kept for a while in the database by every process that works on them. A line costs its process an entry
 * of a list; the lists are written once a second. Lines that do not fit are lost and counted: the work never waits for its log.
 */

/** A line about a job. */
export interface JobLine {
  /** The full id. */
  job: string
  at: Date
  level: string
  message: string
  fields: Readonly<Record<string, unknown>>
}

/** How often lines are written, ms. */
const EVERY_MS = 1_000
/** Lines that one process holds; while the database is unreachable, later ones are lost. */
const MAX_HELD = 5_000
/** Lines of one job between two writes; of information and of what is worse. */
const MAX_INFO = 100
const MAX_OTHERS = 500
/** Characters of a message, and of its fields as JSON. */
const MAX_TEXT = 4_000
/** Half a pair, as a cut in the middle of one leaves it. */
const LONE_SURROGATE = /\p{Surrogate}/gu

interface Row extends Omit<JobLine, 'fields'> {
  fields: string
}

export interface JobLog {
  /** Takes a line; never throws or waits. */
  keep(line: JobLine): void
  /** Writes what was taken. @throws what the database throws; the lines are kept for the next time, as far as they fit */
  flush(db: Reader): Promise<void>
}

/**
 * @param process names the process: `worker-backfill host:4711`
 * @param most lines kept of one job; the oldest are deleted
 */
export function createJobLog(process: string, most: number): JobLog {
  let held: Row[] = []
  let taken = new Map<string, { info: number; others: number }>()
  let lost = new Map<string, number>()

  const lose = (job: string, lines: number) => lost.set(job, (lost.get(job) ?? 0) + lines)

  function keep({ job, at, level, message, fields }: JobLine): void {
    if (most === 0) return
    const of = taken.get(job) ?? { info: 0, others: 0 }
    const isInfo = level === 'info' || level === 'debug'
    const isFull = isInfo ? of.info >= MAX_INFO : of.others >= MAX_OTHERS
    if (isFull || held.length >= MAX_HELD) return void lose(job, 1)
    of[isInfo ? 'info' : 'others']++
    taken.set(job, of)
    held.push({ job, at, level, message: clean(message), fields: clean(jsonOf(fields)) })
  }

  async function write(db: Reader): Promise<void> {
    if (held.length === 0 && lost.size === 0) return
    const [lines, missed] = [held, lost]
    held = []
    lost = new Map()
    taken = new Map()
    try {
      await insertLines(db, process, most, lines, missed)
    } catch (error) {
      // Those taken meanwhile are younger.
      const room = Math.max(0, MAX_HELD - held.length)
      held = [...lines.slice(0, room), ...held]
      for (const { job } of lines.slice(room)) lose(job, 1)
      for (const [job, n] of missed) lose(job, n)
      throw error
    }
  }

  return { keep, flush: oneAtATime(write) }
}

/** Writes the lines once a second. @returns ends it, after a last time */
export function keepJobLog(jobLog: JobLog, db: Reader, log: Log): () => Promise<void> {
  const once = () =>
    jobLog.flush(db).catch((error: unknown) => logUnreachable(log, 'The lines of the logs of jobs are kept and written later', error))
  const timer = setInterval(once, EVERY_MS)
  return async () => {
    clearInterval(timer)
    await once()
  }
}

/** Bigints as text; what JSON cannot hold is left out. */
const jsonOf = (fields: Readonly<Record<string, unknown>>): string =>
  JSON.stringify(fields, (_, value) => (typeof value === 'bigint' ? value.toString() : value))

/** Without secrets, and without characters that the database cannot hold. */
const clean = (text: string): string => textOf(redact(text)).slice(0, MAX_TEXT).replace(LONE_SURROGATE, '�')

/** One statement for all jobs: their heads give the numbers of the lines, in the order in which other processes lock them. */
async function insertLines(
  db: Reader,
  process: string,
  most: number,
  lines: readonly Row[],
  lost: ReadonlyMap<string, number>,
): Promise<void> {
  const missed = [...lost]
  await db.query(
    `with ${LAZY}, lines as (
       select l.*, row_number() over (partition by job_id order by place) as nth
         from lazy, unnest($1::uuid[], $2::timestamptz[], $3::text[], $4::text[], $5::json[]) with ordinality as l(job_id, at, level, message, fields, place)
     ), counts as (
       select job_id, sum(lines)::bigint as lines, sum(lost)::bigint as lost
         from (select job_id, count(*) as lines, 0 as lost from lines group by 1
               union all select job_id, 0, lost from unnest($6::uuid[], $7::bigint[]) as m(job_id, lost)) c group by 1
     ), heads as (
       insert into backhaul.job_logs as h (job_id, written, lost, updated_at)
       select c.job_id, c.lines, c.lost, clock_timestamp() from counts c join backhaul.jobs j on j.id = c.job_id order by c.job_id
       on conflict (job_id) do update set written = h.written + excluded.written, lost = h.lost + excluded.lost, updated_at = excluded.updated_at
       returning job_id, written
     ), gone as (
       delete from backhaul.job_log_lines d using heads h
        where d.job_id = h.job_id and d.n <= h.written - $9 and d.n > h.written - $9 - ${2 * MAX_HELD}
     )
     insert into backhaul.job_log_lines (job_id, n, at, level, message, fields, process)
     select l.job_id, h.written - c.lines + l.nth, l.at, l.level, l.message, l.fields, $8
       from lines l join heads h using (job_id) join counts c using (job_id)`,
    [
      lines.map(({ job }) => job),
      lines.map(({ at }) => at),
      lines.map(({ level }) => level),
      lines.map(({ message }) => message),
      lines.map(({ fields }) => fields),
      missed.map(([job]) => job),
      missed.map(([, n]) => n),
      process,
      most,
    ],
  )
}

/** Deletes lines that are too old, a batch at a time, and the heads of logs that have none left. @returns how many rows */
export async function deleteOldLines(db: Reader, keepMs: number, limit: number): Promise<number> {
  const [row] = await db.query<{ rows: number }>(
    `with old as (
       select l.job_id, l.n from backhaul.job_logs h
         cross join lateral (select at from backhaul.job_log_lines where job_id = h.job_id order by n limit 1) first
         cross join lateral (select job_id, n from backhaul.job_log_lines where job_id = h.job_id and at < clock_timestamp() - $1 * interval '1 millisecond'
                              order by n limit 500) l
        where first.at < clock_timestamp() - $1 * interval '1 millisecond' limit $2
     ), lines as (delete from backhaul.job_log_lines d using old where d.job_id = old.job_id and d.n = old.n returning 1), heads as (
       delete from backhaul.job_logs h where updated_at < clock_timestamp() - $1 * interval '1 millisecond' - interval '1 hour'
          and not exists (select 1 from backhaul.job_log_lines l where l.job_id = h.job_id) returning 1
     )
     select (select count(*) from lines)::int + (select count(*) from heads)::int as rows`,
    [keepMs, limit],
  )
  return row?.rows ?? 0
}
