import { between, dice, mix, pick } from '../base/random'
import { type Day, firstDayOf, firstMonthOf, lastDayOf, partsOf } from './calendar'
import { type Capture, FIRST_YEAR } from './publications'

/** A club and its figures as one capture shows them. */
export interface Club {
  /** Eight digits. */
  number: string
  name: string
  division: string
  area: string
  status: 'Active' | 'Low' | 'Ineligible' | 'Suspended'
  /** Club Success Plan handed in. */
  hasPlan: boolean
  base: number
  active: number
  goals: number
  /** Awards of levels 1 to 4 and whatever counts with them. */
  levels: { one: number; two: number; moreTwo: number; three: number; four: number; moreFour: number }
  newMembers: number
  training: [number, number]
  dues: [number, number]
  isListOnTime: number
  payments: Payments
  /** Empty, `D`, `S`, `P` or `M`. */
  tier: string
  /** `Charter 12/01/25` or ` Susp 03/31/26`, where the year kept it. */
  event: string
}

/** Total renewals are late, October and April; the total to date is new, renewals and charter. */
export interface Payments {
  new: number
  late: number
  october: number
  april: number
  charter: number
}

export const renewalsOf = ({ late, october, april }: Payments): number => late + october + april
export const totalOf = (payments: Payments): number => payments.new + renewalsOf(payments) + payments.charter

/** Clubs of a group have numbers below it. */
export const MAX_CLUBS = 400
const SPAN = 500
const NAME_LENGTH = 60
const CHARTER_MEMBERS = 20

const PLACES = ['Harbor', 'Riverside', 'Hilltop', "St. John's", 'Lakeview', 'Old Town', 'Northgate', 'Market Square', "King's Cross"]
const KINDS = [
  'Speakers',
  'Toastmasters Club',
  'Communicators & Leaders',
  'Club #7',
  "Let's Talk",
  'Early  Birds',
  'Talkers ',
  'Advanced Speakers of the International Society for Public Conversation',
]

/** Suspensions of years before are not kept. */
const SUSPENSION_KEPT = 2024
const SMEDLEY = 2025
const OCTOBER_1 = 92
const APRIL_1 = 274

/** How much of something that happens between two days of the program year has happened. */
const share = (day: number, from: number, to: number): number => Math.min(1, Math.max(0, (day - from) / (to - from)))

/** How many clubs a group has. @param clubs the mean */
export const countOf = (seed: number, group: number, clubs: number): number => Math.max(1, clubs - 1 + (mix(seed, 64, group) % 3))

function numberOfClub(group: number, k: number): string {
  const unique = group * SPAN + k
  const number = unique % 4 === 0 ? 1000 + 3 * unique : unique % 4 === 1 ? 1_300_000 + 31 * unique : 28_000_000 + 7 * unique
  return String(number).padStart(8, '0')
}

function nameOf(seed: number, id: number): string {
  const roll = dice(mix(seed, 65, id))
  return `${pick(PLACES, roll())} ${pick(KINDS, roll())}`.slice(0, NAME_LENGTH)
}

const shortDate = (day: Day): string => {
  const { year, month, day: of } = partsOf(day)
  return [month, of, year % 100].map((n) => String(n).padStart(2, '0')).join('/')
}

/** The first program year of a club and its day in it; most clubs are older than the dashboard, two of each group in any case. */
function founding(seed: number, id: number): { programYear: number; day: number } | undefined {
  if (id % SPAN < 2) return undefined
  const roll = mix(seed, 66, id)
  return roll % 5 === 0 ? { programYear: FIRST_YEAR + ((roll >>> 4) % 20), day: (roll >>> 10) % 360 } : undefined
}

/** While a month closes, figures of some clubs are corrected from one capture to the next, up or down. */
function correctionOf(seed: number, group: number, id: number, { month, asOf, isMorning }: Capture): number {
  const days = asOf - lastDayOf(month)
  if (days <= 0) return 0
  const state = 2 * days + (isMorning ? 0 : 1)
  if (mix(seed, 67, group, month, state) % 3 > 0) return 0
  const roll = mix(seed, 68, id, month, state)
  return roll % 3 === 0 ? pick([-2, -1, 1, 2], (roll >>> 8) / 16_777_216) : 0
}

/** A charter that a month's close shows and takes back before it ends. */
function hasTakenBack(seed: number, group: number, { month, asOf, isMorning }: Capture, close: Day): boolean {
  const end = lastDayOf(month)
  return !isMorning && mix(seed, 69, group, month) % 4 === 0 && asOf > end && asOf - end <= (close - end) / 2
}

/** The clubs of a group as a capture shows them, in no order. @param close the last as-of day of its month */
export function clubsOf(seed: number, group: number, clubs: number, capture: Capture, close: Day): Club[] {
  const count = countOf(seed, group, clubs)
  const found: Club[] = []
  for (let k = 0; k < count; k++) {
    const club = clubAt(seed, group, k, capture)
    if (club) found.push(club)
  }
  if (hasTakenBack(seed, group, capture, close)) {
    const charter = newClub(seed, group, MAX_CLUBS + (capture.month % 12), capture)
    if (charter) found.push(charter)
  }
  return found
}

/** Whether a club existed when the program year began. */
export function isBase(seed: number, group: number, k: number, programYear: number): boolean {
  const founded = founding(seed, group * SPAN + k)
  return founded === undefined || founded.programYear < programYear
}

/** What it had to pay for last year, members of both terms. */
export const baseOf = (seed: number, group: number, k: number, programYear: number): number =>
  between(6, 40, mix(seed, 70, group * SPAN + k, programYear) / 4294967296)

const dayIn = ({ programYear, month, asOf }: Capture): number => Math.min(asOf, lastDayOf(month)) - firstDayOf(firstMonthOf(programYear))

function newClub(seed: number, group: number, k: number, capture: Capture): Club | undefined {
  const id = group * SPAN + k
  const { programYear } = capture
  return figures({ seed, group, k, capture, charterDay: dayIn(capture), isBaseClub: false, roll: dice(mix(seed, 71, id, programYear)) })
}

function clubAt(seed: number, group: number, k: number, capture: Capture): Club | undefined {
  const id = group * SPAN + k
  const founded = founding(seed, id)
  const { programYear } = capture
  if (founded && founded.programYear > programYear) return undefined
  const charterDay = founded?.programYear === programYear ? founded.day : undefined
  if (charterDay !== undefined && charterDay > dayIn(capture)) return undefined
  const isBaseClub = charterDay === undefined
  return figures({ seed, group, k, capture, charterDay, isBaseClub, roll: dice(mix(seed, 71, id, programYear)) })
}

interface Given {
  seed: number
  group: number
  k: number
  capture: Capture
  charterDay: number | undefined
  isBaseClub: boolean
  roll: () => number
}

function figures({ seed, group, k, capture, charterDay, isBaseClub, roll }: Given): Club {
  const id = group * SPAN + k
  const { programYear } = capture
  const day = dayIn(capture)
  const correction = correctionOf(seed, group, id, capture)
  const base = isBaseClub ? baseOf(seed, group, k, programYear) : CHARTER_MEMBERS
  const most = {
    new: between(0, 25, roll()),
    october: between(0, base, roll()),
    april: between(0, base, roll()),
    late: between(0, 4, roll()),
  }
  const part = (whole: number, from: number, to: number) => Math.floor(whole * share(day, from, to))
  const payments: Payments = {
    new: Math.max(0, part(most.new, 0, 365) + correction),
    late: part(most.late, 123, 200),
    october: part(most.october, 45, 122),
    april: part(most.april, 228, 304),
    charter: isBaseClub ? 0 : CHARTER_MEMBERS,
  }
  const lapsed = (day >= OCTOBER_1 ? between(0, 6, roll()) : 0) + (day >= APRIL_1 ? between(0, 6, roll()) : 0)
  const active = Math.max(0, base + payments.new - lapsed)
  const isSuspended = isBaseClub && day >= APRIL_1 && mix(seed, 72, id, programYear) % 40 === 0
  const isIneligible = mix(seed, 73, id, programYear) % 30 === 0
  const goals = part(between(0, 10, mix(seed, 74, id, programYear) / 4294967296), 0, 340)
  const growth = active - base
  const start = firstDayOf(firstMonthOf(programYear))
  const suspension = isSuspended && programYear >= SUSPENSION_KEPT ? ` Susp ${shortDate(start + APRIL_1 - 1)}` : ''
  const isUnassigned = mix(seed, 75, id) % 12 === 0
  const award = (whole: number) => part(between(0, whole, roll()), 20, 350)
  return {
    number: numberOfClub(group, k),
    name: nameOf(seed, id),
    division: isUnassigned ? '0D' : pick(['A', 'B', 'C', 'D', 'E'], mix(seed, 76, id) / 4294967296),
    area: isUnassigned ? '0A' : String(1 + (mix(seed, 77, id) % 40)).padStart(2, '0'),
    status: isSuspended ? 'Suspended' : isIneligible ? 'Ineligible' : active < 8 ? 'Low' : 'Active',
    hasPlan: mix(seed, 78, id, programYear) % 5 > 0,
    base,
    active,
    goals,
    levels: { one: award(6), two: award(3), moreTwo: award(2), three: award(4), four: award(2), moreFour: award(3) },
    newMembers: payments.new,
    training: [day > 61 ? between(0, 7, roll()) : 0, day > 200 ? between(0, 7, roll()) : 0],
    dues: [day > 100 && payments.october > 4 ? 1 : 0, day > 280 && payments.april > 4 ? 1 : 0],
    isListOnTime: mix(seed, 79, id, programYear) % 4 > 0 ? 1 : 0,
    payments,
    tier: day >= APRIL_1 && !isSuspended ? tierOf(goals, active, growth, programYear) : '',
    event: charterDay === undefined ? suspension : `Charter ${shortDate(start + charterDay)}`,
  }
}

/** Distinguished by goals and members; letters appear from April on. */
function tierOf(goals: number, active: number, growth: number, programYear: number): string {
  if (goals >= 10 && growth >= 8 && programYear >= SMEDLEY) return 'M'
  const isLarge = active >= 20
  if (goals >= 9 && isLarge) return 'P'
  if (goals >= 7 && (isLarge || growth >= 5)) return 'S'
  return goals >= 5 && (isLarge || growth >= 3) ? 'D' : ''
}
