import { repo } from '../../../backend/sources/atproto/streams/repo'
import { type AtprotoWorld, atprotoWorld } from '../../support/atproto-world'
import { until } from '../../support/until'

/* What is noted of a repo is what was read of it, at the head it was read at. */

const GAME = 'games.sandbox.game'
const SCORE = 'games.sandbox.score'
const PROFILE = 'games.sandbox.profile'

let world: AtprotoWorld
beforeAll(async () => {
  world = await atprotoWorld({ repos: 12 }, 6)
}, 120_000)
afterAll(() => world?.close())
beforeEach(() => world.fresh())
afterEach(() => jest.restoreAllMocks())

const description = (did: string, collections: string[]) => ({
  did,
  handle: 'x.example.com',
  didDoc: {},
  collections,
  handleIsCorrect: true,
})

describe('a host that names other collections than the relay lists', () => {
  test.each([
    ['none', []],
    ['others', ['app.bsky.feed.post']],
    ['some of them', [GAME]],
    ['the other ones', [SCORE]],
  ])(
    'names %s: all records are read, and the next run has nothing to do',
    async (_, named) => {
      await world.upload(GAME, SCORE, PROFILE)
      const [odd] = world.repos(GAME, SCORE)
      world.answers('describeRepo', odd, 200, description(odd.did, named))
      expect(await world.backfill({})).toMatchObject({ status: 'completed', verified: true })
      expect(await world.wrong(GAME, SCORE, PROFILE)).toEqual([])
      expect(await world.backfill({})).toMatchObject({ status: 'completed', new: 0, updated: 0, deleted: 0 })
    },
    120_000,
  )

  test('is found out however late the relay lists the collection', async () => {
    await world.upload(GAME, SCORE)
    const [odd] = world.repos(GAME, SCORE)
    world.answers('describeRepo', odd, 200, description(odd.did, [GAME]))
    world.sandbox.fault({ name: 'relay-500', match: SCORE })
    const job = await world.start({ method: 'list' })
    const isRead = async () => GAME in (await world.synced(odd.did))
    await until(isRead, { timeoutMs: 30_000, what: 'the repo to be read without its scores' })
    world.sandbox.clearFaults()
    world.answers('describeRepo', odd, 200, description(odd.did, [GAME]))
    await world.suite.ended(job, 60_000)
    expect(await world.wrong(GAME, SCORE)).toEqual([])
    expect(await world.reportOf(job)).toMatchObject({ status: 'completed', verified: true })
    expect(await world.suite.db.query(`select stream from backhaul.tasks where key = $1`, [`${odd.did} ${SCORE}`])).toEqual([
      { stream: 'late' },
    ])
  }, 120_000)

  test('is found out where the relay lists the collection while the repo is being read', async () => {
    await world.upload(GAME, SCORE)
    const [odd] = world.repos(GAME, SCORE)
    world.answers('describeRepo', odd, 200, description(odd.did, [GAME]))
    const { db } = world.suite
    const read = repo.read
    let listed = 0
    jest.spyOn(repo, 'read').mockImplementation(async (step, io) => {
      const page = await read(step, io)
      // After the last check, before the commit.
      if (step.key === odd.did && page.next === null && listed++ === 0)
        await db.query(`update atproto.repos set listed = array[$2] where did = $1`, [odd.did, SCORE])
      return page
    })
    expect(await world.backfill({ did: odd.did })).toMatchObject({ status: 'completed' })
    expect(listed).toBeGreaterThan(1)
    expect(Object.keys(await world.synced(odd.did)).sort()).toEqual([GAME, SCORE])
  }, 120_000)

  test('has nothing noted of what nobody listed, and is asked again', async () => {
    await world.upload(GAME, SCORE, PROFILE)
    const [odd] = world.repos(GAME, SCORE)
    world.answers('describeRepo', odd, 200, description(odd.did, []))
    await world.backfill({ did: odd.did })
    expect(await world.synced(odd.did)).toEqual({})
    world.sandbox.clearFaults()
    await world.backfill({ did: odd.did })
    const read = Object.fromEntries(Object.entries(await world.synced(odd.did)).map(([name, { records }]) => [name, records]))
    expect(read).toMatchObject({ [GAME]: odd.collections[GAME], [SCORE]: odd.collections[SCORE] })
  }, 120_000)

  test('keeps what is noted of the collections that are left alone', async () => {
    await world.backfill({ collection: GAME })
    const [one] = world.repos(GAME, SCORE)
    await world.upload(GAME, SCORE)
    await world.backfill({ did: one.did })
    expect(await world.synced(one.did)).toMatchObject({
      [GAME]: { records: one.collections[GAME] },
      [SCORE]: { records: one.collections[SCORE] },
    })
    expect(await world.backfill({ did: one.did })).toMatchObject({ seen: (one.collections[GAME] ?? 0) + (one.collections[SCORE] ?? 0) })
  }, 120_000)
})

describe('a repo whose commit is another one at the same revision', () => {
  test.each([['relay'], ['hosts']])(
    'is read again, found by %s',
    async (discovery) => {
      await world.backfill({ collection: GAME, discovery })
      const [one] = world.repos(GAME)
      await world.sandbox.atproto.edit({ did: one.did, collection: GAME, action: 'update', keepsRev: true })
      await world.sandbox.atproto.edit({ did: one.did, collection: GAME, action: 'create', keepsRev: true })
      expect(await world.backfill({ collection: GAME, discovery })).toMatchObject({ status: 'completed', new: 1, updated: 1 })
      expect(await world.wrong(GAME)).toEqual([])
    },
    120_000,
  )

  test('while it is read has nothing deleted', async () => {
    await world.backfill({ collection: GAME })
    const [one] = world.repos(GAME)
    await world.sandbox.atproto.edit({ did: one.did, collection: GAME, action: 'delete' })
    const { read } = repo
    jest.spyOn(repo, 'read').mockImplementation(async (step, io) => {
      const page = await read(step, io)
      if (step.key === one.did && page.next?.listing === undefined && page.next !== null)
        await world.sandbox.atproto.edit({ did: one.did, collection: 'app.sandbox.post', action: 'create', keepsRev: true })
      return page
    })
    const report = await world.backfill({ collection: GAME, did: one.did, method: 'list' })
    expect(report).toMatchObject({ deleted: 0, notes: [expect.stringContaining('changed while they were read')] })
  }, 120_000)
})
