import { WANTED } from '../../backend/sandbox/atproto/shapes'
import type { TrueRepo } from '../../backend/sandbox/atproto/truth'
import { stillSandbox } from '../support/sandbox'

type Still = Awaited<ReturnType<typeof stillSandbox>>
const [GAME, SCORE] = WANTED
let still: Still
let repos: TrueRepo[]
beforeAll(async () => {
  still = await stillSandbox({ scale: 10 })
  repos = still.sandbox.atproto.repos()
})
afterAll(() => still.sandbox.close())
afterEach(() => {
  still.sandbox.reset()
  still.pass(3_600_000)
})

const repo = (k: number): TrueRepo => repos[k] as TrueRepo
const byState = (state: string): TrueRepo => repos.find((one) => one.state === state) as TrueRepo
const xrpc = (base: string, method: string, params: Record<string, string | number>) =>
  still.get(`${base}/xrpc/${method}?${new URLSearchParams(params as Record<string, string>)}`)
const pds = (host: string, method: string, params: Record<string, string | number> = {}) => xrpc(`http://${host}`, method, params)
const ask = async (where: TrueRepo, method: string, params: Record<string, string | number>) => {
  const { status, json } = await pds(where.host, method, params)
  return [status, json()]
}
const relay = async (method: string, params: Record<string, string | number>) => {
  still.pass(300)
  return (await xrpc(still.sandbox.urls.ATPROTO_RELAY_URL, method, params)).json()
}
const plc = (did: string) => {
  still.pass(300)
  return still.get(`${still.sandbox.urls.PLC_URL}/${did}`)
}
const list = (where: TrueRepo, collection: string, more: Record<string, string | number> = {}) =>
  pds(where.host, 'com.atproto.repo.listRecords', { repo: where.did, collection, ...more })
const rkeys = (page: { records: { uri: string }[] }) => page.records.map(({ uri }) => uri.split('/')[4])

describe('the relay', () => {
  const BY_COLLECTION = 'com.atproto.sync.listReposByCollection'

  test('lists every repo that ever had the collection, first seen first; the last page has no cursor', async () => {
    const dids: string[] = []
    let cursor: string | undefined
    const pages: number[] = []
    do {
      const page = await relay(BY_COLLECTION, { collection: GAME, limit: 9, ...(cursor ? { cursor } : {}) })
      dids.push(...page.repos.map((one: { did: string }) => one.did))
      pages.push(page.repos.length)
      cursor = page.cursor
    } while (cursor)
    const withGames = repos.filter(({ collections }) => collections[GAME] !== undefined).map(({ did }) => did)
    const emptied = repos.filter(({ collections }) => !WANTED.some((one) => collections[one])).map(({ did }) => did)
    expect(emptied.length).toBeGreaterThan(0)
    expect(dids).toEqual(repos.map(({ did }) => did).filter((did) => withGames.includes(did) || emptied.includes(did)))
    expect(pages.slice(0, -1).every((size) => size === 9)).toBe(true)
    expect(dids).toEqual(expect.arrayContaining([byState('deactivated').did, byState('tombstoned').did]))
  })

  test('moves a limit into its bounds; refuses what is no collection and no cursor of its own', async () => {
    expect((await relay(BY_COLLECTION, { collection: GAME, limit: 0 })).repos).toHaveLength(1)
    expect((await relay(BY_COLLECTION, { collection: GAME, limit: 9999 })).cursor).toBeUndefined()
    expect((await relay(BY_COLLECTION, { collection: 'games' })).error).toBe('InvalidRequest')
    expect((await relay(BY_COLLECTION, { collection: GAME, cursor: '!' })).message).toBe('Malformed cursor')
    expect(await relay(BY_COLLECTION, { collection: 'games.sandbox.none' })).toEqual({ repos: [] })
  })

  test('appends new repos and repos with a new collection, so an old cursor lists only those', async () => {
    const { repos: all } = await relay(BY_COLLECTION, { collection: 'games.sandbox.extra' })
    expect(all).toEqual([])
    const { cursor } = await relay(BY_COLLECTION, { collection: SCORE, limit: 28 })
    const before = (await relay(BY_COLLECTION, { collection: SCORE, cursor })).repos
    const [added] = still.sandbox.atproto.add(1)
    expect((await relay(BY_COLLECTION, { collection: SCORE, cursor })).repos).toEqual([...before, { did: added }])
    await still.sandbox.atproto.edit({ did: repo(4).did, collection: 'games.sandbox.extra', action: 'create' })
    expect((await relay(BY_COLLECTION, { collection: 'games.sandbox.extra' })).repos).toEqual([{ did: repo(4).did }])
  })

  test('knows the hosts', async () => {
    const hosts = still.sandbox.atproto.hosts()
    const first = await relay('com.atproto.sync.listHosts', { limit: 3 })
    const second = await relay('com.atproto.sync.listHosts', { limit: 3, cursor: first.cursor })
    expect([...first.hosts, ...second.hosts].map((one: { hostname: string }) => one.hostname)).toEqual(hosts)
    expect([first.hosts[0].status, second.cursor]).toEqual(['active', undefined])
  })
})

describe('names', () => {
  test('PLC has the document of a DID; strangers and tombstones are 404, each with its sentence', async () => {
    const { did, handle, host } = repo(0)
    const answer = await plc(did)
    expect(answer.headers.get('content-type')).toMatch('application/did+ld+json')
    expect(answer.json()).toMatchObject({
      id: did,
      alsoKnownAs: [`at://${handle}`],
      service: [{ id: '#atproto_pds', type: 'AtprotoPersonalDataServer', serviceEndpoint: `http://${host}` }],
    })
    const stranger = await plc('did:plc:aaaaaaaaaaaaaaaaaaaaaaaa')
    expect([stranger.status, stranger.json().message]).toEqual([404, 'DID not registered: did:plc:aaaaaaaaaaaaaaaaaaaaaaaa'])
    const gone = await plc(byState('tombstoned').did)
    expect([gone.status, gone.json().message]).toEqual([404, `DID not available: ${byState('tombstoned').did}`])
    expect((await plc(byState('deleted').did)).json().service[0].serviceEndpoint).toBe(`http://${byState('deleted').host}`)
  })

  test('what is not under the limit is not refused by it, and asks nobody to wait', async () => {
    const { host, did } = repos.find((one) => one.did.startsWith('did:web:')) as TrueRepo
    still.sandbox.atproto.host(host, 'limited', 2000)
    still.sandbox.fault({ name: 'pds-429' })
    const status = async (path: string) => (await still.get(`http://${host}${path}`)).status
    expect(await status('/.well-known/did.json')).toBe(200)
    expect(await status('/xrpc/_health')).toBe(200)
    still.pass(1000)
    expect(await status(`/xrpc/com.atproto.sync.getRepoStatus?did=${encodeURIComponent(did)}`)).toBe(429)
    expect(still.sandbox.violations().byKind).toEqual({})
    still.sandbox.reset()
  })

  test('a host serves the document of its own did:web account, and its repo', async () => {
    const own = repos.filter(({ did }) => did.startsWith('did:web:'))
    expect(own.map(({ host }) => host).sort()).toEqual(still.sandbox.atproto.hosts().sort())
    for (const one of own) {
      const { json } = await still.get(`http://${decodeURIComponent(one.did.slice('did:web:'.length))}/.well-known/did.json`)
      expect(json()).toMatchObject({ id: one.did, service: [{ id: `${one.did}#atproto_pds`, serviceEndpoint: `http://${one.host}` }] })
      expect((await list(one, SCORE)).json().records.length).toBeGreaterThan(0)
    }
  })

  test('handles resolve at the service and at the repo’s own host, nowhere else', async () => {
    const method = 'com.atproto.identity.resolveHandle'
    const refusal = [400, { error: 'InvalidRequest', message: 'Unable to resolve handle' }]
    const { handle, did, host } = repo(20)
    const service = await xrpc(still.sandbox.urls.ATPROTO_HANDLE_URL, method, { handle })
    expect(service.json()).toEqual({ did })
    const nobody = await xrpc(still.sandbox.urls.ATPROTO_HANDLE_URL, method, { handle: 'user-4000.sandbox.test' })
    expect([nobody.status, nobody.json()]).toEqual(refusal)
    expect(await ask(repo(20), method, { handle })).toEqual([200, { did }])
    const elsewhere = repos.find((one) => one.host !== host) as TrueRepo
    expect(await ask(elsewhere, method, { handle })).toEqual(refusal)
  })
})

describe('listRecords', () => {
  test('goes down by record key; every page that is not empty has a cursor', async () => {
    const found: unknown[] = []
    let cursor: string | undefined
    let requests = 0
    do {
      const page = (await list(repo(18), SCORE, { limit: 100, ...(cursor ? { cursor } : {}) })).json()
      found.push(...rkeys(page))
      expect(page.cursor).toBe(rkeys(page).at(-1))
      cursor = page.cursor
      requests++
    } while (cursor)
    expect(found).toHaveLength(repo(18).collections[SCORE] ?? 0)
    expect(found).toEqual([...found].sort().reverse())
    expect(requests).toBe(Math.floor(found.length / 100) + 2)
    const up = (await list(repo(18), SCORE, { limit: 2, reverse: 'true', cursor: String(found.at(-1)) })).json()
    expect(rkeys(up)).toEqual([found.at(-2), found.at(-3)])
  })

  test('takes handles; knows no bounds but its own', async () => {
    const { handle, host } = repo(18)
    expect((await pds(host, 'com.atproto.repo.listRecords', { repo: handle, collection: SCORE })).json().records).toHaveLength(50)
    expect(await ask(repo(18), 'com.atproto.repo.listRecords', { repo: handle, collection: SCORE, limit: 101 })).toEqual([
      400,
      { error: 'InvalidRequest', message: 'Error: limit can not be greater than 100' },
    ])
    expect((await list(repo(18), 'noname')).json()).toEqual({ error: 'InvalidRequest', message: 'Error: collection must be a valid nsid' })
    expect((await list(repo(18), 'games.sandbox.none')).json()).toEqual({ records: [] })
    expect((await pds(host, 'com.atproto.repo.listRecords', { collection: SCORE })).json().message).toContain('"repo"')
  })
})

describe('what a host says of a repo', () => {
  test.each([
    ['deactivated', 'RepoDeactivated', 'Repo has been deactivated'],
    ['takendown', 'RepoTakendown', 'Repo has been takendown'],
    ['suspended', 'RepoSuspended', 'Repo has been suspended'],
    ['deleted', 'RepoNotFound', 'Could not find repo for DID'],
    ['tombstoned', 'RepoNotFound', 'Could not find repo for DID'],
  ])('%s', async (state, error, message) => {
    const one = byState(state)
    const { did } = one
    const refusal = [400, { error, message: `${message}: ${did}` }]
    const unlisted = [400, { error: 'InvalidRequest', message: `Could not find repo: ${did}` }]
    expect(await ask(one, 'com.atproto.repo.listRecords', { repo: did, collection: GAME })).toEqual(unlisted)
    expect(await ask(one, 'com.atproto.sync.getRepo', { did })).toEqual(refusal)
    expect(await ask(one, 'com.atproto.sync.getLatestCommit', { did })).toEqual(refusal)
    expect(await ask(one, 'com.atproto.repo.describeRepo', { repo: did })).toEqual(refusal)
    const status = await ask(one, 'com.atproto.sync.getRepoStatus', { did })
    expect(status).toEqual(error === 'RepoNotFound' ? refusal : [200, { did, active: false, status: state }])
    still.sandbox.atproto.state(did, 'active')
    expect(await ask(one, 'com.atproto.sync.getRepoStatus', { did })).toEqual([200, { did, active: true, rev: one.rev }])
    expect((await list(one, GAME)).status).toBe(200)
  })

  test('describeRepo, listRepos, unknown methods and paths', async () => {
    const { did, handle, rev, host, collections } = repo(9)
    expect(await ask(repo(9), 'com.atproto.repo.describeRepo', { repo: handle })).toEqual([
      200,
      { did, handle, didDoc: (await plc(did)).json(), collections: Object.keys(collections).sort(), handleIsCorrect: true },
    ])
    const commit = (await pds(host, 'com.atproto.sync.getLatestCommit', { did })).json()
    expect(commit).toEqual({ cid: expect.stringMatching(/^bafyrei/), rev })
    const first = (await pds(host, 'com.atproto.sync.listRepos', { limit: 3 })).json()
    const rest = (await pds(host, 'com.atproto.sync.listRepos', { cursor: first.cursor })).json()
    const living = repos.filter((one) => one.host === host && !['deleted', 'tombstoned'].includes(one.state))
    expect([...first.repos, ...rest.repos].map((one: { did: string }) => one.did)).toEqual(living.map((one) => one.did))
    const asleep = living.filter(({ state }) => state !== 'active')
    expect(asleep.length).toBeGreaterThan(0)
    for (const one of asleep)
      expect([...first.repos, ...rest.repos]).toContainEqual({
        did: one.did,
        head: expect.any(String),
        rev: one.rev,
        active: false,
        status: one.state,
      })
    expect([...first.repos, ...rest.repos]).toContainEqual({ did, head: commit.cid, rev, active: true })
    expect((await pds(host, 'com.atproto.sync.listRepos', { cursor: rest.cursor })).json()).toEqual({ repos: [] })
    expect((await pds(host, '_health')).json()).toEqual({ version: expect.any(String) })
    expect(await ask(repo(9), 'com.atproto.sync.listReposByCollection', { collection: GAME })).toEqual([
      400,
      { error: 'InvalidRequest', message: 'No service configured for com.atproto.sync.listReposByCollection' },
    ])
    expect(await ask(repo(9), 'com.atproto.nothing', {})).toEqual([
      501,
      { error: 'MethodNotImplemented', message: 'Method Not Implemented' },
    ])
    expect((await still.get(`http://${host}/nothing`)).status).toBe(404)
  })
})
