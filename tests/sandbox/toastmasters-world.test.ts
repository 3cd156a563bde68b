import { isoOf, lastDayOf, monthAt, readIso } from '../../backend/sandbox/toastmasters/calendar'
import { districtsOf, groupsOf } from '../../backend/sandbox/toastmasters/districts'
import { Publications } from '../../backend/sandbox/toastmasters/publications'
import { Truth } from '../../backend/sandbox/toastmasters/truth'
import { World } from '../../backend/sandbox/toastmasters/world'

const day = (text: string) => readIso(text) as number
const published = (today = '2026-10-15', seed = 1) => new Publications(seed, { today: day(today), isMorning: false })
const world = (options: Partial<World['options']> = {}, publications = published()) =>
  new World({ seed: 1, clubs: 12, districts: 10, oddities: true, ...options }, publications)
const truthOf = (it: World) => new Truth(it, day)
const months = Array.from({ length: 12 * 18 }, (_, n) => monthAt(2008, 7) + n)
const daysToClose = (it: Publications) => months.map((month) => it.closeOf(month) - lastDayOf(month))
const median = (numbers: number[]) => [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)]

describe('closes', () => {
  test('take eight days as a rule, longer in June, shorter in December, and end inside the month twice', () => {
    const days = daysToClose(published())
    const of = (name: number) => days.filter((_, n) => (months[n] as number) % 12 === name)
    expect(median(days)).toBe(8)
    expect(Math.min(...of(5))).toBeGreaterThanOrEqual(12)
    expect(Math.max(...of(11))).toBeLessThanOrEqual(8)
    expect(days.filter((n) => n <= 0)).toHaveLength(2)
    expect(isoOf(published().closeOf(monthAt(2022, 4)))).toBe('2022-04-30')
  })

  test('an as-of day of the close belongs to the month before, and to no other', () => {
    const it = published()
    expect(it.monthShownOn(day('2026-06-05'))).toBe(monthAt(2026, 5))
    expect(it.monthShownOn(day('2026-06-06'))).toBe(monthAt(2026, 6))
    expect(it.listOf(monthAt(2026, 6)).map(isoOf)).toEqual(expect.arrayContaining(['2026-07-25']))
    const all = months.flatMap((month) => it.listOf(month))
    expect(new Set(all).size).toBe(all.length)
  })

  test('now and then the last as-of day follows days without data', () => {
    const it = published()
    const gaps = months.map((month) => it.listOf(month).slice(-2)).map(([before = 0, last = 0]) => last - before)
    expect(gaps).toEqual(expect.arrayContaining([1, 2, 4]))
  })

  test('figures go up and down from one capture to the next, and some districts stay as they are', () => {
    const it = world()
    const truth = truthOf(it)
    const moves = { up: 0, down: 0, same: 0 }
    for (const date of ['2025-01-31', '2025-03-31', '2025-05-31', '2025-06-30']) {
      const sums = truth.date(date).captures.map((asOf) => truth.summary(date, { asOf }).map((row) => Number(row['Total YTD Payments'])))
      for (const [n, now] of sums.entries())
        for (const [district, total] of now.entries()) {
          const before = sums[n - 1]?.[district] ?? total
          moves[total > before ? 'up' : total < before ? 'down' : 'same']++
        }
    }
    expect(Math.min(moves.up, moves.down, moves.same)).toBeGreaterThan(10)
  })

  test('a charter that was shown is taken back', () => {
    const truth = truthOf(world())
    const gone = ['2024-10-31', '2024-11-30', '2025-01-31', '2025-02-28', '2025-03-31'].flatMap((date) =>
      truth.date(date).districts.map((district) => {
        const numbers = (asOf?: string) => truth.clubs(date, district, { asOf }).map(({ clubNumber }) => clubNumber)
        const last = numbers()
        return truth
          .date(date)
          .captures.flatMap(numbers)
          .filter((number) => !last.includes(number)).length
      }),
    )
    expect(gone.filter((count) => count > 0).length).toBeGreaterThan(3)
  })

  test('an as-of day of a close has a first content, which differs; one inside its month has not', () => {
    const publications = published('2026-10-06')
    const truth = truthOf(world({}, publications))
    const totals = (date: string, asOf: string, isMorning?: boolean) =>
      truth.date(date).districts.map((id) => truth.clubs(date, id, { asOf, isMorning }))
    const [close, inside] = [truth.date('2026-09-30').asOf as string, '2026-09-22']
    expect(close > '2026-09-30').toBe(true)
    expect(totals('2026-09-30', close, true)).not.toEqual(totals('2026-09-30', close, false))
    expect(totals(inside, inside, true)).toEqual(totals(inside, inside, false))
    const evening = totals('2026-09-30', close)
    publications.move({ today: day(close) + 1, isMorning: true })
    expect(totals('2026-09-30', close)).toEqual(totals('2026-09-30', close, true))
    publications.move({ today: day(close) + 1, isMorning: false })
    expect(totals('2026-09-30', close)).toEqual(evening)
  })
})

describe('dates', () => {
  test('have data, are in a closing gap, were never published, or are not published yet', () => {
    const truth = truthOf(world())
    const states = (from: string, to: string) => new Set(truth.dates(from, to).map(({ state }) => state))
    expect(states('2026-07-01', '2026-07-25')).toEqual(new Set(['closing_gap']))
    expect(states('2026-10-15', '2026-10-31')).toEqual(new Set(['not_yet_published']))
    expect(states('2025-07-01', '2026-06-30')).toEqual(new Set(['data', 'closing_gap', 'unavailable']))
    expect(truth.date('2012-07-31')).toMatchObject({ state: 'unavailable', captures: [] })
    expect(truth.date('2026-06-30')).toMatchObject({ state: 'data', asOf: '2026-07-25', programYear: '2025-2026', isFinal: true })
  })

  test('name the districts that nobody gets', () => {
    const days = ['2019-06-30', '2019-07-17', '2019-07-31']
    expect(days.map((date) => truthOf(world()).date(date).broken)).toEqual([['U'], ['U'], []])
    expect(truthOf(world({ oddities: false })).date('2019-06-30').broken).toEqual([])
  })

  test('a month end is final when the next month is shown', () => {
    const publications = published('2026-10-08')
    const truth = truthOf(world({}, publications))
    expect(truth.date('2026-09-30')).toMatchObject({ state: 'data', isFinal: false })
    expect(truth.date('2026-10-02')).toMatchObject({ state: 'closing_gap' })
    publications.move({ today: day('2026-10-12'), isMorning: false })
    expect(truth.date('2026-09-30')).toMatchObject({ asOf: '2026-10-09', isFinal: true })
  })

  test('the live year is the old one until June has closed', () => {
    const publications = published('2026-07-26')
    expect([isoOf(publications.newest()), publications.liveYear()]).toEqual(['2026-07-25', 2025])
    publications.move({ today: day('2026-07-27'), isMorning: false })
    expect([isoOf(publications.newest()), publications.liveYear()]).toEqual(['2026-07-26', 2026])
  })
})

describe('districts and clubs', () => {
  test('a program year has as many districts as the real one had', () => {
    const count = (programYear: number) => districtsOf(programYear).length
    expect([2012, 2021, 2022, 2023, 2024, 2025, 2026].map(count)).toEqual([89, 125, 128, 130, 132, 128, 94])
    expect(districtsOf(2025)).not.toEqual(expect.arrayContaining(['09']))
    expect(districtsOf(2026)).toEqual(expect.arrayContaining(['01', '103', '201', '231', 'F', 'U']))
    expect(districtsOf(2026, 6)).toEqual(['01', '03', '230', '231', 'F', 'U'])
  })

  test('every club is in one district a year, and may change it with the year', () => {
    for (const programYear of [2024, 2025, 2026]) {
      const groups = districtsOf(programYear).flatMap((district) => groupsOf(district, programYear))
      expect([groups.length, new Set(groups).size]).toEqual([132, 132])
    }
    expect([groupsOf('10', 2024), groupsOf('10', 2025)]).toEqual([[10], [10, 9]])
  })

  test('the rows of a district agree with each other and with the summary', () => {
    const truth = truthOf(world({ districts: 20 }))
    for (const date of ['2008-12-31', '2019-06-30', '2025-06-30', '2026-05-20'])
      for (const row of truth.summary(date)) {
        const clubs = truth.clubs(date, row.DISTRICT as string)
        const sum = (cell: string) => clubs.reduce((total, { district }) => total + Number(district[cell]), 0)
        for (const { club, district, division } of clubs) {
          expect(district['Total Ren.']).toBe(
            String(Number(district['Late Ren.']) + Number(district['Oct. Ren.']) + Number(district['Apr. Ren.'])),
          )
          expect(district['Total to Date']).toBe(
            String(Number(district.New) + Number(district['Total Ren.']) + Number(district['Total Chart'])),
          )
          expect(division['Membership to date']).toBe(club['Active Members'])
          expect(district['Distinguished Status']).toBe(club['Club Distinguished Status'])
        }
        expect(row['Total YTD Payments']).toBe(String(sum('Total to Date')))
        expect(row['October Payments']).toBe(String(sum('Oct. Ren.')))
        const tiers = ['', 'Select ', 'Presidents ', 'Smedley '].map((tier) => Number(row[`${tier}Distinguished Clubs`] ?? 0))
        expect(row['Total Distinguished Clubs']).toBe(String(tiers.reduce((total, count) => total + count, 0)))
        expect(clubs.filter(({ club }) => club['Club Distinguished Status'] !== '')).toHaveLength(Number(row['Total Distinguished Clubs']))
      }
  })

  test('names and numbers are as awkward as the real ones', () => {
    const clubs = districtsOf(2025, 40).flatMap((id) => truthOf(world({ districts: 40 })).clubs('2026-06-30', id))
    const names = clubs.map(({ club }) => club['Club Name'] as string)
    for (const oddity of [/'/, /&/, /#/, / {2}/, / $/, /^.{60}$/]) expect(names.some((name) => oddity.test(name))).toBe(true)
    expect(Math.max(...names.map((name) => name.length))).toBe(60)
    expect(clubs.every(({ clubNumber }) => /^\d{8}$/.test(clubNumber))).toBe(true)
    expect(new Set(clubs.map(({ clubNumber }) => clubNumber)).size).toBe(clubs.length)
    const cells = (name: string) => new Set(clubs.map(({ club }) => club[name]))
    expect(cells('Club Status')).toEqual(new Set(['Active', 'Low', 'Ineligible', 'Suspended']))
    expect(cells('Club Distinguished Status')).toEqual(new Set(['', 'D', 'S', 'P', 'M']))
    expect(cells('Division')).toContain('0D')
    const events = (date: string) =>
      truthOf(world({ districts: 40 }))
        .date(date)
        .districts.flatMap((id) => truthOf(world()).clubs(date, id))
        .map(({ district }) => district['Charter Date/Suspend Date'] as string)
    expect(events('2025-06-30')).toEqual(expect.arrayContaining([' Susp 03/31/25', expect.stringMatching(/^Charter \d\d\/\d\d\/2[45]$/)]))
    expect(events('2023-06-30').some((event) => event.includes('Susp'))).toBe(false)
  })

  test('within a year awards and payments never fall from one month end to the next', () => {
    const truth = truthOf(world())
    const ends = [
      '2024-08-15',
      '2024-09-15',
      '2024-10-15',
      '2024-11-20',
      '2025-01-20',
      '2025-02-20',
      '2025-03-20',
      '2025-04-20',
      '2025-06-20',
    ]
    const days = ends.map((date) => truth.dates(date, date.replace(/..$/, '28')).find(({ state }) => state === 'data')?.date as string)
    const cells = days.map((date) => truth.clubs(date, '01'))
    for (const { clubNumber } of cells[0] as (typeof cells)[number])
      for (const [report, name] of [
        ['club', 'Level 1s'],
        ['club', 'Goals Met'],
        ['district', 'Total to Date'],
      ] as const) {
        const values = cells.map((clubs) => Number(clubs.find((club) => club.clubNumber === clubNumber)?.[report][name]))
        expect([clubNumber, name, values]).toEqual([clubNumber, name, [...values].sort((a, b) => a - b)])
      }
  })

  test('letters appear in April', () => {
    const truth = truthOf(world())
    const letters = (date: string) =>
      truth
        .date(date)
        .districts.flatMap((id) => truth.clubs(date, id))
        .filter(({ club }) => club['Club Distinguished Status'] !== '')
    expect(letters('2025-03-31')).toEqual([])
    expect(letters('2025-05-31').length).toBeGreaterThan(0)
  })

  test('the same for the same seed, another one for another seed', () => {
    const rows = (seed: number) => truthOf(world({ seed }, published('2026-10-15', seed))).summary('2024-12-31')
    expect(rows(1)).toEqual(rows(1))
    expect(rows(2)).not.toEqual(rows(1))
  })
})

describe('columns', () => {
  const columns = (report: 'districtsummary' | 'clubperformance', programYear: number) =>
    world().table(report, programYear, undefined, undefined).columns
  test('change with the program year', () => {
    expect([2008, 2017, 2024, 2025, 2026].map((year) => columns('districtsummary', year).length)).toEqual([21, 21, 21, 25, 25])
    expect([2023, 2025, 2026].map((year) => columns('clubperformance', year).length)).toEqual([23, 25, 25])
    expect(columns('clubperformance', 2026)).toEqual(
      expect.arrayContaining(['CSP', 'Net Growth', 'Level 2s or EOM', 'Add. Level 2s or EOM']),
    )
    expect(columns('clubperformance', 2025)).toEqual(expect.arrayContaining(['Level 2s', 'Level 4s, Path Completions, or DTM Awards']))
    expect(columns('clubperformance', 2019)).toEqual(expect.arrayContaining(['CCs', 'CL/AL/DTMs', 'Level 4s', 'Level 5s']))
    expect(columns('clubperformance', 2012)).not.toContain('Level 1s')
  })
})
