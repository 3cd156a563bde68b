import { PdsLimits } from '../../backend/sandbox/atproto/pds-limits'
import { DOCUMENTS, NOISE, WANTED } from '../../backend/sandbox/atproto/shapes'
import type { TrueRepo } from '../../backend/sandbox/atproto/truth'
import { SandboxContext } from '../../backend/sandbox/base/context'
import { stillSandbox } from '../support/sandbox'

type Still = Awaited<ReturnType<typeof stillSandbox>>
const [GAME, SCORE] = WANTED
let still: Still
let repos: TrueRepo[]
beforeAll(async () => {
  still = await stillSandbox({ scale: 10, oddities: false, emptyRepos: 0 })
  repos = still.sandbox.atproto.repos()
})
afterAll(() => still.sandbox.close())
afterEach(() => {
  still.sandbox.reset()
  still.pass(3_600_000)
})

const repo = (k: number): TrueRepo => repos[k] as TrueRepo
const byKind = () => still.sandbox.violations().byKind
const query = (host: string, method: string, params: Record<string, string>) =>
  still.get(`http://${host}/xrpc/com.atproto.${method}?${new URLSearchParams(params)}`)
const revOf = async (host: string, did: string) => (await query(host, 'sync.getLatestCommit', { did })).json().rev
const listed = async ({ host, did }: TrueRepo, collection: string): Promise<{ uri: string; cid: string; value: { revision?: number } }[]> =>
  (await query(host, 'repo.listRecords', { repo: did, collection, limit: '100' })).json().records
const control = async (path: string, body?: unknown) => {
  const answer = await fetch(`${still.sandbox.url}/_sandbox/atproto/${path}`, body ? { method: 'POST', body: JSON.stringify(body) } : {})
  const text = await answer.text()
  return { status: answer.status, body: text === '' ? undefined : JSON.parse(text) }
}

test('without oddities every repo is active and nothing is odd', async () => {
  expect(new Set(repos.map(({ state }) => state))).toEqual(new Set(['active']))
  expect((await still.sandbox.atproto.truth()).filter(({ odd }) => odd)).toEqual([])
})

describe('edits', () => {
  test('create, update, delete: the revision rises, the truth follows', async () => {
    const { did } = repo(0)
    const truth = () => still.sandbox.atproto.truth([GAME])
    const before = await truth()
    const made = await still.sandbox.atproto.edit({ did, collection: GAME, action: 'create', count: 3 })
    const [first] = await listed(repo(0), GAME)
    expect(made.records.map(({ uri }) => uri)).toContain(first?.uri)
    expect(await truth()).toHaveLength(before.length + 3)
    const changed = await still.sandbox.atproto.edit({ did, collection: GAME, action: 'update', rkey: first?.uri.split('/')[4] })
    const [rewritten] = await listed(repo(0), GAME)
    expect([rewritten?.uri, rewritten?.value.revision]).toEqual([first?.uri, 1])
    expect(changed.records).toEqual([{ uri: first?.uri, cid: rewritten?.cid }])
    expect(rewritten?.cid).not.toBe(first?.cid)
    const lost = await still.sandbox.atproto.edit({ did, collection: GAME, action: 'delete', count: 2 })
    const left = (await listed(repo(0), GAME)).map(({ uri }) => uri)
    expect(left).toHaveLength((repo(0).collections[GAME] ?? 0) + 1)
    expect(left.filter((uri) => lost.records.some((one) => one.uri === uri))).toEqual([])
    const revs = [repo(0).rev, made.rev, changed.rev, lost.rev]
    expect(revs).toEqual([...new Set(revs)].sort())
    expect(await revOf(repo(0).host, did)).toBe(lost.rev)
    expect(await revOf(repo(1).host, repo(1).did)).toBe(repo(1).rev)
    still.sandbox.reset()
    expect(await truth()).toEqual(before)
  })

  test('a record under a key of its own; what cannot be done is refused', async () => {
    const { did } = repo(0)
    const own = { did, collection: GAME, action: 'create' as const, rkey: 'mine' }
    await still.sandbox.atproto.edit(own)
    expect((await listed(repo(0), GAME))[0]?.uri).toBe(`at://${did}/${GAME}/mine`)
    await expect(still.sandbox.atproto.edit(own)).rejects.toThrow('has a record mine already')
    await expect(still.sandbox.atproto.edit({ ...own, action: 'delete', rkey: 'none' })).rejects.toThrow('none called none')
    await expect(still.sandbox.atproto.edit({ ...own, did: 'did:plc:x' })).rejects.toThrow('no repo is called did:plc:x')
  })

  test('a record taken down at the host leaves the list, not the repo', async () => {
    const [first] = await listed(repo(0), GAME)
    const rkey = String(first?.uri.split('/')[4])
    const car = async () =>
      Buffer.from(await (await fetch(`http://${repo(0).host}/xrpc/com.atproto.sync.getRepo?did=${repo(0).did}`)).arrayBuffer())
    const before = await car()
    still.sandbox.atproto.hide(repo(0).did, GAME, rkey)
    expect((await listed(repo(0), GAME)).map(({ uri }) => uri)).not.toContain(first?.uri)
    expect((await still.sandbox.atproto.truth([GAME])).map(({ uri }) => uri)).not.toContain(first?.uri)
    expect((await car()).equals(before)).toBe(true)
    expect(await revOf(repo(0).host, repo(0).did)).toBe(repo(0).rev)
  })

  test('a repo moves: PLC names the new host, the old one has never heard of it', async () => {
    const { did, host, rev } = repo(0)
    const other = still.sandbox.atproto.hosts().find((one) => one !== host) as string
    const records = await listed(repo(0), SCORE)
    still.sandbox.atproto.migrate(did, other)
    expect((await still.get(`${still.sandbox.urls.PLC_URL}/${did}`)).json().service[0].serviceEndpoint).toBe(`http://${other}`)
    expect((await query(host, 'sync.getRepoStatus', { did })).json().error).toBe('RepoNotFound')
    expect((await query(host, 'repo.listRecords', { repo: did, collection: SCORE })).json().message).toBe(`Could not find repo: ${did}`)
    expect(await listed({ ...repo(0), host: other }, SCORE)).toEqual(records)
    expect((await revOf(other, did)) > rev).toBe(true)
  })

  test('new repos are plain and full', async () => {
    const dids = still.sandbox.atproto.add(60)
    const added = still.sandbox.atproto.repos(repos.length)
    expect(added.map(({ did }) => did)).toEqual(dids)
    expect(added.filter(({ state, collections }) => state !== 'active' || !WANTED.some((one) => collections[one]))).toEqual([])
    expect((await listed(added[0] as TrueRepo, NOISE)).length).toBe(added[0]?.collections[NOISE] ?? 0)
  })
})

test.each(DOCUMENTS)('a bad document: %s', async (document) => {
  const { did, host } = repo(0)
  const before = await still.sandbox.atproto.truth([GAME])
  still.sandbox.atproto.document(did, document)
  const answer = await still.get(`${still.sandbox.urls.PLC_URL}/${did}`)
  expect(answer.status).toBe(200)
  const seen =
    document === 'html' ? answer.headers.get('content-type') : [answer.json().id === did, answer.json().service[0].serviceEndpoint]
  expect(seen).toEqual(
    {
      'other-did': [false, `http://${host}`],
      'no-pds': [true, 'https://labeler.sandbox.test'],
      path: [true, `http://${host}/some/where`],
      query: [true, `http://${host}/?tenant=1`],
      credentials: [true, `http://user:secret@${host}`],
      private: [true, 'http://10.0.0.1'],
      'link-local': [true, 'http://169.254.169.254'],
      'not-https': [true, 'http://pds.sandbox.test'],
      html: 'text/html; charset=UTF-8',
    }[document],
  )
  expect((await still.sandbox.atproto.truth([GAME])).filter((one) => one.did === did)).toEqual([])
  still.sandbox.atproto.document(did)
  expect(await still.sandbox.atproto.truth([GAME])).toEqual(before)
})

describe('hosts', () => {
  const failure = (promise: Promise<unknown>) =>
    promise.then(
      () => 'answered',
      (error: Error) => error.name,
    )

  test('dead, slow, limited and up again; the others never notice', async () => {
    const { host, did } = repo(0)
    const ask = () => query(host, 'sync.getRepoStatus', { did })
    still.sandbox.atproto.host(host, 'dead')
    expect(await failure(ask())).toBe('TypeError')
    expect(still.sandbox.requests('pds').at(-1)).toMatchObject({ host, status: 0 })
    const elsewhere = repos.find((one) => one.host !== host) as TrueRepo
    expect((await query(elsewhere.host, 'sync.getRepoStatus', { did: elsewhere.did })).status).toBe(200)
    still.sandbox.atproto.host(host, 'slow', 40)
    const start = performance.now()
    await ask()
    expect(performance.now() - start).toBeGreaterThan(38)
    still.sandbox.atproto.host(host, 'limited', 2000)
    expect((await ask()).status).toBe(429)
    still.pass(2100)
    expect((await ask()).status).toBe(429)
    expect(byKind()).toEqual({})
    still.pass(600)
    await ask()
    expect(byKind()).toEqual({ 'pds-while-limited': 1 })
    still.sandbox.atproto.host(host, 'up')
    still.pass(2000)
    expect((await ask()).status).toBe(200)
  })
})

describe('limits', () => {
  test('what the product is told, at full speed, scaled and open', async () => {
    const limitsAt = async (options: object) => {
      const { sandbox } = await stillSandbox({ scale: 10, ...options })
      await sandbox.close()
      return sandbox.limits
    }
    const five = { requests: 5, perMs: 1000 }
    expect(still.sandbox.limits).toMatchObject({
      pds: { requests: 3000, perMs: 300_000, perDay: 10, dayMs: 1000 },
      relay: five,
      plc: five,
      handles: five,
    })
    expect(await limitsAt({ speed: 7 })).toMatchObject({
      pds: { requests: 3000, perMs: 42_858, perDay: 70, dayMs: 1000 },
      relay: { requests: 35, perMs: 1000 },
    })
    expect((await limitsAt({ speed: 0.1 })).plc).toEqual({ requests: 1, perMs: 1000 })
    expect((await limitsAt({ open: true })).pds?.requests).toBe(1_000_000)
  })

  test('every answer of a host says how much of its limit is left, for each client and host', async () => {
    const { host, did } = repo(0)
    const limits = ({ headers }: { headers: Headers }) => ['limit', 'remaining', 'policy'].map((name) => headers.get(`ratelimit-${name}`))
    const first = await query(host, 'sync.getRepoStatus', { did })
    expect(limits(first)).toEqual(['3000', '2999', '3000;w=300'])
    const seconds = Number(first.headers.get('ratelimit-reset')) - Date.parse(String(first.headers.get('date'))) / 1000
    expect([300, 301]).toContain(seconds)
    expect(limits(await query(host, 'sync.getRepoStatus', { did: 'did:plc:nobody' }))).toEqual(['3000', '2998', '3000;w=300'])
    expect(limits(await still.get(`http://${host}/xrpc/_health`))).toEqual([null, null, null])
    const elsewhere = repos.find((one) => one.host !== host) as TrueRepo
    expect(limits(await query(elsewhere.host, 'sync.getRepoStatus', { did }))[1]).toBe('2999')
  })

  test('3000 requests in a window of five minutes that starts with the first', () => {
    let now = Date.UTC(2026, 10, 21)
    const context = new SandboxContext(1, () => now)
    const limits = new PdsLimits({ speed: 1, open: false, context }, () => '127.0.0.1:4301')
    const arrive = (ip = '127.0.0.1') => limits.refuse({ method: 'GET', path: '/xrpc/x', query: '', headers: {}, body: '', at: now, ip })
    const resets = String(now / 1000 + 300)
    for (let n = 0; n < 3000; n++) expect(arrive()).toBeUndefined()
    now += 100_000
    const over = arrive()
    expect([over?.status, JSON.parse(String(over?.body))]).toEqual([429, { error: 'RateLimitExceeded', message: 'Rate Limit Exceeded' }])
    expect(over?.headers).toMatchObject({ 'RateLimit-Limit': '3000', 'RateLimit-Remaining': '0', 'RateLimit-Reset': resets })
    expect(over?.headers).not.toHaveProperty('retry-after')
    now += 400
    arrive()
    expect(context.violations.report().byKind).toEqual({ 'pds-limit': 1 })
    now += 600
    expect(arrive()?.status).toBe(429)
    expect(context.violations.report().byKind).toEqual({ 'pds-limit': 1, 'pds-while-limited': 1 })
    expect(arrive('127.0.0.2')).toBeUndefined()
    now += 199_000
    expect(arrive()).toBeUndefined()
  })

  test('five a second at the relay, PLC and the handles', async () => {
    const { urls } = still.sandbox
    for (const url of [`${urls.ATPROTO_RELAY_URL}/xrpc/_health`, `${urls.PLC_URL}/${repo(0).did}`, `${urls.ATPROTO_HANDLE_URL}/`]) {
      for (let n = 0; n < 5; n++) await still.get(url)
      still.pass(960)
      await still.get(url)
      expect(byKind()).toEqual({})
      still.pass(5000)
    }
    for (let n = 0; n < 6; n++) await still.get(`${urls.ATPROTO_RELAY_URL}/xrpc/_health`)
    for (let n = 0; n < 7; n++) await still.get(`${urls.PLC_URL}/${repo(0).did}`)
    expect(byKind()).toEqual({ 'relay-limit': 1, 'plc-limit': 2 })
  })
})

describe('the controls', () => {
  test('do what the methods do', async () => {
    const { did, host } = repo(0)
    const { body: truth } = await control(`truth?collection=${GAME},${SCORE}`)
    expect(truth).toEqual({
      page: 1,
      count: still.sandbox.atproto.count([GAME, SCORE]),
      records: await still.sandbox.atproto.truth([GAME, SCORE], 0, 1000),
    })
    expect((await control(`truth?collection=${GAME}&collection=${SCORE}&page=2`)).body.records).toEqual(
      await still.sandbox.atproto.truth([GAME, SCORE], 1000, 1000),
    )
    expect((await control('repos')).body).toEqual({ page: 1, repos })
    const { body: made } = await control('edit', { did, collection: GAME, action: 'create', count: 2 })
    expect(made.records).toHaveLength(2)
    await control('state', { did, state: 'deactivated' })
    await control('hide', { did: repo(1).did, collection: GAME, rkey: (await listed(repo(1), GAME))[0]?.uri.split('/')[4] })
    await control('migrate', { did: repo(2).did, host })
    await control('document', { did: repo(3).did, document: 'private' })
    expect((await control('add', { count: 2 })).body).toEqual(still.sandbox.atproto.repos(repos.length).map((one) => one.did))
    const after = still.sandbox.atproto.repos()
    expect([after[0]?.state, after[2]?.host, after.length]).toEqual(['deactivated', host, repos.length + 2])
    expect(after[1]?.collections[GAME]).toBe((repo(1).collections[GAME] ?? 0) - 1)
    await control('host', { host, state: 'limited' })
    expect((await query(host, 'sync.getRepoStatus', { did })).status).toBe(429)
    expect((await control('hosts')).body).toEqual(still.sandbox.atproto.hosts())
  })

  test('say what is wrong with a wish', async () => {
    const wrong = await control('state', { did: repo(0).did, state: 'asleep' })
    expect([wrong.status, wrong.body.message]).toEqual([
      400,
      'state must be one of active, deactivated, takendown, suspended, deleted, tombstoned',
    ])
    expect((await control('migrate', { did: repo(0).did, host: 'nowhere' })).body.message).toContain('no host is called nowhere')
    expect((await control('add', { count: 0.5 })).body.message).toBe('count must be a whole number from 1 on')
    expect((await control('edit', { collection: GAME })).body.message).toBe('did is missing')
  })
})
