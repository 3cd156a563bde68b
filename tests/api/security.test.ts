import { request as httpRequest } from 'node:http'
import fc from 'fast-check'
import { failureCounter, networkOf } from '../../backend/api/failures'
import { requireTokenOrLoopback } from '../../backend/api/security'
import { makeSession, roleOfSession } from '../../backend/api/session'
import { sources } from '../../backend/sources'
import { type Served, serve } from '../support/api'
import { type TestEnv, testEnv } from '../support/env'

/* Who may do what, and what is refused before anything is done. */

const ADMIN = 'the-admin-token-of-this-test'
const READER = 'the-reader-token-of-this-test'
const bearer = (token: string) => ({ authorization: `Bearer ${token}` })
const JOB = { source: 'eve', params: { characterId: 2117325769 } }

/** What is answered to headers that fetch does not let anybody set. */
const statusOf = (path: string, headers: Record<string, string>, method = 'GET') =>
  new Promise<number | undefined>((resolve, reject) => {
    const sent = httpRequest(open.url + path, { method, headers, agent: false }, (answer) => {
      answer.resume()
      resolve(answer.statusCode)
    })
    sent.on('error', reject)
    sent.end()
  })

let env: TestEnv
let open: Served
let guarded: Served

beforeAll(async () => {
  env = await testEnv()
  open = await serve(env, sources)
  guarded = await serve(env, sources, { ADMIN_TOKEN: ADMIN, READ_TOKEN: READER })
}, 120_000)
afterAll(async () => {
  await Promise.all([open?.close(), guarded?.close()])
  await env?.close()
})

describe('with tokens', () => {
  test('everything needs one but health, docs and login, however the address is written', async () => {
    for (const path of ['/api/jobs', '/api/me', '/%61pi/jobs', '/api/jobs/', '/api/nothing', '/api/events', '/api/actions', '/graphql'])
      expect([path, (await guarded.ask('GET', path)).status]).toEqual([path, 401])
    for (const path of ['/healthz', '/readyz', '/api/docs', '/api/openapi.json']) expect((await guarded.ask('GET', path)).status).toBe(200)
    const refused = await guarded.ask('GET', '/api/jobs')
    expect(refused.headers.get('www-authenticate')).toMatch(/^Bearer/)
    expect(refused.headers.get('content-type')).toBe('application/problem+json; charset=utf-8')
    expect(refused.body).toEqual({
      type: 'about:blank',
      title: 'Token required',
      status: 401,
      detail: 'Send Authorization: Bearer <token>, or log in.',
    })
  })

  test('the admin may write, the reader may only read', async () => {
    const started = await guarded.ask('POST', '/api/jobs', JOB, bearer(ADMIN))
    expect(started.status).toBe(201)
    const { id } = started.body
    expect((await guarded.ask('GET', `/api/jobs/${id}`, undefined, bearer(READER))).status).toBe(200)
    expect((await guarded.ask('POST', '/api/jobs/estimate', JOB, bearer(READER))).status).toBe(200)
    for (const path of [
      '/api/jobs',
      `/api/jobs/${id}/cancel`,
      '/api/jobs/bulk',
      '/api/dead-letters/drop',
      '/api/schedules',
      '/api/webhooks',
    ])
      expect([path, (await guarded.ask('POST', path, {}, bearer(READER))).status]).toEqual([path, 403])
    expect((await guarded.ask('GET', `/api/jobs/${id}`, undefined, bearer(READER))).body.status).toBe('queued')
    // A bearer token without a body needs no content type.
    const plain = await fetch(`${guarded.url}/api/jobs/${id}/cancel`, { method: 'POST', headers: bearer(ADMIN) })
    expect(plain.status).toBe(200)
  })

  test('login changes a token for a cookie that is not the token, and logout ends it', async () => {
    const login = await guarded.ask('POST', '/api/login', { token: ADMIN }, { 'x-forwarded-proto': 'https' })
    expect(login).toMatchObject({ status: 200, body: { who: 'admin', canWrite: true, tokenNeeded: true } })
    const set = login.headers.get('set-cookie') ?? ''
    expect(set).toMatch(/^backhaul_session=[^;]+; .*HttpOnly; Secure; SameSite=Strict$/)
    expect(set).not.toContain(ADMIN)
    const cookie = { cookie: set.split(';')[0] ?? '' }
    expect((await guarded.ask('GET', '/api/me', undefined, cookie)).body).toMatchObject({ who: 'admin', canWrite: true })
    expect((await guarded.ask('POST', '/api/jobs/bulk', { verb: 'pause', status: 'queued' }, cookie)).status).toBe(200)
    const forged = { cookie: `${cookie.cookie.slice(0, -2)}xx` }
    expect((await guarded.ask('GET', '/api/me', undefined, forged)).status).toBe(401)
    const other = await guarded.ask('POST', '/api/login', { token: READER })
    expect(other.headers.get('set-cookie')).not.toContain('Secure')
    expect((await guarded.ask('POST', '/api/logout')).headers.get('set-cookie')).toMatch(/^backhaul_session=;/)
  })

  test('a cookie is of no use to a page of another site', async () => {
    const login = await guarded.ask('POST', '/api/login', { token: ADMIN })
    const cookie = (login.headers.get('set-cookie') ?? '').split(';')[0] ?? ''
    const write = (headers: Record<string, string>) =>
      guarded.ask('POST', '/api/jobs/bulk', { verb: 'pause', status: 'queued' }, { cookie, ...headers })
    expect((await write({ origin: 'https://evil.example' })).status).toBe(403)
    expect((await write({ origin: 'null' })).status).toBe(403)
    expect((await write({ 'content-type': 'text/plain' })).status).toBe(415)
    expect((await write({ origin: guarded.url })).status).toBe(200)
    // Behind a proxy that keeps the browser's name for the host.
    expect((await write({ origin: 'https://backhaul.example', 'x-forwarded-host': 'backhaul.example' })).status).toBe(200)
  })

  test('wrong tokens from one address are counted, right ones are not', async () => {
    const own = await serve(env, sources, { ADMIN_TOKEN: ADMIN })
    for (let n = 0; n < 30; n++) expect((await own.ask('GET', '/api/me', undefined, bearer(ADMIN))).status).toBe(200)
    const statuses: number[] = []
    for (let n = 0; n < 6; n++) statuses.push((await own.ask('POST', '/api/login', { token: `wrong ${n}` })).status)
    for (let n = 0; n < 6; n++) statuses.push((await own.ask('GET', '/api/jobs', undefined, bearer(`wrong${n}`))).status)
    expect(statuses).toEqual([...Array(10).fill(401), 429, 429])
    const late = await own.ask('POST', '/api/login', { token: ADMIN })
    expect(late).toMatchObject({ status: 429, body: { detail: expect.stringMatching(/^Too many wrong tokens from .*; wait \d+ s\.$/) } })
    expect(Number(late.headers.get('retry-after'))).toBeGreaterThan(0)
    await own.close()
  })

  test('a guess is counted at every entry point: a cookie made of it reveals no more than the token itself', async () => {
    const own = await serve(env, sources, { ADMIN_TOKEN: ADMIN })
    const whoHas = (token: string) => asCookie(makeSession({ adminToken: token }, 'admin'))
    const asCookie = (session: string) => own.ask('GET', '/api/me', undefined, { cookie: `backhaul_session=${session}` })
    const ours = makeSession({ adminToken: ADMIN }, 'admin')
    expect((await asCookie(ours)).status).toBe(200)
    // A browser that was not told of a new token asks on and on with what it has.
    const old = makeSession({ adminToken: 'an old token of this test' }, 'admin')
    for (let n = 0; n < 30; n++) expect((await asCookie(old)).status).toBe(401)
    const statuses: number[] = []
    for (let n = 0; n < 10; n++) statuses.push((await whoHas(`guess ${n}`)).status)
    expect(statuses).toEqual([...Array(9).fill(401), 429])
    expect((await asCookie(makeSession({ adminToken: ADMIN }, 'admin', Date.now() + 60_000))).status).toBe(429)
    expect((await own.ask('GET', '/api/me', undefined, bearer(ADMIN))).status).toBe(429)
    // Who was in stays in, and pages and health need nobody's token.
    expect((await asCookie(ours)).status).toBe(200)
    expect((await own.ask('GET', '/healthz', undefined, bearer('wrong'))).status).toBe(200)
    await own.close()
  })

  test('behind a proxy on this machine guesses count for who made them', async () => {
    const own = await serve(env, sources, { ADMIN_TOKEN: ADMIN })
    const from = (address: string, token: string) =>
      own.ask('GET', '/api/me', undefined, { ...bearer(token), 'x-forwarded-for': `203.0.113.9, ${address}` })
    for (let n = 0; n < 10; n++) expect((await from('198.51.100.1', `wrong${n}`)).status).toBe(401)
    expect((await from('198.51.100.1', ADMIN)).body.detail).toMatch(/from 198\.51\.100\.1; wait/)
    expect((await from('198.51.100.2', ADMIN)).status).toBe(200)
    await own.close()
  })

  test('no answer of the API is kept by a browser or a proxy', async () => {
    for (const path of ['/api/me', '/api/webhooks', '/api/nothing', '/graphql?query={__typename}', '/healthz'])
      expect([path, (await guarded.ask('GET', path, undefined, bearer(ADMIN))).headers.get('cache-control')]).toEqual([path, 'no-store'])
    expect((await guarded.ask('GET', '/api/jobs')).headers.get('cache-control')).toBe('no-store')
  })

  test('a reader sees where webhooks go, not the key in their address', async () => {
    const webhook = { url: 'https://hooks.example.org/services/T0/key-of-this-test', events: ['job.failed'] }
    const { id } = (await guarded.ask('POST', '/api/webhooks', webhook, bearer(ADMIN))).body
    const seen = async (token: string) => {
      const answers = await Promise.all([
        guarded.ask('GET', '/api/webhooks', undefined, bearer(token)),
        guarded.ask('GET', `/api/webhooks/${id}`, undefined, bearer(token)),
        guarded.ask('POST', '/graphql', { query: '{ webhooks { url } }' }, bearer(token)),
        guarded.ask('GET', '/api/actions', undefined, bearer(token)),
      ])
      return answers.map(({ body }) => JSON.stringify(body).match(/https:[^"]*|hooks\.[^"]*/)?.[0])
    }
    expect(await seen(READER)).toEqual([...Array(3).fill('https://hooks.example.org/…'), 'hooks.example.org'])
    expect(await seen(ADMIN)).toEqual([webhook.url, webhook.url, webhook.url, 'hooks.example.org'])
    await guarded.ask('DELETE', `/api/webhooks/${id}`, undefined, bearer(ADMIN))
  })

  test('no answer holds a token', async () => {
    const paths = [
      '/api/me',
      '/api/jobs',
      '/api/sources',
      '/api/overview',
      '/api/actions',
      '/api/webhooks',
      '/api/openapi.json',
      '/api/workers',
    ]
    for (const path of paths) {
      const text = JSON.stringify((await guarded.ask('GET', path, undefined, bearer(ADMIN))).body)
      for (const secret of [ADMIN, READER, 'guest:guest', `:${new URL(env.databaseUrl).password}@`]) expect(text).not.toContain(secret)
    }
  })
})

describe('without a token', () => {
  test('an address that others reach is refused, loopback is not', () => {
    for (const apiHost of ['0.0.0.0', '::', '10.0.0.5', 'backhaul.example'])
      expect(() => requireTokenOrLoopback({ apiHost })).toThrow(/lets other machines reach the API: set ADMIN_TOKEN/)
    for (const apiHost of ['127.0.0.1', 'localhost', '::1']) expect(() => requireTokenOrLoopback({ apiHost })).not.toThrow()
    expect(() => requireTokenOrLoopback({ apiHost: '0.0.0.0', adminToken: ADMIN })).not.toThrow()
    expect(() => requireTokenOrLoopback({ apiHost: '127.0.0.1', readToken: READER })).toThrow(
      /READ_TOKEN has no effect without ADMIN_TOKEN/,
    )
    expect(() => requireTokenOrLoopback({ apiHost: '127.0.0.1', adminToken: ADMIN, readToken: ADMIN })).toThrow(/same as ADMIN_TOKEN/)
  })

  test('only names of this machine are served: a page that renames itself to 127.0.0.1 gets nothing', async () => {
    const statusFor = (host: string) => statusOf('/api/jobs', { host })
    for (const host of ['localhost', 'localhost:3000', '127.0.0.1:80', '[::1]:3000', 'LOCALHOST'])
      expect([host, await statusFor(host)]).toEqual([host, 200])
    for (const host of ['evil.example', 'localhost.evil.example', '127.0.0.1.evil.example:3000', '192.168.1.4'])
      expect([host, await statusFor(host)]).toEqual([host, 421])
  })

  test('a proxy does not open it to other machines', async () => {
    const from = async (address: string) => (await open.ask('GET', '/api/me', undefined, { 'x-forwarded-for': address })).status
    for (const address of ['198.51.100.1', '127.0.0.1, 10.0.0.8', '198.51.100.1, 127.0.0.1', 'unknown'])
      expect(await from(address)).toBe(403)
    expect(await from('127.0.0.1')).toBe(200)
  })

  test('a page of another site cannot make its visitor send a request, not even to read; a link may lead here', async () => {
    const from = (site: string, mode: string, path = '/api/me') => statusOf(path, { 'sec-fetch-site': site, 'sec-fetch-mode': mode })
    expect(await from('cross-site', 'no-cors')).toBe(403)
    expect(await from('cross-site', 'cors', '/graphql?query={__typename}')).toBe(403)
    expect(await from('cross-site', 'navigate', '/api/me')).toBe(200)
    expect(await from('same-origin', 'cors')).toBe(200)
  })

  test('every write must be JSON from a page of its own', async () => {
    const post = (headers: Record<string, string>, body = JSON.stringify(JOB)) =>
      fetch(`${open.url}/api/jobs`, { method: 'POST', headers, body }).then((answer) => answer.status)
    expect(await post({ 'content-type': 'application/x-www-form-urlencoded' })).toBe(415)
    expect(await post({ 'content-type': 'text/plain' })).toBe(415)
    expect(await post({ 'content-type': 'application/json', origin: 'https://evil.example' })).toBe(403)
    expect(await post({ 'content-type': 'application/json; charset=utf-8', origin: open.url })).toBe(201)
    const bare = async (headers: Record<string, string>) =>
      (await fetch(`${open.url}/api/jobs/00000000/cancel`, { method: 'POST', headers })).status
    expect(await bare({})).toBe(404)
    expect(await bare({ 'content-type': 'application/x-www-form-urlencoded' })).toBe(415)
    expect(await bare({ origin: 'https://evil.example' })).toBe(403)
    expect(await statusOf('/api/jobs/00000000/cancel', { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate' }, 'POST')).toBe(403)
    expect((await fetch(`${open.url}/api/webhooks/1`, { method: 'DELETE' })).status).toBe(404)
    expect((await open.ask('GET', '/api/me')).body).toMatchObject({ who: 'local', canWrite: true, tokenNeeded: false })
  })
})

test('a session proves its role until it ends, and only with the token it was made with', () => {
  const tokens = { adminToken: ADMIN, readToken: READER }
  const role = fc.constantFrom('admin' as const, 'reader' as const)
  fc.assert(
    fc.property(role, fc.integer({ min: 0, max: 2 * 10 ** 12 }), fc.integer({ min: -1000, max: 100_000 }), (who, at, laterS) => {
      const session = makeSession(tokens, who, at)
      expect(roleOfSession(tokens, session, at + laterS * 1000)).toBe(
        laterS < 24 * 3600 - 1 ? who : laterS > 24 * 3600 ? undefined : expect.anything(),
      )
      expect(roleOfSession({ adminToken: 'another-token-altogether', readToken: 'another-token-as-well' }, session, at)).toBeUndefined()
      expect(roleOfSession(tokens, session.replace(who, who === 'admin' ? 'reader' : 'admin'), at)).toBeUndefined()
    }),
  )
  for (const value of ['', '.', 'admin', 'admin.9999999999.', `admin.9999999999.${'A'.repeat(43)}`, 'local.1.x', 'admin.1e9.x.y'])
    expect(roleOfSession(tokens, value)).toBeUndefined()
  expect(roleOfSession({}, makeSession(tokens, 'admin'))).toBeUndefined()
})

test('failures are counted by network, forgotten after their span, and never hold memory without bound', () => {
  let now = 0
  const failures = failureCounter(() => now)
  for (let n = 0; n < 100; n++) failures.failed('2001:db8:1:2::5', 'the same token again')
  expect(failures.waitOf('2001:db8:1:2::5')).toBe(0)
  for (let n = 1; n < 10; n++) failures.failed('2001:db8:1:2::5', `guess ${n}`)
  expect(failures.waitOf('2001:db8:1:2:ffff::9')).toBe(60)
  expect(failures.waitOf('2001:db8:1:3::5')).toBe(0)
  now = 60_000
  expect(failures.waitOf('2001:db8:1:2::5')).toBe(0)
  failures.failed('2001:db8:1:2::5', 'guess')
  expect(failures.waitOf('2001:db8:1:2::5')).toBe(0)
  expect([networkOf('::ffff:10.0.0.1'), networkOf('10.0.0.1'), networkOf('::1')]).toEqual(['10.0.0.1', '10.0.0.1', '0:0:0:0'])
})
