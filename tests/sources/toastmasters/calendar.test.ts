import fc from 'fast-check'
import {
  addDays,
  daysOf,
  keyDate,
  logicalDate,
  monthEndOf,
  previousMonthEnd,
  programYearOf,
  readKeyDate,
  readListedDay,
  readMonth,
} from '../../../backend/sources/toastmasters/calendar'

/* Days as texts: what the date objects of the local time zone would shift stays where it is. */

const day = fc
  .date({ min: new Date('2000-01-01'), max: new Date('2060-12-31'), noInvalidDate: true })
  .map((date) => date.toISOString().slice(0, 10))
const SHORT = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']

describe('days', () => {
  it.each(['Pacific/Kiritimati', 'America/Los_Angeles', 'Asia/Kolkata', 'America/Sao_Paulo'])(
    'do not depend on the time zone (D15): %s',
    (zone) => {
      const before = process.env.TZ
      process.env.TZ = zone
      try {
        expect(addDays('2018-11-03', 1)).toBe('2018-11-04')
        expect(daysOf('2024-02-28', '2024-03-01')).toEqual(['2024-02-28', '2024-02-29', '2024-03-01'])
        expect(monthEndOf('2024-12-01')).toBe('2024-12-31')
        expect(previousMonthEnd('2024-01-31')).toBe('2023-12-31')
        expect(readKeyDate('1/1/2025')).toBe('2025-01-01')
        expect(logicalDate(12, '2027-01-05')).toBe('2026-12-31')
      } finally {
        if (before === undefined) delete process.env.TZ
        else process.env.TZ = before
      }
    },
  )

  it('are added and subtracted', () => {
    fc.assert(
      fc.property(day, fc.integer({ min: -5000, max: 5000 }), (from, n) => {
        expect(addDays(addDays(from, n), -n)).toBe(from)
        expect(addDays(from, 1) > from).toBe(true)
      }),
    )
  })

  it('of a range are each of its days once, and none where it is reversed', () => {
    fc.assert(
      fc.property(day, fc.integer({ min: 0, max: 800 }), (from, n) => {
        const days = daysOf(from, addDays(from, n))
        expect(days).toHaveLength(n + 1)
        expect(days).toEqual([...new Set(days)].sort())
        expect([days[0], days.at(-1)]).toEqual([from, addDays(from, n)])
        expect(daysOf(addDays(from, n + 1), from)).toEqual([])
      }),
    )
  })

  it('know the last day of their month and of the one before', () => {
    fc.assert(
      fc.property(day, (one) => {
        const end = monthEndOf(one)
        expect(end.slice(0, 7)).toBe(one.slice(0, 7))
        expect(addDays(end, 1).slice(8)).toBe('01')
        expect(monthEndOf(previousMonthEnd(one))).toBe(previousMonthEnd(one))
        expect(addDays(previousMonthEnd(one), 1)).toBe(`${one.slice(0, 7)}-01`)
      }),
    )
    expect([monthEndOf('2023-02-01'), monthEndOf('2024-02-01'), monthEndOf('2100-02-01')]).toEqual([
      '2023-02-28',
      '2024-02-29',
      '2100-02-28',
    ])
  })

  it('are of a program year from July to June', () => {
    expect(['2024-06-30', '2024-07-01', '2024-12-31', '2025-06-30', '2025-07-01'].map(programYearOf)).toEqual([
      '2023-2024',
      '2024-2025',
      '2024-2025',
      '2024-2025',
      '2025-2026',
    ])
  })
})

describe('dates as the dashboards write them', () => {
  it('are read back', () => {
    fc.assert(fc.property(day, (one) => expect(readKeyDate(keyDate(one))).toBe(one)))
    expect(keyDate('2024-07-05')).toBe('7/5/2024')
    expect([readKeyDate('07/05/2024'), readKeyDate('7/5/2024')]).toEqual(['2024-07-05', '2024-07-05'])
    expect([readListedDay('11-Jul-2024'), readListedDay('1-July-2024'), readListedDay(' 01-jul-2024 ')]).toEqual([
      '2024-07-11',
      '2024-07-01',
      '2024-07-01',
    ])
  })

  it.each([
    '',
    '2/30/2024',
    '2/29/2023',
    '13/1/2024',
    '0/1/2024',
    '1/0/2024',
    '7/31/24',
    '31/7/2024',
    '2024-07-31',
    '7/31/2024x',
    '7/31/2024~',
  ])('are not made of %j', (text) => expect(readKeyDate(text)).toBeUndefined())

  it.each(['', '31-Feb-2024', '11-Jux-2024', '11 Jul 2024', '11-Jul-24', '0-Jul-2024'])('are not made of the listed day %j', (text) =>
    expect(readListedDay(text)).toBeUndefined(),
  )

  it('name months in short or in full, and nothing like them', () => {
    expect(SHORT.map(readMonth)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12])
    expect(['January', 'june', ' SEPT ', 'December'].map(readMonth)).toEqual([1, 6, 9, 12])
    expect(['', 'Ju', 'Junk', 'Mayhem', '6'].map(readMonth)).toEqual(Array(5).fill(undefined))
  })
})

describe('the date a file is about', () => {
  it('is its own day inside the month', () => {
    fc.assert(fc.property(day, (one) => expect(logicalDate(Number(one.slice(5, 7)), one)).toBe(one)))
  })

  it('is the last day of the month for a capture of its closing', () => {
    fc.assert(
      fc.property(day, fc.integer({ min: 1, max: 90 }), (one, late) => {
        const end = monthEndOf(one)
        const asOf = addDays(end, late)
        expect(logicalDate(Number(end.slice(5, 7)), asOf)).toBe(end)
      }),
    )
  })

  it.each([
    [12, '2027-01-05', '2026-12-31'],
    [12, '2026-12-31', '2026-12-31'],
    [6, '2026-07-29', '2026-06-30'],
    [6, '2025-09-13', '2025-06-30'],
    [2, '2026-03-05', '2026-02-28'],
    [2, '2024-03-05', '2024-02-29'],
  ])('of month %d as of %s is %s', (month, asOf, date) => expect(logicalDate(month, asOf)).toBe(date))

  it('is none where the day is before the month', () => {
    expect(logicalDate(7, '2024-06-30')).toBeUndefined()
    expect(logicalDate(12, '2026-11-30')).toBeUndefined()
    expect(logicalDate(2, '2027-01-05')).toBeUndefined()
  })
})
