import { toastmasters } from '../../../backend/sources/toastmasters'
import { type Answer, type Served, serve } from '../../support/api'
import { type DashboardWorld, dashboardWorld } from '../../support/toastmasters-world'

/* The admin routes of the seed over HTTP, about what a worker has stored from the sandbox. */

const ADMIN = 'the-admin-token-of-this-test'
const READER = 'the-reader-token-of-this-test'

let world: DashboardWorld
let served: Served
const get = (path: string, token = READER): Promise<Answer> => served.ask('GET', path, undefined, { authorization: `Bearer ${token}` })
const post = (path: string, token = ADMIN): Promise<Answer> => served.ask('POST', path, undefined, { authorization: `Bearer ${token}` })
const ids = ({ body }: Answer): string[] => body.snapshots.map((one: { snapshot_id: string }) => one.snapshot_id)
const districts = () => world.truth.date('2024-01-31').districts
const first = () => districts()[0] as string

beforeAll(async () => {
  world = await dashboardWorld()
  served = await serve(world.suite, [toastmasters], { ...world.sandbox.urls, ADMIN_TOKEN: ADMIN, READ_TOKEN: READER })
  await world.fresh()
  // One district of the last date fails: that date is partial.
  world.sandbox.fault({ name: 'status', status: 503, match: `clubperformance~${first()}~1/31/2024~` } as never)
  await world.backfill({ startDate: '2024-01-31', collectionType: 'per-district', attempts: 1 })
  world.sandbox.reset()
  await world.backfill({ startDate: '2024-01-29', endDate: '2024-01-30', collectionType: 'per-district' })
  await world.backfill({ startDate: '2023-12-31' })
}, 120_000)
afterAll(async () => {
  await served?.close()
  await world?.close()
})

describe('GET /api/admin/snapshots', () => {
  test('lists stored dates, newest first, in the words of the seed', async () => {
    const answer = await get('/api/admin/snapshots')
    expect(answer.status).toBe(200)
    expect(ids(answer)).toEqual(['2024-01-31', '2024-01-30', '2024-01-29', '2023-12-31'])
    expect(answer.body.snapshots[1]).toMatchObject({
      snapshot_id: '2024-01-30',
      created_at: expect.stringMatching(/^\d{4}-.*Z$/),
      status: 'success',
      schema_version: expect.any(String),
      calculation_version: expect.any(String),
      size_bytes: expect.any(Number),
      error_count: 0,
      district_count: districts().length,
      program_year: '2023-2024',
      detail: 'full',
      is_final: true,
    })
    expect(answer.body.snapshots.map((one: { status: string }) => one.status)).toEqual(['partial', 'success', 'success', 'success'])
    expect(answer.body.snapshots[3]).toMatchObject({ detail: 'summary', districts_stored: 0, as_of: world.truth.date('2023-12-31').asOf })
    expect(answer.body.metadata).toMatchObject({ total_count: 4, next: null, filters_applied: {}, limit_applied: 10 })
  })

  test('with the filters of the seed, and page by page', async () => {
    expect(ids(await get('/api/admin/snapshots?status=partial'))).toEqual(['2024-01-31'])
    expect(ids(await get('/api/admin/snapshots?status=success&limit=1'))).toEqual(['2024-01-30'])
    expect(ids(await get('/api/admin/snapshots?status=failed'))).toEqual([])
    expect(ids(await get(`/api/admin/snapshots?min_district_count=${districts().length}&limit=2`))).toEqual(['2024-01-30', '2024-01-29'])
    expect(ids(await get('/api/admin/snapshots?created_after=2999-01-01'))).toEqual([])
    expect(ids(await get('/api/admin/snapshots?created_before=2999-01-01T00:00:00Z'))).toHaveLength(4)
    expect(ids(await get('/api/admin/snapshots?schema_version=other'))).toEqual([])
    expect(ids(await get('/api/admin/snapshots?calculation_version=other'))).toEqual([])
    const page = await get('/api/admin/snapshots?limit=3')
    expect(page.body.metadata).toMatchObject({ total_count: 3, next: '2024-01-29', limit_applied: 3 })
    expect(ids(await get(`/api/admin/snapshots?limit=3&before=${page.body.metadata.next}`))).toEqual(['2023-12-31'])
    const filtered = await get('/api/admin/snapshots?status=partial&created_after=2024-01-01')
    expect(filtered.body.metadata.filters_applied).toEqual({ status: 'partial', created_after: '2024-01-01T00:00:00.000Z' })
  })

  test.each([
    'limit=0',
    'limit=101',
    'limit=2.5',
    'limit=ten',
    'status=good',
    'created_after=yesterday',
    'created_after=2024-02-30',
    'before=1',
    'unknown=1',
  ])('?%s is refused', async (query) => {
    const answer = await get(`/api/admin/snapshots?${query}`)
    expect(answer.status).toBe(400)
    expect(answer.body).toMatchObject({
      error: { code: 'VALIDATION_ERROR', suggestions: expect.any(Array) },
      request_id: expect.any(String),
    })
    expect(answer.body.error.details[0].field).toBe(query.split('=')[0])
  })
})

describe('one snapshot', () => {
  test('shows its districts, those that are missing too', async () => {
    const { status, body } = await get('/api/admin/snapshots/2024-01-31')
    expect(status).toBe(200)
    expect(body.inspection).toMatchObject({ snapshot_id: '2024-01-31', status: 'partial', districts_listed: districts().length })
    expect(body.inspection.districts.map((one: { district_id: string; status: string }) => `${one.district_id} ${one.status}`)).toEqual(
      districts().map((id) => `${id} ${id === first() ? 'missing' : 'success'}`),
    )
  })

  test('its payload comes some districts at a time', async () => {
    const { status, body } = await get('/api/admin/snapshots/2024-01-30/payload?limit=1')
    expect(status).toBe(200)
    expect(body.metadata).toMatchObject({ next: first(), limit_applied: 1 })
    const [one] = body.payload.districts
    expect(one).toMatchObject({ district_id: first(), summary: { districtId: first() }, statistics: { isFinal: true } })
    const clubs = [...new Set(world.truth.clubs('2024-01-30', first()).map((club) => club.clubNumber))].sort()
    expect(one.clubs.map((club: { clubNumber: string }) => club.clubNumber)).toEqual(clubs)
    const rest = await get(`/api/admin/snapshots/2024-01-30/payload?after=${body.metadata.next}`)
    expect(rest.body.payload.districts.map((it: { district_id: string }) => it.district_id)).toEqual(districts().slice(1))
    expect(rest.body.metadata.next).toBeNull()
    const [, second] = districts()
    const named = await get(`/api/admin/snapshots/2024-01-30/payload?districts=${second},${first()}`)
    expect(named.body.payload.districts.map((it: { district_id: string }) => it.district_id)).toEqual([first(), second])
    // Of a date of which the summary only is stored.
    const [summary] = (await get('/api/admin/snapshots/2023-12-31/payload')).body.payload.districts
    expect(summary).toMatchObject({ statistics: null, clubs: [] })
  })

  test.each(['2024-01-28', '2024-02-30', 'latest', '..%2Fetc'])('%s is not there', async (id) => {
    for (const path of [`/api/admin/snapshots/${id}`, `/api/admin/snapshots/${id}/payload`]) {
      const answer = await get(path)
      expect(answer.status).toBe(404)
      expect(answer.body.error).toMatchObject({
        code: 'SNAPSHOT_NOT_FOUND',
        suggestions: [expect.stringContaining('GET /api/admin/snapshots')],
      })
    }
  })

  test.each(['limit=0', 'limit=11', 'districts=42,..', 'districts='])('payload?%s is refused', async (query) => {
    expect((await get(`/api/admin/snapshots/2024-01-30/payload?${query}`)).status).toBe(400)
  })
})

describe('the store', () => {
  test('says how the newest dates stand', async () => {
    const { status, body } = await get('/api/admin/snapshot-store/health')
    expect(status).toBe(200)
    expect(body.health).toMatchObject({
      is_ready: true,
      current_snapshot: { snapshot_id: '2024-01-30', status: 'success' },
      latest_snapshot: { snapshot_id: '2024-01-31', status: 'partial' },
      recent_activity: { total_snapshots: 4, successful_snapshots: 3, failed_snapshots: 0, partial_snapshots: 1 },
      store_status: { has_current_snapshot: true, current_matches_latest: false, store_accessible: true },
    })
    expect(body.metadata).toMatchObject({ checked_at: expect.any(String), check_duration_ms: expect.any(Number) })
  })

  test('checks itself, and names what is wrong', async () => {
    const intact = await get('/api/admin/snapshot-store/integrity')
    expect(intact.body.integrity).toMatchObject({ isValid: true, corruptionIssues: [], recoveryRecommendations: [], checked: { dates: 4 } })
    await world.suite.db.query(`delete from toastmasters.clubs where logical_date = '2024-01-29' and district_id = $1`, [first()])
    const { integrity } = (await get('/api/admin/snapshot-store/integrity?dates=2&before=2024-01-31')).body
    expect(integrity).toMatchObject({ isValid: false, checked: { dates: 2, from: '2024-01-29', to: '2024-01-30' } })
    expect(integrity.corruptionIssues).toEqual([expect.stringMatching(`^2024-01-29 ${first()}: it has 0 clubs`)])
    expect(integrity.recoveryRecommendations).toHaveLength(1)
    expect((await get('/api/admin/snapshot-store/integrity?dates=101')).status).toBe(400)
  })

  test('shows its performance, which can be counted from 0 again', async () => {
    const { status, body } = await get('/api/admin/snapshot-store/performance')
    expect(status).toBe(200)
    const { performance } = body
    expect(performance.totalReads).toBe(performance.cacheHits + performance.cacheMisses)
    expect(performance.cacheMisses).toBeGreaterThan(0)
    expect(performance.jobs).toMatchObject({ total: 3, complete: 2, partial_success: 1, completionRate: 2 / 3 })
    expect(performance.jobs.averageProcessingMs).toBeGreaterThan(0)
    expect(performance.reports).toMatchObject({ failed: 1 })
    expect(performance.errors).toEqual({ fetch_failed: 1 })
    expect(performance.tables.map((one: { name: string }) => one.name)).toContain('clubs')
    expect((await post('/api/admin/snapshot-store/performance/reset', READER)).status).toBe(403)
    expect((await post('/api/admin/snapshot-store/performance/reset')).body).toMatchObject({ success: true })
    expect((await get('/api/admin/snapshot-store/performance')).body.performance).toMatchObject({
      totalReads: 0,
      cache_hit_rate_percent: 0,
      cache_efficiency: 'unknown',
    })
  })

  test('is shown to readers only', async () => {
    expect((await get('/api/admin/snapshots', 'a-wrong-token-of-this-test')).status).toBe(401)
  })
})
