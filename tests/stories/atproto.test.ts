import { startSandbox } from '../../backend/sandbox/server'
import { differences } from '../support/atproto'
import { type TestEnv, testEnv } from '../support/env'
import { withBroker as it } from '../support/own'
import { type Broker, startBroker } from '../support/services'
import { size } from '../support/size'
import { type Sandbox, type System, system } from '../support/system'
import { until } from '../support/until'

/*
 * A network of 72 repos on 8 PDSes, or of 300 on 12, with everything wrong at once: odd answers, dead, slow and limiting hosts, accounts in
 * every state, broken documents, accounts that move, workers that are killed and a broker that becomes unreachable. In the end the rows
 * are the network's truth record by record, and what is not there is named.
 */

const GAME = 'games.sandbox.game'
const [REPOS, HOSTS] = size([48, 8], [300, 12])

let sandbox: Sandbox
let broker: Broker
let env: TestEnv
let it_: System

beforeAll(async () => {
  ;[sandbox, broker, env] = await Promise.all([
    startSandbox({ scale: 1, speed: 25, seed: 3, repos: REPOS, pdses: HOSTS }),
    startBroker(),
    testEnv(),
  ])
}, 120_000)
afterAll(async () => {
  await it_?.close()
  await Promise.all([sandbox?.close(), broker?.kill(), env?.close()])
})

/** Breaks what can be broken before the run. @returns hosts that are dead, for a while and for ever */
function breakEverything(): { back: string; never: string; limited: string } {
  const [back = '', never = '', slow = '', limited = ''] = sandbox.atproto.hosts()
  sandbox.atproto.host(back, 'dead')
  sandbox.atproto.host(never, 'dead')
  sandbox.atproto.host(slow, 'slow', 400)
  sandbox.atproto.host(limited, 'limited', 2000)
  const active = sandbox.atproto.repos().filter(({ state, host }) => state === 'active' && host !== never && host !== back)
  for (const [n, document] of (['other-did', 'no-pds', 'path', 'query', 'credentials', 'html'] as const).entries())
    sandbox.atproto.document(active[n * 5]?.did ?? '', document)
  for (const name of ['bad-cid', 'duplicate', 'unordered', 'repeated-cursor', 'html-error', 'half-json'])
    sandbox.fault({ name, api: 'pds', times: 5, after: 20 })
  // Five in a row, which may all be of one repo, end its list until the next run.
  sandbox.fault({ name: 'empty-page-cursor', api: 'pds', times: 4, after: 20 })
  sandbox.fault({ name: 'reset-connection', api: 'pds', times: 8, after: 40 })
  sandbox.fault({ name: 'plc-500', times: 4 })
  sandbox.fault({ name: 'relay-500', times: 2 })
  sandbox.fault({ name: 'pds-429', times: 3, after: 60, seconds: 1 })
  return { back, never, limited }
}

const settled = async () =>
  (await it_.db.query<{ n: number }>(`select count(*)::int as n from backhaul.tasks where stream = 'repo' and settled_at is not null`))[0]
    ?.n ?? 0
const reach = (repos: number) => until(async () => (await settled()) >= repos, { timeoutMs: 90_000, what: `${repos} settled repos` })

async function backfill(...args: string[]): Promise<string> {
  const { code, out, err } = await it_.run('dist/scripts/queue.js', 'atproto', '--collection', GAME, '--json', ...args)
  expect([code, err]).toEqual([0, ''])
  return (JSON.parse(out) as { jobs: { id: string }[] }).jobs[0]?.id ?? ''
}

interface Settled {
  key: string
  state: string
  kind: string | null
  reason: string | null
}
const repoTasks = (job: string) =>
  it_.db.query<Settled>(
    `select key, state, error_kind as kind, reason from backhaul.tasks where job_id = $1 and stream = 'repo' order by key`,
    [job],
  )

/** What still moves, where a story does not end. */
async function endedOrTold(job: string, timeoutMs: number): Promise<string> {
  try {
    return await it_.ended(job, timeoutMs)
  } catch (error) {
    const open = await it_.db.query(
      `select stream, key, state, lane, attempts, due_at - now() as due, waiting_on, error from backhaul.tasks where job_id = $1 and settled_at is null limit 20`,
      [job],
    )
    throw new Error(`${(error as Error).message}: ${JSON.stringify(open)}`)
  }
}

it('is read through all of it; what is not there is named; the next run has it all, and one after it writes nothing', async () => {
  const services = { databaseUrl: env.databaseUrl, rabbitmqUrl: broker.url }
  it_ = await system({ sandbox, services, env: { ATTEMPTS: '4', TURN_SECONDS: '3' } })
  const { back, never, limited } = breakEverything()
  const [, workers] = await Promise.all([
    it_.scheduler(),
    Promise.all([it_.supervised('worker-atproto'), it_.supervised('worker-atproto')]),
  ])
  const job = await backfill()

  await reach(REPOS / 15)
  // Before its tasks have been tried as often as they may: how long that takes is up to the machine.
  sandbox.atproto.host(back, 'up')
  await workers[0].kill()
  const movers = sandbox.atproto.repos().filter(({ state, host }) => state === 'active' && host !== never && host !== back)
  for (const mover of movers.slice(-8)) sandbox.atproto.migrate(mover.did, sandbox.atproto.hosts()[HOSTS - 1] ?? '')
  await reach(REPOS / 5)
  sandbox.atproto.host(limited, 'up')
  await broker.stop()
  await workers[1].kill()
  await broker.start()
  await reach(REPOS * 0.4)
  await workers[0].kill()
  expect(await endedOrTold(job, 150_000)).toBe('partial')

  const tasks = await repoTasks(job)
  const failed = new Set(tasks.filter(({ state }) => state === 'failed').map(({ key }) => key))
  expect(tasks.filter(({ state, kind, reason }) => (state === 'failed' ? kind : state === 'skipped' ? reason : true) === null)).toEqual([])
  expect(new Set(tasks.map(({ state }) => state))).toEqual(new Set(['done', 'skipped', 'failed']))
  // Whatever was read is the truth: of a failed repo that is what it had before it failed.
  const isOfFailed = (text: string) => [...failed].some((did) => text.includes(did))
  const wrong = await differences(it_.db, await sandbox.atproto.truth([GAME]))
  expect(wrong.filter((one) => !isOfFailed(one))).toEqual([])
  const lost = sandbox.atproto.repos().filter(({ did }) => failed.has(did))
  expect(lost.filter(({ host, state }) => host !== never && state === 'active').length).toBeLessThanOrEqual(6)
  expect(sandbox.violations().last).toEqual([])

  sandbox.clearFaults()
  for (const host of sandbox.atproto.hosts()) sandbox.atproto.host(host, 'up')
  for (const { did } of sandbox.atproto.repos()) sandbox.atproto.document(did)
  // Later, when the breakers of hosts that are back have found that out.
  await it_.db.query('update backhaul.gates set failures = 0, open_until = null, probe_until = null')
  const second = await backfill()
  expect(await it_.ended(second, 120_000)).toBe('completed')
  expect(await differences(it_.db, await sandbox.atproto.truth([GAME]))).toEqual([])

  const stamps = () => it_.db.query('select uri, xmin::text as x from atproto.records order by uri')
  const before = await stamps()
  const asked = () => sandbox.traffic().pds?.total ?? 0
  const from = asked()
  const third = await backfill()
  expect(await it_.ended(third, 120_000)).toBe('completed')
  expect(await stamps()).toEqual(before)
  expect(asked() - from).toBeLessThanOrEqual((await repoTasks(third)).length)
  expect(sandbox.violations().last).toEqual([])
}, 480_000)
