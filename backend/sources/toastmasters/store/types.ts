/** A day, `YYYY-MM-DD`. */
export type Day = string
export type Report = 'districtsummary' | 'clubperformance' | 'districtperformance' | 'divisionperformance'
export interface Ask {
  report: Report
  district: string | null
  monthEnd: Day
  asOf: Day
  programYear: string
  key: string
}
export interface Listed {
  asOf: Day
  monthEnd: Day
  programYear: string
  key: string
}
export interface Table {
  columns: string[]
  rows: Record<string, string>[]
  footer?: { month: number; asOf: Day }
}
export interface Body {
  ask: Ask
  via: 'archive' | 'root'
  url: string
  text: string
  hash: string
  table: Table
  logicalDate: Day
  programYear: string
  fetchedAt: Date
  cached: boolean
}
type Text = string | null
type Count = number | null
type Flag = boolean | null
export interface SummaryRow {
  districtId: string
  region: Text
  dsp: Flag
  training: Flag
  marketAnalysis: Flag
  communicationPlan: Flag
  regionAdvisorVisit: Flag
  newPayments: Count
  aprilPayments: Count
  octoberPayments: Count
  latePayments: Count
  charterPayments: Count
  totalYtdPayments: Count
  paymentBase: Count
  paymentGrowthPercent: Count
  paidClubBase: Count
  paidClubs: Count
  clubGrowthPercent: Count
  activeClubs: Count
  distinguishedClubs: Count
  selectDistinguishedClubs: Count
  presidentsDistinguishedClubs: Count
  smedleyDistinguishedClubs: Count
  totalDistinguishedClubs: Count
  distinguishedClubsPercent: Count
  values: Record<string, string>
}
export interface ClubRow {
  clubNumber: string
  name: string
  division: Text
  area: Text
  status: Text
  csp: Flag
  memBase: Count
  activeMembers: Count
  netGrowth: Count
  goalsMet: Count
  level1s: Count
  level2s: Count
  addLevel2s: Count
  level3s: Count
  level4s: Count
  addLevel4s: Count
  level5s: Count
  ccs: Count
  addCcs: Count
  acs: Count
  addAcs: Count
  dtms: Count
  addDtms: Count
  newMembers: Count
  addNewMembers: Count
  trainedRound1: Count
  trainedRound2: Count
  duesOctober: Count
  duesApril: Count
  officerListOnTime: Count
  distinguished: Text
  newPayments: Count
  lateRenewals: Count
  octoberRenewals: Count
  aprilRenewals: Count
  totalRenewals: Count
  totalCharter: Count
  totalToDate: Count
  charteredOn: Day | null
  suspendedOn: Day | null
  values: { club: Record<string, string>; district: Record<string, string>; division: Record<string, string> }
}
