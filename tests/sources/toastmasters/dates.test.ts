import fc from 'fast-check'
import type { Listed } from '../../../backend/sources/toastmasters/asks'
import { addDays, type Day, daysOf, monthEndOf, previousMonthEnd, programYearOf } from '../../../backend/sources/toastmasters/calendar'
import { isThere, listsNeeded, type MonthList, monthsOf, planDates, serves } from '../../../backend/sources/toastmasters/dates'

const capture = (monthEnd: Day, asOf: Day): Listed => ({ asOf, monthEnd, programYear: programYearOf(monthEnd), key: `${monthEnd} ${asOf}` })
const list = (monthEnd: Day, days: Day[], readAt: string): MonthList => ({
  monthEnd,
  listed: days.map((day) => capture(monthEnd, day)),
  readAt: new Date(readAt),
})
const lists = (...all: MonthList[]) => new Map(all.map((one) => [one.monthEnd, one]))
const plan = (from: Day, to: Day, all: ReadonlyMap<Day, MonthList>, newestFirst = false) =>
  monthsOf(from, to).flatMap((monthEnd) => planDates({ monthEnd, from, to, newestFirst }, all))
const short = (planned: ReturnType<typeof plan>) =>
  planned.map((one) => ('none' in one ? [one.date, one.none] : [one.date, one.listed.asOf, one.isFinal]))

const OLD = '2026-03-01T00:00:00Z'
const december = list('2023-12-31', ['2023-12-29', '2024-01-03', '2024-01-05'], OLD)
const january = list('2024-01-31', ['2024-01-08', '2024-01-09', '2024-01-31', '2024-02-02', '2024-02-06'], OLD)
const february = list('2024-02-29', ['2024-02-12'], OLD)

describe('the dates of a closed month', () => {
  it('are its captures; its last day is the newest of them; the first days belong to the close before', () => {
    expect(
      short(plan('2024-01-01', '2024-01-31', lists(december, january, february))).filter(([, what]) => what !== 'unavailable'),
    ).toEqual([
      ['2024-01-01', 'closing_gap'],
      ['2024-01-02', 'closing_gap'],
      ['2024-01-03', 'closing_gap'],
      ['2024-01-04', 'closing_gap'],
      ['2024-01-05', 'closing_gap'],
      ['2024-01-08', '2024-01-08', true],
      ['2024-01-09', '2024-01-09', true],
      ['2024-01-31', '2024-02-06', true],
    ])
  })

  it('are unavailable where the dashboards list nothing of them', () => {
    expect(short(plan('2024-01-06', '2024-01-07', lists(december, january, february)))).toEqual([
      ['2024-01-06', 'unavailable'],
      ['2024-01-07', 'unavailable'],
    ])
    expect(
      short(
        plan(
          '2012-02-01',
          '2012-02-02',
          lists(list('2012-02-29', [], OLD), list('2012-01-31', [], OLD), list('2012-03-31', ['2012-03-12'], OLD)),
        ),
      ),
    ).toEqual([
      ['2012-02-01', 'unavailable'],
      ['2012-02-02', 'unavailable'],
    ])
  })

  it('end before the last day where the month closed before it', () => {
    const july = list('2012-07-31', ['2012-07-27', '2012-07-30'], OLD)
    expect(short(plan('2012-07-30', '2012-07-31', lists(july, list('2012-08-31', ['2012-08-02'], OLD))))).toEqual([
      ['2012-07-30', '2012-07-30', true],
      ['2012-07-31', 'unavailable'],
    ])
  })

  it('come newest first where that is asked for', () => {
    const dates = plan('2024-01-08', '2024-01-09', lists(december, january, february), true)
    expect(dates.map((one) => one.date)).toEqual(['2024-01-09', '2024-01-08'])
  })
})

describe('the dates of an open month', () => {
  const read = '2026-06-04T12:00:00Z'
  const may = list('2026-05-31', ['2026-05-28', '2026-05-31', '2026-06-02', '2026-06-03'], read)
  const june = list('2026-06-30', [], read)

  it('have a last day that is not the last word', () => {
    expect(short(plan('2026-05-28', '2026-06-05', lists(may, june)))).toEqual([
      ['2026-05-28', '2026-05-28', true],
      ['2026-05-29', 'unavailable'],
      ['2026-05-30', 'unavailable'],
      ['2026-05-31', '2026-06-03', false],
      ['2026-06-01', 'closing_gap'],
      ['2026-06-02', 'closing_gap'],
      ['2026-06-03', 'closing_gap'],
      ['2026-06-04', 'not_yet_published'],
      ['2026-06-05', 'not_yet_published'],
    ])
  })

  it('are closed once the next month has captures', () => {
    const next = list('2026-06-30', ['2026-06-09'], '2026-06-10T00:00:00Z')
    const again = { ...may, readAt: new Date('2026-06-10T00:01:00Z') }
    expect(short(plan('2026-05-31', '2026-05-31', lists(again, next)))).toEqual([['2026-05-31', '2026-06-03', true]])
    // A list that was read before the next month had captures may lack the last one.
    expect(short(plan('2026-05-31', '2026-05-31', lists(may, next)))).toEqual([['2026-05-31', '2026-06-03', false]])
  })

  it('the newest capture of all may change until a newer one is listed', () => {
    const current = list('2026-06-30', ['2026-06-09', '2026-06-10'], '2026-06-11T00:00:00Z')
    expect(short(plan('2026-06-09', '2026-06-11', lists(may, current)))).toEqual([
      ['2026-06-09', '2026-06-09', true],
      ['2026-06-10', '2026-06-10', false],
      ['2026-06-11', 'not_yet_published'],
    ])
  })
})

describe('lists', () => {
  const request = { skipExisting: true, enableCaching: true }
  const own = list('2024-01-31', ['2024-01-31'], OLD)
  const next = list('2024-02-29', ['2024-02-12'], OLD)

  it('serve again once their month was closed when they were read, unless the request wants them fresh', () => {
    expect(serves(own, next, request)).toBe(true)
    expect(serves(own, undefined, request)).toBe(false)
    expect(serves(own, { ...next, listed: [] }, request)).toBe(false)
    expect(serves(own, { ...next, readAt: new Date('2026-04-01') }, request)).toBe(false)
    expect(serves(own, next, { ...request, skipExisting: false })).toBe(false)
    expect(serves(own, next, { ...request, enableCaching: false })).toBe(false)
  })

  it('are as few as the dates need; the next month proves a close for good once it has captures', () => {
    const needed = (from: Day, to: Day, today: Day) =>
      listsNeeded(monthEndOf(to), from, to, today).map((one) => `${one.monthEnd} ${one.as}`)
    expect(needed('2024-03-01', '2024-03-31', '2026-01-01')).toEqual(['2024-04-30 proof', '2024-03-31 captures', '2024-02-29 captures'])
    expect(needed('2026-05-31', '2026-05-31', '2026-06-04')).toEqual(['2026-06-30 proof', '2026-05-31 captures'])
    expect(needed('2026-06-10', '2026-06-12', '2026-06-14')).toEqual(['2026-06-30 captures', '2026-05-31 captures'])
    const proof = { monthEnd: '2024-02-29', as: 'proof' } as const
    expect(isThere(proof, lists(next), request)).toBe(true)
    expect(isThere({ ...proof, as: 'captures' }, lists(next), request)).toBe(false)
    expect(isThere(proof, lists({ ...next, listed: [] }), request)).toBe(false)
  })
})

it('every date of a range comes once, in order, whatever is listed', () => {
  const day = fc.integer({ min: 0, max: 6000 }).map((n) => addDays('2008-07-01', n))
  fc.assert(
    fc.property(day, fc.integer({ min: 0, max: 120 }), fc.array(fc.integer({ min: 1, max: 60 }), { maxLength: 12 }), (from, length, at) => {
      const to = addDays(from, length)
      const all = monthsOf(from, to).map((end) =>
        list(
          end,
          [...new Set(at)].sort((a, b) => a - b).map((n) => addDays(previousMonthEnd(end), n)),
          OLD,
        ),
      )
      const planned = plan(from, to, lists(...all))
      expect(planned.map((one) => one.date)).toEqual(daysOf(from, to))
      for (const one of planned) {
        if ('none' in one) continue
        // A capture stands for its own day, or for the last day of its month.
        expect(one.date === one.listed.asOf || one.date === monthEndOf(one.date)).toBe(true)
        expect(monthEndOf(one.date)).toBe(one.listed.monthEnd)
      }
    }),
  )
})
