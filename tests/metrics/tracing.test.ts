import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import * as jobs from '../../backend/engine/jobs/verbs'
import { wake } from '../../backend/engine/wake'
import { startSandbox } from '../../backend/sandbox/server'
import { bound, openSpan, readTraceparent, span, traceparent } from '../../backend/tracing'
import { outsider } from '../support/amqp'
import { startCollector, type ToldSpan } from '../support/collector'
import { countingSource, countingTask, createCounted } from '../support/counting-source'
import { suite } from '../support/suite'
import { system } from '../support/system'
import { until } from '../support/until'

const ROOT = join(__dirname, '..', '..')
const CHARACTER = 2117325769
const CALLER = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'

test('only a trace context of version 00 that is not all zeros is kept', () => {
  expect(readTraceparent(CALLER)).toBe(CALLER)
  const wrong = [
    '',
    'garbage',
    CALLER.toUpperCase(),
    `01${CALLER.slice(2)}`,
    CALLER.replace(/b7.{14}/, '0'.repeat(16)),
    `${CALLER}-x`,
    ['x'],
    undefined,
  ]
  for (const text of wrong) expect(readTraceparent(text)).toBeUndefined()
})

describe('the facade', () => {
  test('is a plain call while nothing is traced', async () => {
    expect(await span('a', {}, async () => traceparent())).toBeUndefined()
    expect(span('a', {}, (it) => it.set({ a: 1 }) ?? 7)).toBe(7)
    expect(openSpan('a', {})).toBeUndefined()
    const callback = () => 1
    expect(bound(callback)).toBe(callback)
  })

  test('nests spans, goes on the trace it is given, tells faults from waits, and ends soon where no collector answers', async () => {
    const collector = await startCollector()
    // A process of its own: the exporter loads parts of itself in a way that jest's loader does not allow.
    const { status, out } = await node(join('tests', 'support', 'traced.js'), { ENDPOINT: collector.url })
    expect({ status, out }).toEqual({ status: 0, out: 'outside: undefined\n' })
    const of = (name: string) => collector.spans.find((one) => one.name === name)
    const outer = of('outer')
    expect(outer).toMatchObject({ attributes: { some: 'word' }, service: 'a test', failed: false })
    for (const child of ['inner', 'bound', 'fault', 'wait'])
      expect([child, of(child)]).toEqual([child, expect.objectContaining({ traceId: outer?.traceId })])
    expect(of('bound')?.parentSpanId).toBe(of('inner')?.spanId)
    expect([of('fault')?.failed, of('wait')?.failed, of('thrown')?.failed]).toEqual([true, false, true])
    expect(of('continued')).toMatchObject({ traceId: CALLER.split('-')[1], parentSpanId: CALLER.split('-')[2] })
    expect([of('root')?.traceId === outer?.traceId, of('root')?.parentSpanId]).toEqual([false, undefined])
    await collector.close()
    expect((await node(join('tests', 'support', 'traced.js'), { ENDPOINT: collector.url })).out).toContain(
      `traces cannot be sent to ${collector.url}`,
    )
  })
})

/** Runs a program to its end. */
async function node(script: string, env: Record<string, string>): Promise<{ status: number; out: string }> {
  const child = spawn(process.execPath, [script], { cwd: ROOT, env: { ...process.env, ...env } })
  let out = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (out += chunk))
  const [status] = (await once(child, 'close')) as [number]
  return { status, out }
}

test('nothing of OpenTelemetry is loaded unless a collector is named', () => {
  const programs = [
    'backend/bin/worker-process',
    'backend/engine/upkeep/scheduler',
    'backend/metrics/server',
    'backend/api/server',
    'scripts/queue',
  ]
  const script = `
    process.argv[1] = ''
    ${programs.map((program) => `require('./dist/${program}.js')`).join(';')}
    const { startTracing } = require('./dist/backend/tracing/index.js')
    const loaded = () => Object.keys(require.cache).filter((path) => path.includes('@opentelemetry')).length
    startTracing({ endpoint: process.env.ENDPOINT, service: 'x', version: '1', log: console })
    console.log(loaded())
    process.exit(0)`
  const loaded = (endpoint: string) => {
    const { stdout, stderr } = spawnSync(process.execPath, ['-e', script], {
      cwd: ROOT,
      encoding: 'utf8',
      env: { ...process.env, ENDPOINT: endpoint },
    })
    if (stderr) throw new Error(stderr)
    return Number(stdout)
  }
  expect(loaded('')).toBe(0)
  expect(loaded('http://127.0.0.1:1')).toBeGreaterThan(10)
})

test('a job keeps the trace context it was asked with, and its wake-ups carry it, also where nothing is traced here', async () => {
  const source = countingSource({ pages: 1, rowsPerPage: 1, tasks: [countingTask('a')] })
  const it_ = await suite([source], { scheduler: false })
  await createCounted(it_.db)
  const other = await outsider(it_.rabbitmqUrl)
  const traceOf = async (id: string) =>
    (await it_.db.query<{ trace: string | null }>('select trace from backhaul.jobs where id = $1', [id]))[0]?.trace
  const plain = await jobs.startJob(it_, source, { name: 'plain' })
  const garbled = await jobs.startJob(it_, source, { name: 'garbled' }, { trace: 'no trace context' })
  expect([await traceOf(plain.id), await traceOf(garbled.id)]).toEqual([null, null])
  await it_.db.query(`update backhaul.tasks set state = 'done'`)
  const traced = await jobs.startJob(it_, source, { name: 'traced' }, { trace: CALLER })
  expect(await traceOf(traced.id)).toBe(CALLER)
  await wake(it_.db, it_.broker)
  const wakeUp = await until(() => other.channel.get('zkillboard_backfill_queue', { noAck: true }))
  expect(wakeUp.properties.headers).toMatchObject({ traceparent: CALLER })

  const worker = await it_.worker()
  await it_.broker.publish([{ queue: 'zkillboard_backfill_queue', body: { name: 'raw' }, headers: { traceparent: CALLER } }])
  const raw = await until(async () => (await it_.db.query<{ id: string }>(`select id from backhaul.jobs where active_key = 'raw'`))[0])
  expect(await traceOf(raw.id)).toBe(CALLER)
  await worker.stop()
  await other.close()
  await it_.close()
})

/** Passes every request on and keeps its headers. */
async function recordingProxy(target: string) {
  const headers: NodeJS.Dict<string | string[]>[] = []
  const server = createServer(async (request, response) => {
    headers.push(request.headers)
    const sent = Object.fromEntries(Object.entries(request.headers).filter(([name]) => !['host', 'connection'].includes(name))) as Record<
      string,
      string
    >
    const answer = await fetch(target + request.url, { headers: sent })
    const body = Buffer.from(await answer.arrayBuffer())
    const back = Object.fromEntries(
      [...answer.headers].filter(([name]) => !['content-encoding', 'content-length', 'transfer-encoding', 'connection'].includes(name)),
    )
    response.writeHead(answer.status, back).end(body)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    headers,
    close() {
      server.closeAllConnections()
      return new Promise((resolve) => server.close(resolve))
    },
  }
}

test('script, wake-up, turn, step, request and commit are one trace, and upstreams get nothing of it', async () => {
  const sandbox = await startSandbox({ scale: 300, speed: 200, seed: 5, oddities: false })
  const collector = await startCollector()
  const proxy = await recordingProxy(sandbox.urls.ZKILLBOARD_URL)
  const it_ = await system({ sandbox, env: { OTEL_EXPORTER_OTLP_ENDPOINT: collector.url, ZKILLBOARD_URL: proxy.url } })
  const scheduler = await it_.scheduler()
  const worker = await it_.worker('worker-backfill')
  const job = await it_.queueCharacter(CHARACTER)
  expect(await it_.ended(job)).toBe('completed')
  await Promise.all([worker.kill('SIGINT'), scheduler.kill('SIGINT')])

  const script = collector.spans.find((one) => one.name === 'yarn queue:character-killmails')
  const mine = collector.spans.filter((one) => one.traceId === script?.traceId)
  const byId = new Map(mine.map((one) => [one.spanId, one]))
  const path = (one: ToldSpan | undefined): string[] => (one ? [...path(byId.get(one.parentSpanId ?? '')), one.name] : [])
  const way = [
    'yarn queue:character-killmails',
    'start job',
    'publish zkillboard_backfill_queue',
    'turn zkillboard_backfill_queue',
    'step eve.killmails',
  ]
  const paths = mine.map((one) => path(one).join(' > '))
  for (const end of ['GET zkillboard', 'gate zkillboard', 'commit']) expect(paths).toContain([...way, end].join(' > '))
  expect(mine.filter((one) => one.parentSpanId && !byId.has(one.parentSpanId))).toEqual([])
  expect([script?.service, mine.find((one) => one.name.startsWith('turn'))?.service]).toEqual(['command', 'worker-backfill'])
  // On a busy machine a moment may be missed: that attempt has no answer.
  const answered = mine.find((one) => one.name === 'GET zkillboard' && 'http.response.status_code' in one.attributes)
  expect(answered?.attributes).toMatchObject({
    'http.response.status_code': 200,
    'backhaul.api': 'zkillboard',
  })
  expect(mine.find((one) => one.name === 'step eve.killmails')?.attributes).toMatchObject({ 'backhaul.job': job })
  expect(mine.some((one) => one.name.startsWith('step eve.$finish'))).toBe(true)
  expect(proxy.headers.length).toBeGreaterThan(0)
  expect(proxy.headers.filter((one) => 'traceparent' in one || 'tracestate' in one || 'baggage' in one)).toEqual([])
  await it_.close()
  await Promise.all([collector.close(), proxy.close(), sandbox.close()])
}, 120_000)
