import fc from 'fast-check'
import type { History, Limit } from '../../backend/dashboard/src/api/types'
import { chartsOf, perMinute, summaryOf } from '../../backend/dashboard/src/charts/lines'
import { markText, markTitle } from '../../backend/dashboard/src/charts/marks'
import { summaryOf as limitsInWords, statesOf } from '../../backend/dashboard/src/gates/words'

/* What the charts and the gates say, without a browser. */

const MINUTES = ['2026-07-17T09:00:00.000Z', '2026-07-17T09:01:00.000Z', '2026-07-17T09:02:00.000Z']
const latency = { p50: [10, null, 30], p95: [20, null, 90] }
const history = (series: Partial<History['series']>): History => ({
  minutes: MINUTES,
  spanMinutes: 1,
  now: '2026-07-17T09:03:00.000Z',
  marks: [],
  series: { rows: null, requests: {}, waitSeconds: [0, 0, 0], latency: {}, limits: {}, ...series },
})

test('every line of a chart has a color and dashes that no other line of it has', () => {
  const rows = { new: [1, 2, 3], updated: [1, 1, 1], unchanged: [1, 1, 1], known: [1, 1, 1], rejected: [1, 1, 1] }
  const requests = Object.fromEntries(['2xx', '3xx', '4xx', '429', '5xx', 'failed'].map((name) => [name, [1, 1, 1]]))
  const limits = { esi: { use: [0.5, 1, null], waiting: [1, 2, 3], closed: [0, 0, 1] } }
  const charts = chartsOf(history({ rows, requests, waitSeconds: [1, 2, 3], latency: { esi: latency }, limits }))
  expect(charts.map(({ id }) => id)).toEqual(['records', 'requests', 'waiting', 'limit esi', 'latency esi'])
  for (const { series } of charts) {
    expect(new Set(series.map(({ ink }) => ink)).size).toBe(series.length)
    expect(new Set(series.map(({ dash }) => String(dash))).size).toBe(series.length)
  }
  expect(charts.at(-1)?.series.map(({ name }) => name)).toEqual(['p50 (half are faster)', 'p95 (19 of 20 are faster)'])
  expect(charts[3]?.series[0]?.format(0.955)).toBe('95 %')
})

test('what was never counted has no chart, and what is not known is no 0', () => {
  expect(chartsOf(history({}))).toEqual([])
  const [chart] = chartsOf(history({ latency: { esi: latency } }))
  expect(chart?.series[0]?.values).toEqual([10, null, 30])
  expect(chart && summaryOf(chart, MINUTES)).toBe(
    'p50 (half are faster): latest 30 ms, at most 30 ms at 09:02 UTC. p95 (19 of 20 are faster): latest 90 ms, at most 90 ms at 09:02 UTC.',
  )
  expect(chart?.series[0]?.format(null)).toBe('–')
})

test('figures per minute do not depend on the length of the spans, nor on how much of the last one has passed', () => {
  fc.assert(
    fc.property(
      fc.constantFrom(1, 5, 30),
      fc.integer({ min: 2, max: 50 }),
      fc.double({ min: 0.25, max: 1, noNaN: true }),
      (span, length, part) => {
        const first = Date.parse(MINUTES[0] as string)
        const minutes = Array.from({ length }, (_, n) => new Date(first + n * span * 60_000).toISOString())
        const now = new Date(first + (length - 1 + part) * span * 60_000).toISOString()
        const passed = (Date.parse(now) - Date.parse(minutes.at(-1) as string)) / 60_000
        // Seven a minute, all the time.
        const values = minutes.map((_, n) => 7 * (n === length - 1 ? passed : span))
        const shown = perMinute(values, { minutes, spanMinutes: span, now })
        for (const value of shown.slice(0, -1)) expect(value).toBeCloseTo(7, 6)
        // Processes report every few seconds: the start of a span would be shown as a fall.
        if (passed < span / 2) expect(shown.at(-1)).toBeNull()
        else expect(shown.at(-1)).toBeCloseTo(7, 6)
      },
    ),
  )
})

test('a deploy, a restart and a crash are named', () => {
  const mark = { at: MINUTES[0] as string, before: '0.14.2', version: '0.15.0', apps: ['worker-a', 'worker-b'], starts: 3 }
  expect(markText({ ...mark, kind: 'deploy' })).toBe('0.14.2 → 0.15.0')
  expect(markTitle({ ...mark, kind: 'deploy' })).toBe('Deploy 0.14.2 → 0.15.0 (3 processes)')
  expect(markTitle({ ...mark, kind: 'restart', apps: ['worker-a'] })).toBe('Restart of worker-a')
  expect(markText({ ...mark, kind: 'crash' })).toBe('crash of 3 processes')
})

test('limits in words: closed ones with how many of their hosts, both kinds of waiting apart', () => {
  const none = { total: 1, ready: 1, blocked: 0, tripped: 0, failing: 0, near: 0 }
  const limit = (name: string, gates: object, waiting = { limit: 0, closed: 0 }) =>
    ({ name, scope: 'host', state: 'ready', gates: { ...none, ...gates }, waiting }) as Limit
  expect(statesOf(limit('esi', {}))).toEqual(['open'])
  expect(statesOf(limit('esi', { total: 0 }))).toEqual(['not used yet'])
  expect(statesOf(limit('pds', { total: 5000, tripped: 1, blocked: 1200 }))).toEqual([
    'closed after failures: 1 of 5,000 hosts',
    'paused by the API: 1,200 of 5,000 hosts',
  ])
  expect(limitsInWords([limit('esi', {})])).toBe('No gate is closed, and no limit is nearly used up. No task waits for a limit.')
  expect(limitsInWords([limit('esi', { blocked: 1 }, { limit: 2, closed: 1 }), limit('etsy', { near: 1 })])).toBe(
    'esi: paused by the API. etsy: near the limit. 1 task waits for a closed gate. 2 tasks wait for a limit, as intended.',
  )
})
