import { randomUUID } from 'node:crypto'
import { setTimeout as rest } from 'node:timers/promises'
import fc from 'fast-check'
import { Throttled } from '../../backend/base/errors'
import type { Reader } from '../../backend/base/sql'
import type { Limit } from '../../backend/contract'
import { type Db, openDb } from '../../backend/database/db'
import { createGate } from '../../backend/gate/gate'
import type { Grant } from '../../backend/gate/grant'
import type { Limits } from '../../backend/gate/limits'
import { type TestDatabase, testDatabase } from '../support/env'
import { until } from '../support/until'

let env: TestDatabase
let db: Db

beforeAll(async () => {
  env = await testDatabase()
  db = openDb(env.databaseUrl, { name: 'gate ahead', max: 4 })
})
afterAll(async () => {
  await db.close()
  await env.close()
})

const well = { sent: true, result: 'ok' } as const
const unreachable = Object.assign(new Error('connect ECONNREFUSED 127.0.0.1:5432'), { code: 'ECONNREFUSED' })

/** A process at the gate: notes its statements, and reaches the database no more once it is cut off. */
function processAt(limits: Limits) {
  const seen: Promise<unknown>[] = []
  const texts: string[] = []
  const link: { fault?: Error } = {}
  const reader: Reader = {
    query<Row extends object>(sql: string, values?: readonly unknown[]) {
      if (link.fault) return Promise.reject(link.fault)
      const rows = db.query<Row>(sql, values)
      seen.push(rows)
      texts.push(sql)
      return rows
    },
  }
  return { gate: createGate(reader, limits), seen, texts, link }
}

function world(limit: Omit<Limit, 'scope'>) {
  const name = `api${randomUUID().slice(0, 8)}`
  const limits: Limits = new Map([[name, { scope: 'ip', ...limit }]])
  const row = async () => (await createGate(db, new Map()).list()).find((one) => one.name === name)
  return { name, asks: [{ api: name }], limits, row, ...processAt(limits) }
}

describe('a question asked ahead of its request', () => {
  test('is the only one: the request takes its answer', async () => {
    const { gate, seen, asks, row } = world({ requests: 1_000, perMs: 60_000, concurrent: 1 })
    gate.settleSoon(await gate.acquire(asks, 'backfill'), well)
    const before = seen.length
    for (let n = 0; n < 5; n++) {
      gate.askAhead(asks, 'backfill')
      gate.askAhead(asks, 'backfill')
      gate.settleSoon(await gate.acquire(asks, 'backfill'), well)
    }
    expect(seen).toHaveLength(before + 5)
    await gate.close()
    expect(await row()).toMatchObject({ granted: 6n, inFlight: 0, used: { requests: 6 } })
  })

  test('releases what it was granted when no request comes', async () => {
    const { gate, seen, texts, asks, row, limits } = world({ requests: 10, perMs: 60_000, concurrent: 1 })
    gate.settleSoon(await gate.acquire(asks, 'backfill'), well)
    gate.askAhead(asks, 'backfill')
    await until(() => texts.some((sql) => sql.includes('gate_settle')))
    await Promise.all(seen)
    expect(await row()).toMatchObject({ granted: 1n, inFlight: 0, used: { requests: 1 } })
    await processAt(limits).gate.acquire(asks, 'backfill')
  })

  test('releases it at the end of its process, also while it is still asked', async () => {
    const { gate, asks, row } = world({ requests: 10, perMs: 60_000, concurrent: 1 })
    gate.settleSoon(await gate.acquire(asks, 'backfill'), well)
    gate.askAhead(asks, 'backfill')
    await gate.close()
    expect(await row()).toMatchObject({ inFlight: 0, used: { requests: 1 } })
  })

  test.each([
    ['a spaced limit', { spacingMs: 50, requests: 100, perMs: 1_000 }, 'backfill' as const, {}],
    ['a paced job', { requests: 100, perMs: 1_000 }, 'backfill' as const, { spacingMs: 50 }],
    ['a live request', { requests: 100, perMs: 1_000 }, 'live' as const, {}],
  ])('is not asked for %s', async (_, limit, to, pace) => {
    const { gate, seen, asks, name } = world(limit)
    const options = 'spacingMs' in pace ? { pace: { api: name, job: randomUUID(), spacingMs: 50 } } : {}
    await gate.settle(await gate.acquire(asks, to, options), well)
    const before = seen.length
    gate.askAhead(asks, to, options)
    expect(seen).toHaveLength(before)
  })

  test('is refused like any other: the request waits, and the wait counts once', async () => {
    const { gate, asks, row } = world({ requests: 1, perMs: 10_000 })
    gate.settleSoon(await gate.acquire(asks, 'backfill'), well)
    gate.askAhead(asks, 'backfill')
    await expect(gate.acquire(asks, 'backfill')).rejects.toThrow(Throttled)
    expect(await row()).toMatchObject({ granted: 1n, waits: 1n })
  })

  test('counts for nothing once an upstream has refused or failed', async () => {
    const { gate, seen, asks, name, row } = world({ requests: 100, perMs: 60_000 })
    const first = await gate.acquire(asks, 'backfill')
    const second = await gate.acquire(asks, 'backfill')
    gate.askAhead(asks, 'backfill')
    await seen.at(-1)
    await gate.settle(first, { sent: true, block: [{ api: name, until: new Date(Date.now() + 60_000), reason: 'http 429' }] })
    await expect(gate.acquire(asks, 'backfill')).rejects.toThrow('http 429')
    await gate.settle(second, well)
    expect(await row()).toMatchObject({ used: { requests: 2 } })
  })

  test('grants nothing while the database is unreachable', async () => {
    const { gate, asks, link, row } = world({ requests: 100, perMs: 60_000 })
    gate.settleSoon(await gate.acquire(asks, 'backfill'), well)
    link.fault = unreachable
    gate.askAhead(asks, 'backfill')
    await expect(gate.acquire(asks, 'backfill')).rejects.toMatchObject({ on: 'database' })
    // Nobody takes this one.
    gate.askAhead(asks, 'backfill')
    await gate.close()
    link.fault = undefined
    await gate.acquire(asks, 'backfill')
    expect(await row()).toMatchObject({ used: { requests: 2 } })
  })
})

interface Sent {
  from: number
  to: number
}

/** The most that any window of `perMs` holds. */
const fullest = (sent: readonly Sent[], perMs: number): number =>
  Math.max(0, ...sent.map(({ from }) => sent.filter((other) => other.from >= from && other.from < from + perMs).length))

/** The most that run at once. */
const atOnce = (sent: readonly Sent[]): number =>
  Math.max(0, ...sent.map(({ from }) => sent.filter((other) => other.from <= from && other.to > from).length))

/** When a request that is never settled counts as lost, ms. */
const HOLD_MS = 300

/** What a process does after a page. */
const MOVES = ['next page', 'last page', 'dies while it asks', 'dies with the grant', 'is refused', 'is busy'] as const

test('no limit is broken by questions asked ahead, whatever dies when', async () => {
  const limit = fc.record({
    requests: fc.integer({ min: 3, max: 30 }),
    perMs: fc.integer({ min: 80, max: 400 }),
    concurrent: fc.integer({ min: 1, max: 3 }),
  })
  const scripts = fc.array(fc.array(fc.constantFrom(...MOVES), { minLength: 3, maxLength: 12 }), { minLength: 2, maxLength: 4 })
  await fc.assert(
    fc.asyncProperty(limit, scripts, async (one, all) => {
      const { limits, asks, row } = world(one)
      const sent: Sent[] = []
      const end = performance.now() + 900
      const walk = async (script: readonly (typeof MOVES)[number][]) => {
        let own = processAt(limits)
        for (let n = 0; performance.now() < end; n++) {
          const grant = await own.gate.acquire(asks, 'backfill', { holdMs: HOLD_MS }).catch(refused)
          if (!grant) continue
          const page = { from: performance.now(), to: Number.POSITIVE_INFINITY }
          if (!grant.inTime()) {
            await own.gate.settle(grant, { sent: false })
            continue
          }
          sent.push(page)
          await rest(n % 3)
          // Its place is its own for that long.
          page.to = Math.min(performance.now(), page.from + HOLD_MS - 100)
          const move = script[n % script.length]
          if (move === 'is refused') await own.gate.settle(grant, { sent: true, throttled: asks[0]?.api })
          else own.gate.settleSoon(grant, well)
          if (move !== 'last page') own.gate.askAhead(asks, 'backfill', { holdMs: HOLD_MS })
          if (move === 'is busy') await rest(30)
          if (move === 'dies with the grant') await rest(5)
          if (move?.startsWith('dies')) {
            own.link.fault = unreachable
            own = processAt(limits)
          }
        }
        await own.gate.close()
      }
      await Promise.all(all.map(walk))
      expect(fullest(sent, one.perMs)).toBeLessThanOrEqual(one.requests)
      expect(atOnce(sent)).toBeLessThanOrEqual(one.concurrent)
      expect(sent.length).toBeGreaterThan(0)
      // What a dead process held is lost for its time, and no longer.
      await until(async () => (await row())?.inFlight === 0)
    }),
    { numRuns: 8 },
  )
})

/** The next slot is too far off, or all places are taken: asked again. */
async function refused(error: Error): Promise<Grant | undefined> {
  if (!(error instanceof Throttled)) throw error
  await rest(Math.min(50, Math.max(1, error.until.getTime() - Date.now())))
  return undefined
}
