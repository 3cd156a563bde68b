import fastify from 'fastify'
import { openStream } from '../../backend/api/sse'
import { eventOf } from '../../backend/api/updates'
import * as jobs from '../../backend/engine/jobs/verbs'
import { type Served, serve } from '../support/api'
import { type Counting, countingSource, countingTask, createCounted } from '../support/counting-source'
import { type Listening, listen } from '../support/events'
import { tcpProxy } from '../support/proxy'
import { type Suite, suite } from '../support/suite'
import { until } from '../support/until'

/* What is told to those who watch, on real services; the clients are real connections. */

const counting: Counting = { pages: 3, rowsPerPage: 10, tasks: [] }
const source = countingSource(counting)
let engine: Suite
let served: Served
const listening: Listening[] = []
let made = 0

const follow = async (path: string, hold?: Promise<unknown>, url = served.url): Promise<Listening> => {
  const one = await listen(url + path, {}, hold)
  listening.push(one)
  return one
}
const start = async (given: Partial<Counting> = {}, force = false): Promise<string> => {
  Object.assign(counting, { pages: 3, rowsPerPage: 10, tasks: [countingTask(`t${++made}`)], onRead: undefined }, given)
  return (await jobs.startJob(engine, source, { name: `job ${made}` }, { force })).id
}

beforeAll(async () => {
  engine = await suite([source])
  await createCounted(engine.db)
  served = await serve(engine, [source])
}, 120_000)
afterEach(() => {
  for (const one of listening.splice(0)) one.stop()
})
afterAll(async () => {
  await served?.close()
  await engine?.close()
})

describe('one job', () => {
  test('is followed from its start to its end, then the server ends the stream', async () => {
    const gate = deferred()
    const id = await start({ onRead: async (_, page) => (page === 1 ? gate.promise.then(() => undefined) : undefined) })
    const stream = await follow(`/api/jobs/${id}/events`)
    expect(stream.status).toBe(200)
    expect((await stream.hear('job')).data).toMatchObject({ id, status: 'queued', lanes: [expect.objectContaining({ lane: 'lane' })] })
    const worker = await engine.worker()
    await stream.hear('job', (job) => job.status === 'running' && job.pages === 1 && job.inHand.length === 1)
    gate.resolve()
    const last = await stream.hear('job', (job) => job.report !== null)
    expect(last.data).toMatchObject({ status: 'completed', new: 30, verified: true, can: [], report: { seen: 30 } })
    expect((await stream.hear('end')).data).toEqual({ status: 'completed' })
    await until(stream.isOver)
    await worker.stop()
  })

  test('that has ended is sent with its end at once; an unknown one is 404', async () => {
    const id = await start()
    await jobs.cancel(engine, id)
    const stream = await follow(`/api/jobs/${id}/events`)
    await stream.hear('end', ({ status }) => status === 'cancelled')
    expect(stream.heard.map(({ event }) => event)).toEqual(['job', 'end'])
    expect((await follow('/api/jobs/00000000-0000-4000-8000-000000000000/events')).status).toBe(404)
  })

  test('is sent to whoever comes later as it was read after they came', async () => {
    const id = await start()
    await (await follow(`/api/jobs/${id}/events`)).hear('job')
    // The next check is a second after the first.
    await jobs.pause(engine, id)
    const second = await follow(`/api/jobs/${id}/events`)
    expect((await second.hear('job')).data.status).toBe('paused')
  })

  test('is sent when something changed, not while only time passes', async () => {
    const id = await start()
    const stream = await follow(`/api/jobs/${id}/events`)
    await stream.hear('job')
    const other = await follow(`/api/jobs/${await start()}/events`)
    await other.hear('job')
    // The loop has read both since.
    await jobs.pause(engine, id)
    await stream.hear('job', (job) => job.status === 'paused')
    expect(stream.heard.map(({ data }) => data.status)).toEqual(['queued', 'paused'])
  })
})

describe('the list', () => {
  test('begins with the first page, the overview and the alerts, and then sends what is new or changed', async () => {
    const first = await start()
    const stream = await follow('/api/events?source=counting&limit=200')
    const page = await stream.hear('jobs')
    expect(page.data.items.map((job: { id: string }) => job.id)).toContain(first)
    expect(page.data.counts.queued).toBeGreaterThan(0)
    expect((await stream.hear('overview')).data.queues.length).toBeGreaterThan(0)
    expect((await stream.hear('alerts')).data).toEqual({ groups: [] })
    const second = await start()
    const update = await stream.hear('jobs', ({ items }) => items.some((job: { id: string }) => job.id === second))
    expect(update.data.items.map((job: { id: string }) => job.id)).not.toContain(first)
  })

  test('sends a job that leaves its filter as it is now', async () => {
    const id = await start()
    const stream = await follow('/api/events?status=queued')
    await stream.hear('jobs', ({ items }) => items.some((job: { id: string }) => job.id === id))
    await jobs.pause(engine, id)
    const left = await stream.hear('jobs', ({ items }) => items.some((job: { status: string }) => job.status === 'paused'))
    expect(left.data.items).toEqual([expect.objectContaining({ id, status: 'paused', can: ['resume', 'cancel'] })])
  })

  test('is read once a second for all who watch, and not at all when nobody does', async () => {
    const streams = await Promise.all(Array.from({ length: 20 }, () => follow('/api/events?limit=1')))
    await Promise.all(streams.map((stream) => stream.hear('jobs')))
    const before = await statements()
    const id = await start()
    await Promise.all(streams.map((stream) => stream.hear('jobs', ({ items }) => items.some((job: { id: string }) => job.id === id))))
    expect(Number(await statements()) - before).toBeLessThan(20)
    for (const stream of streams) stream.stop()
    await until(() => served.api.live.watchers === 0)
  })
})

test('a client that does not read holds no memory, and gets the current state once it does', async () => {
  await engine.db.query(
    `insert into backhaul.jobs (source, bounded_by, params, active_key, admitted)
     select 'counting', 'a test', jsonb_build_object('name', repeat('x', 40000) || n), 'heavy ' || n, true from generate_series(1, 200) n`,
  )
  const reads = deferred()
  const slow = await follow('/api/events?limit=200&q=heavy', reads.promise)
  const quick = await follow('/api/events?limit=200&q=heavy')
  const whole = JSON.stringify((await quick.hear('jobs')).data).length
  for (const status of ['paused', 'queued', 'cancelled']) {
    const seen = quick.heard.length
    await engine.db.query(`update backhaul.jobs set status = $1::backhaul.job_status where active_key like 'heavy %'`, [status])
    await until(() => quick.heard.slice(seen).some(({ data }) => data.counts?.[status] >= 200), {
      timeoutMs: 15_000,
      what: `200 ${status}`,
    })
  }
  reads.resolve()
  await slow.hear('jobs', ({ items }) => items.every((job: { status: string }) => job.status === 'cancelled'))
  expect(quick.bytes()).toBeGreaterThan(3.5 * whole)
  expect(slow.bytes()).toBeLessThan(2.5 * whole)
  await engine.db.query(`delete from backhaul.jobs where active_key like 'heavy %'`)
}, 60_000)

test('a stream that is asked for while the api ends is ended at once', async () => {
  const other = await serve(engine, [source])
  other.api.live.close()
  const id = await start()
  for (const path of ['/api/events', `/api/jobs/${id}/events`, `/api/jobs/${id}/log/events`]) {
    const stream = await follow(path, undefined, other.url)
    await until(stream.isOver, { what: `${path} to end` })
  }
  await other.close()
})

test('a client that takes nothing for long is let go', async () => {
  const app = fastify()
  let ended = 0
  let opened = 0
  app.get('/', (request, reply) => {
    const stream = openStream(request, reply, () => ended++, 50)
    opened++
    stream.send(eventOf('unreachable', { reason: 'x'.repeat(30_000_000) }))
    stream.send(eventOf('unreachable', {}))
  })
  const url = await app.listen({ port: 0 })
  const stuck = await listen(url, {}, deferred().promise)
  await until(() => opened === 1 && ended === 1)
  stuck.stop()
  await app.close()
})

test('a client that left before its stream began is forgotten', async () => {
  const app = fastify()
  const left = deferred()
  let ended = 0
  app.get('/', async (request, reply) => {
    request.raw.socket.destroy()
    reply.raw.once('close', left.resolve)
    await left.promise
    openStream(request, reply, () => ended++)
  })
  const url = await app.listen({ port: 0 })
  await expect(fetch(url)).rejects.toThrow()
  await until(() => ended === 1)
  await app.close()
})

test('a job that cannot be shown leaves those who watch others alone', async () => {
  const odd = await start()
  await engine.db.query(`update backhaul.jobs set status = 'completed', report = '{"verified": true}' where id = $1`, [odd])
  const id = await start()
  const stream = await follow(`/api/jobs/${id}/events`)
  await stream.hear('job')
  await (await follow(`/api/jobs/${odd}/events`)).hear('unreachable')
  await jobs.pause(engine, id)
  await stream.hear('job', (job) => job.status === 'paused')
  expect(stream.heard.map(({ event }) => event)).toEqual(['job', 'job'])
  await engine.db.query(`delete from backhaul.jobs where id = $1`, [odd])
})

test('while the database is unreachable every client gets that, and afterwards the current state', async () => {
  const real = new URL(engine.databaseUrl)
  let proxy = await tcpProxy(Number(real.port), real.hostname)
  const databaseUrl = engine.databaseUrl.replace(real.host, `127.0.0.1:${proxy.port}`)
  const other = await serve({ databaseUrl, rabbitmqUrl: engine.rabbitmqUrl }, [source])
  const id = await start()
  const stream = await follow(`/api/jobs/${id}/events`, undefined, other.url)
  await stream.hear('job', (job) => job.status === 'queued')
  await proxy.close()
  await stream.hear('unreachable')
  expect((await other.ask('GET', '/api/jobs')).status).toBe(503)
  expect((await other.ask('GET', '/readyz')).body).toMatchObject({ status: 'not ready', broker: 'ok' })
  expect((await other.ask('GET', '/healthz')).status).toBe(200)
  await jobs.pause(engine, id)
  proxy = await tcpProxy(Number(real.port), real.hostname, proxy.port)
  await stream.hear('job', (job) => job.status === 'paused')
  expect(stream.heard.filter(({ event }) => event === 'unreachable')).toHaveLength(1)
  await other.close()
  await proxy.close()
})

test('once the database is reported as unreachable, no earlier figures are shown', async () => {
  const real = new URL(engine.databaseUrl)
  const proxy = await tcpProxy(Number(real.port), real.hostname)
  const databaseUrl = engine.databaseUrl.replace(real.host, `127.0.0.1:${proxy.port}`)
  const other = await serve({ databaseUrl, rabbitmqUrl: engine.rabbitmqUrl }, [source])
  const status = async (path: string) => (await other.ask('GET', path)).status
  expect(await status('/api/overview')).toBe(200)
  await proxy.close()
  expect([await status('/api/jobs'), await status('/api/overview')]).toEqual([503, 503])
  await other.close()
})

test('a stop ends the streams and is quick', async () => {
  const other = await serve(engine, [source])
  const stream = await follow('/api/events', undefined, other.url)
  await stream.hear('jobs')
  const began = performance.now()
  await other.close()
  await until(stream.isOver)
  expect(performance.now() - began).toBeLessThan(3000)
})

/** Statements the api's connections have begun on backhaul.alerts: one for each read of the list. */
async function statements(): Promise<number> {
  const [row] = await engine.db.query<{ n: bigint }>(
    `select seq_scan + coalesce(idx_scan, 0) as n from pg_stat_user_tables where relname = 'alerts' and schemaname = 'backhaul'`,
  )
  return Number(row?.n ?? 0)
}

function deferred() {
  let resolve = () => {}
  const promise = new Promise<void>((done) => {
    resolve = done
  })
  return { promise, resolve }
}
