import fc from 'fast-check'
import { eve } from '../../../backend/sources/eve'
import { keyOf, listingOf } from '../../../backend/sources/eve/listing'
import { monthOf, monthsBetween, monthsOfWindow, previousMonth, STRAGGLE_MS } from '../../../backend/sources/eve/months'

const DAY = 86_400_000
const plan = (raw: object) => eve.plan(eve.params.parse(raw))
const days = fc.integer({ min: Date.parse('2008-02-01') / DAY, max: Date.parse('2026-06-01') / DAY })

test('month partitions cover every day exactly once', () => {
  fc.assert(
    fc.property(days, fc.nat(3000), (first, length) => {
      const months = monthsBetween(monthOf((first + length) * DAY), monthOf(first * DAY))
      expect(new Set(months).size).toBe(months.length)
      expect([...months].sort().reverse()).toEqual(months)
      const touched = new Set(Array.from({ length: length + 1 }, (_, n) => monthOf((first + n) * DAY)))
      expect(new Set(months)).toEqual(touched)
    }),
    { numRuns: 30 },
  )
})

test('a month is followed by the one before it, also over a year', () => {
  expect(previousMonth('2024-01')).toBe('2023-12')
  fc.assert(fc.property(days, (day) => previousMonth(monthOf(day * DAY)) === monthOf(Date.parse(`${monthOf(day * DAY)}-01`) - DAY)))
})

test('a window by time reaches into the neighboring months by id, and not into the future', () => {
  const day = Date.parse('2024-03-01')
  expect(monthsOfWindow(day, day + DAY)).toEqual({ newest: '2024-03', oldest: '2024-02' })
  expect(monthsOfWindow(day + 10 * DAY, Date.parse('2024-04-01'))).toEqual({ newest: '2024-04', oldest: '2024-03' })
  expect(monthsOfWindow(day, Date.parse('2024-04-01'), Date.parse('2024-03-31T12:00:00Z')).newest).toBe('2024-03')
  fc.assert(
    fc.property(days, fc.nat(400), (first, length) => {
      const { newest, oldest } = monthsOfWindow(first * DAY, (first + length + 1) * DAY, Date.parse('2030-01-01'))
      expect(Date.parse(`${oldest}-01`)).toBeLessThanOrEqual(first * DAY - STRAGGLE_MS)
      expect(newest >= monthOf((first + length) * DAY)).toBe(true)
    }),
  )
})

test('a listing and its path are the same thing', () => {
  fc.assert(
    fc.property(
      fc.constantFrom('characterID' as const, 'corporationID' as const, 'allianceID' as const),
      fc.integer({ min: 1 }),
      fc.option(fc.constantFrom('kills' as const, 'losses' as const), { nil: undefined }),
      fc.option(
        days.map((day) => monthOf(day * DAY)),
        { nil: undefined },
      ),
      (kind, id, side, month) => {
        const listing = { kind, id: String(id), ...(side ? { side } : {}), ...(month ? { month } : {}) }
        expect(listingOf(keyOf(listing))).toEqual(listing)
        expect(keyOf(listing)).not.toMatch(/\/0\d/)
      },
    ),
  )
})

describe('the plan of a backfill', () => {
  test('is one walk from the newest killmail', () => {
    expect(plan({ characterId: 5 })).toMatchObject({
      tasks: [{ stream: 'killmails', key: 'characterID/5', lane: 'zkillboard' }],
      activeKey: 'killmails:characterID:5',
      estimate: { requests: { zkillboard: null } },
    })
  })
  test('keeps kills and losses apart, and both together is the whole', () => {
    expect(plan({ corporationId: 5, options: { kills: true } })).toMatchObject({
      tasks: [{ key: 'corporationID/5/kills' }],
      activeKey: 'killmails:corporationID:5:kills',
    })
    expect(plan({ corporationId: 5, options: { kills: true, losses: true } }).tasks[0]?.key).toBe('corporationID/5')
  })
  test('is by months when a first and a last day are named', () => {
    const { tasks, estimate } = plan({ characterId: 5, options: { fromDate: '2023-01-10', toDate: '2023-03-20' } })
    expect(tasks.map((task) => task.key)).toEqual(['2023/month/3', '2023/month/2', '2023/month/1'].map((at) => `characterID/5/year/${at}`))
    expect(estimate.requests).toEqual({ zkillboard: 9 })
  })
  test('is one walk when only a last day is named, and nobody knows how many pages lie after it', () => {
    const { tasks, estimate } = plan({ characterId: 5, options: { toDate: '2023-03-20', maxPages: 1 } })
    expect(tasks).toMatchObject([{ stream: 'killmails', key: 'characterID/5', cursor: { page: 1, over: false } }])
    expect(estimate.requests).toEqual({ zkillboard: null })
  })
  test('makes months one after the other when killmails are counted', () => {
    const { tasks } = plan({ characterId: 5, options: { fromDate: '2023-01-10', toDate: '2023-03-20', maxPages: 1 } })
    expect(tasks).toMatchObject([{ key: 'characterID/5/year/2023/month/3', cursor: { last: '2023-01' } }])
  })
  test('says how many pages a counted backfill can take', () => {
    expect(plan({ characterId: 5, options: { maxPages: 10, limit: 100 } }).estimate.requests).toEqual({ zkillboard: 5 })
    expect(plan({ characterId: 5, options: { maxPages: 1, limit: 1 } }).estimate.requests).toEqual({ zkillboard: 1 })
  })
  test('is the same for the same params', () => {
    const raw = { characterId: 5, options: { fromDate: '2021-01-01', toDate: '2023-01-01' } }
    expect(plan(raw)).toEqual(plan(raw))
  })
})

test('a month stands in a grid of years and months, a side of it in a row of its own', () => {
  expect(eve.streams.months?.cell?.('characterID/2117325769/year/2023/month/5')).toEqual({ row: '2023', column: '05' })
  expect(eve.streams.months?.cell?.('characterID/2117325769/losses/year/2023/month/12')).toEqual({ row: '2023 losses', column: '12' })
})
