import fc from 'fast-check'
import { Fatal } from '../../backend/base/errors'
import { eve } from '../../backend/sources/eve'
import { bury } from '../../queues/dead'
import { type Served, serve } from '../support/api'
import { type Counting, countingSource, countingTask, createCounted } from '../support/counting-source'
import { type Suite, suite } from '../support/suite'
import { until } from '../support/until'

/* What the REST API answers, on real services: starts, verbs, lists, and every wrong request. */

const counting: Counting = { pages: 2, rowsPerPage: 5, tasks: [] }
const source = countingSource(counting)
let engine: Suite
let served: Served
let made = 0

const ask: Served['ask'] = (...args) => served.ask(...args)
const get = (path: string) => ask('GET', path)
const post = (path: string, body?: unknown, headers?: Record<string, string>) => ask('POST', path, body, headers)
const named = () => ({ source: 'counting', params: { name: `job ${++made}` } })
const start = async (given: Partial<Counting> = {}): Promise<string> => {
  Object.assign(counting, { pages: 2, rowsPerPage: 5, tasks: [countingTask(`t${made}`)], onRead: undefined }, given)
  return (await post('/api/jobs', named())).body.id as string
}

beforeAll(async () => {
  engine = await suite([source, eve as never])
  await createCounted(engine.db)
  served = await serve(engine, [source, eve as never])
}, 120_000)
afterAll(async () => {
  await served?.close()
  await engine?.close()
})

describe('starting', () => {
  test('answers 201 with where it is; the same again 200 with the active one; forced 201', async () => {
    counting.tasks = [countingTask('a')]
    const asked = named()
    const first = await post('/api/jobs', { ...asked, priority: 'asked' })
    expect(first).toMatchObject({
      status: 201,
      body: { created: true, source: 'counting', status: 'queued', priority: 1, can: ['pause', 'cancel'] },
    })
    expect(first.headers.get('location')).toBe(`/api/jobs/${first.body.id}`)
    expect(await post('/api/jobs', asked)).toMatchObject({ status: 200, body: { created: false, id: first.body.id } })
    const forced = await post('/api/jobs', { ...asked, force: true })
    expect(forced).toMatchObject({ status: 201, body: { about: null, label: asked.params.name } })
    expect(forced.body.id).not.toBe(first.body.id)
  })

  test('a job that waits for its turn shows its place over REST and GraphQL', async () => {
    const ids: string[] = []
    for (let n = 0; n < 6; n++) ids.push(await start())
    const last = ids.at(-1) as string
    const { body: job } = await get(`/api/jobs/${last}`)
    expect(job).toMatchObject({
      status: 'queued',
      position: expect.any(Number),
      startsInMs: null,
      sentence: expect.stringMatching(/^Waiting for its turn: \d+ jobs? ahead; no worker takes from zkillboard_backfill_queue/),
    })
    const { position, sentence } = job
    expect((await get('/api/jobs?limit=2')).body.items).toMatchObject([{ position, sentence }, { position: position - 1 }])
    const { body: answer } = await post('/graphql', { query: `{ job(id: "${last}") { position startsInMs sentence } }` })
    expect(answer).toEqual({ data: { job: { position, startsInMs: null, sentence } } })
    for (const id of ids) await post(`/api/jobs/${id}/cancel`, {})
    expect((await get(`/api/jobs/${last}`)).body).toMatchObject({ status: 'cancelled', position: null })
  })

  test('with an Idempotency-Key starts one job for one request, whatever the order of its fields', async () => {
    const key = { 'idempotency-key': 'order-17' }
    const answers = await Promise.all(
      [1, 2, 3].map(() => post('/api/jobs', { source: 'counting', params: { name: 'kept', extra: 1 }, force: true }, key)),
    )
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 200, 201])
    expect(new Set(answers.map(({ body }) => body.id)).size).toBe(1)
    const again = await post('/api/jobs', { params: { extra: 1, name: 'kept' }, force: true, source: 'counting' }, key)
    expect(again).toMatchObject({ status: 200, body: { created: false } })
    expect(await post('/api/jobs', { source: 'counting', params: { name: 'other' } }, key)).toMatchObject({
      status: 409,
      body: { detail: expect.stringContaining('used before for another request'), errors: [{ field: 'Idempotency-Key' }] },
    })
    expect((await post('/api/jobs', named(), { 'idempotency-key': 'x'.repeat(300) })).status).toBe(400)
  })

  test.each([
    [{ params: {} }, 'source'],
    [{ source: 'counting' }, 'params'],
    [{ source: 'counting', params: [] }, 'params'],
    [{ source: 'counting', params: {} }, 'name'],
    [{ source: 'eve', params: { characterId: 'abc' } }, 'characterId'],
    [{ source: 'eve', params: { characterID: 1 } }, 'characterID'],
    [{ source: 'eve', params: { characterId: 1, options: { fromdate: '2024-01-01' } } }, 'options.fromdate'],
    [{ source: 'eve', params: { characterId: 1 }, priority: 'high' }, 'priority'],
    [{ source: 'eve', params: { characterId: 1 }, forced: true }, 'forced'],
  ])('%j is refused at %s', async (body, field) => {
    const answer = await post('/api/jobs', body)
    expect(answer).toMatchObject({
      status: 400,
      body: { status: 400, title: 'Invalid request', errors: expect.arrayContaining([expect.objectContaining({ field })]) },
    })
  })

  test('an unknown source is 404 with those there are', async () => {
    expect(await post('/api/jobs', { source: 'evil', params: {} })).toMatchObject({
      status: 404,
      body: { detail: 'There is no source "evil"; there are counting, eve.' },
    })
  })

  test('an estimate says what it would cost and what is active already, and starts nothing', async () => {
    const before = (await get('/api/jobs?source=eve')).body.total
    const params = { characterId: 2117325769, options: { fromDate: '2024-01-01', toDate: '2024-03-31' } }
    const found = await post('/api/jobs/estimate', { source: 'eve', params })
    expect(found.body).toMatchObject({
      tasks: 5,
      requests: [{ api: 'zkillboard', requests: 15, leastMs: 140_000 }],
      activeKey: 'killmails:characterID:2117325769',
      activeJob: null,
    })
    const { id } = (await post('/api/jobs', { source: 'eve', params })).body
    expect((await post('/api/jobs/estimate', { source: 'eve', params })).body.activeJob).toBe(id)
    expect((await get('/api/jobs?source=eve')).body.total).toBe(before + 1)
    expect((await get(`/api/jobs/${id}/partitions`)).body).toMatchObject({
      rows: ['2023', '2024'],
      columns: ['01', '02', '03', '04', '12'],
      cells: expect.arrayContaining([expect.objectContaining({ row: '2024', column: '02' })]),
    })
  })
})

describe('verbs', () => {
  test('pause, resume and cancel answer with the job; in a wrong state 409 names it', async () => {
    const id = await start()
    expect(await post(`/api/jobs/${id}/pause`)).toMatchObject({
      status: 200,
      body: { status: 'paused', can: ['resume', 'cancel'], sentence: expect.stringMatching(/^Paused at/) },
    })
    expect(await post(`/api/jobs/${id}/resume`, {})).toMatchObject({ status: 200, body: { status: 'queued' } })
    expect(await post(`/api/jobs/${id}/cancel`)).toMatchObject({ status: 200, body: { status: 'cancelled', can: [] } })
    for (const verb of ['pause', 'resume', 'retry'])
      expect(await post(`/api/jobs/${id}/${verb}`)).toMatchObject({
        status: 409,
        body: { status: 409, state: 'cancelled', detail: expect.stringContaining('is cancelled') },
      })
  })

  test('an id of nothing is 404, no id is 400', async () => {
    const nobody = '00000000-0000-4000-8000-000000000000'
    for (const path of ['', '/tasks', '/rejects', '/report', '/partitions'])
      expect((await get(`/api/jobs/${nobody}${path}`)).status).toBe(404)
    for (const verb of ['pause', 'resume', 'cancel', 'retry']) expect((await post(`/api/jobs/${nobody}/${verb}`)).status).toBe(404)
    expect((await get('/api/jobs/xyz')).status).toBe(400)
    expect((await get(`/api/jobs/${nobody}/nothing`)).status).toBe(404)
    expect((await get(`/api/dead-letters/nobody`)).status).toBe(404)
    expect((await get('/api/schedules/nobody')).status).toBe(404)
    expect((await get(`/api/webhooks/${nobody}`)).status).toBe(404)
  })

  test('a bulk goes on where one refuses, and says which', async () => {
    const [first, second, third] = [await start(), await start(), await start()]
    await post(`/api/jobs/${second}/cancel`)
    const answer = await post('/api/jobs/bulk', { verb: 'pause', ids: [first, second, third, '00000000-0000-4000-8000-000000000000'] })
    expect(answer.body).toEqual({
      done: [first, third],
      refused: [
        { id: second, reason: expect.stringContaining('is cancelled'), state: 'cancelled' },
        { id: expect.stringMatching(/^0000/), reason: expect.stringContaining('there is no job'), state: null },
      ],
      next: null,
    })
    const matching = { source: 'counting', status: 'paused', since: '1h' }
    expect((await post('/api/jobs/bulk/preview', { verb: 'resume', ...matching })).body).toEqual({ matching: 2, able: 2, others: [] })
    const urgent = await post(`/api/jobs/${first}/priority`, { priority: 'live' })
    expect(urgent).toMatchObject({ status: 200, body: { priority: 0, activity: 'paused' } })
    expect((await post(`/api/jobs/${second}/priority`, { priority: 'live' })).status).toBe(409)
    const byStatus = await post('/api/jobs/bulk', { verb: 'cancel', status: 'paused', source: 'counting' })
    expect(byStatus.body.done).toEqual(expect.arrayContaining([first, third]))
    for (const body of [
      { verb: 'pause' },
      { verb: 'stop', ids: [first] },
      { verb: 'pause', ids: [] },
      { verb: 'pause', ids: [first], status: 'queued' },
    ])
      expect((await post('/api/jobs/bulk', body)).status).toBe(400)
  })

  test('what was done is kept with who, from where and what came of it; a refusal too', async () => {
    const id = await start()
    await post(`/api/jobs/${id}/cancel`)
    await post(`/api/jobs/${id}/pause`)
    const { items, next } = (await get('/api/actions?limit=3')).body
    expect(items).toMatchObject([
      { verb: 'job.pause', target: id, outcome: expect.stringContaining('is cancelled') },
      { verb: 'job.cancel', target: id, outcome: 'done', who: 'local', entryPoint: 'rest', address: '127.0.0.1' },
      { verb: 'job.start', target: id, outcome: 'done', detail: { source: 'counting' } },
    ])
    const older = (await get(`/api/actions?limit=3&cursor=${next}`)).body.items as { id: number }[]
    expect(Math.max(...older.map((action) => action.id))).toBeLessThan(items[2].id)
  })
})

test('a job that failed in part is explained, and tried again', async () => {
  let broken = true
  const id = await start({
    tasks: [countingTask('good', 'x'), countingTask('bad', 'y')],
    onRead: async (key) => {
      if (broken && key === 'bad') throw new Fatal('gone', 'the record is gone for good')
      return { rejected: [{ key: `${key} 7`, reason: 'schema', raw: { odd: true } }] }
    },
  })
  const worker = await engine.worker()
  await engine.ended(id)
  const { body } = await get(`/api/jobs/${id}`)
  expect(body).toMatchObject({
    status: 'partial',
    fraction: 1,
    verified: false,
    can: ['retry', 'acknowledge'],
    sentence: '1 of 2 tasks failed, 12 records read',
    errors: [{ kind: 'gone', state: 'failed', tasks: 1, example: 'the record is gone for good' }],
    rejectedBy: [{ reason: 'schema', records: 2 }],
    lanes: expect.arrayContaining([expect.objectContaining({ lane: 'y', total: 1, failed: 1 })]),
    inHand: [],
    waits: [],
    report: { failures: [{ task: 'count bad', kind: 'gone' }] },
    partitions: false,
  })
  expect((await get(`/api/jobs/${id}/tasks?state=failed`)).body).toMatchObject({
    items: [{ key: 'bad', errorKind: 'gone', attempts: expect.any(Number) }],
    next: null,
  })
  expect((await get(`/api/jobs/${id}/rejects`)).body.items).toMatchObject([{ reason: 'schema', raw: '{"odd":true}' }, {}])
  expect((await get(`/api/jobs/${id}/partitions`)).body).toMatchObject({ rows: [], columns: [], cells: [], totals: { cells: 0 } })
  broken = false
  expect(await post(`/api/jobs/${id}/retry`)).toMatchObject({ status: 200, body: { status: 'running' } })
  expect(await engine.ended(id)).toBe('completed')
  expect((await get(`/api/jobs/${id}/report`)).body).toMatchObject({
    status: 'completed',
    seen: 24,
    earlierRuns: [
      { number: 1, status: 'partial', error: expect.stringContaining('gone for good'), tasks: { total: 2, failed: 1 }, seen: 12 },
    ],
  })
  expect((await get(`/api/jobs/${id}`)).body).toMatchObject({ earlierRuns: [{ number: 1, status: 'partial' }], error: null })
  await worker.stop()
})

describe('lists', () => {
  const COUNT = 40
  beforeAll(async () => {
    // Four at the same moment each, so that places are decided by the id.
    await engine.db.query(
      `insert into backhaul.jobs (source, bounded_by, params, active_key, admitted, status, created_at)
       select 'counting', 'a test', '{"name":"listed"}', 'listed ' || n, true, (array['paused', 'cancelled'])[1 + n % 2]::backhaul.job_status,
              timestamptz '2020-01-01 00:00:00.123456Z' + (n / 4) * interval '1 microsecond' from generate_series(1, ${COUNT}) n`,
    )
  })

  test('no job is missed or shown twice however the pages are cut, while new ones arrive', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.integer({ min: 1, max: 15 }), { minLength: 1, maxLength: 8 }), async (sizes) => {
        const seen: string[] = []
        let cursor = ''
        for (let page = 0; ; page++) {
          const { body } = await get(`/api/jobs?q=listed&limit=${sizes[page % sizes.length]}&cursor=${cursor}`)
          seen.push(...body.items.map((job: { about: string }) => job.about))
          await engine.db.query(
            `insert into backhaul.jobs (source, bounded_by, params, active_key, admitted) values ('counting', 'a test', '{}', 'listed later ' || gen_random_uuid(), true)`,
          )
          if (body.next === null) break
          cursor = body.next
        }
        const old = seen.filter((about) => !about.includes('later'))
        expect(new Set(old).size).toBe(COUNT)
        expect(old).toHaveLength(COUNT)
      }),
      { numRuns: 8 },
    )
  })

  test('filters count and are kept by the cursor; one of another list or filter is refused', async () => {
    const { body } = await get('/api/jobs?q=listed&status=paused&limit=5')
    expect(body.items).toHaveLength(5)
    expect(body.items.every((job: { status: string }) => job.status === 'paused')).toBe(true)
    expect(body).toMatchObject({ counts: { paused: COUNT / 2, cancelled: COUNT / 2 }, total: COUNT / 2 })
    const id = body.items[0].id as string
    for (const path of [
      '/api/jobs?q=listed&status=cancelled',
      '/api/jobs?q=liste&status=paused',
      `/api/jobs/${id}/tasks`,
      `/api/jobs/${id}/rejects`,
      '/api/actions',
    ])
      expect(await get(`${path}${path.includes('?') ? '&' : '?'}cursor=${body.next}`)).toMatchObject({
        status: 400,
        body: { errors: [{ field: 'cursor' }] },
      })
    for (const cursor of ['abc', 'bnVsbA', Buffer.from('["x","y"]').toString('base64url'), '%00'])
      expect((await get(`/api/jobs?cursor=${cursor}`)).status).toBe(400)
    expect((await get(`/api/jobs?q=listed&status=paused&limit=5&cursor=${body.next}`)).status).toBe(200)
    expect((await get(`/api/jobs?q=${id.slice(0, 8)}`)).body.items[0].id).toBe(id)
    expect((await get('/api/jobs?q=100%25')).body.items).toEqual([])
  })

  test.each([
    ['/api/jobs?status=done', 'status.0'],
    ['/api/jobs?limit=0', 'limit'],
    ['/api/jobs?limit=201', 'limit'],
    ['/api/jobs?order=asc', 'order'],
    ['/api/jobs?source=evil', 'source'],
    ['/api/events?source=evil', 'source'],
    ['/api/history?minutes=0', 'minutes'],
    ['/api/history?source=eve&api=esi', 'source'],
    ['/api/limits/esi/users?minutes=0', 'minutes'],
    ['/api/limits/esi/gates?limit=201', 'limit'],
    ['/api/deploys/effect?at=yesterday', 'at'],
    ['/api/dead-letters?queue=nothing', 'queue'],
  ])('%s is refused at %s', async (path, field) => {
    expect(await get(path)).toMatchObject({ status: 400, body: { errors: [{ field }] } })
  })

  test('tasks are listed page by page in their order', async () => {
    const id = await start({ tasks: Array.from({ length: 25 }, (_, n) => countingTask(`p${String(n).padStart(2, '0')}`, `lane ${n % 3}`)) })
    const keys: string[] = []
    for (let cursor = ''; ; ) {
      const { body } = await get(`/api/jobs/${id}/tasks?limit=7&cursor=${cursor}`)
      keys.push(...body.items.map((task: { key: string }) => task.key))
      if (body.next === null) break
      cursor = body.next
    }
    expect(keys).toEqual(Array.from({ length: 25 }, (_, n) => `p${String(n).padStart(2, '0')}`))
    expect((await get(`/api/jobs/${id}/tasks?state=held`)).body.items).toEqual([])
  })
})

test('limits, who used them, charts and deploys are answered in their shapes; what is not there is 404', async () => {
  const { body: limits } = await get('/api/limits')
  expect(limits.items.map(({ name }: { name: string }) => name)).toEqual(expect.arrayContaining(['zkillboard', 'esi', 'esi.killmail']))
  expect((await get('/api/limits/zkillboard/gates')).body).toMatchObject({ items: expect.any(Array), total: expect.any(Number) })
  expect((await get('/api/limits/esi.killmail/users')).body).toMatchObject({ api: 'esi', items: [] })
  expect((await get('/api/history?minutes=10080&api=esi')).body).toMatchObject({ spanMinutes: 30, series: { rows: null }, marks: [] })
  expect((await get('/api/deploys')).body).toEqual({ items: [] })
  expect((await get('/api/deploys/effect')).body).toEqual({ mark: null, minutes: 0, before: null, after: null })
  const { body: answer } = await post('/graphql', {
    query: '{ limits { name state gates { total } waiting { limit closed } } workers { apps { app restarts } } }',
  })
  expect(answer.data.limits).toHaveLength(limits.items.length)
  const missing = [
    '/api/limits/nothing/users',
    '/api/limits/nothing/gates',
    '/api/history?api=nothing',
    '/api/deploys/effect?at=2020-01-01T00:00:00Z',
  ]
  for (const path of missing) expect([path, (await get(path)).status]).toEqual([path, 404])
})

test('waits are shown with where and until when', async () => {
  const { id } = (await post('/api/jobs', { source: 'eve', params: { characterId: 99 } })).body
  const until_ = '2099-01-01T12:03:10.000Z'
  await engine.db.query('update backhaul.jobs set admitted = true where id = $1', [id])
  await engine.db.query(`update backhaul.tasks set state = 'ready', due_at = $2, waiting_on = 'zkillboard' where job_id = $1`, [id, until_])
  expect((await get(`/api/jobs/${id}`)).body.waits).toEqual([
    {
      kind: 'gate',
      on: 'zkillboard',
      tasks: 1,
      until: until_,
      sentence: 'waiting for zkillboard.com until 2099-01-01 12:03:10 UTC',
      error: null,
    },
  ])
})

test('a rejected message is listed, shown, and replayed to its queue', async () => {
  const queue = 'zkillboard_backfill_queue'
  for (const name of ['first', 'second'])
    await bury(engine.broker, { queue, body: Buffer.from(`not JSON ${name}`), messageId: name }, 'it is not JSON')
  const list = await until(async () => {
    const { body } = await get(`/api/dead-letters?queue=${queue}`)
    return body.items.length === 2 && body
  })
  expect(list.items[0]).toMatchObject({ queue, reason: 'it is not JSON', body: 'not JSON first', messageId: 'first', bytes: 14 })
  expect(list.queues).toContainEqual({ queue, count: 2 })
  expect((await get(`/api/dead-letters/${list.items[1].id}`)).body.body).toBe('not JSON second')
  expect((await post('/api/dead-letters/replay', {})).status).toBe(400)
  expect((await post('/api/dead-letters/drop', { all: true, ids: ['x'] })).status).toBe(400)
  expect((await post('/api/dead-letters/drop', { ids: ['nobody'] })).status).toBe(404)
  expect((await post('/api/dead-letters/drop', { ids: [list.items[0].id] })).body).toEqual({ taken: 1 })
  expect((await post('/api/dead-letters/replay', { queue, all: true })).body).toEqual({ taken: 1 })
  expect((await get(`/api/dead-letters?queue=${queue}`)).body.items).toEqual([])
})

test('schedules are added, changed, paused, run and removed; one that never fires is refused', async () => {
  const asked = { name: 'nightly', cron: '0 3 * * *', timeZone: 'Europe/Berlin', source: 'counting', params: { name: 'nightly' } }
  const made = await post('/api/schedules', asked)
  expect(made).toMatchObject({
    status: 201,
    body: { ...asked, paused: false, upcoming: [expect.any(String), '', '', '', ''].map(() => expect.any(String)) },
  })
  expect((await post('/api/schedules', asked)).status).toBe(409)
  for (const wrong of [{ cron: '0 0 30 2 *' }, { cron: 'often' }, { timeZone: 'Mars/Base' }, { jitterS: -1 }, { color: 'red' }])
    expect((await post('/api/schedules', { ...asked, name: 'wrong', ...wrong })).status).toBe(400)
  const path = `/api/schedules/${made.body.id}`
  expect((await ask('PATCH', path, { cron: '@daily' })).body.cron).toBe('@daily')
  expect((await post(`${path}/pause`)).body).toMatchObject({ paused: true, nextAt: null })
  expect((await post(`${path}/resume`)).body.paused).toBe(false)
  expect((await post(`${path}/run`)).body).toMatchObject({ created: true, broker: null, job: { about: 'nightly' } })
  expect((await ask('DELETE', path)).status).toBe(204)
  expect((await get(path)).status).toBe(404)
})

test('webhooks are added with a secret that is shown once; a private address is refused', async () => {
  expect(await post('/api/webhooks', { url: 'https://127.0.0.1/x', events: ['job.*'] })).toMatchObject({
    status: 400,
    body: { errors: [{ field: 'url' }] },
  })
  expect((await post('/api/webhooks', { url: 'https://example.org', events: ['nothing.there'] })).status).toBe(400)
  expect((await get('/api/webhooks')).body).toEqual({ items: [] })
})

describe('the document', () => {
  test('describes every route with its answers, and what is needed to ask', async () => {
    const { body } = await get('/api/openapi.json')
    expect(body).toMatchObject({
      openapi: '3.1.0',
      info: { title: 'Backhaul' },
      components: { securitySchemes: { token: { scheme: 'bearer' } } },
    })
    const operations = Object.values(body.paths as Record<string, Record<string, { operationId: string; responses: object }>>).flatMap(
      (path) => Object.values(path),
    )
    expect(operations.length).toBeGreaterThan(35)
    expect(new Set(operations.map(({ operationId }) => operationId)).size).toBe(operations.length)
    for (const { operationId, responses } of operations)
      expect([operationId, Object.keys(responses).some((status) => status.startsWith('2'))]).toEqual([operationId, true])
    expect(body.components.schemas).toMatchObject({ JobSummary: { type: 'object' }, Problem: { type: 'object' } })
  })

  test('is browsable without anything from elsewhere', async () => {
    const page = await get('/api/docs/')
    expect(page.status).toBe(200)
    expect(page.body).not.toMatch(/(src|href)="https?:/)
    expect(page.headers.get('content-security-policy')).toContain("default-src 'self'")
    for (const [, path] of String(page.body).matchAll(/(?:src|href)="([^"]+)"/g))
      expect([path, (await get(path?.replace(/^\.\//, '/api/docs/') ?? '')).status]).toEqual([path, 200])
  })
})
