import * as jobs from '../backend/engine/jobs'
import { type SandboxOptions, startSandbox } from '../backend/sandbox/server'
import { atproto } from '../backend/sources/atproto'
import { differences, held } from './support/atproto'
import { sandboxed } from './support/sandboxed'
import type { Suite } from './support/suite'
import type { Sandbox } from './support/system'

/*
 * The source against its sandbox, one promise at a time.
 */

const GAME = 'games.sandbox.game'
const SCORE = 'games.sandbox.score'
let sandbox: Sandbox
let it_: Suite

async function world(options: SandboxOptions = {}, attempts = 3): Promise<void> {
  sandbox = await startSandbox({ scale: 1, speed: 200, seed: 5, repos: 60, pdses: 4, ...options })
  it_ = await sandboxed(atproto, sandbox)
  await it_.worker({ attempts })
}
afterEach(async () => {
  await it_?.close()
  await sandbox?.close()
})

async function backfill(request: object) {
  const job = await jobs.start(it_, atproto, jobs.parseParams(atproto, request), { force: true })
  await it_.ended(job.id, 90_000)
  return await jobs.report(it_, job.id)
}
const same = async (collections: string[]) => expect(await differences(it_.db, await sandbox.atproto.truth(collections))).toEqual([])
const writes = async () => (await it_.db.query<{ x: string }>(`select xmin::text as x from atproto.records order by uri`)).map((row) => row.x)

describe('a collection', () => {
  test('is read record by record; odd ones are stored, or set aside with a reason', async () => {
    await world()
    const report = await backfill({ collection: GAME })
    expect(report).toMatchObject({ status: 'completed', new: await held(it_.db), deleted: 0 })
    await same([GAME])
    expect(report.seen).toBe(sandbox.atproto.count([GAME]))
    expect(Object.keys(report.skipped).sort()).toEqual(['gone', 'inactive: deactivated', 'inactive: suspended', 'inactive: takendown'])
    expect(sandbox.violations().last).toEqual([])
  }, 120_000)

  test('read again costs a request for each repo, and writes nothing', async () => {
    await world({ oddities: false })
    const first = await backfill({ collection: GAME })
    const before = await writes()
    sandbox.reset()
    const second = await backfill({ collection: GAME })
    expect(second).toMatchObject({ status: 'completed', verified: true, new: 0, updated: 0, deleted: 0, seen: first.seen, known: first.seen })
    expect(second.skipped).toEqual({ unchanged: first.tasks.done - 1 })
    expect(second.requests.pds?.requests).toBe(first.tasks.done - 1)
    expect(second.requests.plc?.requests ?? 0).toBe(0)
    expect(await writes()).toEqual(before)
  }, 120_000)
})

