import { RetryLater, Throttled } from '../../../backend/base/errors'
import { costOf, understandEsi, understandZkillboard } from '../../../backend/sources/eve/apis'
import { ageOf } from '../../../backend/sources/eve/client'

const NOW = Date.parse('2024-06-01T12:00:00Z')
beforeEach(() => jest.useFakeTimers({ now: NOW }))
afterEach(() => jest.useRealTimers())
const at = (seconds: number): Date => new Date(NOW + seconds * 1000)
const esi = (status: number, headers: Record<string, string> = {}, text = '{}') => understandEsi({ status, headers, text })
const zkillboard = (status: number, headers: Record<string, string> = {}, text = '[]') => understandZkillboard({ status, headers, text })

test.each([
  [200, 2],
  [304, 1],
  [404, 5],
  [422, 5],
  [429, 0],
  [503, 0],
])('an answer with %i costs %i tokens', (status, tokens) => {
  expect(costOf(status)).toBe(tokens)
  expect(esi(status).cost).toEqual({ 'esi.killmail': tokens })
})

test('ESI rests until its minute is over when few errors are left, also after an answer that is fine', () => {
  const verdict = esi(200, { 'x-esi-error-limit-remain': '19', 'x-esi-error-limit-reset': '42' })
  expect(verdict).toMatchObject({ block: [{ api: 'esi', until: at(42) }] })
  expect(verdict.error).toBeUndefined()
  expect(esi(200, { 'x-esi-error-limit-remain': '20', 'x-esi-error-limit-reset': '42' }).block).toEqual([])
})

test('420 stops every route until the reset', () => {
  const verdict = esi(420, { 'x-esi-error-limit-remain': '0', 'x-esi-error-limit-reset': '30' })
  expect(verdict.error).toBeInstanceOf(Throttled)
  expect(verdict.block).toContainEqual({ api: 'esi', until: at(30), reason: expect.stringContaining('420') })
})

test('429 stops the bucket it names, or everything when it names none', () => {
  expect(esi(429, { 'x-ratelimit-group': 'killmail', 'retry-after': '7' }).block).toMatchObject([{ api: 'esi.killmail', until: at(7) }])
  expect(esi(429).block).toMatchObject([{ api: 'esi', until: at(30) }])
})

test.each([
  ['seconds', '45'],
  ['a date', at(45).toUTCString()],
  ['a date in the oldest form of HTTP, which names no zone', 'Sat Jun  1 12:00:45 2024'],
])('a wait is read when it is %s', (_, text) => {
  const until = at(45)
  expect(zkillboard(429, { 'retry-after': text }).error).toMatchObject({ name: 'Throttled', until })
  expect(zkillboard(503, { 'retry-after': text }).block).toMatchObject([{ until }])
  expect(esi(429, { 'retry-after': text }).block).toMatchObject([{ api: 'esi', until }])
  expect(esi(503, { 'retry-after': text }, 'The datasource tranquility is temporarily unavailable').block).toMatchObject([{ until }])
})

test('what is left in the bucket is passed on', () => {
  expect(esi(200, { 'x-ratelimit-group': 'killmail', 'x-ratelimit-remaining': '3598' }).remaining).toEqual([
    { api: 'esi.killmail', tokens: 3598 },
  ])
  expect(esi(200, { 'x-ratelimit-group': 'status', 'x-ratelimit-remaining': '5' }).remaining).toBeUndefined()
})

test('in the downtime ESI waits and uses no attempt; a stray 504 is for the edge', () => {
  expect(esi(503, {}, '{"error":"The datasource tranquility is temporarily unavailable"}').error).toBeInstanceOf(Throttled)
  expect(esi(504, {}, '{"error":"Timeout contacting tranquility"}').error).toBeUndefined()
})

test.each([
  ['the blocked redirect', () => zkillboard(302, { location: '/api/blocked.json' })],
  ['a refusal', () => zkillboard(403, {}, '<html>Sorry, you have been blocked</html>')],
  ['a web page with 200', () => zkillboard(200, {}, '<!DOCTYPE html><html></html>')],
])('zKillboard is left alone for a minute after %s', (_, answer) => {
  const verdict = answer()
  expect(verdict.error).toBeInstanceOf(RetryLater)
  expect((verdict.error as RetryLater).kind).toBe('blocked')
  expect(verdict.block).toMatchObject([{ api: 'zkillboard', until: at(60) }])
})

test('zKillboard is waited for in reinforced mode and when it says how long', () => {
  expect(zkillboard(503).error).toBeInstanceOf(Throttled)
  expect(zkillboard(429, { 'retry-after': '90' }).block).toMatchObject([{ until: at(90) }])
  expect(zkillboard(200)).toEqual({})
})

test('the age of a page is read from what caches write', () => {
  const headers = { date: new Date(NOW).toUTCString(), age: '600', 'cache-control': 'public, max-age=3600' }
  expect(ageOf({ headers })).toEqual({ made: NOW - 600_000, expires: NOW + 3_000_000, aged: true })
  expect(ageOf({ headers: {} })).toEqual({ made: NOW, expires: NOW + 3_600_000, aged: false })
})
