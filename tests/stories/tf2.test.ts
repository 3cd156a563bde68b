import type { Point } from '../../backend/engine/engine'
import { startSandbox } from '../../backend/sandbox/server'
import { testEnv } from '../support/env'
import { withBroker } from '../support/own'
import { type Broker, startBroker } from '../support/services'
import { type Sandbox, type System, system } from '../support/system'
import { until } from '../support/until'

/*
 * A backfill of listings whose worker dies, and whose broker loses everything, between two pages: the rows are as they are listed, and each
 * has told of itself once.
 */

const NAME = 'Strange Bat'
const REQUEST = ['listings', 'full', '--defindex', '190', '--quality', '11', '--json']
let sandbox: Sandbox

beforeAll(async () => {
  sandbox = await startSandbox({ scale: 1, speed: 60, seed: 5, repos: 1, pdses: 1, buys: 4, sells: 5 })
}, 60_000)
afterAll(() => sandbox?.close())
beforeEach(() => sandbox.reset())

async function queued(it: System): Promise<string> {
  const { code, out, err } = await it.run('dist/scripts/queue.js', ...REQUEST)
  if (code !== 0) throw new Error(`queue exited with ${code}: ${err}${out}`)
  const [job] = await it.db.query<{ id: string }>('select id from backhaul.jobs')
  return String(job?.id)
}

/** Rows as they are listed, and one event of each. */
async function endsAsListed(it: System, job: string): Promise<void> {
  expect(await it.ended(job, 90_000)).toBe('completed')
  const rows = await it.db.query<{ id: string; details: string }>('select id, details from tf2.listings where not is_deleted order by id')
  const listed = sandbox.tf2.market.listed(NAME).map(({ id, details }) => ({ id, details }))
  expect(rows).toEqual(listed.sort((a, b) => (a.id < b.id ? -1 : 1)))
  // Published events stay in the outbox for a while, so that it holds every one there was.
  const events = await it.db.query<{ id: string }>(
    `select payload -> 'payload' ->> 'id' as id from backhaul.events_outbox where key like 'tf2.%' order by 1`,
  )
  expect(events.map(({ id }) => id)).toEqual(rows.map(({ id }) => id))
  expect(sandbox.violations().last).toEqual([])
}

describe.each<[Point, number]>([
  ['after claim', 2],
  ['before commit', 4],
  ['after commit', 4],
  ['before ack', 1],
])('kill -9 %s', (point, nth) => {
  test('no event without its row, none lost, none twice', async () => {
    const it = await system({ sandbox })
    try {
      await it.scheduler()
      const worker = await it.crashingWorker('worker-listings', point, nth)
      const job = await queued(it)
      await until(() => worker.child.signalCode === 'SIGKILL', { timeoutMs: 60_000, what: `the kill ${point}` })
      await endsAsListed(it, job)
    } finally {
      await it.close()
    }
  }, 150_000)
})

withBroker(
  'a broker that loses all its data between pages loses no row and no event',
  async () => {
    const broker: Broker = await startBroker()
    const own = await testEnv()
    const it = await system({ sandbox, services: { databaseUrl: own.databaseUrl, rabbitmqUrl: broker.url } })
    try {
      await it.scheduler()
      await it.worker('worker-listings')
      const job = await queued(it)
      await until(async () => (await it.db.query('select 1 from tf2.listings')).length > 2, { timeoutMs: 60_000, what: 'some listings' })
      await broker.wipe()
      await endsAsListed(it, job)
    } finally {
      await it.close()
      await Promise.all([own.close(), broker.kill()])
    }
  },
  200_000,
)
