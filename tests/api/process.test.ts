import { once } from 'node:events'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sources } from '../../backend/sources'
import { type Served, serve } from '../support/api'
import { type TestEnv, testEnv } from '../support/env'
import { listen } from '../support/events'
import { freePort } from '../support/run'
import { type System, system } from '../support/system'
import { until } from '../support/until'

/* The api as PM2 runs it, and the pages it serves. */

const SCRIPT = 'dist/backend/bin/api.js'
const TOKEN = 'the-admin-token-of-this-test'
let env: TestEnv
let whole: System
let ports: number[]

const start = (port: number, more: Record<string, string> = {}) => {
  Object.assign(whole.env, { API_PORT: String(port), METRICS_PORT: String(ports[2]), ADMIN_TOKEN: '', API_HOST: '127.0.0.1', ...more })
  return whole.start(SCRIPT)
}

beforeAll(async () => {
  env = await testEnv()
  ports = await Promise.all([freePort(), freePort(), freePort()])
  whole = await system({ sandbox: { urls: {}, limits: {} } as never, services: env })
}, 120_000)
afterAll(async () => {
  await whole?.close()
  await env?.close()
})

test('a session of one api process holds at another, and a stop ends what is being watched and exits with 0', async () => {
  const [one, other] = [await start(ports[0] as number, { ADMIN_TOKEN: TOKEN }), await start(ports[1] as number, { ADMIN_TOKEN: TOKEN })]
  const at = (n: number) => `http://127.0.0.1:${ports[n]}`
  const login = await fetch(`${at(0)}/api/login`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ token: TOKEN }),
  })
  const cookie = (login.headers.get('set-cookie') ?? '').split(';')[0] ?? ''
  expect(await (await fetch(`${at(1)}/api/me`, { headers: { cookie } })).json()).toMatchObject({
    who: 'admin',
    version: expect.stringMatching(/^\d/),
  })
  const watching = await listen(`${at(0)}/api/events`, { cookie })
  await watching.hear('overview')
  const began = performance.now()
  one.child.kill('SIGTERM')
  expect(await once(one.child, 'exit')).toEqual([0, null])
  expect(performance.now() - began).toBeLessThan(4000)
  await until(watching.isOver)
  await other.kill('SIGINT')
  expect(other.child.exitCode).toBe(0)
  expect(one.output() + other.output()).not.toContain(TOKEN)
})

test('what a person must mend is one sentence and 78: a port that is taken, an address others reach without a token', async () => {
  const one = await start(ports[0] as number)
  await expect(start(ports[0] as number)).rejects.toThrow(new RegExp(`ended with 78: .*127\\.0\\.0\\.1:${ports[0]}.*set API_PORT`, 's'))
  await one.kill()
  await expect(start(ports[0] as number, { API_HOST: '0.0.0.0' })).rejects.toThrow(/ended with 78: .*set ADMIN_TOKEN/s)
})

describe('the dashboard', () => {
  let folder: string
  let served: Served

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'backhaul-dashboard-'))
    mkdirSync(join(folder, 'assets'))
    writeFileSync(join(folder, 'index.html'), '<!doctype html><title>Backhaul</title>')
    writeFileSync(join(folder, 'assets', 'index-abc123.js'), 'export {}')
    served = await serve(env, sources, { DASHBOARD: folder, ADMIN_TOKEN: TOKEN })
  })
  afterAll(async () => {
    await served?.close()
    rmSync(folder, { recursive: true, force: true })
  })

  test('is the page of every address that is not the API, and needs no token', async () => {
    for (const path of ['/', '/jobs/1234?tab=tasks', '/gates', '/apis']) {
      const page = await served.ask('GET', path)
      expect([path, page.status, page.headers.get('cache-control')]).toEqual([path, 200, 'no-cache'])
      expect(page.body).toContain('<title>Backhaul</title>')
      expect(page.headers.get('content-security-policy')).toBe(
        "default-src 'self';img-src 'self' data:;style-src 'self';object-src 'none';base-uri 'none';form-action 'self';frame-ancestors 'none'",
      )
    }
    expect((await served.ask('GET', '/missing.js')).status).toBe(404)
    expect((await served.ask('POST', '/gates', {})).status).toBe(404)
    expect((await served.ask('GET', '/api/nothing', undefined, { authorization: `Bearer ${TOKEN}` })).status).toBe(404)
    expect((await served.ask('GET', '/..%2f..%2fpackage.json')).status).toBeGreaterThanOrEqual(400)
  })

  test('is kept for a year where its names carry a hash', async () => {
    const asset = await served.ask('GET', '/assets/index-abc123.js')
    expect([asset.status, asset.headers.get('cache-control')]).toEqual([200, 'public, max-age=31536000, immutable'])
  })
})
