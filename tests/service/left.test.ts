import fc from 'fast-check'
import type { Limit } from '../../backend/contract'
import type { Db } from '../../backend/database/db'
import { dice } from '../../backend/sandbox/base/random'
import type { Service } from '../../backend/service/base/context'
import { endsOf, type Need, paceBeside, paceSeen } from '../../backend/service/jobs/budget'
import { slowerOf, timesLeft } from '../../backend/service/jobs/left'
import { budgetRun } from '../support/budget-run'
import { ownDatabase } from '../support/database'
import { until } from '../support/until'

/*
 * When jobs end that share the budget of a day.
 */

let db: Db
ownDatabase((opened) => {
  db = opened
})

const DAY = 60_000
/** What was spent in one is free again at once. */
const PART = DAY / 60
const budget = { room: 100, partMs: PART, reachMs: DAY, intoPartMs: 0, used: [], perMs: 1 }
const need = (id: string, requests: number, weight = 1): Need => ({ id, requests, weight, served: 0 })

test('what the budget has at once is over as fast as the other limits allow; what is more waits for its day', () => {
  expect(endsOf([need('a', 40)], budget)).toEqual(new Map([['a', 40]]))
  const [[, end] = ['', 0]] = [...endsOf([need('a', 250)], budget)]
  expect(end).toBeGreaterThanOrEqual(2 * DAY)
  expect(end).toBeLessThan(2 * (DAY + PART) + 300)
})

test('jobs share by weight: four times the weight ends first, with four fifths of each day', () => {
  const ends = endsOf([need('pro', 160, 4), need('free', 160, 1)], budget)
  // 80 + 80 of pro's by the second day; then all of a day is left to the other.
  expect([...ends.keys()]).toEqual(['pro', 'free'])
  expect(ends.get('pro')).toBeGreaterThanOrEqual(DAY)
  expect(ends.get('pro')).toBeLessThan(DAY + PART + 300)
  expect(ends.get('free')).toBeGreaterThanOrEqual(3 * DAY)
  expect(ends.get('free')).toBeLessThan(3 * (DAY + PART) + 320)
})

test('what was used before is free again in its time', () => {
  const used = [
    { inMs: 10_000, requests: 70 },
    { inMs: 50_000, requests: 30 },
  ]
  expect(endsOf([need('a', 60)], { ...budget, used }).get('a')).toBe(10_060)
  expect(endsOf([need('a', 90)], { ...budget, used }).get('a')).toBe(50_020)
  expect(endsOf([need('a', 1)], { ...budget, room: 0 })).toEqual(new Map())
})

test('no window holds more than the budget, whatever jobs there are, and nobody ends after all have what they need', () => {
  const jobs = fc.array(fc.record({ requests: fc.integer({ min: 1, max: 900 }), weight: fc.constantFrom(1, 4, 8) }), {
    minLength: 1,
    maxLength: 12,
  })
  fc.assert(
    fc.property(jobs, fc.integer({ min: 5, max: 200 }), (list, room) => {
      const needs = list.map((one, n) => need(String(n), one.requests, one.weight))
      const all = needs.reduce((sum, { requests }) => sum + requests, 0)
      const ends = endsOf(needs, { ...budget, room })
      expect(ends.size).toBe(needs.length)
      const last = Math.max(...ends.values())
      // All of it takes as many days as the budget needs for it, and no more.
      expect(Math.floor(last / DAY)).toBeGreaterThanOrEqual(Math.ceil(all / room - 1e-6) - 1)
      const days = Math.ceil(all / room)
      expect(last).toBeLessThanOrEqual((days - 1) * (DAY + PART) + all + 1)
      // Of two with the same weight the smaller one ends first.
      for (const a of needs)
        for (const b of needs)
          if (a.weight === b.weight && a.requests < b.requests) expect(ends.get(a.id)).toBeLessThanOrEqual(ends.get(b.id) as number)
    }),
  )
})

test('of jobs that take turns request by request, 97 of 100 end within a tenth of the time that was told for them', () => {
  const random = dice(5)
  const errors: number[] = []
  for (let run = 0; run < 30; run++) {
    const list = Array.from({ length: 10 + Math.floor(random() * 30) }, (_, n) =>
      need(String(n), 40 + Math.floor(random() * 100), [1, 4, 8][n % 3]),
    )
    const askedAt = DAY * (0.3 + 0.6 * random())
    const { ends, asked } = budgetRun({ jobs: list, room: 200 + Math.floor(random() * 700), dayMs: DAY, perSecond: 25, askedAt, random })
    const left = endsOf(asked?.needs ?? [], asked?.budget ?? budget)
    for (const [id, ms] of left) errors.push(Math.abs(askedAt + ms - (ends.get(id) as number)) / (ends.get(id) as number))
  }
  errors.sort((a, b) => a - b)
  expect(errors.length).toBeGreaterThan(500)
  expect(errors[Math.floor(errors.length / 2)]).toBeLessThan(0.01)
  // The last request of the others falls beside the end of a day's budget.
  expect(errors[Math.floor(errors.length * 0.97)]).toBeLessThan(0.1)
})

test('the pace is that of the fast ones of the last whole parts in a row; a few parts, or those before a pause, tell none', () => {
  const used = (requests: number[], from = 0) => requests.map((count, n) => ({ inMs: (from + n) * PART, requests: count }))
  const row = [3, 10, 12, 11, 10, 1]
  expect(paceSeen({ partMs: PART, used: used(row) })).toBe(12 / PART)
  expect(paceSeen({ partMs: PART, used: [...used(row.map(() => 90)), ...used(row, 8)] })).toBe(12 / PART)
  // Jobs began with few requests: that was not the pace of the workers.
  expect(paceSeen({ partMs: PART, used: used([...row.map(() => 2), ...row.map(() => 2), ...row.slice(1)]) })).toBe(11 / PART)
  expect(paceSeen({ partMs: PART, used: [...used(row), ...used([3, 10], 8)] })).toBe(Number.POSITIVE_INFINITY)
  expect(paceSeen({ partMs: PART, used: [] })).toBe(Number.POSITIVE_INFINITY)
})

test('what comes beside backfills on the same key leaves them less of its pace, a tenth at least', () => {
  const limit: Limit = { scope: 'key', perDay: 1000, requests: 25, perMs: 1000 }
  expect(paceBeside(limit, { requests: 0, ms: 0 })).toBe(0.025)
  expect(paceBeside(limit, { requests: 250, ms: 50_000 })).toBeCloseTo(0.02)
  expect(paceBeside(limit, { requests: 5000, ms: 50_000 })).toBeCloseTo(0.0025)
  // A share of their own is theirs, whatever the others leave of the rest.
  expect(paceBeside({ ...limit, backfillShare: 0.4 }, { requests: 250, ms: 50_000 })).toBeCloseTo(0.01)
})

test('the time left of a job is that of the requests its stages still need; a stage that waits for a person needs none', async () => {
  const ids = ['a', 'b'].map((letter) => `00000000-0000-4000-8000-00000000000${letter}`)
  for (const [n, id] of ids.entries()) {
    await db.query(
      `insert into backhaul.jobs (id, source, status, params, admitted, bounded_by, weight) values ($1, 'toy', 'running', '{}', true, 'toy', $2)`,
      [id, n === 0 ? 4 : null],
    )
    await db.query(
      `insert into backhaul.tasks (job_id, stream, key, queue, state, lane, stage, cursor, traffic, held_by)
       values ($1, 's', 'read', 'q', 'ready', 'shop', 1, '{}', '{"etsy": {"requests": 20}}', null),
              ($1, 's', 'done', 'q', 'done', 'shop', 1, '{}', '{"etsy": {"requests": 30}}', null),
              ($1, 's', 'held', 'q', 'ready', 'dead', 1, '{}', '{}', 'credential/x')`,
      [id],
    )
    await db.query(
      `insert into backhaul.foreseen (job_id, lane, stage, requests)
       values ($1, 'shop', 1, '{"etsy": 150}'), ($1, 'dead', 1, '{"etsy": 1000}'), ($1, 'later', 2, null)`,
      [id],
    )
  }
  const etsy: Limit = { scope: 'key', perDay: 200, dayMs: DAY, backfillShare: { day: 0.5 }, requests: 10, perMs: 1000 }
  const left = await timesLeft({ db, limits: new Map([['etsy', etsy]]) } as unknown as Service)
  // 100 a day: in ten seconds 80 of the first and 20 of the second; they are free again a day later.
  expect(left.get(ids[0] as string)).toBeGreaterThanOrEqual(DAY)
  expect(left.get(ids[0] as string)).toBeLessThan(DAY + 15_000)
  expect(left.get(ids[1] as string)).toBeGreaterThan(left.get(ids[0] as string) as number)
  expect(left.get(ids[1] as string)).toBeLessThan(DAY + 25_000)
})

test('the time left counts what syncs take of the pace', async () => {
  const id = '00000000-0000-4000-8000-00000000000c'
  await db.query(
    `insert into backhaul.jobs (id, source, status, params, admitted, bounded_by) values ($1, 'toy', 'running', '{}', true, 'toy')`,
    [id],
  )
  await db.query(
    `insert into backhaul.tasks (job_id, stream, key, queue, state, lane, stage, cursor) values ($1, 's', 'read', 'q', 'ready', 'shop', 1, '{}')`,
    [id],
  )
  await db.query(`insert into backhaul.foreseen (job_id, lane, stage, requests) values ($1, 'shop', 1, '{"printify": 100}')`, [id])
  const limit: Limit = { scope: 'key', perDay: 10_000, dayMs: DAY, requests: 10, perMs: 1000 }
  const left = async () => (await timesLeft({ db, limits: new Map([['printify', limit]]) } as unknown as Service)).get(id)
  // A cache keeps the answer of a moment before.
  expect(await until(async () => ((await left()) ?? 0) > 0 && (await left()), { what: 'an estimate' })).toBe(10_000)
  await db.query(`insert into backhaul.gates (name) values ('printify:key')`)
  const parts = Array.from({ length: 20 }, (_, n) => (Math.floor(Date.now() / PART) - n) * PART)
  await db.query(
    `insert into backhaul.gate_windows (gate, span, ends, used, backfill, others) values ('printify:key', 'day', $1, $2, $3, $3)`,
    [parts, parts.map(() => 5), parts.map(() => 0)],
  )
  const slower = await until(async () => ((await left()) ?? 0) > 15_000 && (await left()), { what: 'a later estimate' })
  // 5 of 10 requests a second, less what passes until it is asked.
  expect(slower).toBeGreaterThan(16_000)
  expect(slower).toBeLessThan(21_000)
})

test('a job whose requests are made slower than the limits let them be is as slow as that', () => {
  // 60 requests at 3 a second, where the limits need one second for them.
  expect(slowerOf(1000, { requests: 60, perSecond: 3, isShared: true })).toBe(20_000)
  expect(slowerOf(90_000, { requests: 60, perSecond: 3, isShared: false })).toBe(90_000)
  expect(slowerOf(90_000, { requests: 600, perSecond: 3, isShared: false })).toBe(200_000)
  // It may be the turn of another.
  expect(slowerOf(90_000, { requests: 600, perSecond: 3, isShared: true })).toBe(90_000)
  // Nothing moves, or more was foreseen than was made: the limits tell.
  for (const perSecond of [0, -4, undefined]) expect(slowerOf(1000, { requests: 60, perSecond, isShared: false })).toBe(1000)
})
