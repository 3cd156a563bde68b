import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { keepRetention } from '../../../backend/engine/upkeep/retention'
import { toastmasters } from '../../../backend/sources/toastmasters'
import { type Answer, type Served, serve } from '../../support/api'
import { command } from '../../support/cli'
import { quiet } from '../../support/suite'
import { type DashboardWorld, dashboardWorld } from '../../support/toastmasters-world'
import { until } from '../../support/until'

/* The seed's routes over HTTP: its curl examples as they are written, what a job answers on its way, and every refusal. */

const BASE = '/api/districts/backfill'
const NOBODY = '00000000-0000-4000-8000-000000000000'

let world: DashboardWorld
let served: Served
const ask = (method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<Answer> =>
  served.ask(method, path, body, headers)
const shown = async (id: string) => (await ask('GET', `${BASE}/${id}`)).body
const begin = async (request: object): Promise<string> => (await ask('POST', BASE, request)).body.backfillId
async function ended(id: string) {
  await world.suite.ended(id, 60_000)
  return await shown(id)
}
const districts = () => world.truth.date('2024-01-31').districts
const first = () => districts()[0] as string
const jobs = async () => (await world.suite.db.query<{ n: number }>('select count(*)::int as n from backhaul.jobs'))[0]?.n

beforeAll(async () => {
  world = await dashboardWorld()
  served = await serve(world.suite, [toastmasters], world.sandbox.urls)
}, 120_000)
afterAll(async () => {
  await served?.close()
  await world?.close()
})
beforeEach(() => world.fresh())

/** Runs a line of a shell, with the address of the API in place of the seed's; the answer's status, headers and body. */
async function curl(line: string): Promise<{ status: number; headers: Headers; body: Answer['body'] }> {
  const command = line.replace('curl ', 'curl -s -i ').replaceAll('http://localhost:5001', served.url)
  const { stdout } = await promisify(execFile)('bash', ['-c', command], { encoding: 'utf8' })
  const [head = '', body = ''] = stdout.split('\r\n\r\n')
  const [status = '', ...lines] = head.split('\r\n')
  const headers = lines.map((one): [string, string] => [one.slice(0, one.indexOf(':')), one.slice(one.indexOf(':') + 1).trim()])
  return { status: Number(status.split(' ')[1]), headers: new Headers(headers), body: JSON.parse(body) }
}

describe('the curl examples of the seed', () => {
  test('initiate, check, cancel', async () => {
    const started = await curl(`curl -X POST http://localhost:5001/api/districts/backfill \\
  -H "Content-Type: application/json" \\
  -d '{
    "startDate": "2024-01-01",
    "endDate": "2024-01-30",
    "targetDistricts": ["42", "15"],
    "collectionType": "auto",
    "concurrency": 3,
    "retryFailures": true,
    "enableCaching": true
  }'`)
    expect(started.status).toBe(202)
    const id = started.body.backfillId
    const named = started.headers.get('x-request-id')
    expect([started.headers.get('x-backfill-id'), named]).toEqual([id, started.body.request_id])
    expect(named).toMatch(/^\S+$/)
    expect(started.body).toMatchObject({
      status: 'processing',
      scope: { targetDistricts: ['42', '15'], scopeType: 'targeted', validationPassed: true },
      collectionStrategy: { type: 'targeted', estimatedEfficiency: 0.7, rationale: expect.stringContaining('2 districts are named') },
      links: { self: `${BASE}/${id}`, cancel: `${BASE}/${id}`, retry: `${BASE}/${id}/retry` },
      snapshotIds: [],
      performanceStatus: { concurrencyLimiter: { maxConcurrent: 3 } },
    })

    const checked = await curl(`curl http://localhost:5001/api/districts/backfill/${id}`)
    expect([checked.status, checked.body.backfillId, checked.headers.get('x-backfill-status')]).toEqual([200, id, checked.body.status])

    const cancelled = await curl(`curl -X DELETE http://localhost:5001/api/districts/backfill/${id}`)
    // The job may have ended by itself before.
    expect([200, 409]).toContain(cancelled.status)
    if (cancelled.status === 200) {
      expect(cancelled.body).toEqual({ success: true, message: 'Backfill cancelled successfully', backfillId: id })
      expect((await shown(id)).status).toBe('cancelled')
    }
  })

  test('debug commands', async () => {
    expect((await curl('curl http://localhost:5001/api/admin/snapshot-store/health')).body.health.is_ready).toBe(false)
    expect((await curl('curl http://localhost:5001/api/admin/snapshots?limit=10')).body.metadata.limit_applied).toBe(10)
    expect((await curl('curl http://localhost:5001/api/admin/snapshot-store/performance')).status).toBe(200)
  })
})

describe('a job', () => {
  test('D5, D6, D7, D9, D14: one district fails, the others are stored; a retry asks for nothing twice', async () => {
    world.sandbox.fault({ name: 'status', status: 503, match: `clubperformance~${first()}~1/31/2024~1/30/2024~` } as never)
    const request = { startDate: '2024-01-30', endDate: '2024-01-31', collectionType: 'per-district', retryFailures: false }
    const id = await begin(request)
    const body = await ended(id)
    const others = districts().slice(1)
    const failed = { districtId: first(), errorType: 'fetch_failed', isRetryable: true, retryCount: 0, context: { date: '2024-01-30' } }
    expect(body).toMatchObject({
      status: 'partial_success',
      snapshotIds: ['2024-01-30', '2024-01-31'],
      progress: {
        total: 2 * districts().length,
        completed: 2 * districts().length - 1,
        failed: 1,
        skipped: 0,
        unavailable: 0,
        partialSnapshots: 1,
        totalErrors: 1,
        retryableErrors: 1,
        permanentErrors: 0,
        // Its last date is not all that counts.
        districtProgress: { [first()]: { status: 'failed', datesTotal: 2, successfulDates: ['2024-01-31'], failedDates: ['2024-01-30'] } },
      },
      errorSummary: { totalErrors: 1, affectedDistricts: [first()], partialSnapshots: 1 },
      partialSnapshots: [
        {
          snapshotId: '2024-01-30',
          successfulDistricts: others,
          failedDistricts: [first()],
          totalDistricts: districts().length,
          successRate: others.length / districts().length,
          errors: [failed],
          metadata: { isPartial: true, backfillJobId: id },
        },
      ],
    })
    world.sandbox.reset()
    world.asked()
    const retried = await ask('POST', `${BASE}/${id}/retry`)
    expect([retried.status, retried.body.backfillId]).toEqual([202, id])
    const complete = await ended(id)
    expect(complete).toMatchObject({ status: 'complete', progress: { completed: 2 * districts().length, failed: 0, totalErrors: 0 } })
    expect(complete).not.toHaveProperty('errorSummary')
    expect(complete).not.toHaveProperty('partialSnapshots')
    const asked = world.asked()
    expect(asked.every((path) => path.includes(`~${first()}~1/31/2024~1/30/2024~`))).toBe(true)
    expect(new Set(asked).size).toBe(asked.length)
  })

  test('cannot be cancelled or retried once it has ended', async () => {
    const id = await begin({ startDate: '2024-01-31' })
    await ended(id)
    for (const [method, path, code] of [
      ['DELETE', `${BASE}/${id}`, 'CANNOT_CANCEL_JOB'],
      ['POST', `${BASE}/${id}/retry`, 'CANNOT_RETRY_JOB'],
    ] as const) {
      const answer = await ask(method, path)
      expect(answer.status).toBe(409)
      expect(answer.body).toMatchObject({ error: { code, suggestions: [expect.any(String)] }, request_id: expect.any(String) })
    }
    const answer = await ask('GET', `${BASE}/${id}`)
    expect(answer.headers.get('cache-control')).toBe('public, max-age=3600')
  })

  test.each([
    [{ startDate: '2024-01-20', endDate: '2024-01-31', collectionType: 'per-district' }],
    [{ startDate: '2024-01-20', endDate: '2024-01-31', collectionType: 'system-wide' }],
  ])('D8: keeps its numbers when RETENTION_DAYS has deleted its tasks: %j', async (request) => {
    world.sandbox.fault({ name: 'status', status: 503, match: `clubperformance~${first()}~1/31/2024~1/30/2024~` } as never)
    const id = await begin({ ...request, retryFailures: false })
    const before = await ended(id)
    await world.suite.db.query(`update backhaul.jobs set completed_at = completed_at - interval '31 days' where id = $1`, [id])
    const left = async () => (await world.suite.db.query(`select 1 from backhaul.tasks where job_id = $1 limit 1`, [id])).length
    const retention = keepRetention({ db: world.suite.db, log: quiet, retentionMs: 30 * 86_400_000, sources: [toastmasters] })
    await until(
      async () => {
        await retention.tick()
        return (await left()) === 0
      },
      { what: 'the tasks to be deleted' },
    )
    const after = await shown(id)
    const { total, completed, skipped, unavailable, failed, totalErrors } = before.progress
    expect(completed).toBeGreaterThan(0)
    expect(after).toMatchObject({ status: before.status, outcomes: before.outcomes, verified: before.verified })
    expect(after.progress).toMatchObject({ total, completed, skipped, unavailable, failed, totalErrors })
    expect(await ask('POST', `${BASE}/${id}/retry`)).toMatchObject({ status: 409 })
  })

  test('D4: stays cancelled when a worker starts again', async () => {
    world.sandbox.fault({ name: 'slow', ms: 300, match: 'export.aspx' } as never)
    const id = await begin({ startDate: '2024-01-01', endDate: '2024-01-31', collectionType: 'per-district' })
    await until(async () => (await shown(id)).progress.total > 0, { timeoutMs: 20_000, what: 'the dates to be planned' })
    expect((await ask('DELETE', `${BASE}/${id}`)).status).toBe(200)
    expect((await ask('DELETE', `${BASE}/${id}`)).body.error.code).toBe('CANNOT_CANCEL_JOB')
    await world.suite.worker({ app: 'worker-districts' })
    const next = await begin({ startDate: '2023-11-30' })
    await ended(next)
    expect((await shown(id)).status).toBe('cancelled')
  })

  test('a preview names the dates that the start then reads, and why others are not', async () => {
    const range = { startDate: '2024-01-01', endDate: '2024-01-31', targetDistricts: [first()] }
    await ended(await begin({ ...range, startDate: '2024-01-29' }))
    const preview = await ask('POST', `${BASE}/preview`, range)
    expect(preview.status).toBe(200)
    const reasons = new Map<string, string | undefined>(
      preview.body.dates.map((one: { date: string; reason?: string }) => [one.date, one.reason]),
    )
    expect(reasons.get('2024-01-31')).toBe('exists')
    world.asked()
    const body = await ended(await begin(range))
    const { successfulDates } = body.progress.districtProgress[first()]
    const read = [...reasons].filter(([, reason]) => reason === undefined).map(([date]) => date)
    expect(successfulDates.toSorted()).toEqual(read)
    expect(preview.body.totalItems).toBe(read.length)
    const count = (...words: string[]) => [...reasons.values()].filter((reason) => words.includes(reason ?? '')).length
    expect(body.outcomes).toEqual({
      unavailable: count('unavailable'),
      closing_gap: count('closing gap'),
      not_yet_published: 0,
      failed: 0,
      skipped: count('exists', 'in flight'),
    })
  })
})

test('a preview, a dry run and the start leave the same dates to another job, and to what is stored', async () => {
  // With the summaries stored, planning asks the dashboards for nothing.
  await ended(await begin({ startDate: '2024-01-01', endDate: '2024-01-31' }))
  await ended(await begin({ startDate: '2024-01-31', targetDistricts: [first()] }))
  world.sandbox.fault({ name: 'slow', ms: 3000, match: 'performance~' } as never)
  const other = await begin({ startDate: '2024-01-24', endDate: '2024-01-27', targetDistricts: [first()] })
  const planned = async () =>
    (await world.suite.db.query(`select 1 from backhaul.tasks where job_id = $1 and key like '2024-01-27/%'`, [other])).length > 0
  await until(planned, { timeoutMs: 20_000, what: 'the reports of the other job' })
  // Four dates of three reports each, three of them at once.
  const slots = async () => (await shown(other)).performanceStatus.concurrencyLimiter
  await until(async () => (await slots()).activeSlots === 3, { timeoutMs: 20_000, what: 'all slots to be taken' })
  expect(await slots()).toMatchObject({ activeSlots: 3, maxConcurrent: 3 })
  expect((await slots()).queueLength).toBeLessThanOrEqual(9)
  // Few enough that no date waits for the backlog before it is planned.
  const range = { startDate: '2024-01-22', endDate: '2024-01-31', targetDistricts: [first()] }
  const { dates } = (await ask('POST', `${BASE}/preview`, range)).body as { dates: { date: string; reason?: string }[] }
  const { databaseUrl: DATABASE_URL, rabbitmqUrl: RABBITMQ_URL } = world.suite
  const dry = await command(
    { ...world.sandbox.urls, DATABASE_URL, RABBITMQ_URL, CONTACT: 'tests@example.org' },
    `queue districts --from-date 2024-01-22 --to-date 2024-01-31 --district ${first()} --dry-run --json`,
  )
  const { parts, each } = JSON.parse(dry.out).jobs[0].preview as { parts: { name: string; kind?: string }[]; each: unknown }
  expect(parts.map(({ name, kind }) => ({ date: name, reason: kind }))).toEqual(dates.map(({ date, reason }) => ({ date, reason })))
  expect(each).toEqual({ district: 1 })
  const id = await begin(range)
  const sorted = (all: (string | undefined)[]) => all.toSorted()
  await until(async () => (await shown(id)).progress.total === dates.length, { timeoutMs: 40_000, what: 'all dates to be planned' })
  world.sandbox.clearFaults()
  const body = await ended(id)
  const kinds = await world.suite.db.query<{ date: string; kind: string | null }>(
    `select distinct cell_column as date, replace(reason_kind, '_', ' ') as kind from backhaul.tasks
      where job_id = $1 and cell_row = $2 order by 1`,
    [id, first()],
  )
  expect(kinds).toEqual(dates.map(({ date, reason }) => ({ date, kind: reason ?? null })))
  expect(new Set(dates.map(({ reason }) => reason))).toEqual(new Set([undefined, 'exists', 'in flight', 'unavailable']))
  expect(sorted(body.progress.districtProgress[first()].successfulDates)).toEqual(
    dates.flatMap(({ date, reason }) => (reason === undefined ? [date] : [])),
  )
}, 60_000)

const RANGE = { startDate: '2024-01-01', endDate: '2024-01-30' }
const today = () => new Date().toISOString().slice(0, 10)

describe('refusals', () => {
  test.each([
    ['startDate', { startDate: '01/02/2024' }],
    ['startDate', {}],
    ['startDate', { startDate: '2024-02-30' }],
    ['startDate', { startDate: '2008-06-30' }],
    ['startDate', { startDate: today() }],
    ['endDate', { ...RANGE, endDate: '2999-01-01' }],
    ['endDate', { startDate: '2024-01-30', endDate: '2024-01-01' }],
    ['targetDistricts.0', { ...RANGE, targetDistricts: ['../etc'] }],
    ['targetDistricts', { ...RANGE, targetDistricts: ['2', '02'] }],
    ['concurrency', { ...RANGE, concurrency: 0 }],
    ['concurrency', { ...RANGE, concurrency: 11 }],
    ['concurrency', { ...RANGE, concurrency: 2.5 }],
    ['rateLimitDelayMs', { ...RANGE, rateLimitDelayMs: 100 }],
    ['colectionType', { ...RANGE, colectionType: 'auto' }],
    ['prepared', { ...RANGE, prepared: {} }],
  ])('%s of %j, of a start and of a preview', async (field, request) => {
    for (const path of [BASE, `${BASE}/preview`]) {
      const { status, body, headers } = await ask('POST', path, request)
      expect(status).toBe(400)
      expect(body).toEqual({
        error: {
          code: 'VALIDATION_ERROR',
          message: expect.any(String),
          details: [{ field, message: expect.stringContaining(field) }],
          suggestions: [expect.any(String)],
        },
        request_id: headers.get('x-request-id'),
      })
      expect(JSON.stringify(body)).not.toMatch(/zod|node_modules|\.ts\b|select |backhaul\./i)
    }
    expect(await jobs()).toBe(0)
  })

  test.each([
    ['malformed JSON', '{"startDate":', { 'content-type': 'application/json' }, 400],
    ['another content type', 'startDate=2024-01-01', { 'content-type': 'application/x-www-form-urlencoded' }, 415],
    ['a list', '[{"startDate":"2024-01-01"}]', { 'content-type': 'application/json' }, 400],
    ['a huge body', JSON.stringify({ startDate: 'x'.repeat(300_000) }), { 'content-type': 'application/json' }, 413],
  ])('%s', async (_, body, headers, status) => {
    const answer = await ask('POST', BASE, body, headers)
    expect(answer.status).toBe(status)
    expect(answer.body).toMatchObject({ error: { code: 'VALIDATION_ERROR', message: expect.any(String) }, request_id: expect.any(String) })
    expect(await jobs()).toBe(0)
  })

  test('an unknown field is named as it was sent, and a list is told what a request is', async () => {
    expect((await ask('POST', BASE, { ...RANGE, speed: 3 })).body.error.message).toMatch(/^speed is not a field; the fields are/)
    expect((await ask('POST', BASE, [RANGE])).body.error.message).toContain('must be a JSON object such as {"startDate"')
  })

  test('nothing in scope', async () => {
    await ask('POST', '/api/admin/districts/config', { districtIds: ['42'] })
    const answer = await ask('POST', BASE, { ...RANGE, targetDistricts: ['99'] })
    expect(answer.status).toBe(400)
    expect(answer.body.error).toMatchObject({ code: 'SCOPE_ERROR', message: expect.stringMatching(/^No valid districts to process/) })
    expect(answer.body.error.suggestions).toHaveLength(2)
  })

  test.each(['GET', 'DELETE'])('%s of no job, and of what is no id', async (method) => {
    const none = await ask(method, `${BASE}/${NOBODY}`)
    expect([none.status, none.body.error.code]).toEqual([404, 'BACKFILL_NOT_FOUND'])
    const odd = await ask(method, `${BASE}/your-backfill-id`)
    expect([odd.status, odd.body.error.code]).toEqual([400, 'INVALID_BACKFILL_ID'])
  })

  test('retry of no job', async () => {
    const none = await ask('POST', `${BASE}/${NOBODY}/retry`)
    expect([none.status, none.body.error.code]).toEqual([404, 'BACKFILL_NOT_FOUND'])
  })
})
