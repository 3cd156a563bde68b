import * as jobs from '../../../backend/engine/jobs/verbs'
import { type AtprotoWorld, atprotoWorld, type TrueRepo } from '../../support/atproto-world'

/* Hosts that lack a method, refuse in other words, or are left by an account. */

const GAME = 'games.sandbox.game'
const SCORE = 'games.sandbox.score'

let world: AtprotoWorld
beforeAll(async () => {
  world = await atprotoWorld({ repos: 8, pdses: 2 }, 2)
}, 120_000)
afterAll(() => world?.close())
beforeEach(() => world.fresh())

const NOT_HERE: [string, number, unknown][] = [
  ['501', 501, { error: 'MethodNotImplemented', message: 'Method Not Implemented' }],
  ['404 XRPCNotSupported', 404, { error: 'XRPCNotSupported' }],
  ['404 in plain words', 404, '404 page not found'],
]
const moved = (one: TrueRepo): void =>
  world.sandbox.atproto.migrate(one.did, world.sandbox.atproto.hosts().find((host) => host !== one.host) ?? '')
const stateOf = async (one: TrueRepo) =>
  (await world.suite.db.query('select status from atproto.repos where did = $1', [one.did])) as { status: string }[]

describe('a host without a method', () => {
  test.each(NOT_HERE)(
    'has no getLatestCommit (%s): all is read, nothing is noted, nothing deleted',
    async (_, status, body) => {
      await world.upload(GAME, SCORE)
      const [odd] = world.repos(GAME, SCORE)
      world.answers('getLatestCommit', odd, status, body)
      const first = await world.backfill({ method: 'list' })
      expect(first).toMatchObject({ status: 'completed', notes: [expect.stringContaining('do not name the head')] })
      expect(await world.wrong(GAME, SCORE)).toEqual([])
      expect(await world.synced(odd.did)).toEqual({})
      const { records } = await world.sandbox.atproto.edit({ did: odd.did, collection: GAME, action: 'delete', count: 1 })
      await world.sandbox.atproto.edit({ did: odd.did, collection: SCORE, action: 'create', count: 2 })
      const again = await world.backfill({ method: 'list' })
      expect(again).toMatchObject({ status: 'completed', new: 2, updated: 0, deleted: 0, seen: first.seen + 1, known: first.seen - 1 })
      expect(await world.wrong(GAME, SCORE)).toEqual([`${records[0]?.uri} should not be there`])
    },
    120_000,
  )

  test.each(NOT_HERE)(
    'has no describeRepo (%s): every wanted collection is listed',
    async (_, status, body) => {
      await world.upload(GAME, SCORE)
      const [odd] = world.repos(GAME, SCORE)
      world.answers('describeRepo', odd, status, body)
      expect(await world.backfill({ dids: [odd.did] })).toMatchObject({ status: 'completed', verified: true })
      expect(Object.keys(await world.synced(odd.did)).sort()).toEqual([GAME, SCORE])
    },
    120_000,
  )

  test('tells heads with its list of repos only: rows stay, and it is asked again', async () => {
    await world.backfill({ collection: GAME })
    const [odd] = world.repos(GAME)
    await world.sandbox.atproto.edit({ did: odd.did, collection: GAME, action: 'delete', count: 1 })
    world.answers('getLatestCommit', odd, 501, {})
    for (const _ of [1, 2])
      expect(await world.backfill({ collection: GAME, pds: [`http://${odd.host}`], method: 'list' })).toMatchObject({
        status: 'completed',
        deleted: 0,
        notes: [expect.stringContaining('do not name the head')],
      })
  }, 120_000)

  test('gives the list or the whole, whichever it has', async () => {
    const [one, two] = world.repos(GAME)
    world.answers('listRecords', one, 501, {})
    world.answers('getRepo\\?', two, 501, {})
    expect(await world.backfill({ collection: GAME, dids: [one.did, two.did] })).toMatchObject({ status: 'completed', verified: true })
    const failed = await world.backfill({ collection: GAME, did: two.did, method: 'car' })
    expect(failed.skipped).toEqual({ unchanged: 1 })
    await world.suite.db.tx((tx) => tx.query('truncate atproto.repos'))
    expect(await world.backfill({ collection: GAME, did: two.did, method: 'car' })).toMatchObject({ failedBy: { http_501: 1 } })
  }, 120_000)
})

describe('an account that its host does not show', () => {
  test.each([
    [403, 'AccountDeactivated', 'deactivated'],
    [400, 'AccountTakedown', 'takendown'],
    [403, 'RepoSuspended', 'suspended'],
    [404, 'RepoDeactivated', 'deactivated'],
  ])(
    'is inactive, and not failed: %i %s',
    async (status, error, state) => {
      const [odd] = world.repos(GAME)
      world.answers('', odd, status, { error, message: 'words of that host' })
      expect(await world.backfill({ collection: GAME, did: odd.did })).toMatchObject({
        status: 'completed',
        skipped: { [`inactive: ${state}`]: 1 },
      })
      expect(await stateOf(odd)).toEqual([{ status: state }])
    },
    120_000,
  )

  test('is read by a retry of what is missing, once its host shows it again', async () => {
    const [odd] = world.repos(GAME)
    world.answers('', odd, 403, { error: 'AccountDeactivated' })
    const id = await world.start({ collection: GAME, did: odd.did })
    expect(await world.suite.ended(id)).toBe('completed')
    expect((await jobs.report(world.suite, id)).skippedBy).toEqual({ inactive: 1 })
    world.sandbox.reset()
    await jobs.retry(world.suite, id, { missing: true })
    expect(await world.suite.ended(id)).toBe('completed')
    expect(await jobs.report(world.suite, id)).toMatchObject({ verified: true, skippedBy: {} })
    expect(await world.synced(odd.did)).toHaveProperty([GAME])
  }, 120_000)

  test.each([
    [404, { error: 'RepoNotFound', message: 'x' }],
    [400, { error: 'InvalidRequest', message: 'Repo did:plc:x not found' }],
    [404, { error: 'NotFound', message: 'Account does not exist' }],
    [400, { error: 'AccountNotFound' }],
  ])(
    'is gone by %i %j, and its rows stay',
    async (status, body) => {
      await world.backfill({ collection: GAME })
      const [odd] = world.repos(GAME)
      world.answers('', odd, status, body)
      expect(await world.backfill({ collection: GAME, did: odd.did })).toMatchObject({
        status: 'completed',
        deleted: 0,
        skipped: { gone: 1 },
      })
      expect(await world.wrong(GAME)).toEqual([])
    },
    120_000,
  )

  test.each([
    [403, { error: 'Forbidden' }, 'http_403'],
    [400, { error: 'InvalidRequest', message: 'Params must have the property "x"' }, 'refused'],
    [404, 'nothing here', 'http_404'],
  ])(
    'is neither gone nor inactive by %i %j',
    async (status, body, kind) => {
      const [odd] = world.repos(GAME)
      world.answers('', odd, status, body)
      expect(await world.backfill({ collection: GAME, did: odd.did })).toMatchObject({ status: 'partial', failedBy: { [kind]: 1 } })
    },
    120_000,
  )
})

describe('a host that an account has left', () => {
  const LEFT: [string, number, unknown][] = [
    ['404 RepoNotFound', 404, { error: 'RepoNotFound', message: 'x' }],
    ['400 in a sentence', 400, { error: 'InvalidRequest', message: 'Repo did:plc:x not found' }],
    ['400 about something else', 400, { error: 'InvalidRequest', message: 'no' }],
    ['403', 403, { error: 'Forbidden' }],
    ['404 in plain words', 404, '404 page not found'],
    ['500', 500, { error: 'InternalServerError' }],
    ['502', 502, 'Bad Gateway'],
  ]
  test.each(LEFT)(
    'answers %s: the account is followed',
    async (_, status, body) => {
      await world.backfill({ collection: GAME })
      const [one] = world.repos(GAME)
      moved(one)
      await world.sandbox.atproto.edit({ did: one.did, collection: GAME, action: 'create' })
      world.answers('', one, status, body)
      expect(await world.backfill({ collection: GAME })).toMatchObject({
        status: 'completed',
        new: 1,
        notes: ['repos that had moved were followed to their new host'],
      })
      expect(await world.wrong(GAME)).toEqual([])
    },
    120_000,
  )

  test('answers 502, and the account is no more: gone', async () => {
    await world.backfill({ collection: GAME })
    const [one] = world.repos(GAME)
    world.sandbox.atproto.state(one.did, 'tombstoned')
    world.answers('', one, 502, 'Bad Gateway')
    expect(await world.backfill({ collection: GAME, did: one.did })).toMatchObject({ status: 'completed', skipped: { gone: 1 } })
  }, 120_000)

  test('answers 502 while the directory cannot be asked: it fails by its host, and a retry follows the account', async () => {
    await world.backfill({ collection: GAME })
    const [one] = world.repos(GAME)
    moved(one)
    world.answers('', one, 502, 'Bad Gateway')
    world.sandbox.fault({ name: 'plc-500' })
    const job = await world.start({ collection: GAME, did: one.did })
    expect(await world.suite.ended(job)).toBe('partial')
    expect(await world.reportOf(job)).toMatchObject({ failedBy: { http_502: 1 } })
    world.sandbox.clearFaults('plc-500')
    await jobs.retry(world.suite, job)
    expect(await world.suite.ended(job)).toBe('completed')
  }, 120_000)

  test('is left by some, and holds others: those that have left are followed, the others fail', async () => {
    await world.backfill({ collection: GAME })
    const repos = world.repos(GAME) as TrueRepo[]
    const by = world.sandbox.atproto.hosts().map((host) => repos.filter((one) => one.host === host))
    const [there = []] = by.sort((a, b) => b.length - a.length)
    const left = there.slice(-1)
    for (const one of left) moved(one)
    world.sandbox.atproto.host(there[0]?.host ?? '', 'dead')
    const report = await world.backfill({ collection: GAME })
    expect(report).toMatchObject({ status: 'partial', failedBy: { connection: expect.any(Number) } })
    const failed = await world.suite.db.query<{ key: string }>(`select key from backhaul.tasks where state = 'failed' and lane = $1`, [
      `http://${there[0]?.host}`,
    ])
    expect(failed.map(({ key }) => key)).toEqual(expect.arrayContaining(there.slice(0, -1).map(({ did }) => did)))
    expect(failed.map(({ key }) => key)).not.toContain(left[0]?.did)
    expect(await world.wrong(GAME)).toEqual([])
  }, 120_000)

  test('is left by everybody: all of them are followed', async () => {
    await world.backfill({ collection: GAME })
    const [{ host }] = world.repos(GAME)
    const left = world.sandbox.atproto.repos().filter((one) => one.host === host && one.state === 'active')
    for (const one of left) moved(one)
    world.sandbox.atproto.host(host, 'dead')
    expect(await world.backfill({ collection: GAME })).toMatchObject({ status: 'completed' })
    expect(await world.wrong(GAME)).toEqual([])
  }, 120_000)
})
