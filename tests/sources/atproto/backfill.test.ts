import * as jobs from '../../../backend/engine/jobs/verbs'
import { type SandboxOptions, startSandbox } from '../../../backend/sandbox/server'
import { atproto } from '../../../backend/sources/atproto'
import { differences, held } from '../../support/atproto'
import { sandboxed } from '../../support/sandboxed'
import type { Suite } from '../../support/suite'
import type { Sandbox } from '../../support/system'
import { until } from '../../support/until'

/*
 * The source against its sandbox, one promise at a time.
 */

const GAME = 'games.sandbox.game'
const SCORE = 'games.sandbox.score'
type True = ReturnType<Sandbox['atproto']['repos']>[number]
let sandbox: Sandbox
let it_: Suite
/** Told of every answer of the sandbox. */
let answered: (line: string) => void = () => undefined

const PLAIN: SandboxOptions = { oddities: false, repos: 6, pdses: 3 }
/** The last of its repos has some pages of scores. */
const PAGED: SandboxOptions = { oddities: false, repos: 19 }
/** The last of its repos is read by its archive. */
const LONG: SandboxOptions = { oddities: false, repos: 21 }
interface World {
  sandbox: Sandbox
  it: Suite
}
/** That of most tests, and the last other one. */
const worlds = new Map<'usual' | 'other', World & { key: string }>()

/** A network, its database and a worker; one that is there already is as it was in the beginning. */
async function world(options: SandboxOptions = PLAIN, attempts = 5): Promise<void> {
  const key = JSON.stringify([options, attempts])
  const place = options === PLAIN && attempts === 5 ? 'usual' : 'other'
  let made = worlds.get(place)
  if (made?.key !== key) {
    if (made) await end(made)
    made = { key, ...(await makeWorld(options, attempts)) }
    worlds.set(place, made)
  }
  sandbox = made.sandbox
  it_ = made.it
  answered = () => undefined
  sandbox.reset()
  await it_.db.tx((tx) =>
    tx.query('truncate atproto.records, atproto.repos, atproto.lexicons, atproto.relay_cursors, backhaul.jobs, backhaul.gates cascade'),
  )
}
async function makeWorld(options: SandboxOptions, attempts: number): Promise<World> {
  const own = await startSandbox({ scale: 1, speed: 200, seed: 5, repos: 40, pdses: 4, log: (line) => answered(line), ...options })
  const it = await sandboxed(atproto, own)
  await it.worker({ attempts })
  return { sandbox: own, it }
}
async function end({ sandbox: own, it }: World): Promise<void> {
  await it.close()
  await own.close()
}
afterAll(async () => {
  for (const one of worlds.values()) await end(one)
})

async function backfill(request: object) {
  const id = await it_.startJob(atproto, request, { force: true })
  await it_.ended(id, 90_000)
  return await jobs.report(it_, id)
}
const same = async (collections: string[]) => expect(await differences(it_.db, await sandbox.atproto.truth(collections))).toEqual([])
/** Active repos with records of these collections. */
const repos = async (collections: string[]) =>
  sandbox.atproto.repos().filter((repo) => repo.state === 'active' && collections.every((one) => (repo.collections[one] ?? 0) > 1)) as [
    True,
    True,
    True,
  ]
/** Which transaction wrote each record last. */
const stamps = async () =>
  new Map(
    (await it_.db.query<{ uri: string; x: string }>(`select uri, xmin::text as x from atproto.records`)).map((row) => [row.uri, row.x]),
  )
const writes = async () =>
  (await it_.db.query<{ x: string }>(`select xmin::text as x from atproto.records order by uri`)).map((row) => row.x)

describe('a collection', () => {
  test('is read record by record; odd ones are stored, or rejected with a reason', async () => {
    await world({})
    const report = await backfill({ collection: GAME })
    expect(report).toMatchObject({ status: 'completed', new: await held(it_.db), deleted: 0 })
    await same([GAME])
    expect(report.seen).toBe(sandbox.atproto.count([GAME]))
    expect(Object.keys(report.skipped).sort()).toEqual(['gone', 'inactive: deactivated', 'inactive: suspended', 'inactive: takendown'])
    // Nothing has changed, and what was rejected is missing still.
    const again = await backfill({ collection: GAME })
    expect(again).toMatchObject({ status: 'completed', verified: false, rejected: 0, seen: report.seen - report.rejected })
    expect(again.reason).toMatch(/found fewer records than the source says/)
    expect(sandbox.violations().last).toEqual([])
  }, 120_000)

  test('read again costs a request for each repo, and writes nothing', async () => {
    await world()
    const first = await backfill({ collection: GAME })
    const before = await writes()
    sandbox.reset()
    const second = await backfill({ collection: GAME })
    expect(second).toMatchObject({
      status: 'completed',
      verified: true,
      new: 0,
      updated: 0,
      deleted: 0,
      seen: first.seen,
      known: first.seen,
    })
    expect(second.skipped).toEqual({ unchanged: first.tasks.done - 1 })
    expect(second.requests.pds?.requests).toBe(first.tasks.done - 1)
    expect(second.requests.plc?.requests ?? 0).toBe(0)
    expect(await writes()).toEqual(before)
  }, 120_000)
})

describe('what changes upstream', () => {
  test('is followed record by record: created, rewritten and deleted ones, and nothing else is written', async () => {
    await world()
    await backfill({ collection: GAME })
    const [first, second] = await repos([GAME])
    const before = await stamps()
    const created = await sandbox.atproto.edit({ did: first.did, collection: GAME, action: 'create', count: 2 })
    const updated = await sandbox.atproto.edit({ did: second.did, collection: GAME, action: 'update', count: 1 })
    const deleted = await sandbox.atproto.edit({ did: second.did, collection: GAME, action: 'delete', count: 1 })
    const report = await backfill({ collection: GAME })
    const gone = deleted.records.map(({ uri }) => uri)
    const rewritten = updated.records.map(({ uri }) => uri).filter((uri) => !gone.includes(uri))
    expect(report).toMatchObject({ status: 'completed', verified: true, new: 2, updated: rewritten.length, deleted: 1 })
    await same([GAME])
    const after = await stamps()
    const touched = [...after].filter(([uri, xmin]) => before.get(uri) !== xmin).map(([uri]) => uri)
    expect(touched.sort()).toEqual([...created.records.map(({ uri }) => uri), ...rewritten].sort())
  }, 120_000)

  test('deletes nothing while a repo keeps changing, and deletes it the next time', async () => {
    await world()
    await backfill({ collection: SCORE })
    const [large] = (await repos([SCORE])).sort((a, b) => (b.collections[SCORE] ?? 0) - (a.collections[SCORE] ?? 0))
    await sandbox.atproto.edit({ did: large.did, collection: SCORE, action: 'delete', count: 3 })
    // Whenever its first page was sent something is written, so that the head is another one at the end; it is read again once.
    const write = (line: string) => {
      if (line.includes('listRecords') && line.includes(large.did.split(':').at(-1) ?? '') && !line.includes('cursor'))
        void sandbox.atproto.edit({ did: large.did, collection: 'app.sandbox.post', action: 'create', count: 1 })
    }
    answered = write
    const report = await backfill({ collection: SCORE, did: large.did, method: 'list' })
    answered = () => undefined
    expect(report).toMatchObject({ status: 'completed', deleted: 0, notes: [expect.stringContaining('changed while they were read')] })
    const next = await backfill({ collection: SCORE, did: large.did, method: 'list' })
    expect(next.deleted).toBe(3)
    await same([SCORE])
  }, 120_000)

  test('never takes the records of an account that is not shown, nor after an error', async () => {
    await world(PLAIN, 2)
    await backfill({ collection: GAME })
    const [inactive, gone, failing] = await repos([GAME])
    const rowsOf = (did: string) => it_.db.query('select uri from atproto.records where did = $1', [did])
    const had = [await rowsOf(inactive.did), await rowsOf(gone.did), await rowsOf(failing.did)]
    sandbox.atproto.state(inactive.did, 'deactivated')
    sandbox.atproto.state(gone.did, 'deleted')
    await sandbox.atproto.edit({ did: failing.did, collection: GAME, action: 'create', count: 1 })
    sandbox.fault({ name: 'html-error', api: 'pds', match: `listRecords.*` })
    const report = await backfill({ collection: GAME })
    expect(report).toMatchObject({ status: 'partial', deleted: 0, skipped: { 'inactive: deactivated': 1, gone: 1 } })
    expect(report.failures).toEqual([expect.objectContaining({ task: `repo ${failing.did}`, kind: 'http_503' })])
    expect([await rowsOf(inactive.did), await rowsOf(gone.did), await rowsOf(failing.did)]).toEqual(had)
    expect(
      await it_.db.query('select did, status from atproto.repos where did = any($1) order by status', [[inactive.did, gone.did]]),
    ).toEqual([
      { did: inactive.did, status: 'deactivated' },
      { did: gone.did, status: 'gone' },
    ])
  }, 120_000)

  test('an account that moves is followed to its new host, once', async () => {
    await world()
    await backfill({ collection: GAME })
    const [moved] = await repos([GAME])
    const other = sandbox.atproto.hosts().find((host) => host !== moved.host) ?? ''
    sandbox.atproto.migrate(moved.did, other)
    await sandbox.atproto.edit({ did: moved.did, collection: GAME, action: 'create', count: 1 })
    const report = await backfill({ collection: GAME })
    expect(report).toMatchObject({
      status: 'completed',
      verified: true,
      new: 1,
      notes: ['repos that had moved were followed to their new host'],
    })
    await same([GAME])
    expect(await it_.db.query(`select lane from backhaul.tasks where key = $1 order by id desc limit 1`, [moved.did])).toEqual([
      { lane: `http://${other}` },
    ])
  }, 120_000)
})

describe('the method', () => {
  test('by CAR holds the same as by list, and says the same of what is gone', async () => {
    await world()
    const car = await backfill({ collection: SCORE, method: 'car' })
    expect(car).toMatchObject({ status: 'completed', verified: true })
    expect(sandbox.traffic().pds?.byRoute.listRecords).toBeUndefined()
    await same([SCORE])
    const [first] = await repos([SCORE])
    await sandbox.atproto.edit({ did: first.did, collection: SCORE, action: 'delete', count: 1 })
    expect(await backfill({ collection: SCORE, method: 'car' })).toMatchObject({ new: 0, updated: 0, deleted: 1 })
    await same([SCORE])
  }, 120_000)

  test('is chosen for each repo: a long listing is given up for the whole repo, and the next run begins with it', async () => {
    await world(LONG)
    const first = await backfill({ collection: SCORE })
    expect(first).toMatchObject({ status: 'completed', verified: true, seen: sandbox.atproto.count([SCORE]) })
    expect(first.new + first.known).toBe(first.seen)
    expect(sandbox.traffic().pds?.byRoute).toMatchObject({ getRepo: 1 })
    await same([SCORE])
  }, 120_000)

  test('by CAR is left where the archive is broken, or larger than may be', async () => {
    await world(LONG)
    sandbox.fault({ name: 'truncated-car' })
    const report = await backfill({ collection: SCORE })
    expect(report).toMatchObject({ status: 'completed', verified: true })
    expect(sandbox.traffic().pds?.byRoute.getRepo).toBeGreaterThan(0)
    await same([SCORE])
  }, 120_000)

  test('differs in a record its host has taken down: the list leaves it out, the repo keeps it', async () => {
    await world()
    await backfill({ collection: GAME })
    const [one] = await repos([GAME])
    const { records } = await sandbox.atproto.edit({ did: one.did, collection: GAME, action: 'create', count: 1 })
    const rkey = records[0]?.uri.split('/').at(-1) ?? ''
    sandbox.atproto.hide(one.did, GAME, rkey)
    expect(await backfill({ collection: GAME, method: 'list' })).toMatchObject({ new: 0, deleted: 0 })
    await sandbox.atproto.edit({ did: one.did, collection: GAME, action: 'create', count: 1 })
    expect(await backfill({ collection: GAME, method: 'car' })).toMatchObject({ new: 2, deleted: 0 })
  }, 120_000)
})

describe('a host that answers oddly', () => {
  const SETTLED = [GAME]
  test.each([
    ['an empty page with a cursor', { name: 'empty-page-cursor', times: 3 }],
    ['the same cursor again, twice', { name: 'repeated-cursor', times: 2 }],
    ['records twice', { name: 'duplicate' }],
    ['records in no order', { name: 'unordered' }],
    ['half an answer', { name: 'half-json', api: 'pds', times: 5 }],
    ['cut connections', { name: 'reset-connection', api: 'pds', times: 5 }],
    ['a web page', { name: 'html-error', times: 2 }],
    ['a hundred megabytes', { name: 'huge', times: 2, match: 'listRecords' }],
    ['429', { name: 'pds-429', times: 2, seconds: 1 }],
  ])(
    'with %s is read whole',
    async (_, fault) => {
      await world()
      sandbox.fault(fault)
      expect(await backfill({ collection: GAME })).toMatchObject({ status: 'completed', deleted: 0 })
      await same(SETTLED)
      expect(sandbox.violations().last).toEqual([])
    },
    120_000,
  )

  test.each([
    ['repeats its cursor for ever', 'repeated-cursor', 'repeated_cursor'],
    ['never ends', 'endless-cursor', 'endless_listing'],
  ])(
    'and %s fails by name; what it listed is kept, and nothing is deleted',
    async (_, fault, kind) => {
      await world(PAGED, 2)
      const [bad] = (await repos([SCORE])).filter((repo) => (repo.collections[SCORE] ?? 0) > 100) as [True]
      sandbox.fault({ name: fault, match: `listRecords.*${bad.did.split(':').at(-1)}` })
      const report = await backfill({ collection: SCORE })
      expect(report.failures).toEqual([expect.objectContaining({ task: `repo ${bad.did}`, kind })])
      expect(report).toMatchObject({ status: 'partial', deleted: 0, verified: false })
      sandbox.clearFaults()
      expect(await backfill({ collection: SCORE })).toMatchObject({ status: 'completed', deleted: 0 })
      await same([SCORE])
    },
    120_000,
  )

  test('and cannot give the list of a repo gives the whole of it', async () => {
    await world(PLAIN, 3)
    const [bad] = await repos([GAME])
    const match = `listRecords.*${bad.did.split(':').at(-1)}`
    sandbox.fault({ name: 'status', api: 'pds', status: 500, match, body: '{"error":"InternalServerError"}' })
    const report = await backfill({ collection: GAME })
    expect(report).toMatchObject({ status: 'completed', verified: true, failedBy: {} })
    await same(SETTLED)
    expect(sandbox.traffic().pds?.byRoute).toMatchObject({ getRepo: 1 })
    // The method that was asked for is kept.
    await it_.db.tx((tx) => tx.query('truncate atproto.records, atproto.repos'))
    expect(await backfill({ collection: GAME, method: 'list' })).toMatchObject({ status: 'partial', failedBy: { http_500: 1 } })
  }, 120_000)

  test('with records that are not what it says has them rejected, and is read again the next time', async () => {
    await world()
    sandbox.fault({ name: 'bad-cid', times: 3 })
    sandbox.fault({ name: 'wrong-uri', times: 2 })
    sandbox.fault({ name: 'bad-rkey', times: 2 })
    const report = await backfill({ collection: GAME })
    expect(report).toMatchObject({ status: 'completed', verified: false })
    expect(report.rejectedBy.cid_mismatch).toBeGreaterThan(0)
    expect(report.rejectedBy.uri).toBeGreaterThan(0)
    sandbox.clearFaults()
    expect(await backfill({ collection: GAME })).toMatchObject({ status: 'completed', verified: true, new: report.rejected, deleted: 0 })
    await same(SETTLED)
  }, 120_000)

  test('and cannot be reached is given up with everybody it holds, the others are read; a retry reads it once it is back', async () => {
    await world({ oddities: false, repos: 24, pdses: 3 }, 2)
    const [dead = ''] = sandbox.atproto.hosts()
    sandbox.atproto.host(dead, 'dead')
    const job = await jobs.startJob(it_, atproto, jobs.parseParams(atproto, { collection: GAME }))
    expect(await it_.ended(job.id, 90_000)).toBe('partial')
    const report = await jobs.report(it_, job.id)
    const there = sandbox.atproto.repos().filter((repo) => repo.host === dead && repo.collections[GAME] !== undefined)
    const states = await it_.db.query<{ state: string; kind: string; n: number }>(
      `select state, error_kind as kind, count(*)::int as n from backhaul.tasks where job_id = $1 and lane = $2 group by 1, 2`,
      [job.id, `http://${dead}`],
    )
    expect(states).toEqual([{ state: 'failed', kind: 'connection', n: expect.any(Number) }])
    expect(states[0]?.n).toBeGreaterThanOrEqual(there.length)
    expect(report.tasks.failed).toBe(states[0]?.n)
    // Far fewer than each of them would have cost by itself.
    expect(sandbox.requests('pds').filter((one) => one.host === dead).length).toBeLessThan(12)
    sandbox.atproto.host(dead, 'up')
    await jobs.retry(it_, job.id)
    expect(await it_.ended(job.id, 90_000)).toBe('completed')
    await same(SETTLED)
  }, 180_000)
})

describe('discovery', () => {
  test('by hosts, and of hosts that are named, finds what the relay finds; heads come with the list', async () => {
    await world()
    expect(await backfill({ collection: GAME, discovery: 'hosts' })).toMatchObject({ status: 'completed', verified: true })
    await same([GAME])
    sandbox.reset()
    const again = await backfill({ collection: GAME, pds: sandbox.atproto.hosts().map((host) => `http://${host}`) })
    expect(again).toMatchObject({ status: 'completed', new: 0, updated: 0, skipped: { unchanged: PLAIN.repos } })
    // A page, and the empty one that ends the list.
    expect(sandbox.traffic().pds?.byRoute).toEqual({ listRepos: 2 * sandbox.atproto.hosts().length })
  }, 120_000)

  test('of new repos goes on where the relay was left, and leaves alone what was read before', async () => {
    await world()
    const first = await backfill({ collection: GAME })
    const added = sandbox.atproto.add(3)
    for (const did of added) await sandbox.atproto.edit({ did, collection: GAME, action: 'create', count: 2 })
    const before = sandbox.traffic().pds?.total ?? 0
    const report = await backfill({ collection: GAME, newOnly: true })
    expect(report).toMatchObject({ status: 'completed', new: sandbox.atproto.count([GAME]) - first.new })
    expect((sandbox.traffic().pds?.total ?? 0) - before).toBeLessThanOrEqual(added.length * 3)
    await same([GAME])
  }, 120_000)

  test('of several collections makes one task of a repo, whichever it was found by', async () => {
    await world()
    for (const id of [GAME, SCORE])
      await it_.db.query(`insert into atproto.lexicons (id, type, backfill, document) values ($1, 'record', true, '{}')`, [id])
    const report = await backfill({})
    expect(report).toMatchObject({ status: 'completed', verified: true })
    const [{ n, dids } = { n: 0, dids: 0 }] = await it_.db.query<{ n: number; dids: number }>(
      `select count(*)::int as n, count(distinct key)::int as dids from backhaul.tasks where stream = 'repo'`,
    )
    expect(n).toBe(dids)
    await same([GAME, SCORE])
  }, 120_000)

  test('keeps its cursor with the tasks of the page, and rests while enough repos wait', async () => {
    await world({ oddities: false, repos: 260, emptyRepos: 1, pdses: 2, speed: 2000 })
    const job = await jobs.startJob(it_, atproto, jobs.parseParams(atproto, { collection: GAME }))
    await it_.db.query('update backhaul.jobs set backlog = 20 where id = $1', [job.id])
    let most = 0
    const ended = async () => {
      const [row] = await it_.db.query<{ n: number }>(`select count(*)::int as n from backhaul.tasks where state = 'waiting'`)
      most = Math.max(most, row?.n ?? 0)
      return ['completed', 'partial', 'failed'].includes(await it_.status(job.id))
    }
    await until(ended, { timeoutMs: 150_000 })
    expect(await it_.status(job.id)).toBe('completed')
    expect(most).toBeGreaterThan(0)
    // A step finds 200 at most.
    expect(most).toBeLessThanOrEqual(220)
  }, 180_000)
})

describe('repos that are named', () => {
  test('by handle are read; a handle nobody has, or that leads to somebody else, is a failed repo with its sentence', async () => {
    await world()
    const [one, two] = await repos([GAME])
    const report = await backfill({ collection: GAME, dids: [one.handle, two.did, 'nobody.sandbox.test'] })
    expect(report.status).toBe('partial')
    expect(report.failures).toEqual([
      { task: 'repo nobody.sandbox.test', kind: 'handle_not_found', error: 'the handle nobody.sandbox.test stands for no DID' },
    ])
    const rows = await it_.db.query<{ did: string }>('select distinct did from atproto.records')
    expect(rows.map((row) => row.did).sort()).toEqual([one.did, two.did].sort())
  }, 120_000)

  test.each([
    ['other-did', 'did_document'],
    ['no-pds', 'no_pds'],
    ['path', 'pds_address'],
    ['query', 'pds_address'],
    ['credentials', 'pds_address'],
    ['html', 'blocked_page'],
  ] as const)(
    'and have a document with %s fail as %s',
    async (document, kind) => {
      await world(PLAIN, 2)
      const [one] = await repos([GAME])
      sandbox.atproto.document(one.did, document)
      const report = await backfill({ collection: GAME, did: one.did })
      expect(report.failures).toEqual([expect.objectContaining({ task: `repo ${one.did}`, kind })])
      expect(sandbox.traffic().pds?.total ?? 0).toBe(0)
    },
    120_000,
  )
})

test('jobs run one at a time in the order in which they came', async () => {
  await world()
  const [one, two, three] = await repos([GAME])
  const started = []
  for (const { did } of [one, two, three])
    started.push((await jobs.startJob(it_, atproto, jobs.parseParams(atproto, { collection: GAME, did }))).id)
  for (const id of started) expect(await it_.ended(id, 90_000)).toBe('completed')
  const order = await it_.db.query<{ id: string; overlaps: boolean }>(
    `select id, coalesce(started_at < lag(completed_at) over (order by created_at), false) as overlaps from backhaul.jobs order by created_at`,
  )
  expect(order).toEqual(started.map((id) => ({ id, overlaps: false })))
}, 120_000)
