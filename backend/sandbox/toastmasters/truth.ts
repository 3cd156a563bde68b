import { BadControl } from '../base/input'
import { type Day, isoOf, lastDayOf, monthOf, programYearOf, yearText } from './calendar'
import type { Capture, Publications } from './publications'
import type { Row, World } from './world'

/** `closing_gap`: the month before still closed on this day; `unavailable`: nothing was ever published for it. */
export type DayState = 'data' | 'closing_gap' | 'unavailable' | 'not_yet_published'

/** What is right for a logical date: a day inside its month, or the last day with the whole close of the month. */
export interface TrueDate {
  date: string
  state: DayState
  programYear: string
  monthEnd: string
  /** The as-of day that counts: the newest of `captures`. */
  asOf: string | null
  /** Every published as-of day that belongs to the date, oldest first. */
  captures: string[]
  /** No later capture can take its place: a day inside its month, or a month after which another one is shown. */
  isFinal: boolean
  districts: string[]
  /** Those of them whose reports as of `asOf` nobody gets. */
  broken: string[]
}

/** One club by the three reports, as cells by column. */
export interface TrueClub {
  clubNumber: string
  club: Row
  district: Row
  division: Row
}

export interface CaptureChoice {
  /** An as-of day of the date's captures; the last by default. */
  asOf?: string
  /** True for the first content of that day, where a close restates it; by default what is served now. */
  isMorning?: boolean
}

/** What a complete backfill must hold. */
export class Truth {
  private readonly publications: Publications
  constructor(
    private readonly world: World,
    private readonly dayOf: (text: string) => Day,
  ) {
    this.publications = world.publications
  }

  /** @throws {BadControl} for text that is no day */
  date(text: string): TrueDate {
    const day = this.dayOf(text)
    const month = monthOf(day)
    const programYear = programYearOf(month)
    const captures = this.captures(day)
    const asOf = captures.at(-1)
    const districts = asOf === undefined ? [] : this.world.districts(programYear)
    return {
      date: text,
      state: this.state(day, captures),
      programYear: yearText(programYear),
      monthEnd: isoOf(lastDayOf(month)),
      asOf: asOf === undefined ? null : isoOf(asOf),
      captures: captures.map(isoOf),
      isFinal: captures.length > 0 && (day < lastDayOf(month) || this.publications.monthShownOn(this.publications.newest()) > month),
      districts,
      broken: districts.filter((district) => asOf !== undefined && this.world.isBroken(district, asOf)),
    }
  }

  /** Every day between two, both included. @throws {BadControl} */
  dates(from: string, to: string): TrueDate[] {
    const first = this.dayOf(from)
    return Array.from({ length: Math.max(0, this.dayOf(to) - first + 1) }, (_, n) => this.date(isoOf(first + n)))
  }

  private captures(day: Day): Day[] {
    const list = this.publications.listOf(monthOf(day))
    return day === lastDayOf(monthOf(day)) ? list.filter((asOf) => asOf >= day) : list.filter((asOf) => asOf === day)
  }

  private state(day: Day, captures: Day[]): DayState {
    if (captures.length > 0) return 'data'
    if (day > this.publications.newest()) return 'not_yet_published'
    return this.publications.monthShownOn(day) === monthOf(day) ? 'unavailable' : 'closing_gap'
  }

  /** The rows of the summary, in their order; none for a date without data. @throws {BadControl} */
  summary(date: string, choice: CaptureChoice = {}): Row[] {
    const capture = this.capture(date, choice)
    return capture ? this.world.table('districtsummary', capture.programYear, undefined, capture).rows : []
  }

  /** The clubs of a district by number, each once; none for a date without data or a district it does not have. @throws {BadControl} */
  clubs(date: string, district: string, choice: CaptureChoice = {}): TrueClub[] {
    const capture = this.capture(date, choice)
    if (!capture) return []
    const rowsOf = (report: 'clubperformance' | 'districtperformance' | 'divisionperformance', column: string) =>
      // A club that stands in a file more than once is right in its last row.
      new Map(this.world.table(report, capture.programYear, district, capture).rows.map((row) => [row[column] ?? '', row]))
    const byDistrict = rowsOf('districtperformance', 'Club')
    const byDivision = rowsOf('divisionperformance', 'Club')
    return [...rowsOf('clubperformance', 'Club Number')]
      .map(([clubNumber, club]) => ({
        clubNumber,
        club,
        district: byDistrict.get(clubNumber) ?? {},
        division: byDivision.get(clubNumber) ?? {},
      }))
      .sort((a, b) => (a.clubNumber < b.clubNumber ? -1 : 1))
  }

  private capture(date: string, { asOf, isMorning }: CaptureChoice): Capture | undefined {
    const captures = this.captures(this.dayOf(date))
    const wanted = asOf === undefined ? captures.at(-1) : this.dayOf(asOf)
    if (wanted === undefined) return undefined
    if (!captures.includes(wanted)) throw new BadControl(`${date} has no capture as of ${asOf}`)
    return this.publications.captureOf(wanted, isMorning)
  }
}
