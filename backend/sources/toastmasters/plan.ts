import { createHash } from 'node:crypto'
import type { NewTask, Plan } from '../../contract'
import { type Day, daysOf } from './calendar'
import { monthsOf } from './dates'
import type { BackfillParams } from './params'
import type { Prepared } from './prepared'

/** The lane of what finds tasks: month by month, then date by date. */
export const FINDING = 'dates'

/** What a job's params say once it has been prepared. @throws {Error} before that: a fault of the engine */
export function preparedOf({ prepared }: Pick<BackfillParams, 'prepared'>): Prepared {
  if (!prepared) throw new Error('a request is prepared before it is planned')
  return prepared
}

/** What is found for a job that reads what is missing of it is found again. */
export const found = (tasks: readonly NewTask[], params: BackfillParams): NewTask[] =>
  tasks.map((task) => (preparedOf(params).storedSince === undefined ? task : { ...task, again: true }))

/** Plans the dates of a month. */
export const monthTask = (monthEnd: Day): NewTask => ({ stream: 'months', key: monthEnd.slice(0, 7), lane: FINDING, cursor: { lists: 0 } })

/** First tasks of a job: one for each month of its range. */
export function plan(params: BackfillParams): Plan {
  const { startDate: from, endDate: to, newestFirst, rateLimitDelayMs } = params
  const { concurrency, tries, backlog, detail, districts } = preparedOf(params)
  const months = monthsOf(from, to)
  const tasks = (newestFirst ? months.reverse() : months).map(monthTask)
  return {
    tasks,
    // The slots 1 to n, and the lane of what finds tasks.
    lanesAtOnce: concurrency + 1,
    backlog,
    activeKey: subjectOf(params),
    tries,
    ...(rateLimitDelayMs === undefined ? {} : { pace: { api: 'toastmasters', spacingMs: rateLimitDelayMs } }),
    estimate: estimateOf(tasks.length, daysOf(from, to).length, detail === 'full' ? districts : []),
  }
}

/** @param districts null: as many as a summary has */
function estimateOf(months: number, days: number, districts: readonly string[] | null): Plan['estimate'] {
  if (districts === null) {
    return { requests: { toastmasters: null }, note: `${days} dates at most, one summary and three reports of each district for each` }
  }
  const each = 1 + 3 * districts.length
  const note = 'at most: days without a capture, and what is stored already, are not asked for'
  return { requests: { toastmasters: months + days * each }, note }
}

/** What is being backfilled: the same range in more detail is another job. */
function subjectOf(params: BackfillParams): string {
  const { detail, districts } = preparedOf(params)
  const whose = districts === null || (detail === 'summary' && params.targetDistricts === undefined) ? 'all' : digestOf(districts)
  return `${detail}:${params.startDate}:${params.endDate}:${whose}`
}

/** A few districts as they are, many by their hash. */
function digestOf(districts: readonly string[]): string {
  const sorted = [...districts].sort()
  if (sorted.length <= 5) return sorted.join(',')
  return `${sorted.length}-${createHash('sha256').update(sorted.join(',')).digest('hex').slice(0, 12)}`
}
