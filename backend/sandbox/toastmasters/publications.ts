import { between, mix, pick } from '../base/random'
import {
  type Day,
  firstMonthOf,
  lastDayOf,
  lastMonthOf,
  type Month,
  monthAt,
  monthOf,
  numberOf,
  programYearOf,
  weekdayOf,
} from './calendar'

/** The first program year of the dashboard: 2008-2009. */
export const FIRST_YEAR = 2008

/** What the dashboard showed for one as-of day. */
export interface Capture {
  programYear: number
  month: Month
  asOf: Day
  /** The content before the one that stays: during a close, the same as-of day is restated within hours. */
  isMorning: boolean
}

/** Where the sandbox's calendar stands. */
export interface Moment {
  today: Day
  /** Morning: the newest as-of day of a close has its first content. */
  isMorning: boolean
}

/** Days from the end of a month to the last as-of day that shows it, where they do not follow from the seed. */
const CLOSES = new Map<Month, number>([
  [monthAt(2012, 7), -1],
  [monthAt(2019, 6), 16],
  [monthAt(2022, 4), 0],
  [monthAt(2022, 5), 17],
  [monthAt(2026, 5), 5],
  [monthAt(2026, 6), 25],
  [monthAt(2026, 9), 9],
])
const USUAL = [4, 5, 5, 6, 6, 7, 7, 8, 8, 8, 8, 9, 9, 9, 10, 10, 11, 13]
const DECEMBER = [1, 2, 5, 6, 7, 8]

/** When which as-of day shows which month, and what is published by now. */
export class Publications {
  private moment: Moment
  constructor(
    private readonly seed: number,
    private readonly start: Moment,
  ) {
    this.moment = start
  }

  /** The last as-of day that shows the month. */
  closeOf(month: Month): Day {
    const end = lastDayOf(month)
    const fixed = CLOSES.get(month)
    if (fixed !== undefined) return end + fixed
    const roll = mix(this.seed, 61, month) / 4294967296
    if (numberOf(month) === 6) return end + between(12, 25, roll)
    if (numberOf(month) === 12) return end + pick(DECEMBER, roll)
    return end + (roll < 0.03 ? 18 : pick(USUAL, (roll - 0.03) / 0.97))
  }

  /** The month that an as-of day shows: the one before while that closes. */
  monthShownOn(asOf: Day): Month {
    const month = monthOf(asOf)
    return asOf <= this.closeOf(month - 1) ? month - 1 : month
  }

  /** Whether the dashboard ever had data as of this day. */
  hasData(asOf: Day): boolean {
    const month = this.monthShownOn(asOf)
    if (month < firstMonthOf(FIRST_YEAR)) return false
    const close = this.closeOf(month)
    if (asOf >= close) return asOf === close
    const roll = mix(this.seed, 62, asOf)
    // Now and then the last publication follows some empty days.
    const gap = mix(this.seed, 63, month) % 10
    if (close - lastDayOf(month) > 4 && asOf >= close - (gap === 0 ? 3 : gap < 3 ? 1 : 0)) return false
    return !(roll % 14 === 0 || (weekdayOf(asOf) === 0 && roll % 3 === 0))
  }

  /** Whether it has data as of this day by now: those of yesterday and before. */
  isPublished(asOf: Day): boolean {
    return asOf < this.moment.today && this.hasData(asOf)
  }

  /** The newest as-of day that is published. */
  newest(): Day {
    let day = this.moment.today - 1
    while (!this.hasData(day)) day--
    return day
  }

  /** The program year that the pages without a year show. */
  liveYear(): number {
    return programYearOf(this.monthShownOn(this.newest()))
  }

  /** What was shown for a published day; undefined for any other. @param isMorning by default as it is now */
  captureOf(asOf: Day, isMorning?: boolean): Capture | undefined {
    if (!this.isPublished(asOf)) return undefined
    const month = this.monthShownOn(asOf)
    const isRestated = asOf > lastDayOf(month)
    const isNow = asOf === this.moment.today - 1 && this.moment.isMorning
    return { programYear: programYearOf(month), month, asOf, isMorning: isRestated && (isMorning ?? isNow) }
  }

  /** The published as-of days that show a month, oldest first. */
  listOf(month: Month): Day[] {
    const days: Day[] = []
    for (let day = lastDayOf(month - 1) + 1; day <= this.closeOf(month); day++)
      if (this.isPublished(day) && this.monthShownOn(day) === month) days.push(day)
    return days
  }

  /** What a year that is over shows without an as-of day. */
  finalOf(programYear: number): Capture {
    const month = lastMonthOf(programYear)
    return { programYear, month, asOf: this.closeOf(month), isMorning: false }
  }

  now(): Moment {
    return { ...this.moment }
  }

  /** Moves the calendar, backwards too. */
  move(moment: Moment): void {
    this.moment = moment
  }

  reset(): void {
    this.moment = this.start
  }
}
