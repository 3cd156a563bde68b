import type { Reply } from '../base/exchange'
import { type Key, readExportKey } from './address'
import { type Day, lastDayOf, monthOf, readKey } from './calendar'
import { REPORTS, type Report } from './columns'
import { errorPage } from './error-page'
import { changedSheet, type Take } from './faults'
import type { Capture } from './publications'
import { type Sheet, writeSheet } from './sheet'
import type { World } from './world'

/** The oldest archive has no footers. */
const WITHOUT_FOOTER = 2008

interface Asked {
  report: Report
  key: Key
  /** Of the archive; undefined on the path without a year. */
  programYear: number | undefined
  take: Take
}

/** Which export a request gets. */
export class Exports {
  constructor(private readonly world: World) {}

  /** @param programYear of the archive; undefined on the path without a year */
  answer(path: string, query: URLSearchParams, programYear: number | undefined, take: Take): Reply {
    const key = readExportKey(query.get('report') ?? '')
    const report = REPORTS.find((name) => name === key.report)
    const asOf = readKey(key.asOf)
    const isBroken = key.district !== undefined && asOf !== undefined && this.world.isBroken(key.district, asOf)
    if (query.get('type') !== 'CSV' || report === undefined || isBroken) return errorPage(path)
    const sheet = this.sheet({ report, key, programYear, take })
    return { status: 200, headers: { 'content-type': 'text/csv; charset=utf-8' }, body: writeSheet(sheet) }
  }

  private sheet(asked: Asked): Sheet {
    const { report, key, programYear, take } = asked
    const { publications } = this.world
    const shownYear = programYear ?? publications.liveYear()
    const { capture, footer } = this.choose(asked, shownYear)
    const hasFooter = programYear !== WITHOUT_FOOTER || !this.world.options.oddities
    // The final body of a year has the columns of that year, today's body those of the live one.
    const year = capture?.programYear ?? shownYear
    const sheet = { ...this.world.table(report, year, key.district, capture), footer: hasFooter ? footer : undefined }
    return changedSheet(take, sheet, (district) => {
      const other = district ?? this.world.districts(year).find((id) => id !== key.district)
      return this.world.table(report, year, other, capture).rows
    })
  }

  /** The data that the slots of the key lead to: a key without both of them is not refused, it gets what is shown without. */
  private choose({ key, programYear, take }: Asked, shownYear: number): { capture: Capture | undefined; footer: Sheet['footer'] } {
    const { publications } = this.world
    const asOf = readKey(key.asOf)
    if (key.monthEnd === '' || asOf === undefined) {
      if (programYear === undefined) return this.today()
      const capture = publications.finalOf(programYear)
      return { capture, footer: { month: capture.month, asOf: publications.now().today } }
    }
    if (take('todays-body')) return this.today()
    const published = publications.captureOf(asOf)
    const capture = published && take('previous-as-of') ? this.before(published) : published
    const monthEnd = readKey(key.monthEnd)
    const isStrict = capture !== undefined && monthEnd !== lastDayOf(capture.month) && take('strict-month-end')
    if (capture?.programYear === shownYear && !isStrict) return { capture, footer: capture }
    return { capture: undefined, footer: { month: monthOf(monthEnd ?? asOf), asOf } }
  }

  private today(): { capture: Capture | undefined; footer: Sheet['footer'] } {
    const capture = this.world.publications.captureOf(this.world.publications.newest())
    return { capture, footer: capture }
  }

  private before({ asOf }: Capture): Capture | undefined {
    const { publications } = this.world
    let day: Day = asOf - 1
    while (asOf - day < 60 && !publications.isPublished(day)) day--
    return publications.captureOf(day)
  }
}
