import fc from 'fast-check'
import { Refused } from '../../backend/base/errors'
import type { Api } from '../../backend/contract'
import { createClock } from '../../backend/gate/clock'
import { effectiveLimits, rowOf, withLearned } from '../../backend/gate/limits'

const esi: Api = {
  url: { template: 'https://esi.example' },
  limit: { scope: 'ip', concurrent: 20 },
  parts: { 'esi.killmail': { scope: 'ip', requests: 3600, perMs: 900_000, tokens: true } },
}
const zkillboard: Api = { url: { template: 'https://z.example' }, limit: { scope: 'ip', spacingMs: 10_000, concurrent: 1 } }
const sources = [{ apis: { esi, zkillboard } }]

describe('limits in force', () => {
  test('are those of the sources', () => {
    expect(effectiveLimits(sources, {}).get('esi.killmail')).toEqual(esi.parts?.['esi.killmail'])
  })
  test('with LIMITS merged over them', () => {
    expect(effectiveLimits(sources, { zkillboard: { spacingMs: 500 } }).get('zkillboard')).toEqual({
      scope: 'ip',
      spacingMs: 500,
      concurrent: 1,
    })
  })
  test("an override of an API takes the place of its parts' limits", () => {
    const limits = effectiveLimits(sources, { esi: { requests: 200, perMs: 1000 } })
    expect(limits.get('esi')).toMatchObject({ requests: 200, perMs: 1000 })
    expect(limits.get('esi.killmail')).toEqual({ scope: 'ip' })
  })
  test('unless they are named', () => {
    const limits = effectiveLimits(sources, { esi: { requests: 200, perMs: 1000 }, 'esi.killmail': { requests: 72_000 } })
    expect(limits.get('esi.killmail')).toEqual({ scope: 'ip', requests: 72_000, perMs: 900_000, tokens: true, fixed: ['requests'] })
  })
  test('what LIMITS states is not replaced by what an upstream reports; the rest is', () => {
    const limit = { scope: 'ip', requests: 5, perMs: 1_000, perDay: 100, fixed: ['requests'] } as const
    expect(withLearned(limit, { requests: 50, day: 500 })).toEqual({ ...limit, perDay: 500 })
    expect(withLearned({ scope: 'ip', requests: 5, perMs: 1_000 }, { day: 500 })).toEqual({ scope: 'ip', requests: 5, perMs: 1_000 })
    expect(withLearned(limit, null)).toEqual(limit)
  })
  test('a share for one window leaves that of the other as it is', () => {
    const api: Api = { ...zkillboard, limit: { scope: 'key', requests: 5, perMs: 1_000, perDay: 100, backfillShare: 0.5 } }
    const share = (backfillShare: number | { requests?: number; day?: number }) =>
      effectiveLimits([{ apis: { etsy: api } }], { etsy: { backfillShare } }).get('etsy')?.backfillShare
    expect(share({ day: 0.3 })).toEqual({ requests: 0.5, day: 0.3 })
    expect(share(0.2)).toBe(0.2)
  })
  test('a name that no source has is refused', () => {
    expect(() => effectiveLimits(sources, { zkilboard: { spacingMs: 1 } })).toThrow(Refused)
    expect(() => effectiveLimits(sources, { zkilboard: { spacingMs: 1 } })).toThrow(
      /"zkilboard".*The names are esi, esi.killmail, zkillboard/,
    )
  })
  test('requests without perMs are refused', () => {
    expect(() => effectiveLimits(sources, { zkillboard: { requests: 5 } })).toThrow(/without perMs/)
  })
  test('a row counts for all, or for what the limit counts by', () => {
    expect(rowOf('esi', { scope: 'ip' }, 'ignored')).toBe('esi')
    expect(rowOf('pds', { scope: 'host' }, 'pds.example')).toBe('pds:pds.example')
    expect(() => rowOf('pds', { scope: 'host' }, undefined)).toThrow(/scopeOf/)
  })
  test('limits of one request may count by different things', () => {
    const scopeOf = { etsy: 'key 1', 'etsy.shop': 'shop 42' }
    expect(rowOf('etsy', { scope: 'key' }, scopeOf)).toBe('etsy:key 1')
    expect(rowOf('etsy.shop', { scope: 'account' }, scopeOf)).toBe('etsy.shop:shop 42')
    // A label that stands in for a missing one would make strangers share a limit.
    expect(() => rowOf('etsy.user', { scope: 'account' }, scopeOf)).toThrow('A request to etsy.user must name its account in scopeOf.')
  })
})

describe('the clock of another machine', () => {
  test('is known to within half the quickest round trip, whatever the others are like', () => {
    const trip = fc.record({
      out: fc.integer({ min: 0, max: 200 }),
      back: fc.integer({ min: 0, max: 200 }),
      pause: fc.integer({ min: 0, max: 50 }),
    })
    fc.assert(
      fc.property(fc.integer(), fc.array(trip, { minLength: 1, maxLength: 30 }), (offset, trips) => {
        let local = 0
        const clock = createClock(() => local)
        for (const { out, back, pause } of trips) {
          local += pause
          const before = local
          local += out
          const theirs = local + offset
          local += back
          clock.note(theirs, before, local)
        }
        const quickest = Math.min(...trips.map(({ out, back }) => out + back))
        const drift = local * 5e-4
        expect(clock.atLeast()).toBeLessThanOrEqual(local + offset)
        expect(clock.atMost()).toBeGreaterThanOrEqual(local + offset)
        expect(Math.abs(clock.now() - (local + offset))).toBeLessThanOrEqual(quickest / 2 + drift + 1e-6)
      }),
    )
  })
  test('is learnt anew when it was set', () => {
    const clock = createClock(() => 100)
    clock.note(1_000, 99, 100)
    clock.note(9_000, 99, 100)
    expect(Math.abs(clock.now() - 9_000)).toBeLessThanOrEqual(1)
  })
})
