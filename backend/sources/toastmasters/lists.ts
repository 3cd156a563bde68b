import { RetryLater } from '../../base/errors'
import { type Listed, readSummaryKey } from './asks'
import { type Day, keyDate, readKeyDate, readListedDay } from './calendar'

/*
 * The page of all districts: a list of the days of a month that were captured, and the key that exports the one that is shown.
 */

const OPTION = /<option\b([^<>]*)>\s*As of ([^<]{1,100})<\/option>/gi
const KEY = /dll_onchange\(\s*this\.value\s*,\s*(?:&#39;|&apos;|')(districtsummary~[^'&<]+?)(?:&#39;|&apos;|')/i

const notAPage = (why: string): RetryLater =>
  new RetryLater('shape', `the dashboards answered with another page than that of all districts: ${why}`)

function keyOn(html: string): { text: string; parts: NonNullable<ReturnType<typeof readSummaryKey>> } {
  const text = KEY.exec(html)?.[1]
  if (text === undefined) throw notAPage('it has no export key')
  const parts = readSummaryKey(text)
  if (!parts) throw notAPage(`its export key is ${text.slice(0, 80)}`)
  return { text, parts }
}

/** The program year that a page shows. @throws {RetryLater} `shape` for another page */
export const readYear = (html: string): string => keyOn(html).parts.programYear

/**
 * The captures of a month, as its page lists them. A month without data shows another month of its year: it has none.
 * @throws {RetryLater} `shape` for another page: an error page, a new layout or another year is no month without data
 */
export function readList(html: string, programYear: string, monthEnd: Day): Listed[] {
  const { text, parts } = keyOn(html)
  if (parts.programYear !== programYear) throw notAPage(`it shows the program year ${parts.programYear}, not ${programYear}`)
  const options = [...html.matchAll(OPTION)]
  if (options.length === 0) throw notAPage('it lists no days')
  if (parts.monthEnd !== monthEnd) return []
  const [report, month, , year] = text.split('~')
  const listed = options.map(([whole, attributes = '', shown = '']): Listed => {
    const asOf = readListedDay(shown)
    if (!asOf) throw notAPage(`it lists the day ${whole.slice(0, 80)}`)
    if (asOf === parts.asOf) return { asOf, monthEnd, programYear, key: text }
    // The day as the page itself would ask for it, where its value is one.
    const value = /\bvalue="([^"]*)"/i.exec(attributes)?.[1] ?? ''
    const day = readKeyDate(value) === asOf ? value : keyDate(asOf)
    return { asOf, monthEnd, programYear, key: [report, month, day, year].join('~') }
  })
  if (!listed.some(({ asOf }) => asOf === parts.asOf)) throw notAPage(`it shows ${parts.asOf}, a day that it does not list`)
  return listed
}
