import { Refused } from '../../base/errors'
import type { Reader } from '../../base/sql'
import { OUTCOMES } from '../../base/vocabulary'
import { databaseTime } from '../../database/clock'
import { listMarks, type Mark } from './marks'
import { spanAt } from './spans'

/** What happened in a window of time. */
export interface Figures {
  from: string
  to: string
  requests: number
  /** Requests that failed: 5xx, or no answer. */
  failed: number
  /** Requests that an upstream refused because of its limits. */
  throttled: number
  /** Share of the requests that failed; null without requests. */
  errorRate: number | null
  /** Records read. */
  records: number
  recordsPerSecond: number
  /** Tasks that will be tried again after an error, and those that failed for good. */
  retries: number
  failures: number
}

/** A change, and windows of equal length before and after it. */
export interface Effect {
  /** Null: none is known. */
  mark: Mark | null
  minutes: number
  /** Null while there is no whole span after it. */
  before: Figures | null
  after: Figures | null
}

const MAX_WINDOW = 60
const WEEK_MS = 7 * 86_400_000
const MINUTE_MS = 60_000

/** Deploys and restarts of a week, newest first. */
export async function listDeploys(db: Reader): Promise<Mark[]> {
  const now = await databaseTime(db)
  return (await listMarks(db, new Date(now.getTime() - WEEK_MS))).reverse()
}

/**
 * The figures before and after a change: windows of equal length, an hour at most. The span in which it happened is in neither.
 * @param at of the change; absent: the last change of version
 * @throws {Refused} `missing` when there is no such change
 */
export async function effectOf(db: Reader, at?: string): Promise<Effect> {
  const [now, marks] = await Promise.all([databaseTime(db), listDeploys(db)])
  const mark = at === undefined ? marks.find(({ kind }) => kind === 'deploy') : marks.find((one) => Date.parse(one.at) === Date.parse(at))
  if (!mark && at !== undefined) throw new Refused('missing', `There is no change at ${at}; GET /api/deploys lists those of a week.`, 'at')
  if (!mark) return { mark: null, minutes: 0, before: null, after: null }
  const changed = Date.parse(mark.at)
  const unit = spanAt((now.getTime() - changed) / MINUTE_MS + MAX_WINDOW) * MINUTE_MS
  const [from, to] = [Math.floor(changed / unit) * unit, Math.floor(changed / unit) * unit + unit]
  const window = Math.min(MAX_WINDOW * MINUTE_MS, Math.floor((now.getTime() - to) / unit) * unit)
  if (window <= 0) return { mark, minutes: 0, before: null, after: null }
  const [before, after] = await Promise.all([figures(db, from - window, from), figures(db, to, to + window)])
  return { mark, minutes: window / MINUTE_MS, before, after }
}

async function figures(db: Reader, from: number, to: number): Promise<Figures> {
  const [row] = await db.query<Pick<Figures, 'requests' | 'failed' | 'throttled' | 'records' | 'retries' | 'failures'>>(
    `select coalesce(sum(value) filter (where name = 'backhaul_requests_total'), 0)::float8 as requests,
            coalesce(sum(value) filter (where name = 'backhaul_requests_total' and l ->> 'status' in ('5xx', 'failed')), 0)::float8 as failed,
            coalesce(sum(value) filter (where name = 'backhaul_requests_total' and l ->> 'status' = '429'), 0)::float8 as throttled,
            coalesce(sum(value) filter (where name = 'backhaul_rows_total' and l ->> 'outcome' = any($3)), 0)::float8 as records,
            coalesce(sum(value) filter (where name = 'backhaul_retries_total'), 0)::float8 as retries,
            coalesce(sum(value) filter (where name = 'backhaul_failures_total'), 0)::float8 as failures
       from (select name, value, labels::jsonb as l from backhaul.samples
              where minute >= $1 and minute < $2
                and name in ('backhaul_requests_total', 'backhaul_rows_total', 'backhaul_retries_total', 'backhaul_failures_total')) s`,
    [new Date(from), new Date(to), OUTCOMES],
  )
  const { requests = 0, failed = 0, throttled = 0, records = 0, retries = 0, failures = 0 } = row ?? {}
  return {
    from: new Date(from).toISOString(),
    to: new Date(to).toISOString(),
    requests,
    failed,
    throttled,
    errorRate: requests === 0 ? null : failed / requests,
    records,
    recordsPerSecond: (records * 1000) / (to - from),
    retries,
    failures,
  }
}
