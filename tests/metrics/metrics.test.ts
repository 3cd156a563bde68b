import fc from 'fast-check'
import { failureCounter } from '../../backend/api/failures'
import { count, observe, release, take } from '../../backend/base/count'
import { flush } from '../../backend/base/flush-counts'
import type { Reader } from '../../backend/base/sql'
import { readConfig } from '../../backend/config/config'
import { openDb } from '../../backend/database/db'
import * as jobs from '../../backend/engine/jobs/verbs'
import { exposition } from '../../backend/metrics/exposition'
import { serveMetrics } from '../../backend/metrics/server'
import { startSandbox } from '../../backend/sandbox/server'
import { createService, type Service } from '../../backend/service/base/context'
import { history } from '../../backend/service/history/history'
import { quantileMs } from '../../backend/service/history/latency'
import { eve } from '../../backend/sources/eve'
import { openDepths } from '../../queues/depths'
import { recorder } from '../support/amqp'
import { tcpProxy } from '../support/proxy'
import { freePort } from '../support/run'
import { sandboxed } from '../support/sandboxed'
import { parseScrape, type Sample, sumOf } from '../support/scrape'
import type { Suite } from '../support/suite'
import type { Sandbox } from '../support/system'
import { until } from '../support/until'

const CHARACTER = 2117325769

describe('counters of a process', () => {
  beforeEach(() => void take())

  test('what is counted is taken once, whatever is put back in between', () => {
    const adding = fc.record({
      outcome: fc.constantFrom('new', 'known'),
      by: fc.integer({ min: 0, max: 9 }),
      takes: fc.boolean(),
      fails: fc.boolean(),
    })
    fc.assert(
      fc.property(fc.array(adding), (steps) => {
        let written = 0
        const write = (fails: boolean) => {
          const taken = take()
          if (fails) release(taken)
          else written += taken.reduce((sum, one) => sum + one.value, 0)
        }
        for (const { outcome, by, takes, fails } of steps) {
          count('backhaul_rows_total', { source: 's', stream: 't', outcome }, by)
          if (takes) write(fails)
        }
        write(false)
        expect(written).toBe(steps.reduce((sum, { by }) => sum + by, 0))
      }),
    )
  })

  test('every process writes its rows in the same order, labels by name', () => {
    count('backhaul_waits_total', { by: 'gate', api: 'b' })
    count('backhaul_pages_total', { stream: 'x', source: 'a' })
    count('backhaul_waits_total', { by: 'gate', api: 'a' })
    expect(take()).toEqual([
      { name: 'backhaul_pages_total', labels: '{"source":"a","stream":"x"}', value: 1 },
      { name: 'backhaul_waits_total', labels: '{"api":"a","by":"gate"}', value: 1 },
      { name: 'backhaul_waits_total', labels: '{"api":"b","by":"gate"}', value: 1 },
    ])
  })

  test('an observation falls into one bucket, the last one takes what is beyond', () => {
    for (const seconds of [0.05, 0.051, 40]) observe('backhaul_request_duration_seconds', { api: 'a' }, seconds)
    const found = take()
    expect(found.map(({ labels, value }) => [labels, value])).toEqual([
      ['{"api":"a","le":"+Inf"}', 1],
      ['{"api":"a","le":"0.05"}', 1],
      ['{"api":"a","le":"0.1"}', 1],
      ['{"api":"a"}', expect.closeTo(40.101)],
    ])
  })

  test('labels without end are counted together', () => {
    for (let kind = 0; kind < 2000; kind++) count('backhaul_failures_total', { source: 's', kind: `kind ${kind}` })
    const taken = take()
    expect(taken.length).toBeLessThanOrEqual(501)
    expect(taken.reduce((sum, one) => sum + one.value, 0)).toBe(2000)
    expect(taken.find((one) => one.labels === '{"kind":"other","source":"other"}')?.value).toBe(1500)
  })

  test('a flush that fails keeps what it took, also for one that is waiting', async () => {
    const written: unknown[][] = []
    let fails = 1
    const db: Reader = {
      async query(_, values = []) {
        if (fails-- > 0) throw new Error('the database is unreachable')
        written.push([...values])
        return []
      },
    }
    count('backhaul_turns_total', { queue: 'q' }, 3)
    const [first, second] = await Promise.allSettled([flush(db), flush(db)])
    expect([first.status, second.status]).toEqual(['rejected', 'fulfilled'])
    expect(written).toEqual([[['backhaul_turns_total'], ['{"queue":"q"}'], [3]]])
    await flush(db)
    expect(written).toHaveLength(1)
  })
})

test('a quantile lies in its bucket and grows with its share', () => {
  const bounds = [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30]
  const counts = fc.array(fc.integer({ min: 0, max: 50 }), { minLength: 10, maxLength: 10 })
  fc.assert(
    fc.property(
      counts,
      fc.double({ min: 0.01, max: 1, noNaN: true }),
      fc.double({ min: 0.01, max: 1, noNaN: true }),
      (list, one, other) => {
        const found = new Map(list.map((value, place) => [place === 9 ? '+Inf' : String(bounds[place]), value]))
        const [low, high] = [Math.min(one, other), Math.max(one, other)].map((share) => quantileMs(found, share))
        if (list.every((value) => value === 0)) return low === null
        return (low as number) <= (high as number) && (low as number) >= 0 && (high as number) <= 30_000
      },
    ),
  )
  expect(quantileMs(new Map([['0.1', 10]]), 0.5)).toBe(75)
  expect(quantileMs(new Map([['+Inf', 1]]), 0.5)).toBe(30_000)
})

describe('a backfill at the sandbox', () => {
  let sandbox: Sandbox
  let it_: Suite
  let service: Service
  let scrape: () => Promise<Sample[]>
  const depths = () => service.depths

  beforeAll(async () => {
    sandbox = await startSandbox({ scale: 600, speed: 200, seed: 3, bigAttackers: 40 })
    it_ = await sandboxed(eve, sandbox)
    const config = readConfig(it_.sources, { DATABASE_URL: it_.databaseUrl, RABBITMQ_URL: it_.rabbitmqUrl })
    service = createService(it_, config, openDepths({ url: it_.rabbitmqUrl, name: 'metrics', log: it_.log }))
    scrape = async () => parseScrape(await exposition(service)())
  })
  afterAll(async () => {
    await depths()?.close()
    await it_.close()
    await sandbox.close()
  })

  const backfill = async (force: boolean) => {
    const worker = await it_.worker({ app: 'worker-backfill' })
    const job = await jobs.startJob(it_, eve, jobs.parseParams(eve, { characterId: CHARACTER }), { force })
    expect(['completed', 'partial']).toContain(await it_.ended(job.id, 60_000))
    await worker.stop()
    return await jobs.report(it_, job.id)
  }

  test('the scrape has the figures of the reports, once, over a restart of the worker', async () => {
    const first = await backfill(false)
    expect(first.new).toBeGreaterThan(300)
    const second = await backfill(true)
    expect(second.known).toBeGreaterThan(300)
    const seen = await scrape()
    for (const outcome of ['new', 'updated', 'known', 'rejected', 'deleted'] as const) {
      expect([outcome, sumOf(seen, 'backhaul_rows_total', { outcome })]).toEqual([outcome, first[outcome] + second[outcome]])
    }
    expect(sumOf(seen, 'backhaul_pages_total')).toBe(first.pages + second.pages)
    for (const api of Object.keys(first.requests)) {
      const sent = (first.requests[api]?.requests ?? 0) + (second.requests[api]?.requests ?? 0)
      const waits = (first.requests[api]?.waits ?? 0) + (second.requests[api]?.waits ?? 0)
      const throttled = (first.requests[api]?.throttled ?? 0) + (second.requests[api]?.throttled ?? 0)
      expect([api, sumOf(seen, 'backhaul_requests_total', { api })]).toEqual([api, sent])
      expect(sumOf(seen, 'backhaul_request_duration_seconds_count', { api })).toBe(sent)
      expect(sumOf(seen, 'backhaul_request_duration_seconds_bucket', { api, le: '+Inf' })).toBe(sent)
      expect(sumOf(seen, 'backhaul_waits_total', { api })).toBe(waits)
      expect(sumOf(seen, 'backhaul_throttles_total', { api })).toBe(throttled)
      expect(sumOf(seen, 'backhaul_gate_granted_total', { limit: api })).toBeGreaterThanOrEqual(sent)
    }
    expect(sumOf(seen, 'backhaul_jobs_ended_total')).toBe(2)
    expect(sumOf(seen, 'backhaul_jobs', { source: 'eve', status: 'running' })).toBe(0)
    expect(sumOf(seen, 'backhaul_jobs', { source: 'eve' })).toBe(2)
    expect(sumOf(seen, 'backhaul_lookups_open', { kind: 'character' })).toBeGreaterThan(0)
    expect(sumOf(seen, 'backhaul_broker_up')).toBe(1)
  }, 120_000)

  test('the history has the same figures, minute by minute', async () => {
    const seen = await scrape()
    const of = { db: it_.db, sources: [], limits: new Map() }
    const { minutes, series } = await history(of, { minutes: 30 })
    const sum = (list: (number | null)[] = []) => list.reduce<number>((total, one) => total + (one ?? 0), 0)
    expect(minutes).toHaveLength(30)
    expect(sum(series.rows?.new)).toBe(sumOf(seen, 'backhaul_rows_total', { outcome: 'new' }))
    expect(sum(series.requests['2xx'])).toBe(sumOf(seen, 'backhaul_requests_total', { status: '2xx' }))
    expect(sum(series.waitSeconds)).toBeCloseTo(sumOf(seen, 'backhaul_wait_seconds_total', { reason: 'gate' }))
    const { p50, p95 } = series.latency.zkillboard ?? { p50: [], p95: [] }
    expect(p50).toHaveLength(30)
    expect(sum(p95)).toBeGreaterThanOrEqual(sum(p50))
    expect(p50.filter((one) => one === null).length).toBeGreaterThan(20)
    await expect(history(of, { minutes: 0 })).rejects.toThrow('minutes must be a whole number from 1')
    await expect(history(of, { minutes: 1.5 })).rejects.toThrow('minutes must be a whole number from 1')
  })

  test('labels are names and words, never ids, and series are few', async () => {
    const seen = await scrape()
    expect(seen.length).toBeLessThan(600)
    const values = new Set(
      seen.flatMap(({ labels }) => Object.entries(labels).flatMap(([name, value]) => (['le', 'version'].includes(name) ? [] : [value]))),
    )
    expect([...values].filter((value) => /\d{5,}|[0-9a-f]{8}-/.test(value))).toEqual([])
    expect(Math.max(...[...values].map((value) => value.length))).toBeLessThan(40)
  })

  test('a live worker shows, with its memory and its places', async () => {
    const worker = await it_.worker({ app: 'worker-esi-type' })
    const seen = await scrape()
    expect(sumOf(seen, 'backhaul_workers', { app: 'worker-esi-type', state: 'alive' })).toBe(1)
    expect(sumOf(seen, 'backhaul_workers', { app: 'worker-esi-alliance', state: 'alive' })).toBe(0)
    expect(sumOf(seen, 'backhaul_worker_resident_memory_bytes', { app: 'worker-esi-type' })).toBeGreaterThan(10_000_000)
    expect(sumOf(seen, 'backhaul_worker_places', { app: 'worker-esi-type' })).toBe(eve.workers['worker-esi-type']?.concurrency)
    await worker.stop()
  })

  describe('the metrics server', () => {
    const TOKENS = { adminToken: 'an admin token of the tests', readToken: 'a read token of the tests' }
    const serve = async (over: Partial<Service['config']> = {}, more: Partial<Service> = {}) =>
      serveMetrics({ ...service, ...more, config: { ...service.config, metricsPort: await freePort(), ...over } })
    const get = async (port: number | undefined, path = '/metrics', headers: Record<string, string> = {}, method = 'GET') => {
      const answer = await fetch(`http://127.0.0.1:${port}${path}`, { method, headers: { connection: 'close', ...headers } })
      return { status: answer.status, text: await answer.text(), type: answer.headers.get('content-type') }
    }

    test('answers this machine without a token', async () => {
      const server = await serve()
      const seen = await get(server.port)
      expect(seen).toMatchObject({ status: 200, type: 'text/plain; version=0.0.4; charset=utf-8' })
      expect(seen.text).toContain('# TYPE backhaul_rows_total counter')
      expect((await get(server.port, '/')).status).toBe(404)
      expect((await get(server.port, '/metrics', {}, 'POST')).status).toBe(405)
      expect((await get(server.port, '/metrics', {}, 'HEAD')).text).toBe('')
      await server.close()
    })

    test('does not answer by a name that is not this machine', async () => {
      const server = await serve()
      const { request } = await import('node:http')
      const status = await new Promise((resolve, reject) => {
        const asked = request({ port: server.port, host: '127.0.0.1', path: '/metrics', headers: { host: 'evil.example' } }, (answer) =>
          resolve(answer.resume().statusCode),
        )
        asked.on('error', reject).end()
      })
      expect(status).toBe(403)
      await server.close()
    })

    test('is no place to guess tokens: wrong ones count as those of the API do', async () => {
      const failures = failureCounter()
      const config = { ...service.config, ...TOKENS, metricsPort: await freePort() }
      const server = await serveMetrics({ ...service, config }, failures)
      const ask = async (token: string) => (await get(server.port, '/metrics', { authorization: `Bearer ${token}` })).status
      for (let n = 0; n < 30; n++) expect(await ask('an old token')).toBe(401)
      for (let n = 1; n < 10; n++) expect(await ask(`guess ${n}`)).toBe(401)
      expect(await ask(TOKENS.readToken)).toBe(429)
      expect(failures.waitOf('127.0.0.1')).toBeGreaterThan(0)
      await server.close()
    })

    test('wants one of the tokens where there is one', async () => {
      const server = await serve(TOKENS)
      for (const token of Object.values(TOKENS)) {
        expect((await get(server.port, '/metrics', { authorization: `Bearer ${token}` })).status).toBe(200)
      }
      for (const headers of [
        {},
        { authorization: 'Bearer wrong' },
        { authorization: 'Bearer ' },
        { authorization: `Basic ${btoa('a:b')}` },
      ]) {
        expect((await get(server.port, '/metrics', headers as Record<string, string>)).status).toBe(401)
      }
      await server.close()
    })

    test('a second one on a host says the port is taken and goes on', async () => {
      const first = await serve()
      const log = recorder()
      const second = await serve({ metricsPort: first.port ?? 0 }, { log })
      expect(second.port).toBeUndefined()
      expect(log.lines.join()).toContain(`METRICS_PORT ${first.port} on 127.0.0.1 is taken`)
      await second.close()
      expect((await get(first.port)).status).toBe(200)
      await first.close()
    })

    test('says so while the database is unreachable', async () => {
      const url = new URL(it_.databaseUrl)
      const proxy = await tcpProxy(Number(url.port), url.hostname)
      url.port = String(proxy.port)
      const db = openDb(url.toString(), { name: 'metrics' })
      const server = await serve({}, { db })
      expect((await get(server.port)).status).toBe(200)
      await proxy.close()
      const answer = await until(async () => {
        const seen = await get(server.port)
        return seen.status === 200 ? undefined : seen
      })
      expect(answer.status).toBe(503)
      expect(answer.text).toMatch(/^The database cannot be reached: .+\n$/)
      await Promise.all([server.close(), db.close()])
    })
  })
})
