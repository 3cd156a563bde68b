/*
 * Which districts a program year has, and whose clubs each of them holds: districts are added, dissolved, and joined anew in 2026.
 */

/** The realignment: districts with numbers from 201 on take the place of half of the old ones. */
const REALIGNED = 2026
const NEW_DISTRICTS = 31
const KEPT_DISTRICTS = 61
/** Gone from 2025-2026 on; their clubs are with the next number. */
const DISSOLVED = [9, 23, 32, 96]
const LARGEST = 130

const range = (from: number, to: number): number[] => Array.from({ length: to - from + 1 }, (_, n) => from + n)
const pad = (n: number): string => String(n).padStart(2, '0')

const OLD = range(1, LARGEST).filter((n) => !DISSOLVED.includes(n))
const KEPT = OLD.filter((_, n) => n % 2 === 0).slice(0, KEPT_DISTRICTS)
const JOINED = OLD.filter((n) => !KEPT.includes(n))

/** Numbers of a program year: 79 in 2008-2009, 87 in 2012-2013, 130 in 2024-2025, 92 after the realignment. */
function numbersOf(programYear: number): number[] {
  if (programYear >= REALIGNED) return [...KEPT, ...range(201, 200 + NEW_DISTRICTS)]
  if (programYear === 2025) return OLD
  if (programYear >= 2022) return range(1, 126 + 2 * (programYear - 2022))
  return range(1, programYear >= 2012 ? 87 + 4 * (programYear - 2012) : 87 - 2 * (2012 - programYear))
}

/** Some from both ends, so that few districts show the realignment as well. */
function atMost(numbers: number[], count: number): number[] {
  if (numbers.length <= count) return numbers
  const front = Math.ceil(count / 2)
  return [...numbers.slice(0, front), ...numbers.slice(numbers.length - (count - front))]
}

/** The ids of a program year. @param most `F` and `U` included, from three districts on */
export function districtsOf(programYear: number, most = Number.POSITIVE_INFINITY): string[] {
  const letters = most < 3 ? [] : ['F', 'U']
  return [...atMost(numbersOf(programYear), most - letters.length).map(pad), ...letters]
}

/** The groups of clubs that a district holds in a program year; a club belongs to one group for ever. */
export function groupsOf(district: string, programYear: number): number[] {
  if (district === 'F') return [LARGEST + 1]
  if (district === 'U') return [LARGEST + 2]
  const n = Number(district)
  if (n > 200) return JOINED.filter((_, place) => place % NEW_DISTRICTS === n - 201).flatMap((old) => withDissolved(old))
  return programYear >= 2025 ? withDissolved(n) : [n]
}

const withDissolved = (n: number): number[] => (DISSOLVED.includes(n - 1) ? [n, n - 1] : [n])

export function regionOf(district: string): string {
  if (district === 'U') return 'DNAR'
  return district === 'F' ? '02' : pad((Number(district) % 14) + 1)
}
