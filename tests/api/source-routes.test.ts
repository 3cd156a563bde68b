import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { z } from 'zod'
import { Fatal, Refused } from '../../backend/base/errors'
import { defineRefusals, defineRoute, type Route, type RouteJob } from '../../backend/contract'
import { startJob } from '../../backend/engine/jobs/verbs'
import { keepRetention } from '../../backend/engine/upkeep/retention'
import { refusals } from '../../backend/sources/atproto/routes/refusals'
import { eve } from '../../backend/sources/eve'
import { type Served, serve } from '../support/api'
import { type Counting, countingSource, countingTask, createCounted } from '../support/counting-source'
import { tcpProxy } from '../support/proxy'
import { quiet, type Suite, suite } from '../support/suite'

/* Routes that a source brings along, over HTTP and on real services: what they do, for whom, and what is refused. */

const ADMIN = 'the-admin-token-of-this-test'
const READER = 'the-reader-token-of-this-test'
const bearer = (token: string) => ({ authorization: `Bearer ${token}` })

/** Thrown by the POST route once its job is started, each only once. */
const faults: Error[] = []

const shown = z.looseObject({ id: z.string(), status: z.string() })
const show = ({ createdAt, startedAt, completedAt, ...job }: RouteJob) => ({ ...job, createdAt: createdAt.toISOString() })

const routes: Route[] = (
  [
    defineRoute({
      method: 'POST',
      path: '/admin/count',
      access: 'admin',
      operation: 'startCount',
      about: 'Keep a wish and count for it',
      // Wider than the params of the job.
      body: z.strictObject({ name: z.string().or(z.number()) }),
      answers: [{ status: 202, body: z.strictObject({ id: z.string(), created: z.boolean() }) }],
      async answer({ body }, context) {
        const { id, created } = await context.act('count.start', null, { name: body.name }, async (tx) => {
          await tx.query('insert into wishes (name) values ($1)', [String(body.name)])
          const job = await context.start(tx, body)
          const fault = faults.shift()
          if (fault) throw fault
          return job
        })
        return { status: 202, body: { id, created }, headers: { location: `/admin/count/${id}` } }
      },
    }),
    defineRoute({
      method: 'GET',
      path: '/admin/count',
      access: 'read',
      operation: 'listCounts',
      about: 'What is counted, newest first',
      query: z.strictObject({ limit: z.coerce.number(), cursor: z.string().optional() }),
      answers: [{ status: 200, body: z.array(shown) }],
      async answer({ query }, context) {
        const { items, next } = await context.jobs(query)
        return { status: 200, body: items.map(show), headers: { ...(next !== null && { 'x-next': next }) } }
      },
    }),
    defineRoute({
      method: 'GET',
      path: '/admin/count/:id',
      access: 'read',
      operation: 'getCount',
      about: 'One of them',
      params: z.object({ id: z.string() }),
      answers: [{ status: 200, body: shown }],
      answer: async ({ params }, context) => ({ status: 200, body: show(await context.job(params.id)) }),
    }),
    defineRoute({
      method: 'POST',
      path: '/admin/count/:id/:verb',
      access: 'admin',
      operation: 'steerCount',
      about: 'Pause, resume, cancel or retry',
      params: z.object({ id: z.string(), verb: z.enum(['pause', 'resume', 'cancel', 'retry']) }),
      answers: [{ status: 200, body: z.object({ status: z.string() }) }],
      async answer({ params: { id, verb } }, context) {
        await context.steer(verb, id)
        return { status: 200, body: await context.job(id) }
      },
    }),
    defineRoute({
      method: 'DELETE',
      path: '/admin/wishes/:name',
      access: 'admin',
      operation: 'forgetWish',
      about: 'Forget a wish',
      params: z.object({ name: z.string() }),
      answers: [{ status: 204, body: z.undefined().meta({ description: 'Forgotten' }) }],
      async answer({ params: { name } }, context) {
        await context.act('wish.forget', name, {}, (tx) => tx.query('delete from wishes where name = $1', [name]))
        return { status: name === 'a teapot' ? 418 : 204 }
      },
    }),
  ] as Route[]
).map((route) => ({ ...route, refusals }))

const ruled: Route[] = [
  defineRoute({
    method: 'GET',
    path: '/api/counts/page',
    access: 'open',
    operation: 'showCounts',
    about: 'A page for people',
    answers: [{ status: 200, type: 'text/html', body: z.string().meta({ description: 'What is counted' }) }],
    answer: async () => ({ status: 200, body: '<p>counted</p>' }),
  }),
  defineRoute({
    method: 'PUT',
    path: '/api/counts/:name',
    access: 'admin',
    operation: 'putCount',
    about: 'Count with a priority, a key, or beside another',
    params: z.object({ name: z.string() }),
    headers: z.object({ 'idempotency-key': z.string().optional() }),
    body: z.strictObject({ priority: z.enum(['live', 'asked', 'backfill']).optional(), force: z.boolean().optional() }).nullish(),
    answers: [{ status: 200, body: z.strictObject({ id: z.string(), created: z.boolean(), headers: z.array(z.string()) }) }],
    refusals: defineRefusals({
      type: 'application/json',
      body: z.strictObject({ error: z.strictObject({ code: z.string(), message: z.string() }), request_id: z.string() }),
      of: ({ status, detail }, { id }) => ({
        error: { code: status === 409 ? 'CONFLICT' : `E${status}`, message: detail },
        request_id: id,
      }),
    }),
    async answer({ params, body, headers }, context) {
      const options = { ...body, idempotencyKey: headers['idempotency-key'] }
      const { id, created } = await context.act('count.put', null, {}, (tx) => context.start(tx, params, options))
      return { status: 200, body: { id, created, headers: Object.keys(headers) } }
    },
  }),
  defineRoute({
    method: 'PATCH',
    path: '/api/counts/:name',
    access: 'read',
    operation: 'previewCount',
    about: 'What it would cost',
    params: z.object({ name: z.string() }),
    answers: [{ status: 200, body: z.looseObject({ tasks: z.number() }) }],
    answer: async ({ params }, context) => ({ status: 200, body: await context.estimate(params) }),
  }),
  defineRoute({
    method: 'GET',
    path: '/api/counts/:id/figures',
    access: 'open',
    operation: 'getCountFigures',
    about: 'How far it is, for everybody',
    params: z.object({ id: z.string() }),
    answers: [{ status: 200, body: z.looseObject({ seen: z.number() }) }],
    answer: async ({ params: { id } }, context) => ({
      status: 200,
      body: {
        ...(await context.figures(id)),
        grid: await context.partitions(id),
        gates: await context.gates(),
        inFlight: [...(await context.inFlight('count', ['one', 'two']))],
        verified: (await context.job(id)).verified,
      },
    }),
  }),
]

const counting: Counting = { pages: 1, rowsPerPage: 5, tasks: [countingTask('one')], routes: [...routes, ...ruled] }
const source = countingSource(counting)
const other = { ...source, name: 'other', routes: undefined }
let engine: Suite
let served: Served
let made = 0

const ask = (method: string, path: string, body?: unknown, headers: Record<string, string> = bearer(ADMIN)) =>
  served.ask(method, path, body, headers)
const begin = async (given: Partial<Counting> = {}): Promise<string> => {
  Object.assign(counting, { tasks: [countingTask('one')], onRead: undefined }, given)
  return (await ask('POST', '/admin/count', { name: `wish ${++made}` })).body.id
}
const wishes = async () => (await engine.db.query<{ name: string }>('select name from wishes order by name')).map(({ name }) => name)
const jobsNamed = (name: string) => engine.db.query(`select 1 from backhaul.jobs where params ->> 'name' = $1`, [name])
const lastAction = async () => (await ask('GET', '/api/actions?limit=1')).body.items[0]

beforeAll(async () => {
  engine = await suite([source, other])
  await createCounted(engine.db)
  await engine.db.query('create table wishes (name text)')
  served = await serve(engine, [source, other], { ADMIN_TOKEN: ADMIN, READ_TOKEN: READER })
}, 120_000)
afterAll(async () => {
  await served?.close()
  await engine?.close()
})
beforeEach(() => engine.db.tx((tx) => tx.query('truncate wishes, counted, backhaul.jobs cascade')))

describe('what a route writes and the job it starts', () => {
  test('come together, in the name of the caller, and a worker is woken', async () => {
    const worker = await engine.worker()
    const started = await ask('POST', '/admin/count', { name: 'both' })
    expect(started).toMatchObject({ status: 202, body: { created: true } })
    expect(started.headers.get('location')).toBe(`/admin/count/${started.body.id}`)
    expect(await wishes()).toEqual(['both'])
    expect(await lastAction()).toMatchObject({
      who: 'admin',
      entryPoint: 'rest',
      verb: 'count.start',
      target: started.body.id,
      detail: { name: 'both' },
      outcome: 'done',
    })
    expect(await engine.ended(started.body.id)).toBe('completed')
    await worker.stop()
  })

  test.each([
    ['a refusal', new Refused('state', 'the lexicon changed meanwhile'), 409, 'the lexicon changed meanwhile'],
    ['a fault', new Error('a fault of this test'), 500, 'failed: unexpected error, see the log'],
  ])('are both gone after %s', async (_, fault, status, outcome) => {
    faults.push(fault)
    expect(await ask('POST', '/admin/count', { name: 'neither' })).toMatchObject({ status, body: { status } })
    expect([await wishes(), await jobsNamed('neither')]).toEqual([[], []])
    expect(await lastAction()).toMatchObject({ verb: 'count.start', target: null, outcome })
  })

  test('come once when a deadlock runs the transaction again', async () => {
    faults.push(Object.assign(new Error('deadlock detected'), { code: '40P01' }))
    const { body } = await ask('POST', '/admin/count', { name: 'once' })
    expect([await wishes(), (await jobsNamed('once')).length, await engine.status(body.id)]).toEqual([['once'], 1, 'queued'])
    expect(await ask('POST', '/admin/count', { name: 'once' })).toMatchObject({ status: 202, body: { id: body.id, created: false } })
  })

  test('stay while the broker is unreachable; the scheduler wakes a worker', async () => {
    const real = new URL(engine.rabbitmqUrl)
    const proxy = await tcpProxy(Number(real.port), real.hostname)
    const rabbitmqUrl = engine.rabbitmqUrl.replace(real.host, `127.0.0.1:${proxy.port}`)
    const cut = await serve({ databaseUrl: engine.databaseUrl, rabbitmqUrl }, [source, other], { ADMIN_TOKEN: ADMIN })
    await proxy.close()
    const { status, body } = await cut.ask('POST', '/admin/count', { name: 'kept' }, bearer(ADMIN))
    expect([status, await wishes(), (await jobsNamed('kept')).length]).toEqual([202, ['kept'], 1])
    const worker = await engine.worker()
    expect(await engine.ended(body.id)).toBe('completed')
    await worker.stop()
    await cut.close()
  })

  test('are refused where the params are wrong, at the field', async () => {
    for (const name of [7, true]) {
      const answer = await ask('POST', '/admin/count', { name })
      expect(answer).toMatchObject({ status: 400, body: { errors: [{ field: 'name' }] } })
      expect(answer.body.error).toBe(answer.body.detail)
    }
    expect(await wishes()).toEqual([])
  })

  test('are refused where an API wants to know whom to write to', async () => {
    const nameless = await serve(engine, [{ ...source, settings: eve.settings, apis: eve.apis }], { ADMIN_TOKEN: ADMIN, CONTACT: '' })
    const answer = await nameless.ask('POST', '/admin/count', { name: 'by nobody' }, bearer(ADMIN))
    expect(answer).toMatchObject({ status: 503, body: { error: expect.stringContaining('CONTACT is not set') } })
    expect(await wishes()).toEqual([])
    await nameless.close()
  })

  test('may be deleted with 204 and no body', async () => {
    await begin()
    const gone = await fetch(`${served.url}/admin/wishes/wish%20${made}`, { method: 'DELETE', headers: bearer(ADMIN) })
    expect([gone.status, await gone.text(), await wishes()]).toEqual([204, '', []])
    expect(await lastAction()).toMatchObject({ verb: 'wish.forget', target: `wish ${made}`, outcome: 'done' })
  })
})

describe('the list of jobs', () => {
  test('is an array, page by page, without those of other sources', async () => {
    const ids: string[] = []
    for (let n = 0; n < 5; n++) ids.unshift(await begin())
    await startJob(engine, other, { name: 'not ours' })
    const read: string[] = []
    for (let cursor: string | null = '', pages = 0; cursor !== null && pages < 9; pages++) {
      const { body, headers } = await ask('GET', `/admin/count?limit=2&cursor=${cursor}`)
      read.push(...body.map(({ id }: { id: string }) => id))
      cursor = headers.get('x-next')
    }
    expect(read).toEqual(ids)
    for (const query of ['limit=2&cursor=nonsense', 'limit=201', 'limit=2&size=3'])
      expect([query, (await ask('GET', `/admin/count?${query}`)).status]).toEqual([query, 400])
  })

  test('counts tasks by stream and state and failures by kind; what retention clears comes from the report', async () => {
    const id = await begin({
      tasks: ['good', 'better', 'bad', 'worse', 'none', 'later'].map((key) => countingTask(key, key)),
      onRead: async (key) => {
        if (key === 'bad') throw new Fatal('gone', 'the repo is gone')
        if (key === 'worse') throw new Fatal('schema', 'the repo is odd')
        if (key === 'none') return { skipped: 'deactivated' }
        if (key === 'later') return { skipped: { kind: 'not_yet', reason: 'the page is empty' } }
        return key === 'good' ? { rejected: [{ key: 'x', reason: 'schema', raw: {} }] } : {}
      },
    })
    const totals = { waiting: 0, ready: 0, done: 2, skipped: 2, failed: 2, cancelled: 0 }
    const waiting = (await ask('GET', `/admin/count/${id}`)).body
    expect(waiting.tasks.count.ready + waiting.tasks.count.waiting).toBe(6)
    const worker = await engine.worker()
    expect(await engine.ended(id)).toBe('partial')
    await worker.stop()
    const { body } = await ask('GET', '/admin/count?limit=1')
    expect(body).toMatchObject([{ id, status: 'partial', seen: 21, rejected: 1 }])
    expect([body[0].tasks, body[0].failures, body[0].skips]).toEqual([{ count: totals }, { gone: 1, schema: 1 }, { not_yet: 1 }])
    expect((await ask('GET', `/admin/count/${id}`)).body).toEqual(body[0])

    const listed = await ask('GET', `/api/jobs/${id}/tasks?state=skipped`)
    expect(listed.body.items).toMatchObject([
      { key: 'later', reason: 'the page is empty', reasonKind: 'not_yet' },
      { key: 'none', reason: 'deactivated', reasonKind: null },
    ])

    const retention = keepRetention({ db: engine.db, log: quiet, retentionMs: 0 })
    while ((await retention.tick()) === 'busy');
    expect((await ask('GET', '/admin/count?limit=1')).body).toEqual([{ ...body[0], cleared: true }])
  })
})

describe('steering', () => {
  test('moves a job of the source and is kept; in a wrong state 409 names it', async () => {
    const id = await begin()
    const steer = (verb: string) => ask('POST', `/admin/count/${id}/${verb}`)
    expect(await steer('pause')).toMatchObject({ status: 200, body: { status: 'paused' } })
    expect(await lastAction()).toMatchObject({ who: 'admin', verb: 'job.pause', target: id, outcome: 'done' })
    expect(await steer('resume')).toMatchObject({ status: 200, body: { status: 'queued' } })
    expect(await steer('cancel')).toMatchObject({ status: 200, body: { status: 'cancelled' } })
    const refused = await steer('pause')
    expect(refused).toMatchObject({ status: 409, body: { state: 'cancelled', detail: expect.stringContaining('is cancelled') } })
    expect(refused.headers.get('content-type')).toBe('application/problem+json; charset=utf-8')
    expect(refused.body.error).toBe(refused.body.detail)
  })

  test("another source's job is as missing as none", async () => {
    const { id } = await startJob(engine, other, { name: 'not ours' })
    for (const job of [id, '00000000-0000-4000-8000-000000000000'])
      for (const [method, path] of [
        ['POST', `/admin/count/${job}/cancel`],
        ['GET', `/admin/count/${job}`],
      ] as const)
        expect(await ask(method, path)).toMatchObject({ status: 404, body: { error: `There is no job ${job}.` } })
    expect(await engine.status(id)).toBe('queued')
  })
})

describe('at a route', () => {
  test('the token decides, as everywhere', async () => {
    const id = await begin()
    const wish = { name: 'by whom' }
    const statuses = async (headers: Record<string, string>) => [
      (await ask('GET', '/admin/count?limit=1', undefined, headers)).status,
      (await ask('GET', `/%61dmin/count/${id}`, undefined, headers)).status,
      (await fetch(`${served.url}/admin/count/${id}`, { method: 'HEAD', headers })).status,
      (await ask('POST', '/admin/count', wish, headers)).status,
      (await ask('DELETE', '/admin/wishes/x', undefined, headers)).status,
    ]
    expect(await statuses({})).toEqual([401, 401, 401, 401, 401])
    expect(await statuses(bearer('wrong'))).toEqual([401, 401, 401, 401, 401])
    expect(await statuses(bearer(READER))).toEqual([200, 200, 200, 403, 403])
    expect(await statuses(bearer(ADMIN))).toEqual([200, 200, 200, 202, 204])
    const refused = await ask('GET', '/admin/count?limit=1', undefined, {})
    expect(refused.body).toMatchObject({ title: 'Token required', error: refused.body.detail })
    expect(refused.headers.get('cache-control')).toBe('no-store')
    // The one field is for routes: the API's own problems are as they were.
    expect((await ask('GET', '/api/jobs', undefined, {})).body).not.toHaveProperty('error')
  })

  test('pages of other sites and bodies that are not JSON are refused', async () => {
    const post = async (headers: Record<string, string>) =>
      (await ask('POST', '/admin/count', JSON.stringify({ name: 'from afar' }), { ...bearer(ADMIN), ...headers })).status
    expect(await post({ origin: 'https://evil.example' })).toBe(403)
    expect(await post({ 'content-type': 'text/plain' })).toBe(415)
    expect(await post({ 'content-type': 'application/x-www-form-urlencoded' })).toBe(415)
    expect((await ask('POST', '/admin/count', '{"name":')).status).toBe(400)
    expect(await jobsNamed('from afar')).toEqual([])
    expect(await post({ origin: served.url })).toBe(202)
  })

  test('an answer the route does not name is a fault of ours, not a surprise to clients', async () => {
    expect(await ask('DELETE', '/admin/wishes/a%20teapot')).toMatchObject({ status: 500, body: { title: 'Internal error' } })
  })

  test('the dashboard takes no path of a route, whatever the method', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'backhaul-routes-'))
    writeFileSync(join(folder, 'index.html'), '<!doctype html><title>Backhaul</title>')
    const built = await serve(engine, [source, other], { DASHBOARD: folder, ADMIN_TOKEN: ADMIN })
    expect((await built.ask('GET', '/admin/nothing')).body).toContain('<title>Backhaul')
    expect((await built.ask('GET', '/admin/count?limit=1', undefined, bearer(ADMIN))).body).toEqual([])
    const refused = await built.ask('GET', '/admin/count/x/pause', undefined, bearer(ADMIN))
    expect(refused).toMatchObject({ status: 405, body: { error: 'This route does not support GET, only POST; see /api/docs.' } })
    expect(refused.headers.get('allow')).toBe('POST')
    expect((await built.ask('PUT', '/admin/count', {}, bearer(ADMIN))).headers.get('allow')).toBe('POST, GET')
    expect((await built.ask('GET', '/admin/count/x/pause')).status).toBe(401)
    await built.close()
    rmSync(folder, { recursive: true })
  })
})

describe('a route of its own manners', () => {
  const put = (name: string, body?: unknown, headers: Record<string, string> = {}) =>
    ask('PUT', `/api/counts/${name}`, body, { ...bearer(ADMIN), ...headers })

  test('starts with a priority, beside another, or once for a key; it reads the headers it names and no other', async () => {
    const first = await put('a', { priority: 'live' })
    expect(first).toMatchObject({ status: 200, body: { created: true, headers: [] } })
    const [job] = await engine.db.query('select priority, active_key from backhaul.jobs where id = $1', [first.body.id])
    expect(job).toEqual({ priority: 0, active_key: 'a' })
    expect((await put('a')).body).toMatchObject({ id: first.body.id, created: false })
    expect((await put('a', { force: true })).body).toMatchObject({ id: expect.not.stringMatching(first.body.id), created: true })
    const key = { 'idempotency-key': 'the key of this test' }
    expect((await put('b', undefined, key)).status).toBe(400)
    key['idempotency-key'] = 'key-of-this-test'
    const once = await put('b', undefined, key)
    expect(once.body).toMatchObject({ created: true, headers: ['idempotency-key'] })
    expect((await put('b', undefined, key)).body).toMatchObject({ id: once.body.id, created: false })
    expect((await put('c', undefined, key)).body).toEqual({
      error: { code: 'CONFLICT', message: expect.stringContaining('key-of-this-test was used before for another request') },
      request_id: expect.any(String),
    })
  })

  test('refuses in its own body, whoever refuses', async () => {
    const refused = await put('a', { priority: 'soon' })
    expect(refused).toMatchObject({ status: 400, body: { error: { code: 'E400', message: expect.stringContaining('priority') } } })
    expect(refused.headers.get('content-type')).toBe('application/json; charset=utf-8')
    const unknown = await ask('PUT', '/api/counts/a', {}, {})
    expect(unknown.body).toMatchObject({ error: { code: 'E401', message: 'Send Authorization: Bearer <token>, or log in.' } })
    expect((await ask('DELETE', '/api/counts/a')).body.error.code).toBe('E405')
  })

  const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/
  const idOf = ({ headers }: { headers: Headers }) => headers.get('x-request-id')

  test('names the id of each request in its answer, and in the body of a refusal', async () => {
    const own = { 'x-request-id': 'req_01J8:abc.7' }
    const answers = [
      await put('a', undefined, own),
      await put('a', { priority: 'soon' }, own),
      await ask('PUT', '/api/counts/a', undefined, own),
      await put('a', undefined, { ...own, origin: 'https://evil.example' }),
      await ask('DELETE', '/api/counts/a', undefined, { ...bearer(ADMIN), ...own }),
      await ask('DELETE', '/admin/wishes/a%20teapot', undefined, { ...bearer(ADMIN), ...own }),
    ]
    expect(answers.map(({ status }) => status)).toEqual([200, 400, 401, 403, 405, 500])
    expect(answers.map(idOf)).toEqual(answers.map(() => own['x-request-id']))
    expect(answers.slice(1, 5).map(({ body }) => body.request_id)).toEqual(answers.slice(1, 5).map(idOf))
    expect(idOf(await ask('GET', '/api/jobs', undefined, { ...bearer(ADMIN), ...own }))).toBeNull()
  })

  test.each([undefined, '', 'x'.repeat(129), 'two words', '<b>', 'a, b', '{"a":1}'])(
    'gives a request that names %j as its id one',
    async (id) => {
      const first = await put('a', undefined, id === undefined ? {} : { 'x-request-id': id })
      const second = await put('a', { priority: 'soon' }, id === undefined ? {} : { 'x-request-id': id })
      expect([idOf(first), idOf(second)]).toEqual([expect.stringMatching(UUID), second.body.request_id])
      expect(idOf(second)).toMatch(UUID)
      expect(idOf(first)).not.toBe(idOf(second))
    },
  )

  test('answers with a page for people, as it is and by the rules of all pages', async () => {
    const { status, headers, body } = await ask('GET', '/api/counts/page')
    expect([status, headers.get('content-type'), body]).toEqual([200, 'text/html; charset=utf-8', '<p>counted</p>'])
    expect(headers.get('content-security-policy')).toContain("default-src 'self'")
    const { paths } = (await ask('GET', '/api/openapi.json')).body
    expect(paths['/api/counts/page'].get.responses[200]).toEqual({
      description: 'What is counted',
      content: { 'text/html': { schema: { type: 'string', description: 'What is counted' } } },
    })
  })

  test('says who may ask it, whatever its method', async () => {
    const statuses = async (method: string, path: string) => [
      (await ask(method, path, undefined, {})).status,
      (await ask(method, path, undefined, bearer(READER))).status,
    ]
    const { id } = (await put('a')).body
    expect(await statuses('PUT', '/api/counts/a')).toEqual([401, 403])
    expect(await statuses('PATCH', '/api/counts/a')).toEqual([401, 200])
    expect(await statuses('GET', `/api/counts/${id}/figures`)).toEqual([200, 200])
  })

  test('shows what a job would cost, how far it is and what it has read', async () => {
    const { id } = (await put('a')).body
    expect((await ask('PATCH', '/api/counts/a')).body).toMatchObject({ tasks: 1, activeKey: 'a', activeJob: id })
    expect((await ask('PATCH', '/api/counts/new')).body).toMatchObject({ tasks: 1, activeJob: null })
    const worker = await engine.worker()
    await engine.ended(id)
    await worker.stop()
    const figures = (await ask('GET', `/api/counts/${id}/figures`)).body
    expect(figures).toMatchObject({ pages: 1, seen: 5, new: 5, known: 0, rate: null, requests: {}, grid: { cells: [] } })
  })
})

test('the OpenAPI document holds the routes and passes the linter', async () => {
  const { body } = await ask('GET', '/api/openapi.json')
  expect(Object.keys(body.paths).filter((path) => /^.(admin|api.counts)/.test(path))).toEqual([
    '/admin/count',
    '/admin/count/{id}',
    '/admin/count/{id}/{verb}',
    '/admin/wishes/{name}',
    '/api/counts/page',
    '/api/counts/{name}',
    '/api/counts/{id}/figures',
  ])
  expect(body.paths['/admin/count'].post).toMatchObject({
    tags: ['counting'],
    operationId: 'startCount',
    summary: 'Keep a wish and count for it',
    requestBody: { content: { 'application/json': { schema: { required: ['name'] } } } },
    responses: {
      202: {},
      409: { content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/RouteProblem' } } } },
    },
  })
  expect(body.paths['/api/counts/{name}'].put.parameters).toContainEqual(expect.objectContaining({ in: 'header', name: 'idempotency-key' }))
  expect(Object.keys(body.paths['/api/counts/{name}'].put.responses[409].content)).toEqual(['application/json'])
  expect(body.paths['/api/counts/{id}/figures'].get.security).toEqual([])
  expect(body.paths['/admin/count'].get.responses[200].content['application/json'].schema.type).toBe('array')
  expect(body.components.schemas.RouteProblem.required).toContain('error')
  expect(body.tags).toContainEqual({ name: 'counting', description: source.about })
  const linted = spawnSync(process.execPath, [join(__dirname, '..', 'support', 'lint-openapi.mjs')], {
    input: JSON.stringify(body),
    encoding: 'utf8',
  })
  expect([linted.stderr, JSON.parse(linted.stdout)]).toEqual(['', []])
})
