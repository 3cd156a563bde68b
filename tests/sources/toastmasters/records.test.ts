import { Fatal } from '../../../backend/base/errors'
import { readTable } from '../../../backend/sources/toastmasters/csv'
import { normalClub, normalDistrict } from '../../../backend/sources/toastmasters/ids'
import { readClubs, readSummary } from '../../../backend/sources/toastmasters/records'

/* Rows of the reports, by the columns that their year has. */

type Row = Record<string, string>
function table(...rows: Row[]) {
  const columns = Object.keys(rows[0] ?? {})
  const line = (cells: string[]) => `${cells.map((cell) => `"${cell.replaceAll('"', '""')}"`).join(',')}\r\n`
  return readTable(line(columns) + rows.map((row) => line(columns.map((column) => row[column] ?? ''))).join(''))
}
const renamed = (row: Row, names: Record<string, string>): Row =>
  Object.fromEntries(Object.entries(row).map(([name, cell]) => [names[name] ?? name, cell]))

const CLUB: Row = {
  District: '42',
  Division: '0D',
  Area: '0A',
  'Club Number': '00003045',
  'Club Name': "Let's Talk & Co  #1 ",
  'Club Status': 'Active',
  'Mem. Base': '20',
  'Active Members': '18',
  'Goals Met': '7',
  'Level 1s': '4',
  'Level 2s': '2',
  'Add. Level 2s': '1',
  'Level 3s': '2',
  'Level 4s, Level 5s, or DTM award': '1',
  'Add. Level 4s, Level 5s, or DTM award': '3',
  'New Members': '4',
  'Add. New Members': '2',
  'Off. Trained Round 1': '7',
  'Off. Trained Round 2': '4',
  'Mem. dues on time Oct': '1',
  'Mem. dues on time Apr': '0',
  'Off. List On Time': '1',
  'Club Distinguished Status': 'S',
}
const PAID: Row = {
  District: '42',
  Division: '0D',
  Area: '0A',
  Club: '3045',
  'Club Name': "Let's Talk & Co  #1 ",
  New: '11',
  'Late Ren.': '0',
  'Oct. Ren.': '20',
  'Apr. Ren.': '17',
  'Total Ren.': '37',
  'Total Chart': '0',
  'Total to Date': '48',
  'Distinguished Status': 'S',
  'Charter Date/Suspend Date': '',
}
const VISITS: Row = { District: '42', Division: '0D', Area: '0A', Club: '00003045', 'October Renewals': '20', 'Nov Visit award': 'Y' }
const read = (club: Row = CLUB, paid: Row = PAID, visits: Row = VISITS) => readClubs(table(club), table(paid), table(visits))[0]

const failure = (message: string) => expect.objectContaining({ kind: 'processing_failed', message: expect.stringContaining(message) })
const failureOf = (act: () => unknown) => {
  try {
    act()
  } catch (error) {
    expect(error).toBeInstanceOf(Fatal)
    return error
  }
  throw new Error('it did not fail')
}

describe('a club', () => {
  it('has its figures out of three reports, and all their cells', () => {
    expect(read()).toMatchObject({
      clubNumber: '00003045',
      name: "Let's Talk & Co  #1",
      division: '0D',
      area: '0A',
      status: 'Active',
      csp: null,
      memBase: 20,
      activeMembers: 18,
      netGrowth: null,
      goalsMet: 7,
      level1s: 4,
      level2s: 2,
      addLevel2s: 1,
      level3s: 2,
      level4s: 1,
      addLevel4s: 3,
      level5s: null,
      ccs: null,
      newMembers: 4,
      addNewMembers: 2,
      trainedRound1: 7,
      trainedRound2: 4,
      duesOctober: 1,
      duesApril: 0,
      officerListOnTime: 1,
      distinguished: 'S',
      newPayments: 11,
      octoberRenewals: 20,
      totalToDate: 48,
      charteredOn: null,
      suspendedOn: null,
    })
    expect(read()?.values).toEqual({
      club: expect.objectContaining({ 'club number': '00003045', 'club name': "Let's Talk & Co  #1 " }),
      district: expect.objectContaining({ club: '3045', 'total to date': '48' }),
      division: expect.objectContaining({ 'nov visit award': 'Y' }),
    })
  })

  it('of 2025-2026 and later has growth and the success plan', () => {
    expect(read({ ...CLUB, CSP: 'Y', 'Net Growth': '-12' })).toMatchObject({ csp: true, netGrowth: -12 })
    expect(read({ ...CLUB, CSP: 'N', 'Net Growth': '0' })).toMatchObject({ csp: false, netGrowth: 0 })
  })

  it.each([
    ['2026-2027', { 'Level 2s': 'Level 2s or EOM', 'Add. Level 2s': 'Add. Level 2s or EOM' }],
    [
      '2025-2026',
      {
        'Level 4s, Level 5s, or DTM award': 'Level 4s, Path Completions, or DTM Awards',
        'Add. Level 4s, Level 5s, or DTM award': 'Add. Level 4s, Path Completions, or DTM award',
      },
    ],
    ['a year to come', { 'Level 2s': 'Level 2s or something new', 'Level 4s, Level 5s, or DTM award': 'Level 4s and more' }],
    ['other case', { 'Level 1s': 'LEVEL 1S', 'Mem. Base': 'Mem Base', 'Off. List On Time': 'off list on time' }],
  ] as [string, Record<string, string>][])('has its awards by the names of %s', (_, names) => {
    expect({ ...read(renamed(CLUB, names)), values: null }).toEqual({ ...read(), values: null })
  })

  it('of older years has the awards of that time, and no levels', () => {
    const { 'Level 1s': _1, 'Level 2s': _2, 'Add. Level 2s': _3, 'Level 3s': _4, ...rest } = CLUB
    const { 'Level 4s, Level 5s, or DTM award': _5, 'Add. Level 4s, Level 5s, or DTM award': _6, ...old } = rest
    const awards = { CCs: '2', 'Add. CCs': '2', ACs: '1', 'Add. ACs': '0', 'CL/AL/DTMs': '1', 'Add. CL/AL/DTMs': '3' }
    expect(read({ ...old, ...awards })).toMatchObject({ level1s: null, level2s: null, level4s: null, ccs: 2, acs: 1, dtms: 1, addDtms: 3 })
    expect(read({ ...old, 'Level 4s': '5', 'Level 5s': '6' })).toMatchObject({ level4s: 5, level5s: 6 })
  })

  it('is one, with zeros or without; of its rows the last counts', () => {
    const clubs = table(CLUB, { ...CLUB, 'Club Number': '3045', 'Active Members': '21' }, { ...CLUB, 'Club Number': '38' })
    const found = readClubs(clubs, table(PAID, { ...PAID, Club: '00003045', New: '12' }), table(VISITS))
    expect(found.map(({ clubNumber, activeMembers, newPayments }) => [clubNumber, activeMembers, newPayments])).toEqual([
      ['00003045', 21, 12],
      ['00000038', 18, null],
    ])
  })

  it('has the days of its charter and suspension, where the year keeps them', () => {
    const on = (text: string) => read(CLUB, { ...PAID, 'Charter Date/Suspend Date': text })
    expect(on('Charter 12/01/25')).toMatchObject({ charteredOn: '2025-12-01', suspendedOn: null })
    expect(on(' Susp 03/31/26')).toMatchObject({ charteredOn: null, suspendedOn: '2026-03-31' })
    expect(on('Charter 12/01/25 Susp 03/31/26')).toMatchObject({ charteredOn: '2025-12-01', suspendedOn: '2026-03-31' })
    expect(on('none')).toMatchObject({ charteredOn: null, suspendedOn: null })
  })

  it('may have cells without a value, which are no zeros', () => {
    expect(read({ ...CLUB, 'Mem. Base': '', 'Goals Met': 'N/A', 'Level 1s': '-' })).toMatchObject({
      memBase: null,
      goalsMet: null,
      level1s: null,
    })
    expect(read({ ...CLUB, 'Mem. Base': '1,234', 'Goals Met': ' 7 ' })).toMatchObject({ memBase: 1234, goalsMet: 7 })
  })

  it.each(['many', '7.5', '1,23', '12,34,567', '0x10', '1e3', '--1', '99999999999', '٣', '<b>7</b>', '7 members'])(
    'is not read where a number is %j, and the error tells where',
    (cell) => {
      const act = () => readClubs(table(CLUB, { ...CLUB, 'Club Number': '9', 'Active Members': cell }), table(PAID), table(VISITS))
      expect(failureOf(act)).toEqual(failure('row 2 of clubperformance: the column active members is no whole number: '))
    },
  )

  it('is not read without a number', () => {
    for (const odd of ['', 'Month of Jun', '../1', '12a', '-5']) {
      expect(failureOf(() => read({ ...CLUB, 'Club Number': odd }))).toEqual(failure('the column club number is no club number'))
      expect(failureOf(() => read(CLUB, { ...PAID, Club: odd }))).toEqual(
        failure('row 1 of districtperformance: the column club is no club number'),
      )
    }
    expect(failureOf(() => read({ ...CLUB, CSP: 'maybe' }))).toEqual(failure('the column csp is no Y or N: "maybe"'))
    expect(failureOf(() => read({ ...CLUB, 'Goals Met': 'x'.repeat(1e6) }))).toEqual(
      expect.objectContaining({ message: expect.stringMatching(/^.{0,200}$/) }),
    )
  })
})

describe('a district', () => {
  const ROW: Row = {
    REGION: '01',
    DISTRICT: '2',
    DSP: 'Y',
    Training: 'N',
    'New Payments': '1,017',
    'Total YTD Payments': '6157',
    'Payment Base': '6851',
    '% Payment Growth': '-10.13%',
    'Paid Clubs': '189',
    '% Club Growth': 'N/A',
    'Active Clubs': '203',
    'Distinguished Clubs': '14',
    'Select Distinguished Clubs': '10',
    'Presidents Distinguished Clubs': '3',
    'Total Distinguished Clubs': '27',
    '% Distinguished Clubs': '1,014.15%',
  }

  it('has the figures of its line; what its year lacks is null', () => {
    expect(readSummary(table(ROW, { ...ROW, DISTRICT: 'u', REGION: 'DNAR' }))).toEqual([
      expect.objectContaining({
        districtId: '02',
        region: '01',
        dsp: true,
        training: false,
        marketAnalysis: null,
        newPayments: 1017,
        latePayments: null,
        totalYtdPayments: 6157,
        paymentGrowthPercent: -10.13,
        clubGrowthPercent: null,
        distinguishedClubs: 14,
        smedleyDistinguishedClubs: null,
        totalDistinguishedClubs: 27,
        distinguishedClubsPercent: 1014.15,
        values: expect.objectContaining({ district: '2', 'percent payment growth': '-10.13%' }),
      }),
      expect.objectContaining({ districtId: 'U', region: 'DNAR' }),
    ])
  })

  it('with two lines has the last', () => {
    const found = readSummary(table(ROW, { ...ROW, DISTRICT: '02', 'Paid Clubs': '190' }))
    expect(found.map(({ districtId, paidClubs }) => [districtId, paidClubs])).toEqual([['02', 190]])
  })

  it.each([
    ['% Payment Growth', '-10.13', 'percentage'],
    ['% Payment Growth', 'much%', 'percentage'],
    ['DSP', 'yes', 'Y or N'],
    ['DISTRICT', 'Month of Jun', 'district'],
    ['Paid Clubs', '1.5', 'whole number'],
  ])('is not read where %s is %j', (column, cell, kind) => {
    expect(failureOf(() => readSummary(table(ROW, { ...ROW, [column]: cell })))).toEqual(failure(`is no ${kind}: ${JSON.stringify(cell)}`))
    expect(failureOf(() => readSummary(table(ROW, { ...ROW, [column]: cell })))).toEqual(failure('row 2 of districtsummary'))
  })
})

describe('ids', () => {
  it('come with and without zeros', () => {
    expect(['3045', '00003045', ' 003045 ', '28679928'].map(normalClub)).toEqual(['00003045', '00003045', '00003045', '28679928'])
    expect(['2', '02', '002', '42', '101', '201', 'F', 'u', ' U '].map(normalDistrict)).toEqual([
      '02',
      '02',
      '02',
      '42',
      '101',
      '201',
      'F',
      'U',
      'U',
    ])
  })

  it('are not made of other text', () => {
    expect(['', '1x', '-1', '1.5', '../1', '1234567890123', '１'].map(normalClub)).toEqual(Array(7).fill(undefined))
    expect(['', '0', '00', '../1', '4~2', '1000', 'Month', 'D 42', 'É', '４２', '42\n43'].map(normalDistrict)).toEqual(
      Array(11).fill(undefined),
    )
  })
})
