import { mix } from '../base/random'
import { type Day, firstDayOf, firstMonthOf, lastDayOf } from './calendar'
import { baseMembersOf, type Club, clubOf, type View } from './figures'
import { type Capture, FIRST_YEAR } from './publications'

/*
 * Which clubs a group has. A group holds clubs for ever; the district that holds the group may change with the program year.
 */

/** Ids of a group's clubs are this far from those of the next group. */
const SPAN = 500
/** Numbers from here on are charters that were taken back. */
const TAKEN_BACK = 400
export const MAX_CLUBS = TAKEN_BACK - 1
/** So many clubs of each group are older than the dashboard. */
const OLDEST = 2

/** How many clubs a group has in the end. @param clubs the mean */
const countOf = (seed: number, group: number, clubs: number): number => Math.max(1, clubs - 1 + (mix(seed, 64, group) % 3))

/** The program year of a club's charter and its day in it; most clubs are older than the dashboard. */
function charterOf(seed: number, id: number): { programYear: number; day: number } | undefined {
  if (id % SPAN < OLDEST) return undefined
  const roll = mix(seed, 66, id)
  return roll % 5 === 0 ? { programYear: FIRST_YEAR + ((roll >>> 4) % 20), day: (roll >>> 10) % 360 } : undefined
}

/** While a month closes, a charter may be shown that is taken back before the close ends. */
function hasTakenBack(seed: number, group: number, { month, asOf, isMorning }: Capture, close: Day): boolean {
  const end = lastDayOf(month)
  return !isMorning && mix(seed, 69, group, month) % 4 === 0 && asOf > end && asOf - end <= (close - end) / 2
}

/** The clubs of some groups as a capture shows them. @param clubs of a group, the mean; @param close the last as-of day of the month */
export function clubsOf(seed: number, groups: number[], clubs: number, capture: Capture, close: Day): Club[] {
  const { programYear, month, asOf } = capture
  const start = firstDayOf(firstMonthOf(programYear))
  const end = lastDayOf(month)
  const day = Math.min(asOf, end) - start
  const found: Club[] = []
  for (const group of groups) {
    const view: View = { seed, capture, group, start, day, closingDays: Math.max(0, asOf - end) }
    for (let k = 0; k < countOf(seed, group, clubs); k++) {
      const id = group * SPAN + k
      const charter = charterOf(seed, id)
      if (charter === undefined || charter.programYear < programYear) found.push(clubOf(view, id, undefined))
      else if (charter.programYear === programYear && charter.day <= day) found.push(clubOf(view, id, charter.day))
    }
    if (hasTakenBack(seed, group, capture, close)) found.push(clubOf(view, group * SPAN + TAKEN_BACK + (month % 12), day))
  }
  return found
}

/** The clubs that some groups had when the program year began, and what they had paid for. */
export function baseOf(seed: number, groups: number[], clubs: number, programYear: number): { clubs: number; payments: number } {
  const base = { clubs: 0, payments: 0 }
  for (const group of groups)
    for (let k = 0; k < countOf(seed, group, clubs); k++) {
      const id = group * SPAN + k
      const charter = charterOf(seed, id)
      if (charter && charter.programYear >= programYear) continue
      base.clubs++
      base.payments += 2 * baseMembersOf(seed, id, programYear)
    }
  return base
}
