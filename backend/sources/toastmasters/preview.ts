import type { RouteContext } from '../../contract'
import { type Day, daysOf, programYearOf } from './calendar'
import { isThere, listsNeeded, type MonthList, monthsOf, type Planned, planDates } from './dates'
import type { BackfillParams } from './params'
import { preparedOf } from './plan'
import { prepare } from './prepare'
import type { Preview } from './routes/shapes'
import type { settings } from './settings'
import { type Settled, settledDates } from './settled'
import { latestDistricts, readLists } from './store'

/*
 * What a job would read, found out without asking the dashboards: from the lists that are kept, by the code that plans a job.
 */

/** From so many districts or days on, the answer says that it takes long. */
const MANY_DISTRICTS = 50
const MANY_DAYS = 366

const WORDS: Record<string, string> = {
  exists: 'exists',
  in_flight: 'in flight',
  unavailable: 'unavailable',
  closing_gap: 'closing gap',
  not_yet_published: 'not yet published',
}

/** @throws {Refused} `input` when none of its districts is configured */
export async function previewOf(context: RouteContext<typeof settings>, asked: BackfillParams): Promise<Preview> {
  const { db } = context
  const params = await prepare(db, asked, context.settings)
  const prepared = preparedOf(params)
  const { startDate, endDate } = params
  const months = monthsOf(startDate, endDate)
  const neededFor = (end: Day) => listsNeeded(end, startDate, endDate, prepared.today)
  const ends = [...new Set(months.flatMap((end) => neededFor(end).map((one) => one.monthEnd)))]
  const kept = await readLists(
    db,
    ends.map((monthEnd) => ({ monthEnd, programYear: programYearOf(monthEnd) })),
  )
  const lists = new Map(kept.map((list): [Day, MonthList] => [list.monthEnd, list]))
  const dates: Preview['dates'] = []
  // Month by month, as the job does it: a range of years has millions of reports.
  for (const end of months) {
    if (!neededFor(end).every((one) => isThere(one, lists, params))) {
      dates.push(...daysIn(end, startDate, endDate).map((date) => ({ date, estimated: true })))
      continue
    }
    const planned = planDates({ monthEnd: end, from: startDate, to: endDate, newestFirst: false }, lists)
    const settled = await settledDates(db, planned, params, (stream, keys) => context.inFlight(stream, keys))
    dates.push(...planned.map((one) => shown(one, settled.get(one.date))))
  }
  if (params.newestFirst) dates.reverse()
  const missing = new Set(
    months.flatMap((end) =>
      neededFor(end)
        .filter((one) => !isThere(one, lists, params))
        .map((one) => one.monthEnd),
    ),
  )
  const wanted = dates.filter((one) => one.reason === undefined)
  const districts = prepared.districts ?? (await latestDistricts(db))
  const reports = prepared.detail === 'summary' ? 0 : districts.length === 0 ? null : wanted.length * districts.length * 3
  const breakdown = { lists: missing.size, summaries: wanted.length, reports }
  return {
    dates,
    scope: {
      targetDistricts: prepared.districts ?? [],
      configuredDistricts: prepared.configured,
      scopeType: prepared.scopeType,
      validationPassed: prepared.outside.length === 0,
    },
    collectionStrategy: prepared.strategy,
    dateRange: { startDate, endDate },
    affectedDistricts: districts,
    totalItems: wanted.length,
    itemBreakdown: breakdown,
    estimatedDuration: reports === null ? null : await durationOf(context, breakdown.lists + breakdown.summaries + reports, params),
    advice: adviceOf(districts.length, dates.length, prepared.outside),
  }
}

const daysIn = (monthEnd: Day, from: Day, to: Day): Day[] => {
  const first = `${monthEnd.slice(0, 8)}01`
  return daysOf(from > first ? from : first, to < monthEnd ? to : monthEnd)
}

function shown(one: Planned, settled: Settled | undefined): Preview['dates'][number] {
  const why = 'none' in one ? { kind: one.none as string, reason: one.reason } : settled
  return why ? { date: one.date, reason: WORDS[why.kind] ?? why.kind, detail: why.reason } : { date: one.date }
}

/** At the limit in force, or at the pace of the job where that is slower, ms. */
async function durationOf(
  context: RouteContext<typeof settings>,
  requests: number,
  { rateLimitDelayMs = 0 }: BackfillParams,
): Promise<number> {
  const gate = (await context.gates()).find((one) => one.name === 'toastmasters')
  const window = gate?.used.find((one) => one.span === 'requests')
  const each = Math.max(window && window.of > 0 ? window.windowMs / window.of : 0, rateLimitDelayMs)
  return Math.round(requests * each)
}

const adviceOf = (districts: number, days: number, outside: readonly string[]): string[] => [
  ...(districts > MANY_DISTRICTS ? [`${districts} districts take long; name fewer, or ask for system-wide.`] : []),
  ...(days >= MANY_DAYS ? [`${days} dates take long; ask for month by month.`] : []),
  ...(outside.length > 0 ? [`Not configured and left out: ${outside.join(', ')}.`] : []),
]
