import { createHash } from 'node:crypto'
import type { ClubRow, SummaryRow } from '../records'

/*
 * Rows as `jsonb_populate_recordset` takes them.
 */

/** Columns of `clubs` from a club's reports, by field. */
export const CLUB_COLUMNS = {
  name: 'name',
  division: 'division',
  area: 'area',
  status: 'status',
  csp: 'csp',
  memBase: 'mem_base',
  activeMembers: 'active_members',
  netGrowth: 'net_growth',
  goalsMet: 'goals_met',
  level1s: 'level_1s',
  level2s: 'level_2s',
  addLevel2s: 'add_level_2s',
  level3s: 'level_3s',
  level4s: 'level_4s',
  addLevel4s: 'add_level_4s',
  level5s: 'level_5s',
  ccs: 'ccs',
  addCcs: 'add_ccs',
  acs: 'acs',
  addAcs: 'add_acs',
  dtms: 'dtms',
  addDtms: 'add_dtms',
  newMembers: 'new_members',
  addNewMembers: 'add_new_members',
  trainedRound1: 'trained_round_1',
  trainedRound2: 'trained_round_2',
  duesOctober: 'dues_october',
  duesApril: 'dues_april',
  officerListOnTime: 'officer_list_on_time',
  distinguished: 'distinguished',
  newPayments: 'new_payments',
  lateRenewals: 'late_renewals',
  octoberRenewals: 'october_renewals',
  aprilRenewals: 'april_renewals',
  totalRenewals: 'total_renewals',
  totalCharter: 'total_charter',
  totalToDate: 'total_to_date',
  charteredOn: 'chartered_on',
  suspendedOn: 'suspended_on',
  values: 'values',
} as const satisfies Partial<Record<keyof ClubRow, string>>

/** Columns of `districts_summary` from a line of the summary, by field. */
export const SUMMARY_COLUMNS = {
  region: 'region',
  dsp: 'dsp',
  training: 'training',
  marketAnalysis: 'market_analysis',
  communicationPlan: 'communication_plan',
  regionAdvisorVisit: 'region_advisor_visit',
  newPayments: 'new_payments',
  aprilPayments: 'april_payments',
  octoberPayments: 'october_payments',
  latePayments: 'late_payments',
  charterPayments: 'charter_payments',
  totalYtdPayments: 'total_ytd_payments',
  paymentBase: 'payment_base',
  paymentGrowthPercent: 'payment_growth_percent',
  paidClubBase: 'paid_club_base',
  paidClubs: 'paid_clubs',
  clubGrowthPercent: 'club_growth_percent',
  activeClubs: 'active_clubs',
  distinguishedClubs: 'distinguished_clubs',
  selectDistinguishedClubs: 'select_distinguished_clubs',
  presidentsDistinguishedClubs: 'presidents_distinguished_clubs',
  smedleyDistinguishedClubs: 'smedley_distinguished_clubs',
  totalDistinguishedClubs: 'total_distinguished_clubs',
  distinguishedClubsPercent: 'distinguished_clubs_percent',
  values: 'values',
} as const satisfies Partial<Record<keyof SummaryRow, string>>

type Columns = Record<string, string>

/** `a, b, c`, each after a prefix: `excluded.a, …`. */
export const listed = (columns: Columns, prefix = ''): string =>
  Object.values(columns)
    .map((column) => `${prefix}${column}`)
    .join(', ')

/** Postgres' own types that JSON does not have. */
const castOf = (column: string): string => (column.endsWith('_on') ? '::text' : column.endsWith('_percent') ? '::float8' : '')

/** `a as "field", …`, as the fields are typed. */
export const selected = (columns: Columns): string =>
  Object.entries(columns)
    .map(([field, column]) => `${column}${castOf(column)} as "${field}"`)
    .join(', ')

/** `a = excluded.a, …`. */
export const assigned = (columns: Columns): string =>
  Object.values(columns)
    .map((column) => `${column} = excluded.${column}`)
    .join(', ')

/** Rows as JSON, by column. */
export function toJson<Row extends object>(rows: readonly Row[], columns: Columns, keyOf: (row: Row) => Record<string, string>): string {
  const fields = Object.entries(columns)
  return JSON.stringify(
    rows.map((row) => ({
      ...keyOf(row),
      ...Object.fromEntries(fields.map(([field, column]) => [column, (row as Record<string, unknown>)[field]])),
    })),
  )
}

/** One hash of several files, whatever their order. */
export const hashOfAll = (hashes: readonly string[]): string =>
  createHash('sha256')
    .update([...hashes].sort().join('\n'))
    .digest('hex')
