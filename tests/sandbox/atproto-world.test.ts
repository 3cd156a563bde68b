import { fromUint8Array as readCar } from '@atcute/car'
import { decode, encode } from '@atcute/cbor'
import * as CID from '@atcute/cid'
import { MemoryBlockStore, NodeStore, NodeWrangler } from '@atcute/mst'
import { fromUint8Array, isCommit } from '@atcute/repo'
import fc from 'fast-check'
import { plcDid, plcNumber } from '../../backend/sandbox/atproto/dids'
import { COLLECTIONS, type Entry, type Odd, WANTED } from '../../backend/sandbox/atproto/shapes'
import { treeOf } from '../../backend/sandbox/atproto/tree'
import type { TrueRepo } from '../../backend/sandbox/atproto/truth'
import { recordValue } from '../../backend/sandbox/atproto/values'
import { World } from '../../backend/sandbox/atproto/world'
import { stillSandbox } from '../support/sandbox'

type Still = Awaited<ReturnType<typeof stillSandbox>>
const [GAME, SCORE] = WANTED
const END = Date.UTC(2026, 5, 30)
const worldOf = (seed: number, repos: number) => new World({ seed, repos, pdses: 4, emptyRepos: 0.1, oddities: true, end: END })

let still: Still
let repos: TrueRepo[]
beforeAll(async () => {
  still = await stillSandbox({ scale: 10, open: true })
  repos = still.sandbox.atproto.repos()
})
afterAll(() => still.sandbox.close())

interface Listed {
  uri: string
  cid: string
  value: Record<string, unknown>
}
async function everything({ host, did }: TrueRepo, collection: string): Promise<Listed[]> {
  const found: Listed[] = []
  let cursor: string | undefined
  do {
    const params = new URLSearchParams({ repo: did, collection, limit: '100', ...(cursor ? { cursor } : {}) })
    const page = (await still.get(`http://${host}/xrpc/com.atproto.repo.listRecords?${params}`)).json()
    found.push(...page.records)
    cursor = page.cursor
  } while (cursor)
  return found
}
async function archiveOf({ host, did }: TrueRepo, more = ''): Promise<Uint8Array> {
  const answer = await fetch(`http://${host}/xrpc/com.atproto.sync.getRepo?did=${encodeURIComponent(did)}${more}`)
  expect(answer.headers.get('content-type')).toBe('application/vnd.ipld.car')
  return new Uint8Array(await answer.arrayBuffer())
}
const cidOf = async (bytes: Uint8Array) => CID.toString(await CID.create(0x71, bytes))

test('a DID says its number, and every number has a DID', () => {
  const number = fc.integer({ min: 0, max: 2 ** 32 - 1 })
  fc.assert(
    fc.property(fc.nat(), number, number, (seed, a, b) => {
      expect(plcDid(seed, a)).toMatch(/^did:plc:[a-z2-7]{24}$/)
      expect(plcNumber(seed, plcDid(seed, a))).toBe(a)
      expect(plcDid(seed, a) === plcDid(seed, b)).toBe(a === b)
      expect(plcNumber(seed + 1, plcDid(seed, a))).toBeUndefined()
    }),
  )
  expect(plcNumber(1, 'did:plc:77777777aaaaaaaaaaaaaaaa')).toBeUndefined()
})

test('every name of the world leads back to its repo', () => {
  const world = worldOf(3, 1000)
  world.hosts = ['127.0.0.1:1001', '127.0.0.1:1002', '127.0.0.1:1003', '127.0.0.1:1004']
  for (let k = 0; k < 1000; k++) expect([world.numberOf(world.didOf(k)), world.numberOf(world.handleOf(k))]).toEqual([k, k])
  expect(world.numberOf('did:web:localhost%3A9999')).toBeUndefined()
})

test('the same seed gives the same world, another seed another one', async () => {
  const worldAt = async (seed: number) => {
    const { sandbox } = await stillSandbox({ scale: 10, seed, repos: 30 })
    const truth = await sandbox.atproto.truth([...COLLECTIONS])
    await sandbox.close()
    // The account of a host is called after its port.
    return truth.filter(({ did }) => did.startsWith('did:plc:'))
  }
  const first = await worldAt(4)
  expect(first.length).toBeGreaterThan(1000)
  expect(await worldAt(4)).toEqual(first)
  const cids = new Set(first.map(({ cid }) => cid))
  expect((await worldAt(5)).filter(({ cid }) => cids.has(cid))).toEqual([])
})

test('counts are skewed: most have few records, some none, one in a hundred thousands', () => {
  const world = worldOf(1, 10_000)
  const counts = Array.from({ length: 10_000 }, (_, k) => WANTED.reduce((sum, collection) => sum + world.countOf(k, collection), 0))
  expect(counts.filter((count) => count === 0).length).toBeGreaterThan(700)
  expect(counts.filter((count) => count > 0 && count < 50).length).toBeGreaterThan(8000)
  expect(counts.filter((count) => count > 2500)).toHaveLength(100)
  expect(counts.filter((count) => count > 100 && count < 500)).toHaveLength(500)
  for (const k of [18, 20, 21]) expect(world.entriesOf(k, SCORE)).toHaveLength(world.countOf(k, SCORE))
})

test('two hundred thousand repos start at once, and their list can be read to its end', async () => {
  const start = performance.now()
  const large = await stillSandbox({ scale: 10, repos: 200_000, pdses: 20, open: true })
  expect(performance.now() - start).toBeLessThan(1000)
  let cursor: string | undefined
  const dids = new Set<string>()
  do {
    const params = new URLSearchParams({ collection: SCORE, limit: '2000', ...(cursor ? { cursor } : {}) })
    const page = (await large.get(`${large.sandbox.urls.ATPROTO_RELAY_URL}/xrpc/com.atproto.sync.listReposByCollection?${params}`)).json()
    for (const { did } of page.repos) dids.add(did)
    cursor = page.cursor
  } while (cursor)
  await large.sandbox.close()
  expect(dids.size).toBeGreaterThan(150_000)
})

test('record keys rise with time and never meet', () => {
  const world = worldOf(2, 200)
  for (let k = 0; k < 200; k++)
    for (const collection of COLLECTIONS) {
      const rkeys = world.entriesOf(k, collection).map(({ rkey }) => rkey)
      expect(rkeys).toEqual([...new Set(rkeys)].sort())
    }
})

test('the truth is what the lists say', async () => {
  const truth = await still.sandbox.atproto.truth()
  const read: { uri: string; cid: string }[] = []
  for (const repo of repos.filter(({ state }) => state === 'active'))
    for (const collection of WANTED) read.push(...(await everything(repo, collection)))
  expect(truth.map(({ uri, cid }) => ({ uri, cid }))).toEqual(read.map(({ uri, cid }) => ({ uri, cid })))
  expect(truth).toHaveLength(still.sandbox.atproto.count())
  expect(await still.sandbox.atproto.truth([GAME, SCORE], 37, 11)).toEqual((await still.sandbox.atproto.truth([GAME, SCORE])).slice(37, 48))
})

test('a CID is that of the value as it was listed', async () => {
  const truth = await still.sandbox.atproto.truth()
  const odd = new Map(truth.map(({ uri, odd }) => [uri, odd]))
  // The encoder refuses keys called constructor; that record is read back from the archive below.
  for (const repo of [...repos.slice(0, 4), ...repos.slice(6, 10), repos[14], repos[15], repos[16]] as TrueRepo[])
    for (const { uri, cid, value } of await everything(repo, GAME))
      if (odd.get(uri) !== 'constructor') expect([uri, await cidOf(encode(value))]).toEqual([uri, cid])
})

test.each([2, 9, 10, 12, 18, 20, 35])('the archive of repo %i holds exactly what is listed', async (k) => {
  const repo = repos[k] as TrueRepo
  const file = await archiveOf(repo)
  const held = [...fromUint8Array(file)].map((entry) => ({
    uri: `at://${repo.did}/${entry.collection}/${entry.rkey}`,
    cid: entry.cid.$link,
  }))
  const listed: { uri: string; cid: string }[] = []
  for (const collection of COLLECTIONS) listed.push(...(await everything(repo, collection)))
  const byUri = (a: { uri: string }, b: { uri: string }) => (a.uri < b.uri ? -1 : 1)
  expect(held.sort(byUri)).toEqual(listed.map(({ uri, cid }) => ({ uri, cid })).sort(byUri))
  for (const block of readCar(file)) expect(await cidOf(block.bytes)).toBe(CID.toString(block.cid))
})

test('the commit is the one getLatestCommit names; from its revision on there is nothing', async () => {
  const repo = repos[1] as TrueRepo
  const latest = (await still.get(`http://${repo.host}/xrpc/com.atproto.sync.getLatestCommit?did=${repo.did}`)).json()
  const car = readCar(await archiveOf(repo))
  expect(car.roots).toEqual([expect.objectContaining({ $link: latest.cid })])
  const [root] = [...car]
  const commit: unknown = root && decode(root.bytes)
  expect(isCommit(commit)).toBe(true)
  expect(commit).toMatchObject({ did: repo.did, version: 3, rev: latest.rev, prev: null })
  const rest = await archiveOf(repo, `&since=${latest.rev}`)
  expect([rest.length, [...readCar(rest)]]).toEqual([59, []])
})

test('the tree is the one that single insertions make', async () => {
  const leaves = Array.from({ length: 300 }, (_, n) => `games.sandbox.game/${(n * 7919).toString(36)}`).sort()
  const value = { $link: await cidOf(encode('x')) }
  const wrangler = new NodeWrangler(new NodeStore(new MemoryBlockStore()))
  let root: string | null = null
  for (const key of leaves) root = await wrangler.putRecord(root, key, value)
  expect((await treeOf(leaves.map((key) => ({ key, value }))))[0]?.cid).toBe(root)
})

describe('odd records', () => {
  const find = async (odd: Odd) => {
    const [record] = (await still.sandbox.atproto.truth()).filter((one) => one.odd === odd)
    const repo = repos.find(({ did }) => did === record?.did) as TrueRepo
    const value = (await everything(repo, GAME)).find(({ uri }) => uri === record?.uri)?.value ?? {}
    const held = [...fromUint8Array(await archiveOf(repo))].find(({ rkey }) => rkey === record?.rkey)
    return { record, value, held: JSON.parse(JSON.stringify(held?.record)) as Record<string, unknown>, rkey: String(record?.rkey) }
  }

  test('are served as they were put in, by both methods', async () => {
    const nul = await find('nul')
    expect([nul.value.title, nul.held]).toEqual(['cut\u0000here', nul.value])
    const proto = await find('proto')
    expect([Object.keys(proto.value.mod as object).includes('__proto__'), proto.held]).toEqual([true, proto.value])
    const made = await find('constructor')
    expect([Object.hasOwn(made.value, 'constructor'), made.held]).toEqual([true, made.value])
    const whole = await find('max-integer')
    expect([whole.value.plays, whole.held]).toEqual([2 ** 53 - 1, whole.value])
    const large = await find('large')
    expect([String(large.value.manual).length > 899_000, large.held]).toEqual([true, large.value])
    const deep = await find('deep')
    expect([JSON.stringify(deep.value).split('"in"').length, deep.held]).toEqual([151, deep.value])
  })

  test('half a surrogate pair is whole in JSON only: bytes of text cannot hold it', async () => {
    const { value, held } = await find('surrogate')
    expect([value.title, held.title]).toEqual(['half \ud83d of a pair', 'half \ufffd of a pair'])
  })

  test('record keys of every permitted character and length', async () => {
    expect((await find('long-rkey')).rkey).toHaveLength(512)
    const { record } = await find('rkey-characters')
    const rkeys = (await still.sandbox.atproto.truth()).filter(({ did, odd }) => did === record?.did && odd).map(({ rkey }) => rkey)
    expect(rkeys).toEqual(['~', 'x.y', 'a:b', 'a', '_', 'Z:~_.-0', 'A', '0', '-'])
  })
})

test('values are what the data model allows: no fractions, blobs and links with real CIDs', () => {
  const kinds = new Set<string>()
  const walk = (value: unknown): void => {
    if (typeof value === 'number') expect(Number.isSafeInteger(value)).toBe(true)
    if (typeof value !== 'object' || value === null) return
    for (const [key, inner] of Object.entries(value)) {
      if (key === '$link') expect(CID.toString(CID.fromString(String(inner)))).toBe(inner)
      if (key.startsWith('$')) kinds.add(key === '$type' && inner === 'blob' ? 'blob' : key)
      walk(inner)
    }
  }
  const entry = (n: number): Entry => ({ rkey: 'x', n, version: 0, at: END })
  for (let n = 0; n < 100; n++) for (const collection of COLLECTIONS) walk(recordValue(1, n, collection, entry(n)))
  expect([...kinds].sort()).toEqual(['$bytes', '$link', '$type', 'blob'])
})
