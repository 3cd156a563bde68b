import { randomUUID } from 'node:crypto'
import fc from 'fast-check'
import { Refused, Throttled } from '../../backend/base/errors'
import type { Reader } from '../../backend/base/sql'
import type { Limit, RequestClass } from '../../backend/contract'
import { type Db, openDb } from '../../backend/database/db'
import type { Ask } from '../../backend/gate/asks'
import { createGate } from '../../backend/gate/gate'
import type { Grant } from '../../backend/gate/grant'
import type { Limits } from '../../backend/gate/limits'
import { type TestDatabase, testDatabase } from '../support/env'
import { until } from '../support/until'

const DELTA_MS = 15
let env: TestDatabase
let db: Db
let others: Db[]

beforeAll(async () => {
  env = await testDatabase()
  db = openDb(env.databaseUrl, { name: 'gate' })
  others = [0, 1, 2].map((n) => openDb(env.databaseUrl, { name: `gate ${n}`, max: 2 }))
})
afterAll(async () => {
  await Promise.all([db, ...others].map((one) => one.close()))
  await env.close()
})

/** Limits under names that no other test uses. */
function limitsOf(limits: Record<string, Omit<Limit, 'scope'>>): { limits: Limits; names: string[] } {
  const run = randomUUID().slice(0, 8)
  const named = Object.entries(limits).map(([name, limit]) => {
    const [api, part] = name.split('.')
    return [`${api}${run}${part ? `.${part}` : ''}`, { scope: 'ip', ...limit }] as [string, Limit]
  })
  return { limits: new Map(named), names: named.map(([name]) => name) }
}

const gateOf = (limit: Omit<Limit, 'scope'>, reader: Reader = db) => {
  const { limits, names } = limitsOf({ api: limit })
  return { gate: createGate(reader, limits), limits, name: names[0] as string, asks: [{ api: names[0] as string }] as Ask[] }
}

const throttled = async (promise: Promise<unknown>): Promise<Throttled> => {
  const error = await promise.then(
    (value) => new Error(`was granted: ${JSON.stringify(value)}`),
    (failure: Error) => failure,
  )
  if (!(error instanceof Throttled)) throw error
  return error
}

const rowOf = async (name: string) => (await createGate(db, new Map()).list()).find((row) => row.name === name)

/** A reader that notes each statement and may be told to fail or to answer late. */
function watched(inner: Reader = db) {
  const seen: string[] = []
  const told: { fail?: Error; lateMs: number } = { lateMs: 0 }
  const reader: Reader = {
    async query<Row extends object>(sql: string, values?: readonly unknown[]) {
      if (told.fail) throw told.fail
      seen.push(`${sql} ${values?.[0]}`)
      const rows = await inner.query<Row>(sql, values)
      if (told.lateMs > 0 && values?.[0] !== '{}') {
        const ready = performance.now() + told.lateMs
        told.lateMs = 0
        await until(() => performance.now() >= ready)
      }
      return rows
    },
  }
  return { reader, seen, told }
}

/** Milliseconds since 1970 with a fraction; the database's clock too, as it runs on this machine. */
const wallOffset = Date.now() - performance.now()
const wall = () => performance.now() + wallOffset

interface Sent {
  at: number
  sentAt: number
  class: RequestClass
  cost: number
}

/** Asks as fast as it is let, from several processes with clocks of their own, until `forMs` are over. */
async function rush(limits: Limits, asks: Ask[], forMs: number, classes: RequestClass[]): Promise<Sent[]> {
  const sent: Sent[] = []
  const end = performance.now() + forMs
  await Promise.all(
    classes.map(async (to, n) => {
      const gate = createGate(others[n % others.length] as Db, limits, { now: () => performance.now() + n * 7_777_777 })
      while (performance.now() < end) {
        const grant = await gate.acquire(asks, to).catch((error: Error) => {
          // Further off than 2 s: nothing more comes in the time of this test.
          if (error instanceof Throttled) return undefined
          throw error
        })
        if (!grant) return
        sent.push({ at: grant.at, sentAt: wall(), class: to, cost: asks[0]?.cost ?? 1 })
      }
    }),
  )
  return sent.sort((a, b) => a.at - b.at)
}

/** The most that any window of `perMs` holds. */
const fullest = (sent: Sent[], perMs: number, time: (one: Sent) => number): number => {
  const sorted = [...sent].sort((a, b) => time(a) - time(b))
  let from = 0
  let held = 0
  let most = 0
  for (const one of sorted) {
    held += one.cost
    while (time(one) - time(sorted[from] as Sent) >= perMs) held -= (sorted[from++] as Sent).cost
    most = Math.max(most, held)
  }
  return most
}

const clients = fc.array(fc.constantFrom<RequestClass>('live', 'backfill'), { minLength: 2, maxLength: 5 })

describe('no limit is broken by several processes together', () => {
  test('a spacing', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 80 }), clients, async (spacingMs, classes) => {
        const { limits, names } = limitsOf({ api: { spacingMs } })
        const sent = await rush(limits, [{ api: names[0] as string }], 500, classes)
        expect(sent.length).toBeGreaterThan(1)
        for (const [n, one] of sent.entries()) {
          const before = sent[n - 1]
          if (!before) continue
          expect(one.at - before.at).toBeGreaterThanOrEqual(spacingMs + DELTA_MS)
        }
        for (const one of sent) expect(one.sentAt).toBeGreaterThanOrEqual(one.at - 2)
      }),
      { numRuns: 8 },
    )
  })

  test('rolling windows, the part of them backfills may have, and token costs', async () => {
    const limit = fc.record({
      requests: fc.integer({ min: 4, max: 40 }),
      perMs: fc.integer({ min: 60, max: 500 }),
      perDay: fc.integer({ min: 10, max: 200 }),
      dayMs: fc.integer({ min: 500, max: 900 }),
      backfillShare: fc.double({ min: 0.2, max: 1, noNaN: true }),
      tokens: fc.constant(true),
    })
    await fc.assert(
      fc.asyncProperty(limit, clients, fc.integer({ min: 1, max: 4 }), async (one, classes, cost) => {
        const { limits, names } = limitsOf({ api: one })
        const sent = await rush(limits, [{ api: names[0] as string, cost }], 1_200, classes)
        const backfill = sent.filter((each) => each.class === 'backfill')
        const share = (room: number) => Math.max(Math.floor(room * one.backfillShare), cost)
        for (const time of [(each: Sent) => each.at, (each: Sent) => each.sentAt]) {
          expect(fullest(sent, one.perMs, time)).toBeLessThanOrEqual(one.requests)
          expect(fullest(sent, one.dayMs, time)).toBeLessThanOrEqual(one.perDay)
          expect(fullest(backfill, one.perMs, time)).toBeLessThanOrEqual(share(one.requests))
          expect(fullest(backfill, one.dayMs, time)).toBeLessThanOrEqual(share(one.perDay))
        }
        expect(sent.length).toBeGreaterThan(0)
      }),
      { numRuns: 8 },
    )
  })

  test('a limit of the API and one of its part are booked together or not at all', async () => {
    const { limits, names } = limitsOf({ api: { requests: 100, perMs: 60_000 }, 'api.part': { requests: 10, perMs: 60_000, tokens: true } })
    const [api, part] = names as [string, string]
    const gate = createGate(db, limits)
    await gate.acquire([{ api }, { api: part, cost: 6 }], 'backfill')
    const refused = await throttled(gate.acquire([{ api }, { api: part, cost: 6 }], 'backfill'))
    expect(refused.on).toBe(part)
    expect(await rowOf(api)).toMatchObject({ used: { requests: 1 } })
    expect(await rowOf(part)).toMatchObject({ used: { requests: 6 } })
  })

  test('requests in flight', async () => {
    const { gate, asks, limits } = gateOf({ concurrent: 2 })
    const held = [await gate.acquire(asks, 'backfill'), await gate.acquire(asks, 'backfill')]
    const third = await throttled(createGate(others[0] as Db, limits).acquire(asks, 'backfill'))
    expect(third.until.getTime()).toBeGreaterThan(wall() + 500)
    const waiting = gate.acquire(asks, 'backfill')
    await gate.settle(held[0] as Grant, { sent: true, result: 'ok' })
    await waiting
  })

  test('rows that are not there yet, asked for by many at once in any order', async () => {
    const { limits, names } = limitsOf({
      a: { requests: 1000, perMs: 60_000 },
      b: { requests: 1000, perMs: 60_000 },
      c: { requests: 1000, perMs: 60_000 },
    })
    const asks = names.map((api) => ({ api }))
    const all = [asks, [...asks].reverse(), asks.slice(1), asks.slice(0, 1), [...asks].reverse().slice(1), asks.slice(2)]
    await Promise.all(all.map((some, n) => createGate(others[n % others.length] as Db, limits).acquire(some, 'live')))
    const rows = await Promise.all(names.map(rowOf))
    expect(rows.map((row) => row?.used.requests)).toEqual([4, 4, 4])
  })
})

/** The arithmetic of one limit, written again in the plainest way. */
function model(limit: { spacingMs?: number; requests?: number; perMs?: number; backfillShare: number }) {
  const booked: { end: number; cost: number; backfill: boolean }[] = []
  let nextAt = 0
  const perMs = limit.perMs ?? 0
  const reach = perMs + Math.trunc((Math.min(1000, Math.max(50, Math.trunc(perMs / 100))) * 3) / 2)
  const sub = Math.trunc((perMs + 59) / 60)
  const used = (t: number, only: boolean) =>
    booked.filter((b) => b.end + reach > t && (b.backfill || !only)).reduce((n, b) => n + b.cost, 0)
  const earliest = (from: number, cost: number, backfill: boolean): number => {
    const room = limit.requests ?? Number.POSITIVE_INFINITY
    const share = Math.max(Math.floor(room * limit.backfillShare), cost)
    const fits = (t: number) => used(t, false) + cost <= room && (!backfill || used(t, true) + cost <= share)
    const moments = [from, ...booked.map((b) => b.end + reach)].filter((t) => t >= from).sort((a, b) => a - b)
    return Math.max(moments.find(fits) ?? Number.NaN, nextAt, from)
  }
  return {
    earliest,
    book(at: number, cost: number, backfill: boolean) {
      if (limit.spacingMs) nextAt = at + limit.spacingMs + DELTA_MS
      if (perMs) booked.push({ end: (Math.trunc(at / sub) + 1) * sub, cost, backfill })
    },
  }
}

test('every answer is the one the arithmetic gives', async () => {
  const limit = fc.record(
    {
      spacingMs: fc.integer({ min: 1, max: 20 }),
      window: fc.record({ requests: fc.integer({ min: 5, max: 40 }), perMs: fc.integer({ min: 1, max: 300 }) }),
      backfillShare: fc.double({ min: 0.1, max: 1, noNaN: true }),
    },
    { requiredKeys: ['backfillShare'] },
  )
  const call = fc.record({ backfill: fc.boolean(), cost: fc.integer({ min: 1, max: 5 }), within: fc.integer({ min: 0, max: 400 }) })
  await fc.assert(
    fc.asyncProperty(limit, fc.array(call, { minLength: 10, maxLength: 60 }), async ({ spacingMs, window, backfillShare }, calls) => {
      const name = randomUUID()
      const expected = model({ spacingMs, ...window, backfillShare })
      for (const { backfill, cost, within } of calls) {
        const ask = {
          cost,
          spans: window ? { requests: [window.requests, window.perMs, backfillShare] } : {},
          hold: 1,
          ...(spacingMs && { spacing: spacingMs }),
        }
        const values = [JSON.stringify({ [name]: ask }), backfill ? 'backfill' : 'live', randomUUID(), null, within, 0]
        const [row] = await db.query<{ it: Record<string, number> }>('select backhaul.gate_acquire($1, $2, $3, $4, $5, $6) as it', values)
        const it = row?.it as Record<string, number>
        const now = Math.floor(it.now as number)
        const at = expected.earliest(now, cost, backfill)
        expect(it.retryAt).toBe(at)
        expect(it.granted).toBe(at <= now + within)
        if (!it.granted && backfill) continue
        expect(it.slot).toBe(it.granted ? null : at)
        expected.book(at, cost, backfill)
        expect(it.nextAt).toBe(Math.max(at, expected.earliest(at, cost, backfill)))
      }
    }),
    { numRuns: 25 },
  )
})

describe('who waits how', () => {
  test('a backfill whose moment is far off books nothing and asks again then', async () => {
    const { gate, asks, name } = gateOf({ spacingMs: 10_000 })
    const first = await gate.acquire(asks, 'backfill')
    const before = await rowOf(name)
    const refused = await throttled(gate.acquire(asks, 'backfill'))
    expect(first.nextAt.getTime()).toBeGreaterThanOrEqual(first.at + 10_000 + DELTA_MS)
    expect(refused.until).toEqual(first.nextAt)
    expect(refused.slotAt).toBeUndefined()
    expect((await rowOf(name))?.nextAt).toEqual(before?.nextAt)
  })

  test('a live request is promised a moment however far off, and no other request gets it', async () => {
    const { gate, asks } = gateOf({ spacingMs: 10_000 })
    const first = await gate.acquire(asks, 'backfill')
    const promised = await throttled(gate.acquire(asks, 'live'))
    expect(promised.slotAt).toEqual(first.nextAt)
    const behind = await throttled(gate.acquire(asks, 'backfill'))
    expect(behind.until.getTime()).toBeGreaterThanOrEqual(first.nextAt.getTime() + 10_015)
    const early = await throttled(gate.acquire(asks, 'live', { slotAt: promised.slotAt }))
    expect(early.slotAt).toEqual(promised.slotAt)
  })

  test('a promised moment is honored once, and not when it is over', async () => {
    const present = async () => {
      const { gate, asks, limits } = gateOf({ spacingMs: 2_200 })
      const first = await gate.acquire(asks, 'backfill')
      const { slotAt } = await throttled(gate.acquire(asks, 'live'))
      await until(() => (slotAt as Date).getTime() - wall() < 1_900)
      const presented = [gate, createGate(others[0] as Db, limits)].map((one) => one.acquire(asks, 'live', { slotAt }))
      const answers = await Promise.allSettled(presented)
      const [grant, ...more] = answers.flatMap((it) => (it.status === 'fulfilled' ? [it.value] : []))
      return grant && { first, grant, more, answers, late: await throttled(gate.acquire(asks, 'live', { slotAt })) }
    }
    // A process that is not woken within 15 ms of its moment misses it: on a loaded machine another is presented.
    const { first, grant, more, answers, late } = await until(present, { timeoutMs: 50_000, what: 'a moment that is not missed' })
    expect([grant.at, more]).toEqual([first.nextAt.getTime(), []])
    const refused = answers.find((it): it is PromiseRejectedResult => it.status === 'rejected')
    expect(refused?.reason.slotAt.getTime()).toBeGreaterThan(grant.at + 2_200)
    expect(late.slotAt?.getTime()).toBeGreaterThan(grant.at + 4_400)
  })

  test('no live request is promised a moment more than ten minutes off', async () => {
    const { gate, asks } = gateOf({ spacingMs: 900_000 })
    await gate.acquire(asks, 'live')
    expect((await throttled(gate.acquire(asks, 'live'))).slotAt).toBeUndefined()
  })

  test('live requests go on where backfills have used up their share', async () => {
    const { gate, asks } = gateOf({ requests: 10, perMs: 60_000, backfillShare: 0.3 })
    for (let n = 0; n < 3; n++) await gate.acquire(asks, 'backfill')
    await throttled(gate.acquire(asks, 'backfill'))
    for (let n = 0; n < 7; n++) await gate.acquire(asks, 'live')
    await throttled(gate.acquire(asks, 'live'))
  })
})

describe('faults', () => {
  test('a grant that arrives too late is not used; its moment is released', async () => {
    const { reader, told, seen } = watched()
    const { gate, asks } = gateOf({ spacingMs: 5_000 }, reader)
    told.lateMs = 60
    const asked = wall()
    const grant = await gate.acquire(asks, 'backfill')
    expect(seen.filter((one) => one.includes('gate_acquire') && !one.endsWith('{}'))).toHaveLength(2)
    expect(grant.at).toBeGreaterThan(asked + 60)
    expect((await throttled(gate.acquire(asks, 'backfill'))).until).toEqual(grant.nextAt)
  })

  test('a worker that dies with a grant in hand costs one moment and, after its time, no place', async () => {
    const { gate, asks, limits } = gateOf({ spacingMs: 50, concurrent: 1 })
    const lost = await gate.acquire(asks, 'backfill', { holdMs: 300 })
    const next = await createGate(others[0] as Db, limits).acquire(asks, 'backfill')
    expect(next.at).toBeGreaterThanOrEqual(lost.at + 300)
    expect(next.at).toBeLessThan(lost.at + 1_000)
  })

  test('a restart forgets nothing', async () => {
    const { gate, asks, limits } = gateOf({ spacingMs: 5_000, requests: 3, perMs: 3_600_000 })
    const grant = await gate.acquire(asks, 'backfill')
    const fresh = openDb(env.databaseUrl, { name: 'after restart' })
    const refused = await throttled(createGate(fresh, limits).acquire(asks, 'backfill'))
    await fresh.close()
    expect(refused.until).toEqual(grant.nextAt)
  })

  test('while the database is unreachable nothing is granted, and what an answer reported is kept', async () => {
    const { reader, told } = watched()
    const { gate, asks, name } = gateOf({ requests: 100, perMs: 1_000, concurrent: 5 }, reader)
    const grant = await gate.acquire(asks, 'backfill')
    told.fail = Object.assign(new Error('connect ECONNREFUSED 127.0.0.1:5432'), { code: 'ECONNREFUSED' })
    const refused = await throttled(gate.acquire(asks, 'backfill'))
    expect(refused.on).toBe('database')
    expect(refused.message).toContain('ECONNREFUSED')
    await gate.settle(grant, { sent: true, result: 'ok', block: [{ api: name, until: new Date(Date.now() + 60_000), reason: 'http 429' }] })
    told.fail = undefined
    expect((await throttled(gate.acquire(asks, 'backfill'))).until.getTime()).toBeGreaterThan(Date.now() + 50_000)
    expect(await rowOf(name)).toMatchObject({ blockedReason: 'http 429', inFlight: 0 })
  })

  test('a database without the gate is reported as such', async () => {
    const { reader, told } = watched()
    const { gate, asks } = gateOf({ spacingMs: 1 }, reader)
    told.fail = Object.assign(new Error('function backhaul.gate_acquire does not exist'), { code: '42883' })
    await expect(gate.acquire(asks, 'backfill')).rejects.toThrow(Refused)
    await expect(gate.acquire(asks, 'backfill')).rejects.toThrow(/run yarn migrate/)
  })

  test('an abort ends the waiting and gives the moment back', async () => {
    const { gate, asks, name } = gateOf({ spacingMs: 1_500 })
    const first = await gate.acquire(asks, 'backfill')
    const stop = new AbortController()
    const waiting = gate.acquire(asks, 'backfill', { signal: stop.signal })
    await until(async () => ((await rowOf(name))?.nextAt?.getTime() ?? 0) > first.nextAt.getTime())
    stop.abort(new Error('stop'))
    await expect(waiting).rejects.toThrow('stop')
    expect((await rowOf(name))?.nextAt).toEqual(first.nextAt)
  })
})

describe('a request that ends well', () => {
  const well = { sent: true, result: 'ok' } as const

  test('releases its place with the next question: one statement a request', async () => {
    const { reader, seen } = watched()
    const { gate, asks, name } = gateOf({ concurrent: 1, requests: 1_000, perMs: 100_000 }, reader)
    gate.settleSoon(await gate.acquire(asks, 'backfill'), well)
    const before = seen.length
    for (let n = 0; n < 5; n++) gate.settleSoon(await gate.acquire(asks, 'backfill'), well)
    expect(seen).toHaveLength(before + 5)
    await gate.close()
    expect(await rowOf(name)).toMatchObject({ inFlight: 0, used: { requests: 6 } })
  })

  test('releases it once where the answer to the next question is late', async () => {
    const { reader, seen, told } = watched()
    const { gate, asks, name } = gateOf({ concurrent: 1 }, reader)
    gate.settleSoon(await gate.acquire(asks, 'backfill'), well)
    const before = seen.length
    told.lateMs = 100
    const next = await gate.acquire(asks, 'backfill')
    expect(seen).toHaveLength(before + 1)
    gate.settleSoon(next, well)
    await until(async () => (await rowOf(name))?.inFlight === 0)
  })

  test('releases it by itself when no question follows, and when one about another gate does', async () => {
    const { limits, names } = limitsOf({ a: { concurrent: 1 }, b: {} })
    const [a, b] = names as [string, string]
    const gate = createGate(db, limits)
    gate.settleSoon(await gate.acquire([{ api: a }], 'backfill'), well)
    await gate.acquire([{ api: b }], 'backfill')
    await until(async () => (await rowOf(a))?.inFlight === 0)
    await createGate(others[0] as Db, limits).acquire([{ api: a }], 'backfill')
  })

  test('releases it also where the next question is refused', async () => {
    const { gate, asks, name } = gateOf({ concurrent: 5, spacingMs: 5_000 })
    gate.settleSoon(await gate.acquire(asks, 'backfill'), well)
    await throttled(gate.acquire(asks, 'backfill'))
    expect(await rowOf(name)).toMatchObject({ inFlight: 0 })
  })

  test('keeps it in mind while the database is unreachable', async () => {
    const { reader, told } = watched()
    const { gate, asks, limits } = gateOf({ concurrent: 1 }, reader)
    gate.settleSoon(await gate.acquire(asks, 'backfill'), well)
    told.fail = Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' })
    await throttled(gate.acquire(asks, 'backfill'))
    await gate.close()
    told.fail = undefined
    gate.settleSoon(await gate.acquire(asks, 'backfill'), well)
    await gate.close()
    await createGate(others[0] as Db, limits).acquire(asks, 'backfill')
  })
})

describe('what answers say', () => {
  test('a block closes the gate for everybody, also for who waits for his moment already', async () => {
    const { gate, asks, limits, name } = gateOf({ spacingMs: 900 })
    const grant = await gate.acquire(asks, 'backfill')
    const waiting = throttled(createGate(others[0] as Db, limits).acquire(asks, 'backfill'))
    await until(async () => ((await rowOf(name))?.nextAt?.getTime() ?? 0) > grant.nextAt.getTime())
    const until60 = new Date(Date.now() + 60_000)
    await gate.settle(grant, { sent: true, result: 'ok', block: [{ api: name, until: until60, reason: 'http 420' }] })
    const refused = await waiting
    expect(Math.abs(refused.until.getTime() - until60.getTime())).toBeLessThan(50)
    expect(refused.message).toContain('http 420')
  })

  test('the real cost takes the place of the worst one', async () => {
    const { gate, name } = gateOf({ requests: 10, perMs: 60_000, tokens: true })
    const asks = [{ api: name, cost: 5 }]
    for (const real of [2, 0, 1])
      await gate.settle(await gate.acquire(asks, 'backfill'), { sent: true, result: 'ok', cost: { [name]: real } })
    expect((await rowOf(name))?.used).toEqual({ requests: 3 })
    await gate.acquire(asks, 'backfill')
    await throttled(gate.acquire(asks, 'backfill'))
  })

  test('tokens that other clients have used are counted too', async () => {
    const { gate, name, asks } = gateOf({ requests: 100, perMs: 60_000 })
    await gate.settle(await gate.acquire(asks, 'live'), { sent: true, result: 'ok', remaining: [{ api: name, tokens: 2 }] })
    expect((await rowOf(name))?.used).toEqual({ requests: 98 })
    await gate.settle(await gate.acquire(asks, 'live'), { sent: true, result: 'ok', remaining: [{ api: name, tokens: 50 }] })
    expect((await rowOf(name))?.used).toEqual({ requests: 99 })
  })

  test('a plain success costs no statement', async () => {
    const { reader, seen } = watched()
    // A slot of a second that has passed is returned, which costs a statement: this span does not end in the test.
    const { gate, asks } = gateOf({ requests: 100, perMs: 86_400_000 }, reader)
    const plain = async () => gate.settle(await gate.acquire(asks, 'backfill'), { sent: true, result: 'ok' })
    await plain()
    const before = seen.length
    await plain()
    expect(seen).toHaveLength(before + 1)
  })

  test('five failures in a row trip the breaker, one probe tries, success closes it', async () => {
    const { gate, asks, name } = gateOf({})
    const fail = async () => gate.settle(await gate.acquire(asks, 'backfill'), { sent: true, result: 'failed' })
    for (let n = 0; n < 4; n++) await fail()
    await gate.settle(await gate.acquire(asks, 'backfill'), { sent: true, result: 'ok' })
    for (let n = 0; n < 4; n++) expect(await fail()).toBeUndefined()
    const open = await fail()
    expect((open as Date).getTime() - wall()).toBeGreaterThan(4_000)
    expect((await throttled(gate.acquire(asks, 'live'))).message).toContain('breaker')
    const over = () => db.query('update backhaul.gates set open_until = clock_timestamp() where name = $1', [name])

    await over()
    const probe = await gate.acquire(asks, 'backfill')
    expect(probe.probe).toBe(true)
    await throttled(gate.acquire(asks, 'backfill'))
    const longer = await gate.settle(probe, { sent: true, result: 'failed' })
    expect((longer as Date).getTime() - wall()).toBeGreaterThan(9_000)

    await over()
    await gate.settle(await gate.acquire(asks, 'backfill'), { sent: true, result: 'ok' })
    expect(await rowOf(name)).toMatchObject({ failures: 0, trippedUntil: null })
    expect((await gate.acquire(asks, 'backfill')).probe).toBe(false)
  })

  test('late failures of requests sent before do not keep the breaker tripped', async () => {
    const { gate, asks, name } = gateOf({})
    const sent = await Promise.all(Array.from({ length: 12 }, () => gate.acquire(asks, 'backfill')))
    for (const grant of sent) await gate.settle(grant, { sent: true, result: 'failed' })
    expect((await rowOf(name))?.failures).toBe(5)
  })
})
