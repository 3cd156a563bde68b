import type { Report } from './asks'
import type { Day } from './calendar'
import { type Cells, cellsOf } from './cells'
import type { Table } from './csv'

/*
 * The rows of the reports by the names of their columns, through all years. What a year does not have is null.
 */

export interface SummaryRow {
  districtId: string
  region: string | null
  dsp: boolean | null
  training: boolean | null
  marketAnalysis: boolean | null
  communicationPlan: boolean | null
  regionAdvisorVisit: boolean | null
  newPayments: number | null
  aprilPayments: number | null
  octoberPayments: number | null
  latePayments: number | null
  charterPayments: number | null
  totalYtdPayments: number | null
  paymentBase: number | null
  paymentGrowthPercent: number | null
  paidClubBase: number | null
  paidClubs: number | null
  clubGrowthPercent: number | null
  activeClubs: number | null
  /** Of this tier only. */
  distinguishedClubs: number | null
  selectDistinguishedClubs: number | null
  presidentsDistinguishedClubs: number | null
  smedleyDistinguishedClubs: number | null
  /** Of all tiers. */
  totalDistinguishedClubs: number | null
  distinguishedClubsPercent: number | null
  /** The cells as they came. */
  values: Record<string, string>
}

export interface ClubRow {
  clubNumber: string
  name: string
  division: string | null
  area: string | null
  /** Active, Low, Suspended or Ineligible. */
  status: string | null
  csp: boolean | null
  memBase: number | null
  activeMembers: number | null
  netGrowth: number | null
  goalsMet: number | null
  level1s: number | null
  level2s: number | null
  addLevel2s: number | null
  level3s: number | null
  level4s: number | null
  addLevel4s: number | null
  level5s: number | null
  ccs: number | null
  addCcs: number | null
  acs: number | null
  addAcs: number | null
  dtms: number | null
  addDtms: number | null
  newMembers: number | null
  addNewMembers: number | null
  trainedRound1: number | null
  trainedRound2: number | null
  duesOctober: number | null
  duesApril: number | null
  officerListOnTime: number | null
  /** D, S, P, M or empty. */
  distinguished: string | null
  newPayments: number | null
  lateRenewals: number | null
  octoberRenewals: number | null
  aprilRenewals: number | null
  totalRenewals: number | null
  totalCharter: number | null
  totalToDate: number | null
  charteredOn: Day | null
  /** Kept in the newest years only: its absence proves nothing. */
  suspendedOn: Day | null
  /** The cells as they came, by report. */
  values: { club: Record<string, string>; district: Record<string, string>; division: Record<string, string> }
}

/** @throws {Fatal} `processing_failed` naming row and column */
export const readSummary = (table: Table): SummaryRow[] => lastOf(table, 'districtsummary', summaryRow, (row) => row.districtId)

/** The rows of a file; where one comes twice, the last of them. */
function lastOf<T>(table: Table, what: string, read: (cells: Cells) => T, keyOf: (row: T) => string): T[] {
  const rows = new Map<string, T>()
  for (const [place, values] of table.rows.entries()) {
    const row = read(cellsOf(table, values, what, place + 1))
    rows.set(keyOf(row), row)
  }
  return [...rows.values()]
}

const summaryRow = (cells: Cells): SummaryRow => ({
  districtId: cells.district(),
  region: cells.text('region'),
  dsp: cells.flag('dsp'),
  training: cells.flag('training'),
  marketAnalysis: cells.flag('market analysis'),
  communicationPlan: cells.flag('communication plan'),
  regionAdvisorVisit: cells.flag('region advisor visit'),
  newPayments: cells.number('new payments'),
  aprilPayments: cells.number('april payments'),
  octoberPayments: cells.number('october payments'),
  latePayments: cells.number('late payments'),
  charterPayments: cells.number('charter payments'),
  totalYtdPayments: cells.number('total ytd payments'),
  paymentBase: cells.number('payment base'),
  paymentGrowthPercent: cells.percent('percent payment growth'),
  paidClubBase: cells.number('paid club base'),
  paidClubs: cells.number('paid clubs'),
  clubGrowthPercent: cells.percent('percent club growth'),
  activeClubs: cells.number('active clubs'),
  distinguishedClubs: cells.number('distinguished clubs'),
  selectDistinguishedClubs: cells.number('select distinguished clubs'),
  presidentsDistinguishedClubs: cells.number('presidents distinguished clubs'),
  smedleyDistinguishedClubs: cells.number('smedley distinguished clubs'),
  totalDistinguishedClubs: cells.number('total distinguished clubs'),
  distinguishedClubsPercent: cells.percent('percent distinguished clubs'),
  values: cells.values,
})

/**
 * The clubs of a district on one date, out of its three reports. The first decides which clubs there are.
 * @throws {Fatal} `processing_failed` naming row and column
 */
export function readClubs(club: Table, district: Table, division: Table): ClubRow[] {
  const payments = byClub(district, 'districtperformance')
  const visits = byClub(division, 'divisionperformance')
  const read = (cells: Cells): ClubRow => {
    const clubNumber = cells.club('club number', 'club')
    return clubRow(clubNumber, cells, payments.get(clubNumber), visits.get(clubNumber))
  }
  return lastOf(club, 'clubperformance', read, (row) => row.clubNumber)
}

const NO_ROWS: Table = { columns: [], rows: [] }

/**
 * Reads all that will be read of a file, so that a cell that cannot be read is known before the file is kept.
 * @throws {Fatal} `processing_failed` naming row and column
 */
export function tryRows(report: Report, table: Table): void {
  switch (report) {
    case 'districtsummary':
      readSummary(table)
      return
    case 'clubperformance':
      readClubs(table, NO_ROWS, NO_ROWS)
      return
    default:
      for (const cells of byClub(table, report).values()) if (report === 'districtperformance') paymentsOf(cells)
  }
}

function byClub(table: Table, what: string): Map<string, Cells> {
  const clubs = new Map<string, Cells>()
  for (const [place, values] of table.rows.entries()) {
    const cells = cellsOf(table, values, what, place + 1)
    clubs.set(cells.club('club', 'club number'), cells)
  }
  return clubs
}

const EVENT = 'charter date suspend date'

function paymentsOf(cells: Cells | undefined) {
  return {
    newPayments: cells?.number('new') ?? null,
    lateRenewals: cells?.number('late ren') ?? null,
    octoberRenewals: cells?.number('oct ren') ?? null,
    aprilRenewals: cells?.number('apr ren') ?? null,
    totalRenewals: cells?.number('total ren') ?? null,
    totalCharter: cells?.number('total chart') ?? null,
    totalToDate: cells?.number('total to date') ?? null,
    charteredOn: cells?.dayAfter('charter', EVENT) ?? null,
    suspendedOn: cells?.dayAfter('susp', EVENT) ?? null,
  }
}

function clubRow(clubNumber: string, cells: Cells, payments: Cells | undefined, visits: Cells | undefined): ClubRow {
  return {
    clubNumber,
    name: cells.text('club name') ?? '',
    division: cells.text('division'),
    area: cells.text('area'),
    status: cells.text('club status'),
    csp: cells.flag('csp'),
    memBase: cells.number('mem base'),
    activeMembers: cells.number('active members'),
    netGrowth: cells.number('net growth'),
    goalsMet: cells.number('goals met'),
    level1s: cells.award('level 1s'),
    level2s: cells.award('level 2s'),
    addLevel2s: cells.award('add level 2s'),
    level3s: cells.award('level 3s'),
    level4s: cells.award('level 4s'),
    addLevel4s: cells.award('add level 4s'),
    level5s: cells.award('level 5s'),
    ccs: cells.number('ccs'),
    addCcs: cells.number('add ccs'),
    acs: cells.number('acs'),
    addAcs: cells.number('add acs'),
    dtms: cells.number('cl al dtms'),
    addDtms: cells.number('add cl al dtms'),
    newMembers: cells.number('new members'),
    addNewMembers: cells.number('add new members'),
    trainedRound1: cells.number('off trained round 1'),
    trainedRound2: cells.number('off trained round 2'),
    duesOctober: cells.number('mem dues on time oct'),
    duesApril: cells.number('mem dues on time apr'),
    officerListOnTime: cells.number('off list on time'),
    distinguished: cells.text('club distinguished status'),
    ...paymentsOf(payments),
    values: { club: cells.values, district: payments?.values ?? {}, division: visits?.values ?? {} },
  }
}
