import { randomUUID } from 'node:crypto'
import fc from 'fast-check'
import { Throttled } from '../../backend/base/errors'
import type { Limit, RequestClass } from '../../backend/contract'
import { type Db, openDb } from '../../backend/database/db'
import { createGate } from '../../backend/gate/gate'
import type { Grant, Outcome } from '../../backend/gate/grant'
import { limitsNow } from '../../backend/gate/learned'
import type { LimitInForce, Limits } from '../../backend/gate/limits'
import { leastMs } from '../../backend/service/jobs/estimate'
import { type TestDatabase, testDatabase } from '../support/env'

let env: TestDatabase
let db: Db
let other: Db

beforeAll(async () => {
  env = await testDatabase()
  db = openDb(env.databaseUrl, { name: 'spans' })
  other = openDb(env.databaseUrl, { name: 'spans 2' })
})
afterAll(async () => {
  await Promise.all([db.close(), other.close()])
  await env.close()
})

/** One limit under a name that no other test uses, asked by two processes. */
function world(limit: Omit<LimitInForce, 'scope'>) {
  const api = `api${randomUUID().slice(0, 8)}`
  const limits: Limits = new Map([[api, { scope: 'ip', ...limit }]])
  const gates = [createGate(db, limits), createGate(other, limits)] as const
  const ask = async (to: RequestClass, n: 0 | 1 = 0): Promise<Grant | Throttled> =>
    gates[n].acquire([{ api }], to).catch((error: Error) => {
      if (error instanceof Throttled) return error
      throw error
    })
  return {
    api,
    ask,
    /** How many requests are granted before one is refused. */
    async many(to: RequestClass, n: 0 | 1 = 0): Promise<number> {
      for (let granted = 0; ; granted++) if ((await ask(to, n)) instanceof Throttled) return granted
    },
    /** One request, and what the upstream tells with its answer. */
    async answered(told: Omit<Outcome, 'sent'>, to: RequestClass = 'live'): Promise<void> {
      const grant = await ask(to)
      if (grant instanceof Throttled) throw grant
      await gates[0].settle(grant, { sent: true, result: 'ok', ...told })
    },
    row: async () => (await gates[1].list()).find(({ name }) => name === api),
  }
}

const MINUTE = 60_000
const DAY = 86_400_000

describe('the share of backfills', () => {
  test('of a day leaves the other window to everybody', async () => {
    const it = world({ requests: 8, perMs: MINUTE, perDay: 10, backfillShare: { day: 0.5 } })
    expect(await it.many('backfill')).toBe(5)
    expect(await it.many('live', 1)).toBe(3)
  })

  test('of the other window leaves the day to everybody', async () => {
    const it = world({ requests: 8, perMs: MINUTE, perDay: 10, backfillShare: { requests: 0.5 } })
    expect(await it.many('backfill')).toBe(4)
    expect(await it.many('live')).toBe(4)
  })

  test('of a day that is used up parks a backfill until some of it is free, and nothing is asked meanwhile', async () => {
    const it = world({ perDay: 10, backfillShare: { day: 0.2 } })
    expect(await it.many('backfill')).toBe(2)
    const refused = await it.ask('backfill')
    expect(refused).toMatchObject({ name: 'Throttled', on: it.api, message: expect.stringContaining('(day)') })
    const wait = (refused as Throttled).until.getTime() - Date.now()
    expect(wait).toBeGreaterThanOrEqual(DAY)
    expect(wait).toBeLessThan(DAY * 1.02)
  })

  test('holds in each window, whatever is asked by whom', async () => {
    const share = fc.option(fc.double({ min: 0.1, max: 1, noNaN: true }), { nil: undefined })
    const limit = fc.record({
      requests: fc.integer({ min: 2, max: 12 }),
      perDay: fc.integer({ min: 2, max: 12 }),
      shares: fc.record({ requests: share, day: share }),
    })
    const calls = fc.array(
      fc.record({ to: fc.constantFrom<RequestClass>('live', 'backfill'), n: fc.constantFrom(0 as const, 1 as const) }),
      {
        minLength: 25,
        maxLength: 30,
      },
    )
    await fc.assert(
      fc.asyncProperty(limit, calls, async ({ requests, perDay, shares }, asked) => {
        const it = world({ requests, perMs: 10 * MINUTE, perDay, backfillShare: shares })
        const granted = { live: 0, backfill: 0 }
        const of = (figure: number, part: number | undefined) => Math.max(1, Math.floor(figure * (part ?? 1)))
        const room = Math.min(requests, perDay)
        const forBackfills = Math.min(of(requests, shares.requests), of(perDay, shares.day))
        for (const { to, n } of asked) {
          const fits = granted.live + granted.backfill < room && (to === 'live' || granted.backfill < forBackfills)
          const grant = await it.ask(to, n)
          expect(grant instanceof Throttled).toBe(!fits)
          if (fits) granted[to]++
          // A live request that is promised a slot of a later window takes nothing of this one.
        }
        expect(granted.backfill).toBeLessThanOrEqual(forBackfills)
      }),
      { numRuns: 12 },
    )
  })
})

describe('what the upstream says is left', () => {
  test('of a day counts in the day only', async () => {
    const it = world({ requests: 50, perMs: MINUTE, perDay: 100 })
    await it.answered({ remaining: [{ api: it.api, tokens: 7, span: 'day' }] })
    expect(await it.row()).toMatchObject({ used: { requests: 1, day: 93 } })
    expect(await it.many('live', 1)).toBe(7)
  })

  test('of both windows counts in both', async () => {
    const it = world({ requests: 50, perMs: MINUTE, perDay: 100 })
    const { api } = it
    await it.answered({
      remaining: [
        { api, tokens: 20 },
        { api, tokens: 60, span: 'day' },
      ],
    })
    expect(await it.row()).toMatchObject({ used: { requests: 30, day: 40 } })
  })

  test('belongs to others and takes nothing of the share of backfills', async () => {
    const it = world({ perDay: 100, backfillShare: { day: 0.5 } })
    await it.answered({ remaining: [{ api: it.api, tokens: 60, span: 'day' }] })
    expect(await it.many('backfill')).toBe(50)
  })

  test('is believed when others used less than it seemed, short of the requests in flight', async () => {
    const it = world({ perDay: 1_000 })
    await it.answered({ remaining: [{ api: it.api, tokens: 400, span: 'day' }] })
    await it.answered({ remaining: [{ api: it.api, tokens: 900, span: 'day' }] })
    expect(await it.row()).toMatchObject({ used: { day: 110 } })
  })

  test('never makes our own grants fewer', async () => {
    const it = world({ perDay: 100 })
    for (let n = 0; n < 30; n++) await it.ask('live')
    await it.answered({ remaining: [{ api: it.api, tokens: 100, span: 'day' }] })
    expect(await it.row()).toMatchObject({ used: { day: 31 } })
  })

  test('never lets the grants of this window and what others used exceed the limit', async () => {
    const reports = fc.array(fc.record({ used: fc.integer({ min: 0, max: 300 }), ours: fc.integer({ min: 0, max: 8 }) }), { maxLength: 8 })
    await fc.assert(
      fc.asyncProperty(reports, async (all) => {
        const it = world({ perDay: 300 })
        let ours = 0
        for (const report of all) {
          for (let n = 0; n < report.ours; n++) if (!((await it.ask('live', 1)) instanceof Throttled)) ours++
          const grant = await it.ask('live')
          if (grant instanceof Throttled) break
          ours++
          await createGate(db, new Map([[it.api, { scope: 'ip', perDay: 300 }]])).settle(grant, {
            sent: true,
            remaining: [{ api: it.api, tokens: Math.max(0, 300 - report.used), span: 'day' }],
          })
          const used = (await it.row())?.used.day ?? 0
          expect(used).toBeGreaterThanOrEqual(Math.max(ours, Math.min(300, report.used)))
        }
      }),
      { numRuns: 15 },
    )
  })
})

describe('a limit that the upstream reports', () => {
  test('is in force for all processes from their next request on, and shown', async () => {
    const it = world({ requests: 100, perMs: MINUTE, perDay: 10_000 })
    await it.answered({ limits: [{ api: it.api, requests: 4, day: 5_000 }] })
    expect(await it.row()).toMatchObject({ learned: { requests: 4, day: 5_000 } })
    expect(await it.many('live', 1)).toBe(3)
  })

  test('counts in an estimate, with the share of backfills: the days that a budget takes', async () => {
    const it = world({ perDay: 10_000, backfillShare: { day: 0.5 } })
    await it.answered({ limits: [{ api: it.api, day: 1_000 }] })
    const limit = (await limitsNow(other, new Map([[it.api, { scope: 'ip', perDay: 10_000, backfillShare: { day: 0.5 } }]]))).get(it.api)
    expect(leastMs(2_100, limit as Limit, true)).toBe(4 * DAY)
    expect(leastMs(2_100, limit as Limit)).toBe(2 * DAY)
    const fixed = await limitsNow(other, new Map([[it.api, { scope: 'ip', perDay: 10_000, fixed: ['day'] }]]))
    expect(leastMs(2_100, fixed.get(it.api) as Limit, true)).toBe(0)
  })

  test('may be higher than stated, changes, and is the base of the share', async () => {
    const it = world({ perDay: 4, backfillShare: { day: 0.5 } })
    await it.answered({ limits: [{ api: it.api, day: 20 }] }, 'backfill')
    expect(await it.many('backfill', 1)).toBe(9)
    await it.answered({ limits: [{ api: it.api, day: 30 }] })
    expect(await it.many('backfill', 1)).toBe(5)
  })

  test('leaves what is left to the upstream: both are counted from the reported limit', async () => {
    const it = world({ perDay: 10 })
    await it.answered({ limits: [{ api: it.api, day: 1_000 }], remaining: [{ api: it.api, tokens: 990, span: 'day' }] })
    expect(await it.row()).toMatchObject({ used: { day: 10 } })
  })

  test('does not replace one that LIMITS states', async () => {
    const it = world({ requests: 3, perMs: MINUTE, perDay: 50, fixed: ['requests'] })
    await it.answered({ limits: [{ api: it.api, requests: 100, day: 2 }] })
    expect(await it.many('live')).toBe(1)
    const stated = world({ requests: 3, perMs: MINUTE, fixed: ['requests'] })
    await stated.answered({ limits: [{ api: stated.api, requests: 100 }] })
    expect(await stated.many('live')).toBe(2)
  })

  test.each([0, -5, 1.5, Number.NaN, 2 ** 31])('%d is none', async (figure) => {
    const it = world({ requests: 3, perMs: MINUTE })
    await it.answered({ limits: [{ api: it.api, requests: figure }] })
    expect(await it.row()).toMatchObject({ learned: null })
  })

  test('survives an unreachable database', async () => {
    const limit: Limit = { scope: 'ip', requests: 3, perMs: MINUTE }
    const api = `api${randomUUID().slice(0, 8)}`
    let down = false
    const query: Db['query'] = async (sql, values) => {
      if (down) throw new Error('connection lost')
      return db.query(sql, values)
    }
    const gate = createGate({ query }, new Map([[api, limit]]))
    const grant = await gate.acquire([{ api }], 'live')
    down = true
    await gate.settle(grant, { sent: true, limits: [{ api, requests: 50 }] })
    down = false
    await gate.acquire([{ api }], 'live')
    expect((await gate.list()).find(({ name }) => name === api)).toMatchObject({ learned: { requests: 50 } })
  })
})

describe('what is shown as used', () => {
  test('is never more than one window was granted, and leaves out what is promised for later', async () => {
    const it = world({ requests: 10, perMs: 1_500 })
    const shown: number[] = []
    const ends = Date.now() + 4_000
    while (Date.now() < ends) {
      await it.ask('live', shown.length % 2 ? 1 : 0)
      shown.push((await it.row())?.used.requests ?? 0)
    }
    expect(Math.max(...shown)).toBe(10)
  })
})
