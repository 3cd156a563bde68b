import { BadControl, type Input, text } from '../base/input'
import type { ControlRoute } from '../base/source'
import { type Day, isoOf, lastDayOf, readIso, yearText } from './calendar'
import type { Publications } from './publications'
import type { CaptureChoice, Truth } from './truth'

/** @throws {BadControl} for text that is no day */
export function dayOf(value: string): Day {
  const day = readIso(value)
  if (day === undefined) throw new BadControl(`${value} is no date such as 2026-10-15`)
  return day
}

const isTrue = (value: unknown): boolean => value === true || value === 'true'
const choiceOf = (input: Input): CaptureChoice => ({
  asOf: input.asOf === undefined ? undefined : text(input, 'asOf'),
  isMorning: input.morning === undefined ? undefined : isTrue(input.morning),
})

/** What today is, and what is published by now. */
export interface Published {
  today: string
  isMorning: boolean
  newest: string
  liveYear: string
}

/** Moves the calendar of the dashboard. */
export class TodayControl {
  constructor(private readonly publications: Publications) {}

  published(): Published {
    const { today, isMorning } = this.publications.now()
    return { today: isoOf(today), isMorning, newest: isoOf(this.publications.newest()), liveYear: yearText(this.publications.liveYear()) }
  }

  /** @param isMorning the newest as-of day of a close still has its first content; @throws {BadControl} */
  set(today: string, isMorning = false): Published {
    this.publications.move({ today: dayOf(today), isMorning })
    return this.published()
  }

  pass(days: number): Published {
    this.publications.move({ today: this.publications.now().today + days, isMorning: false })
    return this.published()
  }

  /** Lets days pass until the next as-of day is published. */
  publishNext(): Published {
    const before = this.publications.newest()
    while (this.publications.newest() === before) this.pass(1)
    return this.published()
  }

  /** Lets days pass until the month that is shown now has closed and the next one is shown. */
  closeMonth(): Published {
    const { publications } = this
    const shown = () => publications.monthShownOn(publications.newest())
    const month = shown()
    publications.move({ today: Math.max(publications.now().today, lastDayOf(month)), isMorning: false })
    while (shown() === month) this.pass(1)
    return this.published()
  }
}

/** What can be asked of the dashboard's data, and done to its calendar. */
export const controlRoutes = (truth: Truth, calendar: TodayControl): Record<string, ControlRoute> => ({
  'GET /truth': {
    about: 'what is right for ?date=…, or for each day of ?from=…&to=…; with &district=… its clubs, with &summary=true all districts',
    run(input) {
      if (input.from !== undefined) return truth.dates(text(input, 'from'), text(input, 'to'))
      const date = text(input, 'date')
      return {
        ...truth.date(date),
        ...(isTrue(input.summary) ? { summary: truth.summary(date, choiceOf(input)) } : {}),
        ...(input.district === undefined ? {} : { clubs: truth.clubs(date, text(input, 'district'), choiceOf(input)) }),
      }
    },
  },
  'GET /today': { about: "the dashboard's today, and the newest as-of day", run: () => calendar.published() },
  'POST /today': {
    about: '{"today", "morning"}, {"days": 1}, {"publishNext": true} or {"closeMonth": true}: moves its calendar',
    run(input) {
      if (isTrue(input.closeMonth)) return calendar.closeMonth()
      if (isTrue(input.publishNext)) return calendar.publishNext()
      if (input.days !== undefined) return calendar.pass(daysOf(input.days))
      return calendar.set(text(input, 'today'), isTrue(input.morning))
    },
  },
})

function daysOf(value: unknown): number {
  const days = Number(value)
  if (!Number.isInteger(days)) throw new BadControl('days must be a whole number')
  return days
}
