import { z } from 'zod'

/** A capture as the dashboards list it. */
export const listed = z.object({ asOf: z.string(), monthEnd: z.string(), programYear: z.string(), key: z.string() })

/** Where a task stands that reads files of one date. */
export const fileCursor = z.object({
  listed,
  /** Whether what is read now is the last word on that date. */
  isFinal: z.boolean(),
})
export type FileCursor = z.infer<typeof fileCursor>

export const REPORTS = ['clubperformance', 'districtperformance', 'divisionperformance'] as const
export type DistrictReport = (typeof REPORTS)[number]

/** `2024-01-31/42/clubperformance`. */
export const reportKey = (date: string, district: string, report: DistrictReport): string => `${date}/${district}/${report}`

export function readReportKey(key: string): { date: string; district: string; report: DistrictReport } {
  const [date = '', district = '', report = ''] = key.split('/')
  return { date, district, report: report as DistrictReport }
}

/** The row of the grid of what is about no district of its own. */
export const ALL = 'all'
