import { type Day, readKeyDate } from './calendar'

/*
 * What can be asked of the dashboards, and where: https://dashboards.toastmasters.org answers to plain GET requests without a login.
 */

export type Report = 'districtsummary' | 'clubperformance' | 'districtperformance' | 'divisionperformance'

/** A capture that the dashboards list. */
export interface Listed {
  asOf: Day
  monthEnd: Day
  programYear: string
  /** Export key of its summary, as the page writes it. */
  key: string
}

/** One file. */
export interface Ask {
  report: Report
  /** Null: all districts. */
  district: string | null
  monthEnd: Day
  asOf: Day
  programYear: string
  /** Export key: `clubperformance~42~7/31/2024~8/5/2024~2024-2025`. */
  key: string
}

/** The archive has a path for each year; the live year is at the root. */
export type Via = 'archive' | 'root'

/** A file of a listed capture: month, day and year are written in its key as the page has them. */
export function askOf(listed: Listed, report: Report, district: string | null): Ask {
  const [, ...rest] = listed.key.split('~')
  const key = [report, ...(district === null ? [] : [district]), ...rest].join('~')
  const { monthEnd, asOf, programYear } = listed
  return { report, district, monthEnd, asOf, programYear, key }
}

/** The key stands in the address as the pages write it, slashes included. */
export const exportPath = ({ programYear, key }: Ask, via: Via): string =>
  `${via === 'archive' ? `/${programYear}` : ''}/export.aspx?type=CSV&report=${encodeURIComponent(key).replaceAll('%2F', '/')}`

/** The page that lists the captures of a month. */
export const listPath = (programYear: string, monthEnd: Day): string => `/${programYear}/Default.aspx?month=${Number(monthEnd.slice(5, 7))}`

/** The page of the live year. */
export const HOME_PATH = '/Default.aspx'

/** What an export key of a summary says: `districtsummary~7/31/2023~8/11/2023~2023-2024`. */
export function readSummaryKey(key: string): { monthEnd: Day; asOf: Day; programYear: string } | undefined {
  const [report, month = '', day = '', programYear = '', ...more] = key.split('~')
  const monthEnd = readKeyDate(month)
  const asOf = readKeyDate(day)
  if (report !== 'districtsummary' || !monthEnd || !asOf || !/^\d{4}-\d{4}$/.test(programYear) || more.length > 0) return undefined
  return { monthEnd, asOf, programYear }
}
