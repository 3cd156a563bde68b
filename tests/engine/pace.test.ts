import { once } from 'node:events'
import { join } from 'node:path'
import { Worker } from 'node:worker_threads'
import { z } from 'zod'
import { readConfig } from '../../backend/config/config'
import { defineSource, defineStream, type Pace, type Source } from '../../backend/contract'
import { type Db, openDb } from '../../backend/database/db'
import { startJob } from '../../backend/engine/jobs/verbs'
import { createGate } from '../../backend/gate/gate'
import { effectiveLimits } from '../../backend/gate/limits'
import { createHttpFactory } from '../../backend/http'
import { type Served, serve } from '../support/api'
import { type Suite, suite } from '../support/suite'
import { until } from '../support/until'

/* A job asks an API at its own pace, whatever its tasks, its retries and the workers are. */

const API = 'slowly'
const PAGES = 4
interface Arrival {
  path: string
  at: number
  /** It may have come so much earlier, ms. */
  lateMs: number
}
const arrived: Arrival[] = []
/** Paths that are answered with 500 once. */
const FAILING = ['/slow/a/0', '/slow/b/1']
let server: Worker
let source: Source
let it_: Suite
let gateDb: Db
let api: Served

interface Params {
  name: string
  pace?: Pace
}

const makeSource = (url: string): Source =>
  defineSource<Params>({
    name: 'paced',
    about: 'asks slowly, for tests',
    requests: {},
    params: z.object({ name: z.string(), pace: z.object({ api: z.string(), spacingMs: z.number() }).optional() }),
    example: { name: 'example' },
    apis: { [API]: { url: { template: url }, limit: { scope: 'ip', spacingMs: 20 } } },
    commands: {},
    workers: { 'worker-paced': { queues: ['zkillboard_backfill_queue'], concurrency: 4 } },
    streams: {
      pages: defineStream<number, null, Params>({
        queue: 'zkillboard_backfill_queue',
        cursor: z.number(),
        async read({ key, cursor, params }, io) {
          await io.http(API).request({ path: `/${params.name}/${key}/${cursor}`, schema: z.unknown() })
          return { batch: null, next: cursor + 1 < PAGES ? cursor + 1 : null }
        },
        write: async () => ({ new: 0, updated: 0, unchanged: 0 }),
      }),
    },
    plan: ({ name, pace }) => ({
      tasks: ['a', 'b', 'c'].map((key) => ({ stream: 'pages', key, cursor: 0, lane: key })),
      pace,
      tries: { baseMs: 1 },
      activeKey: name,
      estimate: { requests: { [API]: 3 * PAGES } },
    }),
  })

beforeAll(async () => {
  server = new Worker(join(__dirname, '..', 'support', 'arrivals.js'), { workerData: FAILING })
  const [{ port }] = (await once(server, 'message')) as [{ port: number }]
  server.on('message', (arrival: Arrival) => arrived.push(arrival))
  source = makeSource(`http://127.0.0.1:${port}`)
  const config = readConfig([source], { CONTACT: 'tests@example.org' })
  const limits = effectiveLimits([source], {})
  const factories = [0, 1].map((n) => (db: Db) => createHttpFactory({ gate: createGate(db, limits, { holder: `w${n}` }), limits, config }))
  let made: ReturnType<(typeof factories)[0]>[] | undefined
  let turn = 0
  it_ = await suite([source], {
    http: (...args) => {
      gateDb ??= openDb(it_.databaseUrl, { name: 'gate', max: 4 })
      made ??= factories.map((factory) => factory(gateDb))
      // Each step is in one of two processes, as far as the gate can tell.
      return (made[turn++ % 2] as (typeof made)[0])(...args)
    },
  })
  await it_.worker()
  await it_.worker()
  api = await serve(it_, [source])
}, 60_000)
afterAll(async () => {
  await api.close()
  await gateDb?.close()
  await it_.close()
  await server.terminate()
})

/** How late a request may be noted without being known to be, ms. */
const LATE_MS = 5

/** Between the requests of a job, at most. */
const gaps = (job: string) => {
  const own = arrived.filter(({ path }) => path.split('/')[1] === job)
  return own.slice(1).map(({ at }, n) => {
    const before = own[n] as Arrival
    return at - (before.at - before.lateMs)
  })
}

test('jobs of different paces keep them side by side, retries included', async () => {
  const slow = await startJob(it_, source, { name: 'slow', pace: { api: API, spacingMs: 300 } })
  const quick = await startJob(it_, source, { name: 'quick', pace: { api: API, spacingMs: 60 } })
  const free = await startJob(it_, source, { name: 'free' })
  expect(await Promise.all([slow, quick, free].map(({ id }) => it_.ended(id)))).toEqual(['completed', 'completed', 'completed'])
  await until(() => arrived.length >= 9 * PAGES + FAILING.length, { what: 'the last arrival to be told' })
  expect(gaps('slow')).toHaveLength(3 * PAGES + 1)
  expect(Math.min(...gaps('slow'))).toBeGreaterThanOrEqual(300 - LATE_MS)
  expect(Math.min(...gaps('quick'))).toBeGreaterThanOrEqual(60 - LATE_MS)
  expect(Math.min(...gaps('free'))).toBeGreaterThanOrEqual(20 - LATE_MS)
  const lengthOf = (job: string) => gaps(job).reduce((sum, gap) => sum + gap, 0)
  expect(lengthOf('free')).toBeLessThan(lengthOf('slow') / 2)
  expect(lengthOf('quick')).toBeLessThan(lengthOf('slow') / 2)
}, 60_000)

test('a job with a pace further off than a worker waits for is parked, and says what it waits for', async () => {
  const { id } = await startJob(it_, source, { name: 'parked', pace: { api: API, spacingMs: 600_000 } })
  const waits = () =>
    it_.db.query<{ on: string }>(`select waiting_on as on from backhaul.tasks where job_id = $1 and waiting_on is not null`, [id])
  await until(async () => (await waits()).length === 3, { what: 'every task to be parked' })
  expect((await waits()).map(({ on }) => on)).toEqual(['its own pace', 'its own pace', 'its own pace'])
  const { body } = await api.ask('GET', `/api/jobs/${id}`)
  expect(body.waits).toMatchObject([{ on: 'its own pace', sentence: expect.stringMatching(/^waiting for its own pace until /) }])
  expect((await api.ask('GET', '/api/gates')).body.items.map(({ name }: { name: string }) => name)).toEqual([API])
}, 60_000)

test('an estimate says what the pace costs', async () => {
  const ask = (params: Params) => api.ask('POST', '/api/jobs/estimate', { source: 'paced', params })
  const paced = await ask({ name: 'x', pace: { api: API, spacingMs: 5_000 } })
  expect(paced.body).toMatchObject({ leastMs: 55_000, requests: [{ api: API, requests: 12, leastMs: 55_000 }] })
  expect((await ask({ name: 'x' })).body).toMatchObject({ leastMs: 220 })
})

test('a pace for an API that its source does not have is a fault of the source', async () => {
  await expect(startJob(it_, source, { name: 'x', pace: { api: 'another', spacingMs: 1 } })).rejects.toThrow(
    'paced plans a pace for another: name it in its apis.',
  )
})
