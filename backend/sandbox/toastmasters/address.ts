import type { Ask } from '../base/exchange'
import { FIRST_YEAR } from './publications'

/*
 * What a request names: a program year or none, a page or an export, and the export's key.
 */

export type Page = 'default' | 'district' | 'division' | 'club'
export interface Address {
  /** Where the program year begins; undefined for the pages without one, which are those of the live year. */
  programYear: number | undefined
  /** Undefined for what the dashboard does not have. */
  page: Page | 'export' | 'error' | undefined
  query: URLSearchParams
}
/** The parts of an export key as they stand in it. */
export interface Key {
  report: string
  district: string | undefined
  monthEnd: string
  asOf: string
}

const PAGES = ['default', 'district', 'division', 'club', 'export', 'error'] as const

/** The address, which is read without regard to case. A year before the first or of no two years in a row has no page. */
export function readAddress(ask: Pick<Ask, 'path' | 'query'>): Address {
  const query = new URLSearchParams(ask.query)
  const found = /^(?:\/(\d{4})-(\d{4}))?(?:\/(\w+)\.aspx|\/?)$/i.exec(ask.path)
  const [, from, to, name = 'default'] = found ?? []
  const programYear = from === undefined ? undefined : Number(from)
  const isYear = programYear === undefined || (Number(to) === programYear + 1 && programYear >= FIRST_YEAR)
  return { programYear, page: found && isYear ? PAGES.find((one) => one === name.toLowerCase()) : undefined, query }
}

/** `districtsummary~{month end}~{as of}~{year}`, and with a district behind the name of the other reports. */
export function readExportKey(text: string): Key {
  const [report = '', ...slots] = text.split('~')
  const district = report === 'districtsummary' ? undefined : slots.shift()
  return { report, district, monthEnd: slots[0] ?? '', asOf: slots[1] ?? '' }
}
