import { mix } from '../base/random'
import { type Day, dayAt, monthAt } from './calendar'
import { baseOf, clubsOf } from './clubs'
import { type Column, columnsOf, type Field, type Report } from './columns'
import { districtsOf, groupsOf, regionOf } from './districts'
import type { Club } from './figures'
import { type Capture, FIRST_YEAR, type Publications } from './publications'
import { clubCells, divisionCells, summaryCells } from './rows'

export interface WorldOptions {
  seed: number
  /** Mean number of clubs of a group; most districts hold one group. */
  clubs: number
  /** At most so many districts in a program year. */
  districts: number
  /** With what no client can complete. */
  oddities: boolean
}

export type Row = Record<string, string>
export interface Table {
  columns: string[]
  rows: Row[]
}

/** For two days of a close there never was an export of this district. */
const BROKEN = { district: 'U', from: dayAt(2019, 7, 16), to: dayAt(2019, 7, 17) }

function named(columns: Column[], cells: Record<Field, string>): Row {
  const cellOf = ([name, field]: Column): [string, string] => {
    const cell = cells[field]
    if (cell === undefined) throw new Error(`the column ${name} has no cell`)
    return [name, cell]
  }
  return Object.fromEntries(columns.map(cellOf))
}
const byPlace = (a: Club, b: Club): number => {
  const [one, other] = [a, b].map(({ division, area, number }) => `${division} ${area} ${number}`) as [string, string]
  return one < other ? -1 : 1
}

/** Program years from 2008-2009 on; every figure is a function of the seed, the club and the as-of day. */
export class World {
  constructor(
    readonly options: WorldOptions,
    readonly publications: Publications,
  ) {}

  districts(programYear: number): string[] {
    return districtsOf(programYear, this.options.districts)
  }

  /** Whether an export is the error page for ever. */
  isBroken(district: string, asOf: Day): boolean {
    return this.options.oddities && district === BROKEN.district && asOf >= BROKEN.from && asOf <= BROKEN.to
  }

  /** In the order of the files: by division, area and number. */
  clubs(district: string, capture: Capture): Club[] {
    const { seed, clubs } = this.options
    const close = this.publications.closeOf(capture.month)
    return clubsOf(seed, groupsOf(district, capture.programYear), clubs, capture, close).sort(byPlace)
  }

  /** What a report holds; no rows without a capture, and for a district that did not exist. */
  table(report: Report, programYear: number, district: string | undefined, capture: Capture | undefined): Table {
    const columns = columnsOf(report, programYear)
    const names = columns.map(([name]) => name)
    if (!capture) return { columns: names, rows: [] }
    if (report === 'districtsummary') return { columns: names, rows: this.summary(columns, capture) }
    const isThere = district !== undefined && this.districts(programYear).includes(district)
    return { columns: names, rows: isThere ? this.rows(report, columns, district, capture) : [] }
  }

  private summary(columns: Column[], capture: Capture): Row[] {
    const { programYear } = capture
    return this.districts(programYear)
      .sort((a, b) => (regionOf(a) + a < regionOf(b) + b ? -1 : 1))
      .map((district) => {
        const base = this.base(district, programYear)
        return named(columns, summaryCells({ seed: this.options.seed, district, clubs: this.clubs(district, capture), base }))
      })
  }

  /** What the growth of a district is measured by: nothing in its first year. */
  private base(district: string, programYear: number): { clubs: number; payments: number } {
    const { seed, clubs } = this.options
    if (programYear > FIRST_YEAR && !districtsOf(programYear - 1).includes(district)) return { clubs: 0, payments: 0 }
    return baseOf(seed, groupsOf(district, programYear), clubs, programYear)
  }

  private rows(report: Report, columns: Column[], district: string, capture: Capture): Row[] {
    const clubs = this.clubs(district, capture)
    if (report === 'divisionperformance') return clubs.map((club) => named(columns, divisionCells(district, club, clubs)))
    return clubs.flatMap((club) => {
      const last = named(columns, clubCells(district, club))
      return [...this.outdated(district, club, capture).map((before) => named(columns, clubCells(district, before))), last]
    })
  }

  /** Rows of the same club that stand before the right one: old months have some. */
  private outdated(district: string, club: Club, { month }: Capture): Club[] {
    const roll = mix(this.options.seed, 80, Number(club.number), month)
    const isKnown = month === monthAt(2012, 7) && district === '04'
    const isOdd = month < monthAt(2014, 7) && mix(this.options.seed, 81, month) % 6 === 0 && roll % 4 === 0
    const count = isKnown ? roll % 4 : isOdd ? 1 : 0
    return Array.from({ length: count }, (_, n) => ({
      ...club,
      active: Math.max(0, club.active - count + n),
      payments: { ...club.payments, new: Math.max(0, club.payments.new - count + n) },
    }))
  }
}
