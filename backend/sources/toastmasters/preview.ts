import type { Preview, RouteContext } from '../../contract'
import { type Day, daysOf, programYearOf } from './calendar'
import { REPORTS } from './cursor'
import { isThere, listsNeeded, type MonthList, monthsOf, type Planned, planDates } from './dates'
import type { BackfillParams } from './params'
import { preparedOf } from './plan'
import { type Settled, settledDates } from './settled'
import { latestDistricts, readLists } from './store'

/*
 * What a job would read, found out without asking the dashboards: from the lists that are kept, by the code that plans a job.
 */

type Reads = Pick<RouteContext, 'db' | 'inFlight'>

const WORDS: Record<string, string> = {
  exists: 'exists',
  in_flight: 'in flight',
  unavailable: 'unavailable',
  closing_gap: 'closing gap',
  not_yet_published: 'not yet published',
}

export interface DatePreview {
  date: Day
  /** Why it will not be read, as a kind and a sentence. */
  reason?: string
  detail?: string
  /** The list of its month is not held: whether it is read is found out when the job runs. */
  estimated?: true
}

export interface BackfillPreview {
  /** In the order they are read. */
  dates: DatePreview[]
  /** Those that are read; without a scope, those of the newest summary. */
  districts: string[]
  /** How many files are asked for at most; null where the districts are not known. */
  files: { lists: number; summaries: number; reports: number | null }
}

/** What a backfill of these prepared params would read. */
export async function previewOf({ db, inFlight }: Reads, params: BackfillParams): Promise<BackfillPreview> {
  const { startDate, endDate } = params
  const prepared = preparedOf(params)
  const months = monthsOf(startDate, endDate)
  const neededFor = (end: Day) => listsNeeded(end, startDate, endDate, prepared.today)
  const ends = [...new Set(months.flatMap((end) => neededFor(end).map((one) => one.monthEnd)))]
  const kept = await readLists(
    db,
    ends.map((monthEnd) => ({ monthEnd, programYear: programYearOf(monthEnd) })),
  )
  const lists = new Map(kept.map((list): [Day, MonthList] => [list.monthEnd, list]))
  const missing = new Set<Day>()
  const dates: DatePreview[] = []
  // Month by month, as the job does it: a range of years has millions of reports.
  for (const end of months) {
    const absent = neededFor(end).filter((one) => !isThere(one, lists, params))
    for (const { monthEnd } of absent) missing.add(monthEnd)
    if (absent.length > 0) {
      dates.push(...daysIn(end, startDate, endDate).map((date) => ({ date, estimated: true as const })))
      continue
    }
    const planned = planDates({ monthEnd: end, from: startDate, to: endDate, newestFirst: false }, lists)
    const settled = await settledDates(db, planned, params, inFlight)
    dates.push(...planned.map((one) => shown(one, settled.get(one.date))))
  }
  if (params.newestFirst) dates.reverse()
  const districts = prepared.districts ?? (await latestDistricts(db))
  const summaries = dates.filter((one) => one.reason === undefined).length
  const reports = prepared.detail === 'summary' ? 0 : districts.length === 0 ? null : summaries * districts.length * REPORTS.length
  return { dates, districts, files: { lists: missing.size, summaries, reports } }
}

/** All files of a preview; null where that is not known. */
export const filesOf = ({ lists, summaries, reports }: BackfillPreview['files']): number | null =>
  reports === null ? null : lists + summaries + reports

const daysIn = (monthEnd: Day, from: Day, to: Day): Day[] => {
  const first = `${monthEnd.slice(0, 8)}01`
  return daysOf(from > first ? from : first, to < monthEnd ? to : monthEnd)
}

function shown(one: Planned, settled: Settled | undefined): DatePreview {
  const why = 'none' in one ? { kind: one.none as string, reason: one.reason } : settled
  return why ? { date: one.date, reason: WORDS[why.kind] ?? why.kind, detail: why.reason } : { date: one.date }
}

/** The same for a dry run. */
export async function preview(reads: Reads, params: BackfillParams): Promise<Preview> {
  const { dates, districts, files } = await previewOf(reads, params)
  const isCertain = dates.every((one) => !one.estimated)
  return {
    unit: 'date',
    parts: dates.map(({ date, reason, detail, estimated }) => {
      if (estimated) return { name: date, isRead: null, reason: 'the list of its month is read when the job runs' }
      return { name: date, isRead: reason === undefined, ...(reason === undefined ? {} : { kind: reason, reason: detail }) }
    }),
    each: { district: districts.length > 0 ? districts.length : null },
    estimate: {
      requests: { toastmasters: filesOf(files) },
      ...(isCertain ? {} : { note: 'at most: days without a capture, and what is stored already, are not asked for' }),
    },
  }
}
