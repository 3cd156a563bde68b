import { once as receives } from 'node:events'
import { connect } from 'node:net'
import { fromUint8Array as readCar } from '@atcute/car'
import * as CID from '@atcute/cid'
import { fromUint8Array } from '@atcute/repo'
import { WANTED } from '../../backend/sandbox/atproto/shapes'
import type { TrueRepo } from '../../backend/sandbox/atproto/truth'
import { MANNERS, stillSandbox } from '../support/sandbox'

type Still = Awaited<ReturnType<typeof stillSandbox>>
const SCORE = WANTED[1]
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
const list = ({ host, did }: TrueRepo, more: Record<string, string> = {}) =>
  still.get(
    `http://${host}/xrpc/com.atproto.repo.listRecords?${new URLSearchParams({ repo: did, collection: SCORE, limit: '20', ...more })}`,
  )
const car = async ({ host, did }: TrueRepo) => {
  const answer = await fetch(`http://${host}/xrpc/com.atproto.sync.getRepo?did=${did}`, { headers: MANNERS })
  return new Uint8Array(await answer.arrayBuffer())
}
const rkeys = (page: { records: { uri: string }[] }) => page.records.map(({ uri }) => uri.split('/')[4])
const once = (name: string, more: object = {}) => still.sandbox.fault({ name, times: 1, ...more })
const byKind = () => still.sandbox.violations().byKind

describe('pages of records', () => {
  test('a cursor that leads back to its own page', async () => {
    const first = (await list(repo(18))).json()
    still.sandbox.fault({ name: 'repeated-cursor' })
    expect((await list(repo(18))).json()).toEqual(first)
    const second = (await list(repo(18), { cursor: first.cursor })).json()
    expect([second.cursor, second.records.length]).toEqual([first.cursor, 20])
    expect((await list(repo(18), { cursor: second.cursor })).json()).toEqual(second)
  })

  test('an empty page whose cursor leads on', async () => {
    const first = (await list(repo(18))).json()
    const second = (await list(repo(18), { cursor: first.cursor })).json()
    once('empty-page-cursor')
    const empty = (await list(repo(18), { cursor: first.cursor })).json()
    expect(empty.records).toEqual([])
    expect(empty.cursor).not.toBe(first.cursor)
    expect((await list(repo(18), { cursor: empty.cursor })).json()).toEqual(second)
  })

  test('a listing without an end', async () => {
    still.sandbox.fault({ name: 'endless-cursor' })
    const first = (await list(repo(18))).json()
    const second = (await list(repo(18), { cursor: first.cursor })).json()
    expect(second.records).toEqual(first.records)
    expect(second.cursor).not.toBe(first.cursor)
  })

  test('records that are wrong', async () => {
    const good = (await list(repo(18))).json()
    const faulted = async (name: string, more: object = {}) => {
      once(name, more)
      return (await list(repo(18))).json()
    }
    const wrong = (page: typeof good) =>
      page.records.flatMap((one: object, n: number) => (JSON.stringify(one) === JSON.stringify(good.records[n]) ? [] : [n]))
    const cid = await faulted('bad-cid', { entry: 3 })
    expect([wrong(cid), cid.records[3].value]).toEqual([[3], good.records[3].value])
    expect(CID.fromString(cid.records[3].cid).codec).toBe(0x71)
    const uri = await faulted('wrong-uri', { every: 10 })
    expect([wrong(uri), uri.records[0].uri]).toEqual([[0, 10], `at://did:plc:aaaaaaaaaaaaaaaaaaaaaaaa/${SCORE}/${rkeys(good)[0]}`])
    const key = await faulted('bad-rkey')
    expect([wrong(key), key.records[0].uri]).toEqual([[0], `at://${repo(18).did}/${SCORE}/not/a key`])
    const twice = await faulted('duplicate', { entry: 2 })
    expect(rkeys(twice)).toEqual([...rkeys(good).slice(0, 3), ...rkeys(good).slice(2)])
    const mixed = await faulted('unordered')
    expect(rkeys(mixed)).not.toEqual(rkeys(good))
    expect([rkeys(mixed).sort(), mixed.cursor]).toEqual([rkeys(good).sort(), good.cursor])
    expect((await list(repo(18))).json()).toEqual(good)
  })
})

describe('answers that are none', () => {
  test('a web page, a redirect, a failure, on any of the APIs', async () => {
    const { urls } = still.sandbox
    const apis = {
      pds: `http://${repo(0).host}/xrpc/com.atproto.sync.getRepoStatus?did=${repo(0).did}`,
      relay: `${urls.ATPROTO_RELAY_URL}/xrpc/com.atproto.sync.listHosts`,
      plc: `${urls.PLC_URL}/${repo(0).did}`,
      handles: `${urls.ATPROTO_HANDLE_URL}/xrpc/com.atproto.identity.resolveHandle?handle=user-0.sandbox.test`,
    }
    for (const [api, url] of Object.entries(apis)) {
      expect((await still.get(url)).status).toBe(200)
      once('html-error', { api, status: 502 })
      const page = await still.get(url)
      expect([page.status, page.headers.get('content-type')]).toEqual([502, 'text/html; charset=UTF-8'])
      once('redirect', { api, to: 'http://10.0.0.1/' })
      const redirect = await still.get(url)
      expect([redirect.status, redirect.headers.get('location')]).toEqual([302, 'http://10.0.0.1/'])
      still.pass(2000)
    }
    for (const api of ['relay', 'plc'] as const) {
      once(`${api}-500`)
      expect((await still.get(apis.handles)).status).toBe(200)
      expect((await still.get(apis[api])).status).toBe(500)
    }
  })

  test('100 MB, of which a client takes what it wants', async () => {
    once('huge')
    const leave = new AbortController()
    const answer = await fetch(`http://${repo(0).host}/xrpc/com.atproto.sync.getLatestCommit?did=${repo(0).did}`, { signal: leave.signal })
    const reader = answer.body?.getReader()
    let taken = 0
    while (taken < 1_000_000) taken += (await reader?.read())?.value?.length ?? 0
    leave.abort()
    once('huge', { bytes: 300_000 })
    const whole = await list(repo(0))
    expect([whole.text.length, whole.json().records]).toEqual([300_000, []])
  })

  test('429 to a client that dies over it: nobody was told', async () => {
    once('pds-429', { seconds: 30 })
    const { host, did } = repo(0)
    const dying = connect(Number(host.split(':')[1]), '127.0.0.1')
    const headers = Object.entries({ host, ...MANNERS }).map(([name, value]) => `${name}: ${value}\r\n`)
    dying.write(`GET /xrpc/com.atproto.sync.getLatestCommit?did=${did} HTTP/1.1\r\n${headers.join('')}\r\n`)
    expect(String((await receives(dying, 'data'))[0])).toMatch(/^HTTP\/1.1 429 /)
    dying.end()
    await receives(dying, 'close')
    still.pass(10_000)
    expect((await list(repo(0))).status).toBe(429)
    expect(byKind()).toEqual({})
    still.pass(10_000)
    expect((await list(repo(0))).status).toBe(429)
    expect(byKind()).toEqual({ 'pds-while-limited': 1 })
  })

  test('429 for some seconds; with Retry-After only where it was asked for', async () => {
    once('pds-429', { seconds: 30 })
    const first = await list(repo(0))
    expect([first.status, first.json().error, first.headers.get('retry-after')]).toEqual([429, 'RateLimitExceeded', null])
    const now = Number(first.headers.get('ratelimit-reset'))
    still.pass(10_000)
    const second = await list(repo(0))
    expect([second.status, Number(second.headers.get('ratelimit-reset'))]).toEqual([429, now])
    expect(byKind()).toEqual({ 'pds-while-limited': 1 })
    still.pass(20_000)
    expect((await list(repo(0))).status).toBe(200)
    once('pds-429', { seconds: 30, retryAfter: true })
    expect((await list(repo(0))).headers.get('retry-after')).toBe('30')
    expect((await list(repos.find(({ host }) => host !== repo(0).host) as TrueRepo)).status).not.toBe(429)
  })
})

describe('archives', () => {
  test('half of one, a block that is another, somebody else’s commit', async () => {
    const good = await car(repo(9))
    once('truncated-car')
    expect(await car(repo(9))).toEqual(good.slice(0, Math.floor(good.length / 2)))
    once('bad-car-block')
    const checked: boolean[] = []
    for (const { cid, bytes } of readCar(await car(repo(9)))) checked.push(CID.equals(cid, await CID.create(0x71, bytes)))
    expect(checked.filter((right) => !right)).toHaveLength(1)
    once('car-other-did')
    const other = await car(repo(9))
    const uris = (file: Uint8Array) => [...fromUint8Array(file)].map(({ collection, rkey }) => `${collection}/${rkey}`)
    expect(uris(other)).toEqual(uris(good))
    expect([Buffer.from(other).includes(repo(9).did), Buffer.from(other).includes(repo(0).did)]).toEqual([false, true])
    expect(await car(repo(9))).toEqual(good)
  })
})

test('a fault picks one host, and by the query one repo or page', async () => {
  const elsewhere = repos.find(({ host, state }) => host !== repo(0).host && state === 'active') as TrueRepo
  still.sandbox.fault({ name: 'html-error', host: repo(0).host })
  expect([(await list(repo(0))).status, (await list(elsewhere)).status]).toEqual([503, 200])
  still.sandbox.clearFaults()
  still.sandbox.fault({ name: 'html-error', match: `${elsewhere.host}/xrpc/.*listRecords` })
  expect([(await list(repo(0))).status, (await list(elsewhere)).status]).toEqual([200, 503])
  still.sandbox.clearFaults()
  still.sandbox.fault({ name: 'status', status: 500, match: `repo=${repo(18).did}.*cursor=`, oncePerPath: true })
  const { cursor } = (await list(repo(18))).json()
  const statuses = [(await list(repo(18), { cursor })).status, (await list(repo(18), { cursor })).status]
  expect(statuses).toEqual([500, 200])
  expect(still.sandbox.requests('pds').at(-1)).toMatchObject({ host: repo(18).host, route: 'listRecords', status: 200 })
  expect(still.sandbox.requests('pds').at(-1)?.path).toContain(`cursor=${cursor}`)
})
