import * as jobs from '../../../backend/engine/jobs/verbs'
import { watchAlerts } from '../../../backend/engine/upkeep/alerts'
import { toastmasters } from '../../../backend/sources/toastmasters'
import { forget } from '../../../backend/sources/toastmasters/client'
import { quiet } from '../../support/suite'
import { type DashboardWorld, dashboardWorld } from '../../support/toastmasters-world'
import { until } from '../../support/until'

/* The dashboards are down, or slow down one job of two: what the gate and the alerts make of it. */

let world: DashboardWorld
beforeAll(async () => {
  world = await dashboardWorld()
}, 120_000)
afterAll(() => world?.close())
beforeEach(() => world.fresh())

const MONTH = { startDate: '2024-01-01', endDate: '2024-01-31' }
const fault = (name: string, more: object = {}) => world.sandbox.fault({ name, ...more } as never)
const alerts = async () =>
  (
    await world.suite.db.query<{ alert: string }>(
      `select kind || ' ' || subject as alert from backhaul.alerts where kind in ('breaker_tripped', 'toastmasters.content_mismatch') order by 1`,
    )
  ).map((row) => row.alert)
const events = async (kind: string) =>
  (
    await world.suite.db.query<{ key: string }>(`select key from backhaul.events_outbox where payload ->> 'kind' = $1 order by id`, [kind])
  ).map((row) => row.key)
const watch = (now?: () => number) => watchAlerts({ db: world.suite.db, log: quiet, sources: [toastmasters], stallMs: 900_000, now })
const isTripped = async () =>
  (await world.suite.db.query(`select 1 from backhaul.gates where name = 'toastmasters' and open_until > clock_timestamp()`)).length > 0
const failures = async () =>
  (await world.suite.db.query<{ failures: number }>(`select failures from backhaul.gates where name = 'toastmasters'`)).map(
    (row) => row.failures,
  )

test('D3: an outage trips the breaker and raises its alert; both end with it, and the job completes', async () => {
  fault('status', { status: 503 })
  const id = await world.start({ ...MONTH, collectionType: 'system-wide', attempts: 10 })
  const others = ['2023-11-15', '2023-10-15', '2023-09-15', '2023-08-15', '2023-07-15']
  for (const startDate of others) await world.start({ startDate, attempts: 10 })
  await until(isTripped, { timeoutMs: 30_000, what: 'the breaker to trip' })
  const { check, stop } = watch()
  await check()
  await check()
  expect(await alerts()).toEqual(['breaker_tripped toastmasters'])
  expect(await events('breaker_tripped')).toHaveLength(1)
  world.sandbox.clearFaults()
  expect(await world.suite.ended(id, 60_000)).toBe('completed')
  expect(await jobs.report(world.suite, id)).toMatchObject({ verified: true, tasks: { failed: 0 } })
  expect(await failures()).toEqual([0])
  await check()
  expect(await alerts()).toEqual([])
  expect(await events('breaker_tripped')).toHaveLength(2)
  await stop()
}, 120_000)

test.each([
  ['500', 'status', { status: 500 }],
  ['302', 'to-error-page', {}],
])('D3: %s is an answer of the archive, however often it comes: no breaker trips', async (_, name, more) => {
  fault(name, { match: '/2023-2024/export.aspx', ...more })
  const report = await world.backfill({ ...MONTH, attempts: 1, concurrency: 10, enableCaching: false })
  expect(report).toMatchObject({ status: 'partial', tasks: { done: 1 }, failedBy: { fetch_failed: expect.any(Number) } })
  expect(report.failedBy.fetch_failed).toBeGreaterThan(10)
  expect(await failures()).toEqual([0])
})

test('fifty refusals of the live year by the archive trip no breaker: the root is read', async () => {
  world.calendar.set('2026-10-06')
  for (let n = 0; n < 50; n++) {
    // As a worker that starts again.
    forget()
    expect(await world.backfill({ startDate: '2026-09-15' })).toMatchObject({ status: 'completed', failures: [] })
  }
  expect(world.asked().filter((path) => path.includes('/2026-2027/')).length).toBeGreaterThanOrEqual(50)
  expect(await failures()).toEqual([0])
}, 180_000)

test('D12: a wrong file that is found again is one alert with one event', async () => {
  const [district] = world.truth.date('2024-01-31').districts
  fault('todays-body', { match: `clubperformance~${district}~` })
  const request = { startDate: '2024-01-31', targetDistricts: [district] }
  let now = Date.now()
  const { check, stop } = watch(() => now)
  // The checks of sources run beside this one; a later call takes what they found.
  const round = (wanted: string[]) =>
    until(
      async () => {
        now += 61_000
        await check()
        return JSON.stringify(await alerts()) === JSON.stringify(wanted)
      },
      { what: `the alerts ${wanted}` },
    )
  for (const _ of [1, 2, 3]) {
    await world.backfill({ ...request, enableCaching: false })
    await round([`toastmasters.content_mismatch 2024-01-31 ${district} clubperformance`])
  }
  expect(await events('toastmasters.content_mismatch')).toHaveLength(1)
  world.sandbox.clearFaults()
  await world.backfill(request)
  await round([])
  expect(await events('toastmasters.content_mismatch')).toHaveLength(2)
  await stop()
})

test("D2, D11: a job's own pace holds between all its requests, at no cost to a job beside it", async () => {
  const [slow = '', quick = ''] = world.truth.date('2024-01-31').districts
  await world.backfill({ startDate: '2024-01-31' })
  world.sandbox.fault({ name: 'slow', ms: 100, match: 'performance~' } as never)
  const ids = await Promise.all([
    world.start({ startDate: '2024-01-31', targetDistricts: [slow], rateLimitDelayMs: 2000, concurrency: 10 }),
    world.start({ ...MONTH, startDate: '2024-01-20', targetDistricts: [quick], concurrency: 10 }),
  ])
  for (const id of ids) expect(await world.suite.ended(id, 60_000)).toBe('completed')
  const momentsOf = (district: string) =>
    world.sandbox.requests('toastmasters').flatMap(({ path, at }) => (path.includes(`performance~${district}~`) ? [at] : []))
  const gapsOf = (moments: number[]) => moments.slice(1).map((at, n) => at - (moments[n] as number))
  const paced = gapsOf(momentsOf(slow))
  expect(paced).toHaveLength(2)
  for (const gap of paced) expect(gap).toBeGreaterThanOrEqual(2000 - 30)
  const free = momentsOf(quick)
  expect(free.length).toBeGreaterThan(6)
  for (const gap of gapsOf(free)) expect(gap).toBeLessThan(2000 - 30)
  // Half as long as the other job's pace would take them: how busy the machine is decides less than that.
  expect((free.at(-1) as number) - (free[0] as number)).toBeLessThan(((free.length - 1) * 2000) / 2)
}, 60_000)
