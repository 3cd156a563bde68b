/*
 * The columns of each report in each program year: names change, come and go.
 */

export type Report = 'districtsummary' | 'clubperformance' | 'districtperformance' | 'divisionperformance'
export const REPORTS: readonly Report[] = ['districtsummary', 'clubperformance', 'districtperformance', 'divisionperformance']

/** What a cell shows; a column is its name and one of these. */
export type Field = string
export type Column = readonly [name: string, field: Field]

const same = (...names: string[]): Column[] => names.map((name) => [name, name])

function summaryColumns(programYear: number): Column[] {
  const isNew = programYear >= 2025
  return same(
    'REGION',
    'DISTRICT',
    'DSP',
    'Training',
    ...(isNew ? ['Market Analysis', 'Communication Plan', 'Region Advisor Visit'] : []),
    'New Payments',
    'April Payments',
    'October Payments',
    'Late Payments',
    'Charter Payments',
    'Total YTD Payments',
    'Payment Base',
    '% Payment Growth',
    'Paid Club Base',
    'Paid Clubs',
    '% Club Growth',
    'Active Clubs',
    'Distinguished Clubs',
    'Select Distinguished Clubs',
    'Presidents Distinguished Clubs',
    ...(isNew ? ['Smedley Distinguished Clubs'] : []),
    'Total Distinguished Clubs',
    '% Distinguished Clubs',
  )
}

const CLUB = same('District', 'Division', 'Area')

/** The educational goals: CC, AC and CL at first, levels beside them, then levels alone. */
function goalColumns(programYear: number): Column[] {
  const old = same('CCs', 'Add. CCs', 'ACs', 'Add. ACs', 'CL/AL/DTMs', 'Add. CL/AL/DTMs')
  if (programYear < 2018) return old
  const two = programYear >= 2026 ? ' or EOM' : ''
  const levels: Column[] = [
    ['Level 1s', 'Level 1s'],
    [`Level 2s${two}`, 'Level 2s'],
    [`Add. Level 2s${two}`, 'Add. Level 2s'],
    ['Level 3s', 'Level 3s'],
  ]
  if (programYear < 2020) return [...old, ...levels, ['Level 4s', 'Level 4s'], ['Level 5s', 'Add. Level 4s']]
  if (programYear < 2025)
    return [...levels, ['Level 4s, Level 5s, or DTM award', 'Level 4s'], ['Add. Level 4s, Level 5s, or DTM award', 'Add. Level 4s']]
  return [
    ...levels,
    ['Level 4s, Path Completions, or DTM Awards', 'Level 4s'],
    ['Add. Level 4s, Path Completions, or DTM award', 'Add. Level 4s'],
  ]
}

function clubColumns(programYear: number): Column[] {
  const isNew = programYear >= 2025
  return [
    ...CLUB,
    ['Club Number', 'Club'],
    ...same('Club Name', 'Club Status', ...(isNew ? ['CSP'] : []), 'Mem. Base', 'Active Members', ...(isNew ? ['Net Growth'] : [])),
    ...same('Goals Met'),
    ...goalColumns(programYear),
    ...same('New Members', 'Add. New Members', 'Off. Trained Round 1', 'Off. Trained Round 2'),
    ...same('Mem. dues on time Oct', 'Mem. dues on time Apr', 'Off. List On Time'),
    ['Club Distinguished Status', 'Tier'],
  ]
}

const districtColumns = (): Column[] => [
  ...CLUB,
  ...same('Club', 'Club Name'),
  ['New', 'New'],
  ['Late Ren.', 'Late'],
  ['Oct. Ren.', 'October'],
  ['Apr. Ren.', 'April'],
  ['Total Ren.', 'Renewals'],
  ['Total Chart', 'Charter'],
  ['Total to Date', 'Total'],
  ['Distinguished Status', 'Tier'],
  ['Charter Date/Suspend Date', 'Event'],
]

const TIERS = ['Dist.', 'Select Dist.', 'Pres. Dist.']

/** What is told of a division or an area, once more on each of its clubs. */
const groupColumns = (group: 'Division' | 'Area'): Column[] =>
  same(
    `${group} Club Base`,
    ...TIERS.map((tier) => `${group} Paid Club Goal for ${tier}`),
    `Total Paid ${group} Clubs`,
    ...TIERS.map((tier) => `${group} Dist. Club Goal for ${tier}`),
    `Total Dist. ${group} Clubs`,
    `Distinguished ${group}`,
  )

function divisionColumns(programYear: number): Column[] {
  return [
    ...CLUB,
    ...same('Club', 'Club Name'),
    ['October Renewals', 'October'],
    ['April Renewals', 'April'],
    ['Nov Visit award', 'November visit'],
    [programYear >= 2020 ? 'May Visit award' : 'May visit award', 'May visit'],
    ['Membership to date', 'Active Members'],
    ['Club Goals Met', 'Goals Met'],
    ['Distinguished Club', 'Tier'],
    ...groupColumns('Division'),
    ...groupColumns('Area'),
  ]
}

/** In the order of the file. */
export function columnsOf(report: Report, programYear: number): Column[] {
  if (report === 'districtsummary') return summaryColumns(programYear)
  if (report === 'clubperformance') return clubColumns(programYear)
  return report === 'districtperformance' ? districtColumns() : divisionColumns(programYear)
}
