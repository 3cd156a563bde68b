import fc from 'fast-check'
import { RetryLater, Throttled } from '../../backend/base/errors'
import { instantOf, momentIn } from '../../backend/base/moments'
import type { Verdict } from '../../backend/contract'
import { createPatience } from '../../backend/http/patience'

/*
 * What upstreams say of time. The tests run in a zone that is not UTC (jest.config.js).
 */

const now = Date.parse('2026-11-01T00:00:00Z')

describe('a time', () => {
  test('without a zone is UTC, wherever this process runs', () => {
    expect(new Date(now).getTimezoneOffset()).not.toBe(0)
    fc.assert(
      fc.property(fc.date({ min: new Date('1970-01-01'), max: new Date('2100-01-01'), noInvalidDate: true }), (date) => {
        const iso = `${date.toISOString().slice(0, 19)}`
        const at = Date.parse(`${iso}Z`)
        expect([iso, iso.replace('T', ' '), `${iso}Z`, `${iso}.000`].map(instantOf)).toEqual([at, at, at, at])
        expect(instantOf(iso.slice(0, 10))).toBe(Date.parse(iso.slice(0, 10)))
        expect(instantOf(new Date(at).toUTCString())).toBe(at)
        expect(instantOf(new Date(at).toUTCString().replace(' GMT', ''))).toBe(at)
      }),
    )
  })
  test.each([
    ['2024-03-05T12:00:00+09:00', '2024-03-05T03:00:00Z'],
    ['2024-03-05T12:00:00-0330', '2024-03-05T15:30:00Z'],
    ['2024-03-05T12:00:00+09', '2024-03-05T03:00:00Z'],
    ['2024-03-05T12:00', '2024-03-05T12:00:00Z'],
    ['Sun, 06 Nov 1994 08:49:37 GMT', '1994-11-06T08:49:37Z'],
    ['Sunday, 06-Nov-94 08:49:37 GMT', '1994-11-06T08:49:37Z'],
    ['Sun Nov  6 08:49:37 1994', '1994-11-06T08:49:37Z'],
  ])('%s is %s', (text, iso) => expect(instantOf(text)).toBe(Date.parse(iso)))
  test.each(['', 'soon', '7', '1 March', '2024', '99:99', undefined, null])('%j is none', (text) => expect(instantOf(text)).toBeUndefined())
})

describe('a moment in a header', () => {
  const secondsOf = (text: string | undefined, date?: string) => {
    const at = momentIn({ 'retry-after': text, date }, 'retry-after', now)
    return at && (at.getTime() - now) / 1000
  }
  test.each(['30', '1793491230', '1793491230000', 'Sun, 01 Nov 2026 00:00:30 GMT', 'Sun Nov  1 00:00:30 2026'])('%s is one', (text) =>
    expect(secondsOf(text)).toBe(30),
  )
  test.each(['', 'soon', '-1', '1e300', undefined])('%j is none', (text) => expect(secondsOf(text)).toBeUndefined())
  test('named by its place in time is by the clock of the upstream', () => {
    const tenMinutesAhead = new Date(now + 600_000).toUTCString()
    expect(secondsOf('Sun, 01 Nov 2026 00:10:30 GMT', tenMinutesAhead)).toBe(30)
    expect(secondsOf('30', tenMinutesAhead)).toBe(30)
  })
})

describe('waits', () => {
  const verdict = (ms: number): Verdict => {
    const until = new Date(now + ms)
    return { error: new Throttled('esi', until), block: [{ api: 'esi', until, reason: 'http 429' }] }
  }
  const lengths = (patience: ReturnType<typeof createPatience>, times: number, named: (at: number) => Verdict): number[] => {
    let at = now
    return Array.from({ length: times }, () => {
      const { error, block } = patience(named(at), ['esi'], undefined, at, at)
      const until = (error as Throttled).until.getTime()
      expect(block?.map((one) => one.until.getTime())).toEqual([until])
      const length = until - at
      at = until
      return length
    })
  }
  const refusal = (inMs: number) => (at: number) => verdict(at - now + inMs)

  test('of nothing last a second, twice as long each time, at most five minutes', () => {
    const patience = createPatience()
    expect(lengths(patience, 11, refusal(0))).toEqual([1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300].map((seconds) => seconds * 1000))
  })
  test('that are longer are as long as they say', () => {
    expect(lengths(createPatience(), 3, refusal(30_000))).toEqual([30_000, 30_000, 30_000])
  })
  test('start again after an answer that is none of a refusal', () => {
    const patience = createPatience()
    lengths(patience, 4, refusal(0))
    patience({}, ['esi'], undefined, now + 60_000, now + 60_000)
    expect(lengths(patience, 1, refusal(0))).toEqual([1000])
  })
  test('do not grow by requests that were under way together, and those say nothing of what came after', () => {
    const patience = createPatience()
    const ends = [1, 2, 3].map(() => (patience(verdict(0), ['esi'], undefined, now, now + 100).error as Throttled).until.getTime() - now)
    expect(ends).toEqual([1100, 1100, 1100])
    patience({}, ['esi'], undefined, now, now + 200)
    expect((patience(verdict(0), ['esi'], undefined, now + 1100, now + 1100).error as Throttled).until.getTime() - now).toBe(3100)
  })
  test('of one host are not those of another', () => {
    const patience = createPatience()
    const wait = (scope: string, at: number) => (patience(verdict(0), ['esi'], scope, at, at).error as Throttled).until.getTime() - at
    expect([wait('a', now), wait('b', now), wait('a', now + 1000), wait('b', now + 1000)]).toEqual([1000, 1000, 2000, 2000])
  })
  test('beside an answer that counts are a second, and no more', () => {
    const patience = createPatience()
    const used = (at: number): Verdict => ({ block: [{ api: 'esi', until: new Date(at), reason: 'budget used up' }] })
    const all = [0, 1000, 2000].map((ms) => patience(used(now + ms), ['esi'], undefined, now + ms, now + ms).block?.[0]?.until.getTime())
    expect(all).toEqual([now + 1000, now + 2000, now + 3000])
  })
  test('that come with a failure postpone it', () => {
    const { error } = createPatience()({ error: new RetryLater('http_503', 'down', new Date(now)) }, ['esi'], undefined, now, now)
    expect(error).toMatchObject({ kind: 'http_503', at: new Date(now + 1000) })
  })
})
