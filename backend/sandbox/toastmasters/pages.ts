import type { Page } from './address'
import { type Day, firstMonthOf, keyOf, lastDayOf, listedOf, MONTHS, type Month, numberOf, readKey, yearText } from './calendar'
import { regionOf } from './districts'
import type { Take } from './faults'
import { FIRST_YEAR } from './publications'
import type { World } from './world'

/*
 * The pages for people: the as-of days of a month, and the key that exports what is shown.
 */

const REPORT_OF = {
  default: 'districtsummary',
  district: 'districtperformance',
  division: 'divisionperformance',
  club: 'clubperformance',
} as const

interface Shown {
  page: Page
  programYear: number
  month: Month
  asOf: Day
  /** As-of days of the month, newest first. */
  list: Day[]
  /** Undefined on the page of all districts. */
  district: string | undefined
  /** Another month was asked for, which has no data. */
  isOther: boolean
}

const option = (value: string | number, text: string, isSelected: boolean): string =>
  `<option ${isSelected ? 'selected="selected" ' : ''}value="${value}">${text}</option>`
const select = (name: string, cls: string, more: string, options: string[]): string =>
  `<select name="ctl00$cpContent$TopControls2$${name}" id="cpContent_TopControls2_${name}" class="${cls}"${more}>\r\n${options.map((one) => `\t${one}\r\n`).join('')}</select>\r\n`

/** Which month and day a page shows: what is asked for where there is such data, otherwise the newest of the year. */
function shownOn(world: World, page: Page, programYear: number, query: URLSearchParams): Shown | undefined {
  const months = Array.from({ length: 12 }, (_, n) => firstMonthOf(programYear) + n)
  const asked = months.find((month) => numberOf(month) === Number(query.get('month')))
  const hasData = (month: Month | undefined) => month !== undefined && world.publications.listOf(month).length > 0
  const month = hasData(asked) ? asked : months.findLast(hasData)
  if (month === undefined) return undefined
  const list = world.publications.listOf(month).reverse()
  const day = readKey(query.get('day') ?? '')
  const district = page === 'default' ? undefined : (query.get('id') ?? '')
  const isOther = asked !== undefined && month !== asked
  return { page, programYear, month, asOf: list.find((one) => one === day) ?? (list[0] as Day), list, district, isOther }
}

function controls(world: World, { page, programYear, month, asOf, list, district, isOther }: Shown): string {
  const key = [REPORT_OF[page], ...(district === undefined ? [] : [district]), keyOf(lastDayOf(month)), keyOf(asOf), yearText(programYear)]
  const years = Array.from({ length: world.publications.liveYear() - FIRST_YEAR + 1 }, (_, n) => world.publications.liveYear() - n)
  const months = Array.from({ length: 12 }, (_, n) => firstMonthOf(programYear) + n)
  const past = isOther ? 'ddl PastDate' : 'ddl'
  return [
    select(
      'ddlYear',
      'ddl',
      '',
      years.map((year) => option(yearText(year), yearText(year), year === programYear)),
    ),
    select(
      'ddlMonth',
      past,
      '',
      months.map((one) => option(numberOf(one), MONTHS[numberOf(one) - 1] ?? '', one === month)),
    ),
    select(
      'ddlDay',
      past,
      '',
      list.map((day) => option(keyOf(day), `As of ${listedOf(day)}`, day === asOf)),
    ),
    select('ddlExport', 'ddl', ` onchange="dll_onchange(this.value,&#39;${key.join('~')}&#39;, this)"`, [
      option('', 'Export', true),
      option('CSV', 'CSV', false),
    ]),
  ].join('')
}

/** Every district of the year, by region. */
function regions(world: World, programYear: number): string {
  const districts = world.districts(programYear)
  const names = [...new Set(districts.map(regionOf))].sort()
  const linked = (id: string) => `<a class="redir_link" href="District.aspx?id=${id}">District ${id}</a>`
  return names
    .map((region) => {
      const links = districts.filter((id) => regionOf(id) === region).map(linked)
      return `<div class="region"><h3>Region ${region}</h3>\r\n${links.join('\r\n')}\r\n</div>\r\n`
    })
    .join('')
}

/** A page, or undefined for a year without data. */
export function pageOf(world: World, page: Page, programYear: number, query: URLSearchParams, take: Take): string | undefined {
  const shown = shownOn(world, page, programYear, query)
  if (!shown) return undefined
  const lists = take('no-list') ? '' : controls(world, shown)
  const title = shown.district === undefined ? 'District Rankings' : `District ${shown.district}`
  const content = shown.district === undefined ? regions(world, programYear) : ''
  return `\r\n\r\n<!DOCTYPE html>\r\n<html>\r\n<head><title>Toastmasters International -${title}</title></head>\r\n<body>\r\n<form method="post" id="form1">\r\n${lists}${content}</form>\r\n</body>\r\n</html>\r\n`
}
