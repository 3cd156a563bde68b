import * as jobs from '../../backend/engine/jobs/verbs'
import { startSandbox } from '../../backend/sandbox/server'
import { eve } from '../../backend/sources/eve'
import { type Broker, openBroker } from '../../queues/broker'
import { sandboxed } from '../support/sandboxed'
import { quiet, type Suite } from '../support/suite'
import { type Sandbox, tables } from '../support/system'
import { until } from '../support/until'

/*
 * Messages come twice and workers take each other's tasks: nothing is committed twice and nothing is lost.
 */

let sandbox: Sandbox
let undisturbed: Awaited<ReturnType<typeof tables>>
const limits = { zkillboard: { spacingMs: 50 }, esi: { requests: 1000, perMs: 1000 } }

const eveSuite = async (): Promise<Suite> => {
  sandbox.reset()
  return await sandboxed(eve, sandbox, limits)
}

async function backfilled(it: Suite): Promise<Awaited<ReturnType<typeof tables>>> {
  const job = await jobs.startJob(it, eve, jobs.parseParams(eve, { characterId: 2117325769 }))
  expect(await it.ended(job.id, 90_000)).toBe('completed')
  await until(async () => (await it.db.query('select 1 from backhaul.lookups where asked > answered limit 1')).length === 0, {
    timeoutMs: 60_000,
  })
  return await tables(it.db)
}

const apps = Object.keys(eve.workers)
/** Hands every delivery over twice, at once. */
const doubling = (broker: Broker): Broker => ({
  ...broker,
  get state() {
    return broker.state
  },
  consume: (queue, prefetch, onDelivery) =>
    broker.consume(queue, prefetch, (delivery) => {
      onDelivery(delivery)
      onDelivery({ ...delivery, ack: () => undefined })
    }),
})

beforeAll(async () => {
  sandbox = await startSandbox({ scale: 1000, speed: 200, seed: 3, oddities: false, bigAttackers: 40 })
  const it = await eveSuite()
  await Promise.all(apps.map((app) => it.worker({ app })))
  undisturbed = await backfilled(it)
  await it.close()
}, 180_000)
afterAll(() => sandbox.close())

it('takes every message twice', async () => {
  const it = await eveSuite()
  for (const app of apps) await it.worker({ app, broker: doubling(openBroker({ url: it.rabbitmqUrl, name: app, log: quiet })) })
  expect(await backfilled(it)).toEqual(undisturbed)
  expect(sandbox.violations().last).toEqual([])
  await it.close()
}, 180_000)

it('lets two workers work on one task whenever the first is suspected wrongly', async () => {
  const it = await eveSuite()
  for (const app of [...apps, 'worker-backfill', 'worker-backfill', 'worker-esi-character']) await it.worker({ app })
  let suspicions = 0
  const suspect = setInterval(() => {
    if (suspicions >= 8) return
    void it.db
      .query(
        `update backhaul.tasks set claim = null, holder = null, woken_at = null where claim is not null and stream <> '$finish' returning id`,
      )
      .then((rows) => (suspicions += rows.length))
  }, 250)
  const result = await backfilled(it)
  clearInterval(suspect)
  expect(suspicions).toBeGreaterThan(0)
  expect(result).toEqual(undisturbed)
  expect(sandbox.violations().last).toEqual([])
  await it.close()
}, 180_000)
