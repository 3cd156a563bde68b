import type { Listed } from './asks'
import { addDays, type Day, daysOf, FIRST_DAY, monthEndOf, previousMonthEnd } from './calendar'
import type { BackfillParams } from './params'

/*
 * Which dates of a range can be read, and by which capture. The dashboards list the days they have captures of, month by month. After
 * the end of a month its captures go on under the later days (the closing), and those days have no captures of their own month.
 */

/** The longest closing known took 29 days; days so early in a month may have been part of it. */
const LONGEST_CLOSING_DAYS = 45

/** A month's list as it is held. */
export interface MonthList {
  monthEnd: Day
  listed: readonly Listed[]
  readAt: Date
}

export type NoneKind = 'unavailable' | 'not_yet_published' | 'closing_gap'

/** One date: the capture to ask for, or why there is none. */
export type Planned = { date: Day; listed: Listed; isFinal: boolean } | { date: Day; none: NoneKind; reason: string }

/** Month ends, first to last, of the months a range of days touches. */
export function monthsOf(from: Day, to: Day): Day[] {
  const months: Day[] = []
  for (let end = monthEndOf(from); end <= monthEndOf(to); end = nextMonthEnd(end)) months.push(end)
  return months
}

export const nextMonthEnd = (monthEnd: Day): Day => monthEndOf(addDays(monthEnd, 1))

/** Whether a month was closed for good when its list was read: the next one had captures by then. No date tells, a close may be late. */
const wasClosed = (readAt: Date, next: MonthList | undefined): boolean =>
  next !== undefined && next.listed.length > 0 && next.readAt <= readAt

/** Whether a kept list serves a job: read for it, or of a month that was closed when it was read. */
export function serves(
  list: MonthList,
  next: MonthList | undefined,
  { skipExisting, enableCaching, prepared }: Pick<BackfillParams, 'skipExisting' | 'enableCaching' | 'prepared'>,
): boolean {
  if (prepared && list.readAt.toISOString() >= prepared.startedAt) return true
  return skipExisting && enableCaching && wasClosed(list.readAt, next)
}

/** A list that a month's dates need. */
export interface NeededList {
  monthEnd: Day
  /** `proof`: it only tells that the month before it is closed, which it does once it has captures. */
  as: 'captures' | 'proof'
}

/**
 * The lists that a month's dates need, in the order they are read: the newest month first, since a month counts as closed only if its
 * list was read after the next one had captures. The next month's tells whether this one is closed; the one before is needed for the
 * days of its closing.
 */
export function listsNeeded(monthEnd: Day, from: Day, to: Day, today: Day): NeededList[] {
  const first = addDays(previousMonthEnd(monthEnd), 1)
  const hasFirstDays = from < monthEnd && from <= addDays(first, LONGEST_CLOSING_DAYS) && to >= first && first > FIRST_DAY
  return [
    ...(monthEnd < today ? [{ monthEnd: nextMonthEnd(monthEnd), as: 'proof' as const }] : []),
    { monthEnd, as: 'captures' },
    ...(hasFirstDays ? [{ monthEnd: previousMonthEnd(monthEnd), as: 'captures' as const }] : []),
  ]
}

/** Whether a needed list is there. @param lists by month end */
export function isThere(needed: NeededList, lists: ReadonlyMap<Day, MonthList>, params: Parameters<typeof serves>[2]): boolean {
  const list = lists.get(needed.monthEnd)
  if (!list) return false
  if (needed.as === 'proof' && list.listed.length > 0) return true
  return serves(list, lists.get(nextMonthEnd(needed.monthEnd)), params)
}

interface Range {
  monthEnd: Day
  from: Day
  to: Day
  newestFirst: boolean
}

/**
 * The dates of one month inside a range, in the order they are read.
 * @param lists by month end; those of `listsNeeded`
 */
export function planDates({ monthEnd, from, to, newestFirst }: Range, lists: ReadonlyMap<Day, MonthList>): Planned[] {
  const first = addDays(previousMonthEnd(monthEnd), 1)
  const days = daysOf(from > first ? from : first, to < monthEnd ? to : monthEnd)
  const own = lists.get(monthEnd)
  const month: Month = {
    monthEnd,
    listed: [...(own?.listed ?? [])].sort((a, b) => (a.asOf < b.asOf ? -1 : 1)),
    isClosed: own !== undefined && wasClosed(own.readAt, lists.get(nextMonthEnd(monthEnd))),
    before: lists.get(previousMonthEnd(monthEnd))?.listed ?? [],
  }
  const planned = days.map((date) => planDate(date, month))
  return newestFirst ? planned.reverse() : planned
}

/** What the lists say of a month. */
interface Month {
  monthEnd: Day
  /** Its captures, oldest first. */
  listed: readonly Listed[]
  isClosed: boolean
  /** Captures of the month before. */
  before: readonly Listed[]
}

function planDate(date: Day, { monthEnd, listed, isClosed, before }: Month): Planned {
  const last = listed.at(-1)
  if (date === monthEnd) {
    // A month that is open goes on to be captured: its last day is what the newest capture after it says.
    if (last && last.asOf >= monthEnd) return { date, listed: last, isFinal: isClosed }
    if (last && isClosed) return { date, none: 'unavailable', reason: 'the month closed before its last day' }
    return notListed(date, last, isClosed)
  }
  const capture = listed.find((one) => one.asOf === date)
  if (capture) return { date, listed: capture, isFinal: isClosed || capture !== last }
  if (before.some((one) => one.asOf >= date)) {
    return { date, none: 'closing_gap', reason: 'the dashboards still showed the month before on that day' }
  }
  return notListed(date, last, isClosed)
}

function notListed(date: Day, last: Listed | undefined, isClosed: boolean): Planned {
  const isPast = isClosed || (last !== undefined && last.asOf > date)
  if (isPast) return { date, none: 'unavailable', reason: 'the dashboards list no capture of that day' }
  const newest = last ? `the newest capture is of ${last.asOf}` : 'the month has no captures yet'
  return { date, none: 'not_yet_published', reason: `not published yet: ${newest}` }
}
