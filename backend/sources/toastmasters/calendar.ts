/*
 * Days are texts, `2024-01-31`, and are computed in UTC: a day never depends on where the program runs.
 */

/** `YYYY-MM-DD`. */
export type Day = string

/** The first day of the first program year whose statistics the dashboards keep. */
export const FIRST_DAY: Day = '2008-07-01'

const DAY_MS = 86_400_000

const at = (day: Day): number => Date.parse(`${day}T00:00:00Z`)
const dayOf = (ms: number): Day => new Date(ms).toISOString().slice(0, 10)

export const addDays = (day: Day, days: number): Day => dayOf(at(day) + days * DAY_MS)

/** Days from one day to another; negative where it is earlier. */
export const daysBetween = (from: Day, to: Day): number => (at(to) - at(from)) / DAY_MS

/** All days of a range, its ends included; none where it is reversed. */
export const daysOf = (from: Day, to: Day): Day[] =>
  Array.from({ length: Math.max(0, daysBetween(from, to) + 1) }, (_, n) => addDays(from, n))

/** The last day of a day's month. */
export function monthEndOf(day: Day): Day {
  const [year = 0, month = 0] = day.split('-').map(Number)
  return dayOf(Date.UTC(year, month, 0))
}

/** The last day of the month before. */
export const previousMonthEnd = (day: Day): Day => addDays(`${day.slice(0, 8)}01`, -1)

/** The program year of a day, July to June: `2024-2025`. */
export function programYearOf(day: Day): string {
  const [year = 0, month = 0] = day.split('-').map(Number)
  const first = month >= 7 ? year : year - 1
  return `${first}-${first + 1}`
}

/** A day as the keys of the dashboards write it: `7/31/2024`. */
export function keyDate(day: Day): string {
  const [year, month, date] = day.split('-').map(Number)
  return `${month}/${date}/${year}`
}

const exists = (day: Day): boolean => !Number.isNaN(at(day)) && dayOf(at(day)) === day

/** Whether a text is a day that exists, written `2024-01-31`. */
export const isDay = (text: string): text is Day => /^\d{4}-\d{2}-\d{2}$/.test(text) && exists(text)

/** A day out of `7/31/2024` or `07/31/2024`; undefined for what is no such day. */
export function readKeyDate(text: string): Day | undefined {
  const [, month, date, year] = /^\s*(\d{1,2})\/(\d{1,2})\/(\d{4})\s*$/.exec(text) ?? []
  if (month === undefined || date === undefined) return undefined
  const day = `${year}-${month.padStart(2, '0')}-${date.padStart(2, '0')}`
  return exists(day) ? day : undefined
}

const MONTHS = 'january february march april may june july august september october november december'.split(' ')

/** 1 for `Jan` or `January`; undefined for what is no month. */
export function readMonth(text: string): number | undefined {
  const name = text.trim().toLowerCase()
  const found = name.length < 3 ? -1 : MONTHS.findIndex((month) => month.startsWith(name))
  return found === -1 ? undefined : found + 1
}

/** A day out of `11-Jul-2024`; undefined for what is no such day. */
export function readListedDay(text: string): Day | undefined {
  const [, date, name = '', year] = /^\s*(\d{1,2})-([A-Za-z]+)-(\d{4})\s*$/.exec(text) ?? []
  const month = readMonth(name)
  return date === undefined || month === undefined ? undefined : readKeyDate(`${month}/${date}/${year}`)
}

/**
 * The date that a file is about, by its footer `Month of Dec, As of 01/05/2027`: its own day inside the month; the last day of the
 * month for a capture of the closing after it. A month never closes a year later.
 * @param month 1 to 12
 * @returns undefined where the day is before the month, or more than half a year after it
 */
export function logicalDate(month: number, asOf: Day): Day | undefined {
  const [year = 0] = asOf.split('-').map(Number)
  const inYear = month > Number(asOf.slice(5, 7)) ? year - 1 : year
  const monthEnd = dayOf(Date.UTC(inYear, month, 0))
  if (asOf <= monthEnd) return asOf
  return at(asOf) - at(monthEnd) < 183 * DAY_MS ? monthEnd : undefined
}
