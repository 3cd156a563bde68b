import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { brotliCompressSync, gzipSync } from 'node:zlib'
import { z } from 'zod'
import { Fatal, RetryLater, Throttled } from '../../backend/base/errors'
import type { Log } from '../../backend/base/log'
import type { Reader } from '../../backend/base/sql'
import { type Config, readConfig } from '../../backend/config/config'
import type { Api, Http, HttpAnswer, HttpRequest, HttpUse, Settings, Source } from '../../backend/contract'
import { type Db, openDb } from '../../backend/database/db'
import { createGate, type Gate } from '../../backend/gate/gate'
import { effectiveLimits } from '../../backend/gate/limits'
import { createHttpFactory } from '../../backend/http'
import { type TestDatabase, testDatabase } from '../support/env'
import { until } from '../support/until'

let env: TestDatabase
let db: Db
let server: Server
let port: number
type Answer = (response: ServerResponse, request: IncomingMessage & { body: string }) => void
let answer: Answer
let arrived: (IncomingMessage & { body: string })[]
let arrivedAt: number[]

beforeAll(async () => {
  env = await testDatabase()
  db = openDb(env.databaseUrl, { name: 'http' })
  server = createServer(async (request, response) => {
    const parts: Buffer[] = []
    for await (const part of request) parts.push(part as Buffer)
    const whole = Object.assign(request, { body: Buffer.concat(parts).toString() })
    arrived.push(whole)
    arrivedAt.push(performance.now())
    answer(response, whole)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  port = (server.address() as AddressInfo).port
})
afterAll(async () => {
  server.closeAllConnections()
  await new Promise((resolve) => server.close(resolve))
  await db.close()
  await env.close()
})
beforeEach(() => {
  arrived = []
  arrivedAt = []
})

const json =
  (body: unknown, status = 200, headers: Record<string, string> = {}): Answer =>
  (response) => {
    response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body))
  }
const html =
  (status: number): Answer =>
  (response) => {
    response.writeHead(status, { 'content-type': 'text/html; charset=UTF-8' }).end('<html><h1>Sorry, you have been blocked</h1></html>')
  }

let count = 0
interface World {
  http: Http
  gate: Gate
  use: HttpUse
  name: string
  logged: Record<string, unknown>[]
  ask<T = { ok: boolean }>(request?: Partial<HttpRequest<T>>): Promise<HttpAnswer<T>>
  /** The same process with another step. */
  with(use: Partial<HttpUse>): Pick<World, 'use' | 'ask'>
}

/** A source of one API that is asked at the test's server. */
function world(
  api: Partial<Api> = {},
  { base, reader = db, settings = {} }: { base?: string; reader?: Reader; settings?: Record<string, string> } = {},
): World {
  const name = `t${count++}`
  const part = `${name}.part`
  const one: Api = { url: { template: base ?? `http://127.0.0.1:${port}/v1` }, limit: { scope: 'ip' }, ...api }
  if (one.parts) one.parts = { [part]: one.parts.part as NonNullable<Api['parts']>[string] }
  const keys: Settings = { T_KEY: { schema: z.string().optional(), about: 'A key.', secret: true } }
  const source = { name, settings: keys, apis: { [name]: one } } as unknown as Source
  const config: Config = readConfig([source], { CONTACT: 'me@example.org', ...settings })
  const limits = effectiveLimits([source], {})
  const gate = createGate(reader, limits)
  const logged: Record<string, unknown>[] = []
  const note = (message: string, fields?: Record<string, unknown>) => void logged.push({ message, ...fields })
  const log: Log = { debug: note, info: note, warn: note, error: note }
  const use: HttpUse = { class: 'backfill', signal: new AbortController().signal, nextAt: {}, traffic: {}, log }
  const factory = createHttpFactory({ gate, limits, config })
  const http = factory(source, use)(name)
  const asking =
    (client: Http) =>
    <T>(request: Partial<HttpRequest<T>> = {}) =>
      client.request<T>({ path: '/things/', schema: z.looseObject({ ok: z.boolean() }) as never, ...request })
  return {
    ...{ http, gate, use, name, logged, ask: asking(http) },
    with(more) {
      const own = { ...use, nextAt: {}, traffic: {}, ...more }
      return { use: own, ask: asking(factory(source, own)(name)) }
    },
  }
}

const failure = async (promise: Promise<unknown>): Promise<Error & { kind?: string; until?: Date; at?: Date }> =>
  promise.then(
    (value) => {
      throw new Error(`was answered: ${JSON.stringify(value)}`)
    },
    (error: Error) => error,
  )
const gateRow = async ({ gate }: World, name: string) => (await gate.list()).find((row) => row.name === name)
const secondsFromNow = (at: Date | null | undefined) => ((at as Date).getTime() - Date.now()) / 1000

describe('a request', () => {
  test('that was held up between its grant and the socket is not sent late; it gets another moment', async () => {
    const it = world({ limit: { scope: 'ip', requests: 100, perMs: 60_000 } })
    answer = json({ ok: true })
    const { acquire } = it.gate
    let grants = 0
    it.gate.acquire = async (...args) => {
      const grant = await acquire(...args)
      return ++grants === 1 ? { ...grant, inTime: () => false } : grant
    }
    expect((await it.ask()).data).toEqual({ ok: true })
    expect(grants).toBe(2)
    expect(arrived).toHaveLength(1)
    expect(it.use.traffic[it.name]).toMatchObject({ requests: 1 })
    await until(async () => (await gateRow(it, it.name))?.used.requests === 1, { what: 'the release of the first grant' })
  })

  test('that waits for the pace of its job holds no place in the process, and waits 2 s at most', async () => {
    const it = world({ inProcess: 1 })
    answer = json({ ok: true })
    it.use.pace = { api: it.name, job: 'slow', spacingMs: 1_200 }
    const other = it.with({ pace: { api: it.name, job: 'other', spacingMs: 60_000 } })
    await it.ask()
    const order: string[] = []
    const slow = it.ask({ path: '/slow/' }).then(() => order.push('slow'))
    await other.ask().then(() => order.push('other'))
    await slow
    expect(order).toEqual(['other', 'slow'])
    const moments = arrived.flatMap(({ url }, n) => (url?.includes('slow') || n === 0 ? [arrivedAt[n] as number] : []))
    expect((moments[1] as number) - (moments[0] as number)).toBeGreaterThanOrEqual(1_200)
    expect(it.use.traffic[it.name]).toMatchObject({ requests: 2, waits: 1 })
    const began = performance.now()
    expect(await failure(other.ask())).toMatchObject({ name: 'Throttled', on: 'its own pace' })
    expect(performance.now() - began).toBeLessThan(1_000)
    expect(secondsFromNow(other.use.nextAt[it.name])).toBeGreaterThan(50)
  })

  test('that is paced goes on at once when its worker stops', async () => {
    const stop = new AbortController()
    const it = world().with({ pace: { api: `t${count - 1}`, job: 'stopped', spacingMs: 1_900 }, signal: stop.signal })
    answer = json({ ok: true })
    await it.ask()
    const waiting = failure(it.ask())
    stop.abort(new Error('the worker stops'))
    expect((await waiting).message).toBe('the worker stops')
  })

  test('names its sender, is compressed, parsed, counted and logged', async () => {
    const { ask, use, name, logged } = world({ headers: { 'X-Compatibility-Date': '2026-07-17' } })
    answer = json({ ok: true, more: 1 }, 200, { etag: '"a"' })
    const got = await ask({ method: 'POST', body: [1, 2], headers: { 'X-Own': 'yes' } })
    expect(got).toMatchObject({ status: 200, data: { ok: true, more: 1 }, etag: '"a"' })
    expect(arrived[0]).toMatchObject({ method: 'POST', url: '/v1/things/', body: '[1,2]' })
    expect(arrived[0]?.headers).toMatchObject({
      'user-agent': expect.stringMatching(/^backhaul\/\d+\.\d+\.\d+ \(\+me@example\.org\)$/),
      'accept-encoding': 'gzip, br',
      accept: 'application/json',
      'content-type': 'application/json',
      'x-compatibility-date': '2026-07-17',
      'x-own': 'yes',
    })
    expect(use.traffic).toEqual({ [name]: { requests: 1, waits: 0, waitMs: expect.any(Number), throttled: 0, bytes: 20 } })
    expect(logged).toEqual([
      expect.objectContaining({ method: 'POST', path: '/things/', status: 200, ms: expect.any(Number), waitMs: expect.any(Number) }),
    ])
  })

  test('knows when it left, by the clock of the database', async () => {
    const now = async () => (await db.query<{ now: Date }>('select clock_timestamp() as now'))[0]?.now as Date
    answer = json({ ok: true })
    const it = world()
    const before = await now()
    const { sentAt } = await it.ask()
    // The lower bound of what the gate knows of that clock.
    expect(sentAt.getTime()).toBeGreaterThan(before.getTime() - 1_000)
    expect(sentAt.getTime()).toBeLessThanOrEqual((await now()).getTime())
  })

  test.each(['PUT', 'PATCH', 'DELETE'] as const)('may be a %s', async (method) => {
    answer = json({ ok: true })
    await world().ask({ method, body: { a: 1 } })
    expect(arrived[0]).toMatchObject({ method, body: '{"a":1}' })
  })

  test('may be a form, whose secrets are shown nowhere', async () => {
    const it = world()
    answer = (response, { body }) => response.writeHead(400).end(`bad: ${body} and s3cr/t-of-ours`)
    const form = { grant_type: 'refresh_token', refresh_token: 's3cr/t-of-ours', code: 'c0de-of-theirs' }
    const error = await failure(it.ask({ method: 'POST', form }))
    expect(arrived[0]?.headers['content-type']).toBe('application/x-www-form-urlencoded')
    expect(arrived[0]?.body).toBe('grant_type=refresh_token&refresh_token=s3cr%2Ft-of-ours&code=c0de-of-theirs')
    expect(error.message).toContain('grant_type=refresh_token')
    expect(`${error.message} ${JSON.stringify(it.logged)}`).not.toMatch(/s3cr|c0de/)
  })

  test.each([
    ['gzip', gzipSync],
    ['br', brotliCompressSync],
  ])('is read when the answer is %s', async (encoding, pack) => {
    answer = (response) =>
      response.writeHead(200, { 'content-encoding': encoding, 'content-type': 'application/json' }).end(pack('{"ok":true}'))
    expect((await world().ask()).data).toEqual({ ok: true })
  })

  test('keeps its connection', async () => {
    const { ask } = world()
    answer = json({ ok: true })
    await ask()
    await ask()
    expect(arrived[0]?.socket).toBe(arrived[1]?.socket)
  })

  test('is unchanged by ETag', async () => {
    answer = (response) => response.writeHead(304, { etag: '"a"' }).end()
    expect(await world().ask({ etag: '"a"' })).toMatchObject({ status: 304, data: undefined, etag: '"a"' })
    expect(arrived[0]?.headers['if-none-match']).toBe('"a"')
    expect(await failure(world().ask())).toMatchObject({ kind: 'redirect' })
  })

  test('treats an accepted status whose text does not answer it as an outage, which trips the breaker', async () => {
    const it = world()
    const asked = { accept: [404], isAnswer: ({ text }: { text: string }) => text.includes('no such thing') }
    answer = json({ error: 'no such thing' }, 404)
    expect(await it.ask(asked)).toMatchObject({ status: 404, data: undefined })
    for (const odd of [json({ error: 'no route' }, 404), json({}, 404), html(404), json('', 404), html(404)]) {
      answer = odd
      expect(await failure(it.ask(asked))).toMatchObject({ name: 'RetryLater', kind: 'no_answer' })
    }
    expect(await gateRow(it, it.name)).toMatchObject({ failures: 5, trippedUntil: expect.any(Date) })
  })

  test.each([302, 404, 503])('may accept %i, which is then no failure of the host', async (status) => {
    const it = world()
    answer = json({ error: 'gone' }, status, { location: '/elsewhere' })
    for (let n = 0; n < 6; n++)
      expect(await it.ask({ accept: [status] })).toMatchObject({ status, data: undefined, text: '{"error":"gone"}' })
    expect(await gateRow(it, it.name)).toMatchObject({ failures: 0, trippedUntil: null })
    expect(arrived).toHaveLength(6)
  })

  test.each([
    [302, 'text/html', '<!doctype html><title>Object moved</title>'],
    [301, 'text/plain', ''],
    [500, 'text/html; charset=utf-8', '\r\n\r\n<html><h1>Server Error</h1></html>'],
    [502, 'application/json', '{"error":"half'],
  ])('may accept %i with a body of %s, as text or bytes, and follows no redirect', async (status, type, body) => {
    const it = world()
    answer = (response) => response.writeHead(status, { 'content-type': type, location: `http://127.0.0.1:${port}/error.aspx` }).end(body)
    for (let n = 0; n < 6; n++) {
      const got = await it.ask({ accept: [302, 301, 500, 502], binary: n % 2 === 0, types: n % 3 === 0 ? ['text/csv'] : undefined })
      expect(got).toMatchObject({ status, text: body, data: undefined, headers: { location: expect.stringContaining('error.aspx') } })
      expect(got.bytes).toBeUndefined()
    }
    expect(await gateRow(it, it.name)).toMatchObject({ failures: 0, trippedUntil: null, throttled: 0n })
    expect(arrived.map(({ url }) => url)).toEqual(Array.from({ length: 6 }, () => '/v1/things/'))
  })

  test('that was accepted between failures of the host shows that it answers', async () => {
    const it = world()
    const outage = json({}, 503)
    for (const one of [outage, outage, outage, outage, html(500), outage, outage]) {
      answer = one
      await it.ask({ path: `/${arrived.length}/`, accept: [500] }).catch(() => undefined)
    }
    expect(await gateRow(it, it.name)).toMatchObject({ failures: 2, trippedUntil: null })
  })

  test('that accepts a status still fails where the API calls the answer an error', async () => {
    const it = world({ understand: ({ status }) => (status === 503 ? { error: new RetryLater('down', 'down') } : {}) })
    answer = json({}, 503)
    expect(await failure(it.ask({ accept: [503] }))).toMatchObject({ kind: 'down' })
    expect(await gateRow(it, it.name)).toMatchObject({ failures: 1 })
  })

  test('waits for its moment', async () => {
    const { ask, use, name } = world({ limit: { scope: 'ip', spacingMs: 300 } })
    const times: number[] = []
    answer = (response, request) => {
      times.push(performance.now())
      json({ ok: true })(response, request)
    }
    await ask()
    await Promise.all([ask(), ask()])
    expect((times[1] as number) - (times[0] as number)).toBeGreaterThanOrEqual(250)
    expect((times[2] as number) - (times[1] as number)).toBeGreaterThanOrEqual(250)
    expect(use.traffic[name]?.waitMs).toBeGreaterThanOrEqual(500)
    expect(secondsFromNow(use.nextAt[name])).toBeGreaterThan(0.2)
  })

  test('is not sent when its moment is far off, nor while the database is unreachable', async () => {
    answer = json({ ok: true })
    const { ask, use, name } = world({ limit: { scope: 'ip', spacingMs: 30_000 } })
    await ask()
    const refused = await failure(ask())
    expect(refused).toBeInstanceOf(Throttled)
    expect(secondsFromNow(refused.until)).toBeGreaterThan(29)
    expect(use).toMatchObject({ nextAt: { [name]: refused.until }, traffic: { [name]: { requests: 1, waits: 1, throttled: 0 } } })
    const unreachable: Reader = { query: async () => Promise.reject(Object.assign(new Error('terminated'), { code: '57P01' })) }
    expect(await failure(world({}, { reader: unreachable }).ask())).toMatchObject({ name: 'Throttled', on: 'database' })
    expect(arrived).toHaveLength(1)
  })

  test('ends with the abort of its step, before and while it is on its way', async () => {
    const stop = new AbortController()
    const { ask, use } = world({ limit: { scope: 'ip', concurrent: 1 } })
    Object.assign(use, { signal: stop.signal })
    answer = () => stop.abort(new Error('the worker stops'))
    expect((await failure(ask())).message).toBe('the worker stops')
    expect((await failure(ask())).message).toBe('the worker stops')
    expect(arrived).toHaveLength(1)
  })

  test('runs beside no more of its kind than its API bears inside a process', async () => {
    const { ask } = world({ inProcess: 2 })
    const open: ServerResponse[] = []
    answer = (response) => void open.push(response)
    const all = [ask(), ask(), ask()]
    await until(() => open.length === 2)
    json({ ok: true })(open[0] as ServerResponse, arrived[0] as never)
    await until(() => open.length === 3)
    for (const response of open.slice(1)) json({ ok: true })(response, arrived[0] as never)
    await Promise.all(all)
  })
})

describe('a process that is busy', () => {
  test('lets no request wait for a place longer than 2 s', async () => {
    const { ask, use, name } = world({ inProcess: 1 })
    const open: ServerResponse[] = []
    answer = (response) => void open.push(response)
    const first = ask()
    await until(() => open.length === 1)
    expect(await failure(ask())).toMatchObject({ name: 'Throttled', on: name })
    expect(use.traffic[name]).toMatchObject({ requests: 1, waits: 1, throttled: 0 })
    json({ ok: true })(open[0] as ServerResponse, arrived[0] as never)
    await first
    answer = json({ ok: true })
    await ask()
    expect(arrived).toHaveLength(2)
  })

  test('gives way to a stop', async () => {
    const { ask, use } = world({ inProcess: 1 })
    const stop = new AbortController()
    Object.assign(use, { signal: stop.signal })
    answer = () => undefined
    const both = [ask(), ask()].map(failure)
    await until(() => arrived.length === 1)
    stop.abort(new Error('the worker stops'))
    expect((await Promise.all(both)).map(({ message }) => message)).toEqual(['the worker stops', 'the worker stops'])
  })
})

describe('an answer that is none', () => {
  const drop: Answer = (response) => response.socket?.destroy()
  const endless: Answer = (response) => response.writeHead(200, { 'content-type': 'application/json' }).write('[')
  const text =
    (body: string, type = 'text/plain'): Answer =>
    (response) =>
      response.writeHead(200, { 'content-type': type }).end(body)
  test.each<[string, Answer, Partial<HttpRequest<unknown>>, string, RegExp]>([
    ['an empty body', text(''), {}, 'not_json', /is empty/],
    ['no JSON', text('upstream says hi'), {}, 'not_json', /"upstream says hi"/],
    ['cut JSON', text('{"ok":tr', 'application/json'), {}, 'not_json', /is not JSON/],
    ['another shape', json({ ok: 'yes' }), {}, 'shape', /GET \/things\/: ok is not as expected/],
    ['an error object', json({ error: 'too many' }), {}, 'shape', /ok/],
    ['a page for people', html(200), {}, 'blocked_page', /Sorry, you have been blocked/],
    ['a page for people without its type', text('<!DOCTYPE html><p>x'), {}, 'blocked_page', /web page/],
    ['a redirect', (r) => r.writeHead(302, { location: '/api/blocked.json' }).end(), {}, 'redirect', /blocked\.json/],
    ['a fault of the server', json({ error: 'x' }, 502), {}, 'http_502', /answered 502/],
    ['a fault of the server with a page', html(504), {}, 'http_504', /answered 504/],
    ['a broken connection', drop, {}, 'connection', /GET \/things\//],
    ['an answer that never ends', endless, { timeoutMs: 150 }, 'timeout', /within 150 ms/],
    ['an answer that is too large', json({ ok: true, pad: 'x'.repeat(5_000) }), { maxBytes: 1_000 }, 'too_large', /1000 bytes/],
    ['a packing that is broken', (r) => r.writeHead(200, { 'content-encoding': 'gzip' }).end('no gzip'), {}, 'unreadable', /things/],
  ])('%s is tried again later', async (_, given, request, kind, message) => {
    answer = given
    const error = await failure(world().ask(request as never))
    expect(error).toBeInstanceOf(RetryLater)
    expect(error.kind).toBe(kind)
    expect(error.message).toMatch(message)
  })

  test('a packed answer is measured unpacked', async () => {
    answer = (response) => response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync(Buffer.alloc(5_000_000)))
    expect(await failure(world().ask({ maxBytes: 1_000_000 }))).toMatchObject({ kind: 'too_large' })
  })

  test('no server at the address is tried again later', async () => {
    expect(await failure(world({}, { base: 'http://127.0.0.1:9' }).ask())).toMatchObject({ kind: 'connection' })
  })

  test.each([400, 401, 404, 422])('%i can never succeed', async (status) => {
    answer = json({ error: 'no such thing' }, status)
    const error = await failure(world().ask())
    expect(error).toBeInstanceOf(Fatal)
    expect(error).toMatchObject({ kind: `http_${status}`, message: expect.stringContaining('no such thing') })
  })
})

describe('an upstream that says wait', () => {
  test.each([
    ['seconds', '7', 7],
    ['a date', 'in an hour', 3_600],
    ['nothing', undefined, 60],
  ])('429 with %s', async (_, retryAfter, seconds) => {
    const it = world()
    const told = retryAfter === 'in an hour' ? new Date(Date.now() + 3_600_000).toUTCString() : retryAfter
    answer = json({}, 429, told ? { 'retry-after': told } : {})
    const error = await failure(it.ask())
    expect(error).toBeInstanceOf(Throttled)
    expect(Math.abs(secondsFromNow(error.until) - seconds)).toBeLessThan(2)
    expect(Math.abs(secondsFromNow((await gateRow(it, it.name))?.blockedUntil) - seconds)).toBeLessThan(2)
    expect(await failure(it.ask())).toBeInstanceOf(Throttled)
    expect(arrived).toHaveLength(1)
    // Refused once by the upstream, held back once by us.
    expect(it.use.traffic[it.name]).toMatchObject({ requests: 1, waits: 1, throttled: 1 })
    expect(await gateRow(it, it.name)).toMatchObject({ waits: 1n, throttled: 1n })
  })

  test('now, again and again, is left alone for a second, and longer each time', async () => {
    const it = world()
    answer = json({}, 429, { 'retry-after': '0' })
    expect(secondsFromNow((await failure(it.ask())).until)).toBeGreaterThan(0.8)
    // Asked again when the second is over.
    expect(secondsFromNow((await failure(it.ask())).until)).toBeGreaterThan(1.8)
    expect(arrived).toHaveLength(2)
    expect(secondsFromNow((await gateRow(it, it.name))?.blockedUntil)).toBeGreaterThan(1.5)
  })

  test('429 under a part closes the part, 420 the API', async () => {
    const it = world({ parts: { part: { scope: 'ip', requests: 100, perMs: 60_000, tokens: true } } })
    const part = `${it.name}.part`
    answer = json({}, 429)
    await failure(it.ask({ parts: { [part]: 5 } }))
    expect(await gateRow(it, part)).toMatchObject({ blockedReason: 'http 429' })
    expect(await gateRow(it, it.name)).toMatchObject({ blockedUntil: null })
    answer = json({}, 420, { 'retry-after': '31' })
    expect(secondsFromNow((await failure(it.ask())).until)).toBeLessThan(32)
    expect(secondsFromNow((await gateRow(it, it.name))?.blockedUntil)).toBeGreaterThan(29)
  })

  test.each([403, 429])('%i with a web page closes the API for minutes', async (status) => {
    const it = world()
    answer = html(status)
    expect(await failure(it.ask())).toMatchObject({ name: 'RetryLater', kind: 'blocked_page' })
    expect(secondsFromNow((await gateRow(it, it.name))?.blockedUntil)).toBeGreaterThan(200)
  })

  test.each([
    ['seconds', () => '40'],
    ['a time since 1970', () => String(Math.ceil(Date.now() / 1000) + 40)],
  ])('RateLimit with %s: a used-up budget closes the gate, the answer counts', async (_, reset) => {
    const it = world()
    answer = json({ ok: true }, 200, { 'ratelimit-remaining': '0', 'ratelimit-reset': reset() })
    expect((await it.ask()).data).toEqual({ ok: true })
    expect(Math.abs(secondsFromNow((await gateRow(it, it.name))?.blockedUntil) - 40)).toBeLessThan(3)
  })

  test('what the upstream counts is taken over', async () => {
    const it = world({
      parts: { part: { scope: 'ip', requests: 3600, perMs: 900_000, tokens: true } },
      understand: ({ headers }) => ({ remaining: [{ api: part, tokens: Number(headers['x-left']) }] }),
    })
    const part = `${it.name}.part`
    answer = json({ ok: true }, 200, { 'x-left': '100' })
    await it.ask({ parts: { [part]: 5 } })
    expect((await gateRow(it, part))?.used).toEqual({ requests: 3500 })
  })

  test('what the API itself says goes first: errors, blocks, costs', async () => {
    const it = world({
      parts: { part: { scope: 'ip', requests: 100, perMs: 60_000, tokens: true } },
      understand: ({ status, text }) => ({
        cost: { [`t${count - 1}.part`]: status === 200 ? 2 : 0 },
        ...(text.includes('quota') && {
          error: new Throttled('quota', new Date(Date.now() + 9_000)),
          block: [{ api: `t${count - 1}`, until: new Date(Date.now() + 9_000), reason: 'quota' }],
        }),
      }),
    })
    const part = `${it.name}.part`
    answer = json({ ok: true })
    await it.ask({ parts: { [part]: 5 } })
    // Written while the caller goes on with its answer.
    await until(async () => (await gateRow(it, part))?.used.requests === 2, { what: 'the real cost' })
    answer = json({ ok: true, error: 'quota' })
    expect(await failure(it.ask())).toMatchObject({ name: 'Throttled', on: 'quota' })
    expect(await gateRow(it, it.name)).toMatchObject({ blockedReason: 'quota', throttled: 1n, waits: 0n })
  })

  test('an API that is down and says wait has refused nothing', async () => {
    const it = world({
      understand: ({ status }) => (status === 503 ? { error: new Throttled('api', new Date(Date.now() + 9_000)) } : {}),
    })
    answer = json({}, 503)
    const error = await failure(it.ask())
    expect(error).toBeInstanceOf(Throttled)
    expect(it.use).toMatchObject({ nextAt: { [it.name]: error.until }, traffic: { [it.name]: { requests: 1, waits: 0, throttled: 0 } } })
    expect((await gateRow(it, it.name))?.throttled).toBe(0n)
  })
})

describe('an API that is down', () => {
  const opened = async (it: World) => {
    answer = json({}, 503)
    for (let n = 0; n < 5; n++) expect(await failure(it.ask())).toMatchObject({ kind: 'http_503' })
    expect(await failure(it.ask())).toBeInstanceOf(Throttled)
    expect(arrived).toHaveLength(5)
    await db.query('update backhaul.gates set open_until = clock_timestamp() where name = $1', [it.name])
  }

  test('is left alone after five failures, then tried with one request', async () => {
    const it = world()
    await opened(it)
    answer = json({ ok: true })
    await it.ask()
    expect(await gateRow(it, it.name)).toMatchObject({ failures: 0 })
  })

  test('is tried by its probe where it has one, and asked again once that is up', async () => {
    const it = world({ probe: { path: '/status', up: (body) => (body as { players?: number }).players !== undefined } })
    await opened(it)
    answer = json({ vip: true })
    const waiting = await failure(it.ask())
    expect(waiting).toBeInstanceOf(Throttled)
    expect(arrived.slice(5).map(({ url }) => url)).toEqual(['/v1/status'])
    expect(await gateRow(it, it.name)).toMatchObject({ failures: 6 })
    await db.query('update backhaul.gates set open_until = clock_timestamp() where name = $1', [it.name])
    answer = json({ ok: true, players: 20_000 })
    await it.ask()
    expect(arrived.slice(6).map(({ url }) => url)).toEqual(['/v1/status', '/v1/things/'])
  })

  test('in one part is left alone there: others go on; that its status is up does not say that the part is', async () => {
    const up = (body: unknown) => (body as { players?: number }).players !== undefined
    const it = world({ parts: { part: { scope: 'ip' } }, probe: { path: '/status', up } })
    const part = `${it.name}.part`
    answer = (response, request) =>
      json(request.url === '/v1/broken/' ? {} : { ok: true, players: 1 }, request.url === '/v1/broken/' ? 500 : 200)(response, request)
    const broken = () => failure(it.ask({ path: '/broken/', parts: { [part]: 1 } }))
    for (let n = 0; n < 5; n++) expect(await broken()).toMatchObject({ kind: 'http_500' })
    expect(await broken()).toMatchObject({ name: 'Throttled', on: part })
    expect(await it.ask()).toMatchObject({ status: 200 })
    expect(await gateRow(it, it.name)).toMatchObject({ failures: 0, trippedUntil: null })
    await db.query('update backhaul.gates set open_until = clock_timestamp() where name = $1', [part])
    arrived = []
    expect(await broken()).toMatchObject({ kind: 'http_500' })
    expect(arrived.map(({ url }) => url)).toEqual(['/v1/status', '/v1/broken/'])
    expect(await gateRow(it, part)).toMatchObject({ failures: 6 })
    await db.query('update backhaul.gates set open_until = clock_timestamp() where name = $1', [part])
    await it.ask({ parts: { [part]: 1 } })
    expect(await gateRow(it, part)).toMatchObject({ failures: 0, trippedUntil: null })
  })

  test('is not blamed for a request that fails by itself while others are answered', async () => {
    const it = world()
    answer = (response, request) => json({ ok: true }, request.url?.includes('bad') ? 500 : 200)(response, request)
    const bad = () => Promise.all([1, 2, 3, 4].map((n) => failure(it.ask({ path: `/bad/${n}/` }))))
    await bad()
    expect(await gateRow(it, it.name)).toMatchObject({ failures: 4 })
    await it.ask()
    for (let n = 0; n < 3; n++) await bad()
    expect(await gateRow(it, it.name)).toMatchObject({ failures: 0, trippedUntil: null })
    answer = json({}, 500)
    for (let n = 0; n < 5; n++) await failure(it.ask())
    expect(await gateRow(it, it.name)).toMatchObject({ failures: 5, trippedUntil: expect.any(Date) })
  })

  test('a client that answers with 4xx is no fault of the API', async () => {
    const it = world()
    answer = json({}, 404)
    for (let n = 0; n < 6; n++) await failure(it.ask())
    expect(arrived).toHaveLength(6)
  })
})

describe('secrets', () => {
  test('are in no log line and no error', async () => {
    const it = world({ headers: { Authorization: 'Bearer abcdef123456' } })
    answer = (response, { url }) => response.writeHead(400).end(`bad: abcdef123456 for ${url}`)
    const error = await failure(it.ask({ path: '/x?access_token=s3cr3t&page=2', headers: { 'X-Api-Key': 'k-999-888' } }))
    const shown = `${error.message} ${JSON.stringify(it.logged)}`
    expect(shown).not.toMatch(/s3cr3t|abcdef123456|k-999-888/)
    expect(shown).toContain('page=2')
  })

  test('a credential goes with every request and is shown nowhere', async () => {
    const credential = { setting: 'T_KEY', header: (key: string) => ({ 'X-App': `app ${key}` }) }
    const understand: Api['understand'] = ({ status, text }) => (status === 409 ? { error: new RetryLater('conflict', text) } : {})
    const it = world({ credential, understand }, { settings: { T_KEY: 'k3y-of-the-app' } })
    const shown: string[] = []
    for (const [status, body] of [
      [200, { ok: true }],
      [400, { error: 'bad k3y-of-the-app' }],
      [409, { error: 'twice k3y-of-the-app' }],
      [200, { ok: 'k3y-of-the-app' }],
      [200, 'k3y-of-the-app'],
    ] as const) {
      answer = json(body, status)
      const error = await it.ask({ path: '/x/k3y-of-the-app' }).then(
        () => undefined,
        (failed: Error) => failed,
      )
      shown.push(`${error?.message} ${error?.stack} ${(error?.cause as Error | undefined)?.message}`)
    }
    expect(arrived.map(({ headers }) => headers['x-app'])).toEqual(Array(5).fill('app k3y-of-the-app'))
    expect(`${shown.join()} ${JSON.stringify(it.logged)}`).not.toContain('k3y')
    expect(shown.join()).toContain('twice ***')
  })

  test('nothing is sent while a credential is missing, nor to hosts that come from data', () => {
    const credential = { setting: 'T_KEY', header: (key: string) => ({ 'X-App': key }) }
    expect(() => world({ credential })).toThrow(/^T_KEY is not set: t\d+ at http:\/\/127.* needs it; set T_KEY in \.env\.$/)
    expect(() => world({ credential }, { base: 'https://{host}', settings: { T_KEY: 'k3y' } })).toThrow('hosts come from data')
  })
})

describe('an answer of a type that was named', () => {
  const typed =
    (type: string | undefined, body: string): Answer =>
    (response) => {
      response.writeHead(200, type === undefined ? {} : { 'content-type': type }).end(body)
    }
  const CSV = { types: ['text/csv', 'application/csv'] }
  const ODD = '\uFEFF\r\n'.padEnd(600, '\r\n')

  test('is text, asked for by its types', async () => {
    answer = typed('Text/CSV; charset=utf-8', '\uFEFFa,b\r\n1,2\r\n')
    expect(await world().ask(CSV)).toMatchObject({ status: 200, data: undefined, text: 'a,b\r\n1,2\r\n' })
    expect(arrived[0]?.headers.accept).toBe('text/csv, application/csv')
    answer = typed('text/html', '<html></html>')
    expect(await world().ask({ types: ['text/html'] })).toMatchObject({ text: '<html></html>' })
  })

  test.each<[string, string | undefined, string, string, RegExp]>([
    ['JSON', 'application/json', '{}', 'content_type', /answered 200 with application\/json instead of text\/csv or application\/csv$/],
    ['no type', undefined, 'a,b', 'content_type', /with no content type instead of/],
    ['a web page', 'text/html', '<p>Down for maintenance', 'blocked_page', /instead of data: Down for maintenance/],
    ['a web page that is declared as one of them', 'text/csv', `${ODD}<!DOCTYPE html><h1>Error</h1>`, 'blocked_page', /web page/],
  ])('fails for %s, as text or bytes, and not against the host', async (_, type, body, kind, message) => {
    const it = world()
    answer = typed(type, body)
    for (let n = 0; n < 6; n++) {
      const error = await failure(it.ask({ ...CSV, binary: n % 2 === 0 }))
      expect(error).toMatchObject({ name: 'RetryLater', kind })
      expect(error.message).toMatch(message)
    }
    expect(await gateRow(it, it.name)).toMatchObject({ failures: 0 })
  })

  test('may be refused by a page of the same type', async () => {
    answer = (response) => response.writeHead(404, { 'content-type': 'text/html' }).end('<html>No such page</html>')
    expect(await failure(world().ask({ types: ['text/html'] }))).toMatchObject({ name: 'Fatal', kind: 'http_404' })
    answer = html(403)
    expect(await failure(world().ask({ types: ['text/html'] }))).toMatchObject({ name: 'RetryLater', kind: 'blocked_page' })
  })

  test('is waited for as long as a page with 429 says', async () => {
    const it = world()
    answer = (response) => response.writeHead(429, { 'content-type': 'text/html', 'retry-after': '2' }).end('<html>Slow down</html>')
    const error = await failure(it.ask({ types: ['text/html'] }))
    expect(error.name).toBe('Throttled')
    expect(secondsFromNow(error.until)).toBeLessThan(4)
    expect(secondsFromNow((await gateRow(it, it.name))?.blockedUntil)).toBeLessThan(4)
  })
})

describe('an answer of bytes', () => {
  const bytes = Uint8Array.from([0, 255, 10, 200, 128])
  const car =
    (status: number): Answer =>
    (response) => {
      response.writeHead(status, { 'content-type': 'application/vnd.ipld.car' }).end(bytes)
    }

  test('is kept as it came, and counted', async () => {
    const it = world()
    answer = car(200)
    const got = await it.ask({ binary: true, schema: z.unknown() as never })
    expect(got).toMatchObject({ status: 200, data: undefined, text: '' })
    expect(Buffer.compare(Buffer.from(got.bytes ?? []), bytes)).toBe(0)
    expect(it.use.traffic[it.name]).toMatchObject({ bytes: bytes.length })
  })

  test.each([
    ['UTF-8 with a byte order mark', Buffer.from('\uFEFF"District","Club"\r\n"42","Café"\r\n', 'utf8')],
    ['Windows-1252', Buffer.from('"42","Caf\xe9 \x96 nord"\r\n', 'latin1')],
  ])('keeps %s as it came', async (_, sheet) => {
    answer = (response) => response.writeHead(200, { 'content-type': 'text/csv' }).end(gzipSync(sheet))
    const compressed = answer
    answer = (response, request) => compressed(response.setHeader('content-encoding', 'gzip'), request)
    const got = await world().ask({ binary: true, types: ['text/csv'] })
    expect(Buffer.from(got.bytes ?? [])).toEqual(sheet)
  })

  test('that was refused is words, like every refusal', async () => {
    answer = json({ error: 'RepoNotFound' }, 400)
    const got = await world().ask({ binary: true, accept: [400] })
    expect(got).toMatchObject({ status: 400, text: '{"error":"RepoNotFound"}' })
    expect(got.bytes).toBeUndefined()
    answer = html(502)
    expect(await failure(world().ask({ binary: true }))).toMatchObject({ kind: 'http_502' })
  })

  test('that never ends is left at its ceiling', async () => {
    answer = (response) => {
      const chunk = Buffer.alloc(65_536)
      const more = (): void => void (response.destroyed || (response.write(chunk) ? setImmediate(more) : response.once('drain', more)))
      response.writeHead(200)
      more()
    }
    expect(await failure(world().ask({ binary: true, maxBytes: 500_000 }))).toMatchObject({ kind: 'too_large' })
  })
})

test('what is not implemented is not tried again', async () => {
  const it = world()
  answer = json({ error: 'MethodNotImplemented' }, 501)
  expect(await failure(it.ask())).toMatchObject({ name: 'Fatal', kind: 'http_501' })
  expect(await gateRow(it, it.name)).toMatchObject({ failures: 0 })
})

test('NUL in what an upstream says does not reach the database', async () => {
  answer = (response) => {
    response.writeHead(500, { 'content-type': 'text/plain' }).end('be\0fore')
  }
  expect((await failure(world().ask())).message).not.toContain('\0')
})

describe('a host named by data', () => {
  const host = { limit: { scope: 'host' as const } }
  test.each(['127.0.0.1', '10.1.2.3', '169.254.169.254', '192.168.1.1', 'localhost', 'a.local', 'evil/path', 'me@evil.example', ''])(
    '%j is not asked',
    async (scopeOf) => {
      const error = await failure(world(host, { base: 'https://{host}' }).ask({ scopeOf: scopeOf || ' ' }))
      expect(error).toMatchObject({ name: 'Fatal', kind: 'forbidden_url' })
    },
  )
  test('is asked at loopback when private hosts are allowed', async () => {
    answer = json({ ok: true })
    const it = world(host, { base: 'http://{host}/v1', settings: { ALLOW_PRIVATE_HOSTS: 'true' } })
    await it.ask({ scopeOf: `127.0.0.1:${port}` })
    expect(await gateRow(it, `${it.name}:127.0.0.1:${port}`)).toMatchObject({ granted: 1n })
  })
})

describe('limits that count by different things', () => {
  const api: Partial<Api> = {
    limit: { scope: 'key', perDay: 10 },
    parts: { part: { scope: 'account', requests: 5, perMs: 60_000 } },
  }

  test('each get the label of the request that is theirs', async () => {
    answer = json({ ok: true })
    const it = world(api)
    const part = `${it.name}.part`
    await it.ask({ parts: { [part]: 1 }, scopeOf: { [it.name]: 'key 1', [part]: 'shop 1' } })
    await it.ask({ parts: { [part]: 1 }, scopeOf: { [it.name]: 'key 1', [part]: 'shop 2' } })
    expect(await gateRow(it, `${it.name}:key 1`)).toMatchObject({ granted: 2n, used: { day: 2 } })
    expect(await gateRow(it, `${part}:shop 1`)).toMatchObject({ granted: 1n, used: { requests: 1 } })
    expect(await gateRow(it, `${part}:shop 2`)).toMatchObject({ granted: 1n, used: { requests: 1 } })
  })

  test('and the one that the upstream names is the one that waits', async () => {
    answer = json({}, 429, { 'retry-after': '60' })
    const it = world(api)
    const part = `${it.name}.part`
    const ask = (shop: string) => it.ask({ parts: { [part]: 1 }, scopeOf: { [it.name]: 'key 1', [part]: shop } })
    expect(await failure(ask('shop 1'))).toMatchObject({ name: 'Throttled', on: part })
    expect(secondsFromNow((await gateRow(it, `${part}:shop 1`))?.blockedUntil)).toBeCloseTo(60, -1)
    expect((await gateRow(it, `${it.name}:key 1`))?.blockedUntil).toBeNull()
    answer = json({ ok: true })
    expect((await ask('shop 2')).data).toEqual({ ok: true })
  })

  test('a label that contains a secret is refused before anything is sent', async () => {
    answer = json({ ok: true })
    const it = world(
      { limit: { scope: 'key' }, credential: { setting: 'T_KEY', header: (key) => ({ 'x-api-key': key }) } },
      { settings: { T_KEY: 'quite-secret-key' } },
    )
    for (const scopeOf of ['quite-secret-key', { [it.name]: 'key quite-secret-key' }]) {
      const error = await failure(it.ask({ scopeOf }))
      expect(error.message).toMatch(/has a secret in scopeOf/)
      expect(error.message).not.toContain('quite-secret-key')
    }
    expect(arrived).toHaveLength(0)
    expect((await it.gate.list()).filter(({ name }) => name.startsWith(it.name))).toEqual([])
  })
})
