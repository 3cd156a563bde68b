import { startSandbox } from '../../backend/sandbox/server'
import { eve } from '../../backend/sources/eve'
import { sandboxed } from '../support/sandboxed'
import type { Suite } from '../support/suite'
import type { Sandbox } from '../support/system'
import { until } from '../support/until'

const CHARACTER = 2117325769
let sandbox: Sandbox
let it_: Suite

const enrichers = Object.keys(eve.workers).filter((app) => app.startsWith('worker-esi'))
const backfill = (request: object) => it_.startJob(eve, request)
const enriched = () =>
  until(async () => (await it_.db.query('select 1 from backhaul.lookups where asked > answered limit 1')).length === 0, {
    timeoutMs: 60_000,
    what: 'the enrichment',
  })
const count = async (sql: string) => (await it_.db.query<{ n: number }>(`select count(*)::int as n from ${sql}`))[0]?.n ?? 0

async function world(options: Parameters<typeof startSandbox>[0]): Promise<void> {
  sandbox = await startSandbox({ speed: 200, seed: 11, oddities: false, ...options })
  it_ = await sandboxed(eve, sandbox)
}
afterEach(async () => {
  await it_.close()
  await sandbox.close()
})

it('enriches a killmail with 4,000 attackers in a handful of bulk requests', async () => {
  await world({ scale: 400, bigAttackers: 4000 })
  await it_.worker({ app: 'worker-backfill' })
  const job = await backfill({ characterId: CHARACTER })
  expect(await it_.ended(job, 60_000)).toBe('completed')
  expect(await count('(select killmail_id from eve.killmail_attackers group by 1 having count(*) >= 4000) big')).toBe(1)
  const characters = await count(`backhaul.lookups where kind = 'character'`)
  expect(characters).toBeGreaterThan(4000)
  for (const app of enrichers) await it_.worker({ app })
  await enriched()
  expect(await count('eve.characters where name is null')).toBe(0)
  const { names = 0, affiliation = 0 } = sandbox.traffic().esi?.byRoute ?? {}
  expect(names + affiliation).toBeLessThanOrEqual(Math.ceil(characters / 1000) * 2 + 5)
  expect(sandbox.violations().last).toEqual([])
}, 120_000)

it('runs the recent sync beside a backfill of the same character, without a double row or a broken limit', async () => {
  await world({ scale: 800, bigAttackers: 40, fresh: 30, now: new Date() })
  for (const app of Object.keys(eve.workers)) await it_.worker({ app })
  const deep = await backfill({ characterId: CHARACTER })
  const [recent] = await it_.broker.publish([{ queue: 'zkillboard_character_queue', body: { characterId: CHARACTER } }])
  expect(recent).toBe('confirmed')
  const sync = await until(
    async () =>
      (await it_.db.query<{ id: string; priority: number }>(`select id, priority from backhaul.jobs where active_key like 'recent%'`))[0],
  )
  expect(sync.priority).toBe(0)
  expect([await it_.ended(deep, 60_000), await it_.ended(sync.id, 60_000)]).toEqual(['completed', 'completed'])
  expect(await count('eve.killmails')).toBe(await sandbox.eve.truth.count({ characterId: CHARACTER }))
  expect(sandbox.violations().last).toEqual([])
}, 120_000)

it('lets all ESI queues wait when ESI says 420, while pages go on', async () => {
  await world({ scale: 400, bigAttackers: 40 })
  sandbox.fault({ name: 'esi-420', times: 1, seconds: 3 })
  for (const app of Object.keys(eve.workers)) await it_.worker({ app })
  const job = await backfill({ characterId: CHARACTER })
  await until(async () => (await it_.db.query(`select 1 from backhaul.gates where name = 'esi' and blocked_until > now()`)).length > 0, {
    what: 'the block',
  })
  expect(await it_.ended(job, 60_000)).toBe('completed')
  await enriched()
  expect(sandbox.violations().last).toEqual([])
}, 120_000)

describe('a fault of a route or of some ids', () => {
  const open = (kinds: string) => count(`backhaul.lookups where asked > answered and kind ${kinds}`)
  const asked = (route: string) => sandbox.traffic().esi?.byRoute?.[route] ?? 0
  const gateOf = async (name: string) =>
    (await it_.db.query<{ failures: number }>('select failures from backhaul.gates where name = $1', [name]))[0]
  async function backfilled(): Promise<void> {
    await it_.worker({ app: 'worker-backfill' })
    const job = await backfill({ characterId: CHARACTER })
    expect(await it_.ended(job, 60_000)).toBe('completed')
    for (const app of enrichers) await it_.worker({ app })
  }

  it('a route that is down trips its own breaker, and nothing of it is marked deleted', async () => {
    await world({ scale: 200, bigAttackers: 40 })
    sandbox.fault({ name: 'status', api: 'esi', match: '^/corporations', status: 404, body: '<html>Not Found</html>' })
    await backfilled()
    await until(async () => (await open(`in ('character', 'type')`)) === 0, { timeoutMs: 60_000, what: 'the other routes' })
    await until(async () => ((await gateOf('esi.corporation'))?.failures ?? 0) >= 5, { timeoutMs: 30_000, what: 'the breaker' })
    expect(await gateOf('esi')).toMatchObject({ failures: 0 })
    expect(asked('corporation')).toBeLessThan(20)
    expect(await count(`backhaul.lookups where kind = 'corporation' and (answered > 0 or denied_at is not null)`)).toBe(0)
    sandbox.clearFaults()
    // A batch that was under way is set back by the fault later than now.
    await until(
      async () => {
        await it_.db.query(`update backhaul.lookups set due_at = now() where asked > answered and due_at > now()`)
        return (await open('is not null')) === 0
      },
      { timeoutMs: 60_000, what: 'the enrichment' },
    )
    // The world of the sandbox has killmails with a corporation that ESI does not know.
    const unknown = await count(`backhaul.lookups where kind = 'corporation' and error = 'unknown'`)
    expect(unknown).toBeLessThan(3)
    expect(await count('eve.corporations where name is null or deleted_at is not null')).toBe(unknown)
  }, 120_000)

  it('some corporations that always answer 500 are asked a few times each, and everything else is enriched', async () => {
    await world({ scale: 600, bigAttackers: 200 })
    sandbox.fault({
      name: 'status',
      api: 'esi',
      match: '^/corporations/\\d*[05]/?$',
      status: 500,
      body: '{"error":"Internal server error"}',
    })
    await backfilled()
    await until(async () => (await open(`= 'corporation' and attempts = 0`)) + (await open(`<> 'corporation'`)) === 0, {
      timeoutMs: 60_000,
      what: 'everything but the broken ones',
    })
    const broken = await open(`= 'corporation'`)
    expect(broken).toBeGreaterThan(5)
    expect(await count(`eve.corporations where corporation_id % 5 <> 0 and name is null and deleted_at is null`)).toBe(0)
    expect(await count(`eve.corporations where corporation_id % 5 = 0 and deleted_at is not null`)).toBe(0)
    expect(await gateOf('esi')).toMatchObject({ failures: 0 })
    expect(asked('corporation')).toBeLessThan((await count('eve.corporations')) + 4 * broken)
  }, 120_000)
})
