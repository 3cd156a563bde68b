import { between, dice, mix, pick } from '../base/random'
import { type Day, partsOf } from './calendar'
import type { Capture } from './publications'

/** A club and its figures as one capture shows them. */
export interface Club {
  /** Eight digits. */
  number: string
  name: string
  division: string
  area: string
  status: 'Active' | 'Low' | 'Ineligible' | 'Suspended'
  /** It handed in its Club Success Plan. */
  hasPlan: boolean
  base: number
  active: number
  goals: number
  /** Awards of levels 1 to 4 and whatever counts with them. */
  levels: { one: number; two: number; moreTwo: number; three: number; four: number; moreFour: number }
  training: [number, number]
  dues: [number, number]
  isListOnTime: boolean
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

/** What the clubs of a group have in common in one capture. */
export interface View {
  seed: number
  capture: Capture
  group: number
  /** July 1. */
  start: Day
  /** Days of the program year that the figures cover. */
  day: number
  /** Days since the end of a month that closes, 0 within it. */
  closingDays: number
}

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

/** Suspensions of earlier years are not kept. */
const SUSPENSIONS_SINCE = 2024
const SMEDLEY_SINCE = 2025
const OCTOBER_1 = 92
const APRIL_1 = 274

const inUnit = (roll: number): number => roll / 4294967296
/** How much of a whole that comes between two days of the program year is there on a day. */
const part = (whole: number, day: number, from: number, to: number): number =>
  Math.floor(whole * Math.min(1, Math.max(0, (day - from) / (to - from))))

function numberOf(id: number): string {
  const number = id % 4 === 0 ? 1000 + 3 * id : id % 4 === 1 ? 1_300_000 + 31 * id : 28_000_000 + 7 * id
  return String(number).padStart(8, '0')
}

function nameOf(seed: number, id: number): string {
  const roll = dice(mix(seed, 65, id))
  return `${pick(PLACES, roll())} ${pick(KINDS, roll())}`.slice(0, NAME_LENGTH)
}

function shortDate(at: Day): string {
  const { year, month, day } = partsOf(at)
  return [month, day, year % 100].map((n) => String(n).padStart(2, '0')).join('/')
}

/** Members that a club had when the program year began. */
export const baseMembersOf = (seed: number, id: number, programYear: number): number =>
  between(6, 40, inUnit(mix(seed, 70, id, programYear)))

/** While a month closes, figures of some clubs are corrected from one capture to the next, up or down. */
function correctionOf({ seed, group, capture: { month, isMorning }, closingDays }: View, id: number): number {
  if (closingDays === 0) return 0
  const state = 2 * closingDays + (isMorning ? 0 : 1)
  if (mix(seed, 67, group, month, state) % 3 > 0) return 0
  const roll = mix(seed, 68, id, month, state)
  return roll % 3 === 0 ? pick([-2, -1, 1, 2], (roll >>> 8) / 16_777_216) : 0
}

/** Distinguished by goals and members; letters appear from April on. */
function tierOf(goals: number, active: number, growth: number, programYear: number): string {
  if (goals >= 10 && growth >= 8 && programYear >= SMEDLEY_SINCE) return 'M'
  const isLarge = active >= 20
  if (goals >= 9 && isLarge) return 'P'
  if (goals >= 7 && (isLarge || growth >= 5)) return 'S'
  return goals >= 5 && (isLarge || growth >= 3) ? 'D' : ''
}

/** One club. @param charterDay the day of its charter, if that is in this program year */
export function clubOf(view: View, id: number, charterDay: number | undefined): Club {
  const { seed, start, day } = view
  const { programYear } = view.capture
  const isNew = charterDay !== undefined
  const base = isNew ? CHARTER_MEMBERS : baseMembersOf(seed, id, programYear)
  const roll = dice(mix(seed, 71, id, programYear))
  // Every number is drawn on every day, so that the next ones are the same whatever the day is.
  const upTo = (most: number) => between(0, most, roll())
  const payments: Payments = {
    new: Math.max(0, part(upTo(25), day, 0, 365) + correctionOf(view, id)),
    late: part(upTo(4), day, 123, 200),
    october: part(upTo(base), day, 45, 122),
    april: part(upTo(base), day, 228, 304),
    charter: isNew ? CHARTER_MEMBERS : 0,
  }
  const lapses = [upTo(6), upTo(6)] as const
  const lapsed = (day >= OCTOBER_1 ? lapses[0] : 0) + (day >= APRIL_1 ? lapses[1] : 0)
  const active = Math.max(0, base + payments.new - lapsed)
  const award = (most: number) => part(upTo(most), day, 20, 350)
  const levels = { one: award(6), two: award(3), moreTwo: award(2), three: award(4), four: award(2), moreFour: award(3) }
  const trained = [upTo(7), upTo(7)] as const
  const goals = part(upTo(10), day, 0, 340)
  const isSuspended = roll() < 0.025 && !isNew && day >= APRIL_1
  const isIneligible = roll() < 0.03
  const hasPlan = roll() < 0.8
  const isListOnTime = roll() < 0.75
  const suspension = isSuspended && programYear >= SUSPENSIONS_SINCE ? ` Susp ${shortDate(start + APRIL_1 - 1)}` : ''
  const isUnassigned = mix(seed, 75, id) % 12 === 0
  return {
    number: numberOf(id),
    name: nameOf(seed, id),
    division: isUnassigned ? '0D' : pick(['A', 'B', 'C', 'D', 'E'], inUnit(mix(seed, 76, id))),
    area: isUnassigned ? '0A' : String(1 + (mix(seed, 77, id) % 40)).padStart(2, '0'),
    status: isSuspended ? 'Suspended' : isIneligible ? 'Ineligible' : active < 8 ? 'Low' : 'Active',
    hasPlan,
    base,
    active,
    goals,
    levels,
    training: [day > 61 ? trained[0] : 0, day > 200 ? trained[1] : 0],
    dues: [day > 100 && payments.october > 4 ? 1 : 0, day > 280 && payments.april > 4 ? 1 : 0],
    isListOnTime,
    payments,
    tier: day >= APRIL_1 && !isSuspended ? tierOf(goals, active, active - base, programYear) : '',
    event: isNew ? `Charter ${shortDate(start + charterDay)}` : suspension,
  }
}
