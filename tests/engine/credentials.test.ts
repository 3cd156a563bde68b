import { spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { z } from 'zod'
import { Dead, Fatal, Held, RetryLater, Throttled } from '../../backend/base/errors'
import type { Log } from '../../backend/base/log'
import { createSealer } from '../../backend/base/seal'
import { readConfig } from '../../backend/config/config'
import { defineStream, type HttpFactory, type HttpUse, type Source, type Step, type Tokens } from '../../backend/contract'
import { type Db, openDb } from '../../backend/database/db'
import { createCredentials } from '../../backend/engine/credentials'
import { progress } from '../../backend/engine/jobs/progress'
import { startJob } from '../../backend/engine/jobs/verbs'
import { wake } from '../../backend/engine/wake'
import { createGate } from '../../backend/gate/gate'
import { effectiveLimits } from '../../backend/gate/limits'
import { createHttpFactory } from '../../backend/http'
import { createService } from '../../backend/service/base/context'
import { createRouteContext } from '../../backend/service/routes/context'
import { type Counting, countingSource } from '../support/counting-source'
import { type Suite, suite } from '../support/suite'
import { until } from '../support/until'

/* Tokens of accounts: one refresh at a time, none lost, and a person is asked only where one must act. */

const KEY = '11'.repeat(32)
/** Every token and secret that has been in use. */
const secrets = new Set<string>()
/** Everything that was logged or thrown. */
const told: string[] = []
const plain = (_: string, value: unknown) => (typeof value === 'bigint' ? String(value) : value)
const note = (message: string, fields?: object) => void told.push(`${message} ${JSON.stringify(fields ?? {}, plain)}`)
const log: Log = { debug: note, info: note, warn: note, error: note }

/** The upstream: the tokens it accepts, and how it answers a refresh. */
const upstream = {
  access: '',
  refresh: '',
  refreshes: 0,
  requests: 0,
  expiresInMs: 3_600_000,
  /** Called before a refresh is answered; a status refuses it. */
  refreshing: async (): Promise<number | undefined> => undefined,
  /** Denies everything. */
  denies: false,
}
const token = (kind: string): string => {
  const text = `${kind}.${randomUUID()}`
  secrets.add(text)
  return text
}
const issue = (): Tokens => {
  Object.assign(upstream, { access: token('access'), refresh: token('refresh') })
  const expiresAt = new Date(Date.now() + upstream.expiresInMs).toISOString()
  return { access: upstream.access, refresh: upstream.refresh, expiresAt }
}

let server: Server
let it_: Suite
let dbs: Db[]
let base: string
let source: Source
let http: HttpFactory
let factories: HttpFactory[]
let service: ReturnType<typeof createService>
let id: string

const bodyOf = async (request: AsyncIterable<unknown>) => {
  const parts: Buffer[] = []
  for await (const part of request) parts.push(part as Buffer)
  return new URLSearchParams(Buffer.concat(parts).toString())
}

const answers = z.object({ access: z.string(), refresh: z.string(), expiresAt: z.string() })
const refresh: NonNullable<NonNullable<Source['credentials']>[string]['refresh']> = async (tokens, io, own) => {
  const form = { grant_type: 'refresh_token', refresh_token: tokens.refresh ?? '' }
  const { status, data, text } = await io
    .http('toy')
    .request({ method: 'POST', path: '/token', scopeOf: own, form, schema: answers, accept: [400] })
  if (status === 400) throw new Dead(`invalid_grant: ${text}`)
  return data as Tokens
}

beforeAll(async () => {
  server = createServer(async (request, response) => {
    const end = (status: number, body: object) => {
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
    }
    if (request.url === '/token') {
      upstream.refreshes += 1
      const given = (await bodyOf(request)).get('refresh_token')
      const refused = await upstream.refreshing()
      // Some upstreams repeat what they were sent.
      if (refused !== undefined) return end(refused, { error: 'no', refresh_token: given, sent: given })
      return given === upstream.refresh ? end(200, issue()) : end(400, { error: 'invalid_grant', sent: given })
    }
    upstream.requests += 1
    const accepts = !upstream.denies && request.headers.authorization === `Bearer ${upstream.access}`
    return end(accepts ? 200 : 401, accepts ? { ok: true } : { error: `no ${request.headers.authorization}` })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`

  const counting: Counting = { pages: 1, rowsPerPage: 1, tasks: [], laneWidth: 1 }
  source = {
    ...countingSource(counting),
    name: 'toy',
    // One place in the process: a refresh must not wait for the request that waits for it.
    apis: {
      toy: {
        url: { template: base },
        limit: { scope: 'account' },
        inProcess: 1,
        account: { kind: 'toy', header: ({ access }) => ({ Authorization: `Bearer ${access}` }) },
      },
    },
    credentials: { toy: { refresh }, fixed: {} },
  }
  source.streams.orders = defineStream<{ page: number }, null, unknown>({
    queue: 'zkillboard_backfill_queue',
    cursor: z.object({ page: z.number() }),
    async read({ key, cursor: { page } }: Step<{ page: number }, unknown>, io) {
      if (key.startsWith('toy/')) await io.http('toy').request({ path: '/orders', account: key, scopeOf: key, schema: z.unknown() })
      return { batch: null, next: page === 0 ? { page: 1 } : null }
    },
    write: async () => ({ new: 0, updated: 0, unchanged: 0 }),
  })
  it_ = await suite([source], { log, http: (...args) => http(...args) })
  const config = readConfig([source], {
    CONTACT: 'me@example.org',
    TOKEN_KEY: KEY,
    DATABASE_URL: it_.databaseUrl,
    ALLOW_PRIVATE_HOSTS: 'true',
  })
  const limits = effectiveLimits([source], {})
  dbs = [0, 1].map((n) => openDb(it_.databaseUrl, { name: `credentials ${n}`, max: 5 }))
  factories = dbs.map((db) =>
    createHttpFactory({ gate: createGate(db, limits), limits, config, credentials: createCredentials({ db, sealer: config.sealer }) }),
  )
  http = factories[0] as HttpFactory
  service = createService(it_, config)
  counting.tasks.push({ stream: 'orders', key: 'other', cursor: { page: 0 }, lane: 'other' })
  Object.assign(source, { plan: planOf })
  await it_.worker()
}, 60_000)
const planOf: Source['plan'] = () => ({
  tasks: [id, 'other'].map((key) => ({ stream: 'orders', key, cursor: { page: 0 }, lane: key })),
  activeKey: id,
  estimate: { requests: {} },
})
afterAll(async () => {
  await service?.upstreams.close()
  await it_?.close()
  await Promise.all(dbs?.map((db) => db.close()) ?? [])
  server?.closeAllConnections()
  await new Promise((resolve) => server?.close(resolve))
})

const route = () => createRouteContext(service, source, { who: 'admin', address: '127.0.0.1', entryPoint: 'rest' }, { id: 'test' })
const save = (tokens: Tokens, kind = 'toy') =>
  route().act('account.connect', id, {}, (tx) => route().credentials.save(tx, { id, kind, tokens }))
const stored = async () => {
  const [row] = await it_.db.query<{ version: bigint; state: string; reason: string | null; lease_holder: string | null }>(
    'select version, state, reason, lease_holder from backhaul.credentials where id = $1',
    [id],
  )
  return row
}
const leaseRunsOut = () => it_.db.query(`update backhaul.credentials set lease_until = clock_timestamp() where id = $1`, [id])
const useOf = (): HttpUse => ({ class: 'backfill', signal: new AbortController().signal, nextAt: {}, traffic: {}, log })
const ask = (n = 0) =>
  (factories[n] as HttpFactory)(source, useOf())('toy').request({ path: '/orders', account: id, scopeOf: id, schema: z.unknown() })
const failure = async (promise: Promise<unknown>): Promise<Error> => {
  const error = await promise.then(
    (value) => {
      throw new Error(`was answered: ${JSON.stringify(value)}`)
    },
    (thrown: Error) => thrown,
  )
  told.push(`${error.message} ${error.stack} ${JSON.stringify(error)} ${error.cause}`)
  return error
}

beforeEach(() => {
  id = `toy/${randomUUID().slice(0, 8)}`
  Object.assign(upstream, { refreshes: 0, requests: 0, expiresInMs: 3_600_000, denies: false, refreshing: async () => undefined })
})
const expired = () => ({ ...issue(), expiresAt: new Date(Date.now() - 1_000).toISOString() })
const soonExpired = () => ({ ...issue(), expiresAt: new Date(Date.now() + 60_000).toISOString() })

test('valid tokens are sent as they are', async () => {
  await save(issue())
  expect((await ask()).data).toEqual({ ok: true })
  expect(upstream).toMatchObject({ refreshes: 0, requests: 1 })
})

test('two processes with one expired token: one refresh, whose tokens all requests use', async () => {
  await save(expired())
  const all = await Promise.all(Array.from({ length: 12 }, (_, n) => ask(n % 2)))
  expect(all.every(({ status }) => status === 200)).toBe(true)
  expect(upstream).toMatchObject({ refreshes: 1, requests: 12 })
  expect(await stored()).toMatchObject({ version: 2n, state: 'ready', lease_holder: null })
})

test('a token that expires soon is refreshed by one, and used by all others meanwhile', async () => {
  await save(soonExpired())
  const old = upstream.access
  let answered = () => undefined as unknown
  upstream.refreshing = () => new Promise((resolve) => (answered = () => resolve(undefined)))
  const first = ask(0)
  await until(async () => upstream.refreshes === 1, { what: 'the refresh is under way' })
  expect((await ask(1)).status).toBe(200)
  expect(upstream).toMatchObject({ refreshes: 1, requests: 1, access: old })
  answered()
  expect((await first).status).toBe(200)
  expect(upstream.access).not.toBe(old)
})

test('a denied request is sent again with new tokens; two processes refresh once', async () => {
  await save(issue())
  upstream.access = token('access')
  expect((await Promise.all([ask(0), ask(1)])).map(({ status }) => status)).toEqual([200, 200])
  expect(upstream).toMatchObject({ refreshes: 1, requests: 4 })
})

test('denied with new tokens too, the account needs a person', async () => {
  await save(issue())
  upstream.denies = true
  expect(await failure(ask())).toMatchObject({
    name: 'Held',
    key: `credential/${id}`,
    reason: `${id} must be connected again: its tokens were denied`,
  })
  expect(upstream).toMatchObject({ refreshes: 1, requests: 2 })
  expect(await failure(ask(1))).toBeInstanceOf(Held)
  expect(upstream).toMatchObject({ refreshes: 1, requests: 2 })
  expect(await route().credentials.state([id])).toMatchObject([{ id, state: 'reauth_required', kind: 'toy' }])
})

test('a token endpoint that is down keeps the account connected, and is left alone for a while', async () => {
  await save(soonExpired())
  upstream.refreshing = async () => 500
  expect((await ask()).status).toBe(200)
  expect((await ask(1)).status).toBe(200)
  expect(upstream.refreshes).toBe(1)
  await it_.db.query(`update backhaul.credentials set lease_until = null, expires_at = clock_timestamp() where id = $1`, [id])
  expect(await failure(ask())).toMatchObject({ name: 'RetryLater', kind: 'http_500' })
  expect(await failure(ask(1))).toMatchObject({ name: 'Throttled', on: `the next refresh of ${id}` })
  expect(upstream.refreshes).toBe(2)
  upstream.refreshing = async () => undefined
  await leaseRunsOut()
  expect((await ask()).status).toBe(200)
})

test('a refused refresh does not fail the task', async () => {
  await save(expired())
  upstream.refreshing = async () => 403
  const error = await failure(ask())
  expect(error).toBeInstanceOf(RetryLater)
  expect(error).not.toBeInstanceOf(Fatal)
  expect(await stored()).toMatchObject({ state: 'ready' })
})

test('a dead token holds the lane with its reason, and other lanes finish; saving tokens releases it', async () => {
  await save(expired())
  upstream.refresh = token('refresh')
  const { id: job } = await startJob(it_, source, { name: 'dead' })
  const waits = () =>
    until(async () => (await progress(it_.db, [job]))[0]?.waits?.find(({ kind }) => kind === 'hold'), { what: 'lane is held' })
  await wake(it_.db, it_.broker)
  expect((await waits())?.on).toContain(`${id} must be connected again: invalid_grant`)
  await until(
    async () => (await it_.db.query(`select 1 from backhaul.tasks where job_id = $1 and key = 'other' and state = 'done'`, [job]))[0],
    {
      what: 'the other lane is done',
    },
  )
  expect(await it_.db.query('select attempts from backhaul.tasks where job_id = $1 and key = $2', [job, id])).toEqual([{ attempts: 0 }])
  await save(issue())
  expect(await it_.ended(job)).toBe('completed')
}, 30_000)

describe('a process killed amid a refresh', () => {
  const kill = async () => {
    let isAsked = () => undefined as unknown
    const asked = new Promise<void>((resolve) => (isAsked = () => resolve()))
    upstream.refreshing = () => {
      isAsked()
      return new Promise(() => undefined)
    }
    const child = spawn(process.execPath, [join(__dirname, '../support/refreshing.js'), it_.databaseUrl, `${base}/token`, KEY, id], {
      stdio: ['ignore', 'ignore', 'inherit'],
    })
    const ended = new Promise((resolve) => child.once('exit', resolve))
    await asked
    child.kill('SIGKILL')
    await ended
    upstream.refreshing = async () => undefined
  }

  test('is waited for as long as its lease; then the next one refreshes', async () => {
    await save(expired())
    await kill()
    expect(await failure(ask())).toMatchObject({ name: 'Throttled', on: `the refresh of ${id} by another process` })
    expect(upstream.refreshes).toBe(1)
    await leaseRunsOut()
    expect((await ask()).status).toBe(200)
    expect(await stored()).toMatchObject({ version: 2n, state: 'ready' })
  }, 30_000)

  test('is named where the upstream had replaced the token', async () => {
    await save(expired())
    await kill()
    issue()
    await leaseRunsOut()
    expect(((await failure(ask())) as Held).reason).toMatch(/invalid_grant.*; an earlier refresh was interrupted/)
  }, 30_000)
})

test('tokens that a person saves during a refresh stay', async () => {
  await save(expired())
  let saved: Tokens | undefined
  upstream.refreshing = async () => {
    saved = issue()
    await save(saved)
    return undefined
  }
  // The refresh is answered with 400, because its token is no longer valid: that says nothing about the saved ones.
  expect((await ask()).status).toBe(200)
  expect(await stored()).toMatchObject({ version: 2n, state: 'ready' })
  expect(upstream).toMatchObject({ refreshes: 1, access: saved?.access })
})

test('a refresher that is late keeps what the upstream gave it, also when the account was given up meanwhile', async () => {
  await save(expired())
  upstream.refreshing = async () => {
    await it_.db.query(`update backhaul.credentials set lease_holder = 'another', state = 'reauth_required', reason = 'x' where id = $1`, [
      id,
    ])
    return undefined
  }
  expect((await ask()).status).toBe(200)
  expect(await stored()).toMatchObject({ version: 2n, state: 'ready', reason: null, lease_holder: null })
})

test('a refresher that lost its lease gives nobody up', async () => {
  await save(expired())
  upstream.refreshing = async () => {
    await it_.db.query(`update backhaul.credentials set lease_holder = 'another' where id = $1`, [id])
    return 400
  }
  expect(await failure(ask())).toBeInstanceOf(Throttled)
  expect(await stored()).toMatchObject({ state: 'ready', lease_holder: 'another' })
})

test('denied tokens without a refresh need a person at once', async () => {
  const fixed = { ...source, apis: { fixed: { ...source.apis.toy, account: { ...source.apis.toy?.account, kind: 'fixed' } } } } as Source
  const config = readConfig([source], { CONTACT: 'me@example.org', TOKEN_KEY: KEY })
  const limits = effectiveLimits([fixed], {})
  const credentials = createCredentials({ db: it_.db, sealer: config.sealer })
  const factory = createHttpFactory({ gate: createGate(it_.db, limits), limits, config, credentials })
  const send = () => factory(fixed, useOf())('fixed').request({ path: '/orders', account: id, scopeOf: id, schema: z.unknown() })
  await save(expired(), 'fixed')
  expect((await send()).status).toBe(200)
  upstream.denies = true
  expect(await failure(send())).toBeInstanceOf(Held)
  expect(upstream).toMatchObject({ refreshes: 0, requests: 2 })
})

test('without tokens, or without the key that sealed them, work waits', async () => {
  expect(await failure(ask())).toMatchObject({ name: 'Held', reason: `${id} must be connected: no tokens are stored for it` })
  await save(issue())
  const other = createCredentials({ db: it_.db, sealer: createSealer([Buffer.alloc(32, 2)]) })
  const tokens = other.tokens({ source, kind: 'toy', id, use: useOf(), http })
  expect(await failure(tokens)).toMatchObject({ name: 'Throttled', message: expect.stringMatching(/TOKEN_KEY lacks the key [0-9a-f]{8}/) })
  await it_.db.query(
    `update backhaul.credentials set sealed = (select sealed from backhaul.credentials where id <> $1 limit 1) where id = $1`,
    [id],
  )
  expect(await failure(ask())).toMatchObject({ name: 'Held', reason: expect.stringContaining('belongs to another row') })
  await route().act('account.remove', id, {}, (tx) => route().credentials.remove(tx, id))
  expect(await failure(ask())).toBeInstanceOf(Held)
})

test('a route can hold an account, and sees those of its own source only', async () => {
  await save(issue())
  const hold = () => route().act('account.hold', id, {}, (tx) => route().credentials.hold(tx, id, `${id} was disconnected by its owner`))
  expect([await hold(), await hold()]).toEqual([true, false])
  expect(await failure(ask())).toMatchObject({ name: 'Held', reason: `${id} was disconnected by its owner` })
  const other = createRouteContext(service, { ...source, name: 'other' }, { who: 'admin', address: '', entryPoint: 'rest' }, { id: 'test' })
  expect(await other.credentials.state([id])).toEqual([])
  await expect(
    other.act('account.connect', id, {}, (tx) => other.credentials.save(tx, { id, kind: 'toy', tokens: issue() })),
  ).rejects.toThrow('belongs to another source')
})

test('a route asks as an account, for a person: its tokens are refreshed as for a page', async () => {
  await save(expired())
  const request = { path: '/orders', account: id, scopeOf: id, schema: z.unknown() }
  expect((await route().http('toy').request(request)).data).toEqual({ ok: true })
  expect(upstream).toMatchObject({ refreshes: 1, requests: 1 })
})

test('a route seals what lives for some minutes; nothing else opens it', async () => {
  const { seal, open } = route().credentials
  const sealed = seal(token('verifier'), 'state 1')
  expect(secrets.has(open(sealed, 'state 1') ?? '')).toBe(true)
  expect(open(sealed, 'state 2')).toBeUndefined()
  const other = createRouteContext(
    service,
    { ...source, name: 'other' },
    { who: 'a', address: 'b', entryPoint: 'rest' },
    { id: 'c' },
  ).credentials
  expect(other.open(sealed, 'state 1')).toBeUndefined()
})

test('where hosts come from data, tokens are sent to their own host only', async () => {
  const host = base.replace('http://', '')
  const shops = {
    ...source,
    apis: { shops: { ...source.apis.toy, url: { template: 'https://{host}' }, limit: { scope: 'host' } } },
  } as Source
  const config = readConfig([source], { CONTACT: 'me@example.org', TOKEN_KEY: KEY, ALLOW_PRIVATE_HOSTS: 'true' })
  const limits = effectiveLimits([shops], {})
  const credentials = createCredentials({ db: it_.db, sealer: config.sealer })
  const factory = createHttpFactory({ gate: createGate(it_.db, limits), limits, config, credentials })
  const send = () =>
    factory(shops, useOf())('shops').request({ path: '/orders', account: id, scopeOf: `http://${host}`, schema: z.unknown() })
  await save(issue())
  await expect(send()).rejects.toThrow(`would send the tokens of ${id} to another host`)
  await save({ ...issue(), host: `http://${host}` })
  expect((await send()).status).toBe(200)
})

test('a token in scopeOf is refused', async () => {
  const { access } = issue()
  await save({ access })
  const send = factories[0]?.(source, useOf())('toy').request({ path: '/orders', account: id, scopeOf: access, schema: z.unknown() })
  expect((await failure(send as Promise<unknown>)).message).toContain('has a secret in scopeOf')
})

test('no token is in a log line, an error or a row', async () => {
  const tables = await it_.db.query<{ name: string }>(
    `select format('%I.%I', schemaname, tablename) as name from pg_tables where schemaname not in ('pg_catalog', 'information_schema')`,
  )
  for (const { name } of tables) {
    const rows = await it_.db.query<{ row: string }>(`select t::text as row from ${name} t`)
    told.push(...rows.map(({ row }) => row))
  }
  const text = told.join('\n')
  expect(text.length).toBeGreaterThan(10_000)
  expect(secrets.size).toBeGreaterThan(30)
  expect([...secrets].filter((secret) => text.includes(secret))).toEqual([])
})
