import { run } from '../../backend/bin/process'
import type { HttpFactory, Source } from '../../backend/contract'
import { openDb } from '../../backend/database/db'
import { newWorkerId } from '../../backend/engine/heartbeat'
import { createWorker } from '../../backend/engine/worker'
import { createGate, type Gate } from '../../backend/gate/gate'
import { effectiveLimits } from '../../backend/gate/limits'
import { openBroker } from '../../queues/broker'
import { answer } from '../base/child'
import { profile } from './profile'
import { raw, reference } from './raw'
import { noSums, type Sums, syntheticSource } from './synthetic'

/*
 * A worker as backend/bin makes one, with the synthetic source in place of the registry:
 *   node dist/bench/engine/synthetic-worker.js <turn, ms> [profile]
 */

const [turnMs = '20000', wanted] = process.argv.slice(2)

/** The gate as a request passes it, with no request behind it. */
const gatedOnly =
  (gate: Gate): HttpFactory =>
  (_source, use) =>
  (api) => ({
    base: '',
    async request() {
      const grant = await gate.acquire([{ api }], use.class, { signal: use.signal })
      use.asked = api
      use.nextAt[api] = grant.nextAt
      gate.settleSoon(grant, { sent: true, result: 'ok' })
      return { status: 200, sentAt: new Date(), headers: {}, data: undefined, text: '' }
    },
  })

void run(async (config, log) => {
  const statements = wanted === 'profile' ? profile() : undefined
  const sums = noSums()
  const source = syntheticSource(sums) as Source
  const db = openDb(config.databaseUrl, { name: 'synthetic' })
  const heartbeatDb = openDb(config.databaseUrl, { name: 'synthetic heartbeat', max: 1 })
  const broker = openBroker({ url: config.rabbitmqUrl, name: 'synthetic', log })
  const id = newWorkerId()
  const gate = createGate(db, effectiveLimits([source], {}), { holder: id })
  const http = gatedOnly(gate)
  const definition = { queues: ['zkillboard_backfill_queue'] as const, concurrency: 1 }
  const worker = createWorker({
    id,
    app: 'worker-synthetic',
    ...definition,
    sources: [source],
    db,
    heartbeatDb,
    broker,
    http,
    log,
    turnMs: Number(turnMs),
  })
  await broker.ready()
  await worker.start()
  answer({
    sums: (): Sums => sums,
    reset: () => {
      Object.assign(sums, noSums())
      statements?.clear()
    },
    raw: (input: { pages: number; rows: number[] }) => raw(db, input.pages, input.rows),
    reference: () => reference(db),
    statements: () => statements && [...statements.values()],
  })
  return {
    async stop() {
      await worker.stop()
      await gate.close()
      await broker.close()
      await Promise.all([db.close(), heartbeatDb.close()])
    },
  }
})
