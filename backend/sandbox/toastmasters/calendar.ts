/*
 * Days are whole numbers since 1970-01-01 and months count from year 0: no local time is involved.
 */

export type Day = number
/** Twelve times the year plus the month, 0 for January. */
export type Month = number

const DAY_MS = 86_400_000
export const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'] as const

const pad = (n: number, width = 2): string => String(n).padStart(width, '0')
/** @param month 1 to 12 */
export const dayAt = (year: number, month: number, day: number): Day => Date.UTC(year, month - 1, day) / DAY_MS

export function partsOf(day: Day): { year: number; month: number; day: number } {
  const date = new Date(day * DAY_MS)
  return { year: date.getUTCFullYear(), month: date.getUTCMonth() + 1, day: date.getUTCDate() }
}

/** 0 for Sunday. */
export const weekdayOf = (day: Day): number => (day + 4) % 7

export const monthAt = (year: number, month: number): Month => year * 12 + month - 1
export const monthOf = (day: Day): Month => {
  const { year, month } = partsOf(day)
  return monthAt(year, month)
}
/** 1 to 12. */
export const numberOf = (month: Month): number => (month % 12) + 1
export const firstDayOf = (month: Month): Day => dayAt(Math.floor(month / 12), numberOf(month), 1)
export const lastDayOf = (month: Month): Day => firstDayOf(month + 1) - 1

/** The calendar year in which the program year of a month begins, on July 1. */
export const programYearOf = (month: Month): number => Math.floor((month - 6) / 12)
export const firstMonthOf = (programYear: number): Month => monthAt(programYear, 7)
export const lastMonthOf = (programYear: number): Month => monthAt(programYear + 1, 6)
/** `2024-2025`. */
export const yearText = (programYear: number): string => `${programYear}-${programYear + 1}`

/** `2024-07-31`. */
export function isoOf(day: Day): string {
  const { year, month, day: of } = partsOf(day)
  return `${year}-${pad(month)}-${pad(of)}`
}
/** `7/31/2024`, as export keys write it. */
export function keyOf(day: Day): string {
  const { year, month, day: of } = partsOf(day)
  return `${month}/${of}/${year}`
}
/** `07/31/2024`, as footers write it. */
export function paddedOf(day: Day): string {
  const { year, month, day: of } = partsOf(day)
  return `${pad(month)}/${pad(of)}/${year}`
}
/** `31-Jul-2024`, as the list of a page writes it. */
export function listedOf(day: Day): string {
  const { year, month, day: of } = partsOf(day)
  return `${of}-${MONTHS[month - 1]}-${year}`
}

function checked(year: number, month: number, day: number): Day | undefined {
  const at = dayAt(year, month, day)
  const parts = partsOf(at)
  return parts.year === year && parts.month === month && parts.day === day ? at : undefined
}

/** The day of `2024-07-31`; undefined for anything else. */
export function readIso(text: string): Day | undefined {
  const [, year, month, day] = /^(\d{4})-(\d\d)-(\d\d)$/.exec(text) ?? []
  return year === undefined ? undefined : checked(Number(year), Number(month), Number(day))
}
/** The day of `7/31/2024` or `07/31/2024`; undefined for anything else. */
export function readKey(text: string): Day | undefined {
  const [, month, day, year] = /^(\d{1,2})\/(\d{1,2})\/(\d{4})$/.exec(text) ?? []
  return year === undefined ? undefined : checked(Number(year), Number(month), Number(day))
}
