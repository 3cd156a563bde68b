import type { Json } from '../../base/json'
import type { Reader } from '../../base/sql'
import { type LogLevel, levelsFrom } from '../../base/vocabulary'
import { findJob } from '../../engine/jobs/verbs'
import type { Service } from '../base/context'
import { limitOf } from '../base/cursor'

/** A line of the log of a job. */
export interface LogLine {
  /** Its number in the job, from 1; numbers may be missing where lines were deleted or left out by a filter. */
  n: number
  at: string
  level: string
  message: string
  fields: Json
  /** Which process wrote it. */
  process: string
}

export interface LogFilter {
  /** This level and those that are worse; absent: all. */
  level?: LogLevel
  /** Part of the message or of the fields; capitals do not matter. */
  q?: string
}

export interface LogAsk extends LogFilter {
  /** Only lines before this number: the ones right before it. */
  before?: number
  /** Only lines after this number: the ones right after it. */
  after?: number
  limit?: number
}

export interface JobLogPage {
  /** Oldest first. */
  items: LogLine[]
  /** The `before` of the lines above these; null where there are none. */
  older: number | null
  /** Where reading on begins, as `after`: the last line of the job, or of these where more follow. */
  last: number
  /** Lines that were not kept. */
  lost: number
}

/** Lines of one page. */
const MOST = 1_000

/** Lines of a job: its last ones, or those before or after a line. @throws {Refused} `missing`, `input` */
export async function readLog(service: Pick<Service, 'db'>, id: string, ask: LogAsk = {}): Promise<JobLogPage> {
  const job = await findJob(service, id)
  return await readLines(service.db, job.id, { ...ask, limit: limitOf({ limit: ask.limit ?? 200 }, MOST) })
}

/** The same by the full id. */
export async function readLines(db: Reader, jobId: string, ask: LogAsk & { limit: number }): Promise<JobLogPage> {
  const { limit, after } = ask
  // First: lines up to this one are there, whatever is written meanwhile.
  const [head] = await db.query<{ last: number; lost: number }>(
    `select written::float8 as last, lost::float8 as lost from backhaul.job_logs where job_id = $1`,
    [jobId],
  )
  const values: unknown[] = [jobId, head?.last ?? 0]
  const where = conditions(ask, values)
  const rows = await db.query<Omit<LogLine, 'at'> & { at: Date }>(
    `select n::float8 as n, at, level, message, fields, process from backhaul.job_log_lines
      where job_id = $1 and n <= $2${where} order by n ${after === undefined ? 'desc' : ''} limit $${values.push(limit + 1)}`,
    values,
  )
  const kept = rows.slice(0, limit)
  if (after === undefined) kept.reverse()
  const isMore = rows.length > limit
  const items = kept.map((row) => ({ ...row, at: row.at.toISOString() }))
  return {
    items,
    older: isMore && after === undefined ? (items[0]?.n ?? null) : null,
    last: isMore && after !== undefined ? (items.at(-1)?.n ?? 0) : (head?.last ?? 0),
    lost: head?.lost ?? 0,
  }
}

function conditions({ level, q, before, after }: LogAsk, values: unknown[]): string {
  const parts = [
    level !== undefined && `level = any($${values.push(levelsFrom(level))})`,
    q && `position(lower($${values.push(q)}) in lower(message || ' ' || fields::text)) > 0`,
    before !== undefined && `n < $${values.push(before)}`,
    after !== undefined && `n > $${values.push(after)}`,
  ]
  return parts.flatMap((part) => (part ? [` and ${part}`] : [])).join('')
}

/** All lines of a job, oldest first, batch by batch. @throws {Refused} `missing`, `input` */
export async function* allLines(service: Pick<Service, 'db'>, id: string, filter: LogFilter): AsyncGenerator<LogLine[]> {
  const job = await findJob(service, id)
  for (let after: number | undefined = 0; after !== undefined; ) {
    const { items, last }: JobLogPage = await readLines(service.db, job.id, { ...filter, after, limit: MOST })
    yield items
    after = items.length < MOST ? undefined : last
  }
}
