import { randomUUID } from 'node:crypto'
import fc from 'fast-check'
import type { Limit } from '../../backend/contract'
import { type Db, openDb } from '../../backend/database/db'
import { keepRetention } from '../../backend/engine/upkeep/retention'
import { createGate, type Gate, Paced } from '../../backend/gate/gate'
import { sleepUntil } from '../../backend/gate/sleep'
import { gateStates } from '../../backend/service/suite/gates'
import { type TestDatabase, testDatabase } from '../support/env'
import { quiet } from '../support/suite'

/* The pace of a job beside the limit of an API: over all processes, and at no other job's cost. */

const DELTA_MS = 15
let env: TestDatabase
let dbs: Db[]

beforeAll(async () => {
  env = await testDatabase()
  dbs = [0, 1, 2].map((n) => openDb(env.databaseUrl, { name: `pace ${n}`, max: 3 }))
})
afterAll(async () => {
  await Promise.all(dbs.map((one) => one.close()))
  await env.close()
})

interface Job {
  job: string
  spacingMs: number
}

const world = (limit: Omit<Limit, 'scope'>) => {
  const api = `api${randomUUID().slice(0, 8)}`
  const limits = new Map([[api, { scope: 'ip' as const, ...limit }]])
  return { api, limits, gates: dbs.map((db) => createGate(db, limits)) }
}
const newJob = (spacingMs: number): Job => ({ job: randomUUID(), spacingMs })
const row = async (api: string, { job }: Job) =>
  (await (dbs[0] as Db).query<{ name: string }>('select name from backhaul.gates where name = $1', [`pace/${api}:${job}`]))[0]

/** Asks for a job as fast as it is let, as a worker does, until `end`. @returns its moments */
async function ask(gate: Gate, api: string, end: number, { job, spacingMs }: Job, moments: number[]): Promise<void> {
  while (performance.now() < end) {
    try {
      moments.push((await gate.acquire([{ api }], 'backfill', { pace: { api, job, spacingMs } })).at)
    } catch (error) {
      if (!(error instanceof Paced)) throw error
      const until = performance.now() + error.inMs
      if (until > end) return
      await sleepUntil(() => until - performance.now())
    }
  }
}

const least = (moments: number[]): number => Math.min(...moments.toSorted((a, b) => a - b).map((at, n, all) => at - (all[n - 1] ?? -1e12)))

test('holds over all processes, whatever the paces of others, and the limit of the API besides', async () => {
  const paces = fc.array(fc.integer({ min: 1, max: 250 }), { minLength: 1, maxLength: 3 })
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 1, max: 60 }), paces, async (spacingMs, wanted) => {
      const { api, gates } = world({ spacingMs })
      const jobs = wanted.map((pace) => ({ ...newJob(pace), moments: [] as number[] }))
      const end = performance.now() + 700
      await Promise.all(jobs.flatMap((job) => gates.map((gate) => ask(gate, api, end, job, job.moments))))
      expect(least(jobs.flatMap(({ moments }) => moments))).toBeGreaterThanOrEqual(spacingMs + DELTA_MS)
      for (const { moments, spacingMs: pace } of jobs) {
        expect(moments.length).toBeGreaterThan(0)
        expect(least(moments)).toBeGreaterThanOrEqual(Math.max(pace, spacingMs) + DELTA_MS)
      }
    }),
    { numRuns: 8 },
  )
})

test('a slow job takes no moments from a fast one: the API is asked as often as its limit allows', async () => {
  const { api, gates } = world({ spacingMs: 85 })
  const [fast, slow] = [newJob(1), newJob(485)]
  const moments = { fast: [] as number[], slow: [] as number[] }
  const end = performance.now() + 3_000
  const [one, other, third] = gates as [Gate, Gate, Gate]
  await Promise.all([
    ask(one, api, end, fast, moments.fast),
    ask(third, api, end, fast, moments.fast),
    ask(other, api, end, slow, moments.slow),
    ask(third, api, end, slow, moments.slow),
  ])
  // 30 moments of 100 ms; a slow job that booked ahead would leave most of them unused.
  const all = moments.fast.length + moments.slow.length
  expect(all).toBeGreaterThanOrEqual(27)
  // It may ask at every fifth moment, when the two that ask for the fast one may be ahead of it.
  expect(moments.slow.length).toBeGreaterThanOrEqual(Math.floor(all / 7))
  expect(least(moments.slow)).toBeGreaterThanOrEqual(500)
})

test('is refused at once with the moment it allows, and others are granted meanwhile', async () => {
  const { api, gates } = world({ spacingMs: 1 })
  const [one, other] = gates as [Gate, Gate]
  const slow = newJob(30_000)
  const pace = { api, ...slow }
  const grant = await one.acquire([{ api }], 'live', { pace })
  const refused = await other.acquire([{ api }], 'live', { pace }).catch((error: unknown) => error)
  expect(refused).toBeInstanceOf(Paced)
  const { on, until, inMs, slotAt } = refused as Paced
  expect([on, slotAt]).toEqual(['its own pace', undefined])
  // The less a process knows of the database's clock, the more it adds.
  expect(until.getTime()).toBeGreaterThanOrEqual(grant.at + 30_000 + DELTA_MS)
  expect(until.getTime()).toBeLessThan(grant.at + 31_000)
  expect(inMs).toBeGreaterThan(29_000)
  expect(grant.nextAt).toEqual(until)
  expect((await other.acquire([{ api }], 'backfill', { pace: { api, ...newJob(30_000) } })).at).toBeLessThan(grant.at + 2_000)
  expect((await other.acquire([{ api }], 'backfill')).at).toBeLessThan(grant.at + 2_000)
})

test('a request that was not sent gives its moment back, and one that left late moves the next', async () => {
  const { api, gates } = world({ spacingMs: 1 })
  const [one, other] = gates as [Gate, Gate]
  const pace = { api, ...newJob(60_000) }
  await one.settle(await one.acquire([{ api }], 'backfill', { pace }), { sent: false })
  const second = await other.acquire([{ api }], 'backfill', { pace })
  await other.settle(second, { sent: true, result: 'ok', leftAt: performance.now() + 5_000 })
  const refused = (await one.acquire([{ api }], 'backfill', { pace }).catch((error: unknown) => error)) as Paced
  expect(refused.until.getTime()).toBeGreaterThan(second.at + 64_000)
})

test('is no row where the limit of the API keeps it anyway, or where another API is asked', async () => {
  const { api, gates } = world({ spacingMs: 50 })
  const [gate] = gates as [Gate]
  const [same, other, slower] = [newJob(50), newJob(500), newJob(51)]
  await gate.acquire([{ api }], 'backfill', { pace: { api, ...same } })
  await gate.acquire([{ api }], 'backfill', { pace: { ...other, api: 'another' } })
  await gate.acquire([{ api }], 'backfill', { pace: { api, ...slower } })
  expect([await row(api, same), await row('another', other), await row(api, slower)]).toEqual([undefined, undefined, expect.anything()])
})

test('its rows are in no list, and deleted once they have held nothing back for an hour', async () => {
  const { api, limits, gates } = world({ spacingMs: 1 })
  const [gate] = gates as [Gate]
  const [db] = dbs as [Db]
  const [past, recent] = [newJob(500), newJob(500)]
  for (const job of [past, recent]) await gate.acquire([{ api }], 'backfill', { pace: { api, ...job } })
  expect((await gateStates({ db, limits })).gates.map(({ name }) => name)).toEqual([api])
  expect((await gate.list()).filter(({ name }) => name.includes('pace'))).toEqual([])
  await db.query(`update backhaul.gates set next_at = now() - interval '61 minutes' where name like $1`, [`%${past.job}`])
  const retention = keepRetention({ db, log: quiet, retentionMs: 86_400_000 })
  while ((await retention.tick()) === 'busy');
  expect([await row(api, past), await row(api, recent)]).toEqual([undefined, expect.anything()])
  expect((await gate.acquire([{ api }], 'backfill', { pace: { api, ...past } })).at).toBeGreaterThan(0)
})
