import { mix } from '../base/random'
import type { Field } from './columns'
import { regionOf } from './districts'
import { type Club, renewalsOf, totalOf } from './figures'

/*
 * The cells of a row by their fields, as the files write them.
 */

type Cells = Record<Field, string>

const texts = (cells: Record<Field, string | number>): Cells =>
  Object.fromEntries(Object.entries(cells).map(([field, value]) => [field, String(value)]))
const sum = <T>(list: readonly T[], of: (one: T) => number): number => list.reduce((total, one) => total + of(one), 0)

const percent = (part: number, whole: number): string => (whole === 0 ? 'N/A' : `${((100 * part) / whole).toFixed(2)}%`)

/** Paid: it may count for its district. */
const isPaid = ({ status }: Club): boolean => status === 'Active'

/** A row of `clubperformance` or `districtperformance`. */
export function clubCells(district: string, club: Club): Cells {
  const { levels, payments, training, dues } = club
  return texts({
    District: district,
    Division: club.division,
    Area: club.area,
    Club: club.number,
    'Club Name': club.name,
    'Club Status': club.status,
    CSP: club.hasPlan ? 'Y' : 'N',
    'Mem. Base': club.base,
    'Active Members': club.active,
    'Net Growth': club.active - club.base,
    'Goals Met': club.goals,
    CCs: levels.one,
    'Add. CCs': levels.two,
    ACs: levels.moreTwo,
    'Add. ACs': levels.three,
    'CL/AL/DTMs': levels.four,
    'Add. CL/AL/DTMs': levels.moreFour,
    'Level 1s': levels.one,
    'Level 2s': levels.two,
    'Add. Level 2s': levels.moreTwo,
    'Level 3s': levels.three,
    'Level 4s': levels.four,
    'Add. Level 4s': levels.moreFour,
    'New Members': Math.min(4, payments.new),
    'Add. New Members': Math.max(0, payments.new - 4),
    'Off. Trained Round 1': training[0],
    'Off. Trained Round 2': training[1],
    'Mem. dues on time Oct': dues[0],
    'Mem. dues on time Apr': dues[1],
    'Off. List On Time': club.isListOnTime ? 1 : 0,
    Tier: club.tier,
    New: payments.new,
    Late: payments.late,
    October: payments.october,
    April: payments.april,
    Renewals: renewalsOf(payments),
    Charter: payments.charter,
    Total: totalOf(payments),
    Event: club.event,
  })
}

function groupCells(name: 'Division' | 'Area', clubs: Club[]): Record<Field, string | number> {
  const base = clubs.length
  const half = Math.ceil(base / 2)
  const reached = clubs.filter(({ tier }) => tier !== '').length
  return {
    [`${name} Club Base`]: base,
    [`${name} Paid Club Goal for Dist.`]: base,
    [`${name} Paid Club Goal for Select Dist.`]: base + 1,
    [`${name} Paid Club Goal for Pres. Dist.`]: base + 1,
    [`Total Paid ${name} Clubs`]: clubs.filter(isPaid).length,
    [`${name} Dist. Club Goal for Dist.`]: half,
    [`${name} Dist. Club Goal for Select Dist.`]: half,
    [`${name} Dist. Club Goal for Pres. Dist.`]: half + 1,
    [`Total Dist. ${name} Clubs`]: reached,
    [`Distinguished ${name}`]: reached >= half + 1 ? 'P' : '',
  }
}

/** A row of `divisionperformance`. @param clubs all of the district */
export function divisionCells(district: string, club: Club, clubs: Club[]): Cells {
  const division = clubs.filter((other) => other.division === club.division)
  const area = division.filter((other) => other.area === club.area)
  return {
    ...clubCells(district, club),
    ...texts({
      'November visit': club.training[0] > 3 ? 1 : 0,
      'May visit': club.training[1] > 3 ? 1 : 0,
      ...groupCells('Division', division),
      ...groupCells('Area', area),
    }),
  }
}

interface Summed {
  seed: number
  district: string
  clubs: Club[]
  base: { clubs: number; payments: number }
}

/** A row of `districtsummary`: the sums of what the district's own reports say. */
export function summaryCells({ seed, district, clubs, base }: Summed): Cells {
  const total = sum(clubs, ({ payments }) => totalOf(payments))
  const paid = clubs.filter(isPaid).length
  const tier = (letter: string) => clubs.filter((club) => club.tier === letter).length
  const reached = clubs.filter((club) => club.tier !== '').length
  const handedIn = (n: number) => (district !== 'U' && mix(seed, 90, Number.parseInt(district, 36), n) % 8 > 0 ? 'Y' : 'N')
  return texts({
    REGION: regionOf(district),
    DISTRICT: district,
    DSP: handedIn(1),
    Training: handedIn(2),
    'Market Analysis': handedIn(3),
    'Communication Plan': handedIn(4),
    'Region Advisor Visit': handedIn(5),
    'New Payments': sum(clubs, ({ payments }) => payments.new),
    'April Payments': sum(clubs, ({ payments }) => payments.april),
    'October Payments': sum(clubs, ({ payments }) => payments.october),
    'Late Payments': sum(clubs, ({ payments }) => payments.late),
    'Charter Payments': sum(clubs, ({ payments }) => payments.charter),
    'Total YTD Payments': total,
    'Payment Base': base.payments,
    '% Payment Growth': percent(total - base.payments, base.payments),
    'Paid Club Base': base.clubs,
    'Paid Clubs': paid,
    '% Club Growth': percent(paid - base.clubs, base.clubs),
    'Active Clubs': clubs.filter(({ status }) => status !== 'Suspended').length,
    'Distinguished Clubs': tier('D'),
    'Select Distinguished Clubs': tier('S'),
    'Presidents Distinguished Clubs': tier('P'),
    'Smedley Distinguished Clubs': tier('M'),
    'Total Distinguished Clubs': reached,
    '% Distinguished Clubs': percent(reached, base.clubs),
  })
}
