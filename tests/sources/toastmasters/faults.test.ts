import * as jobs from '../../../backend/engine/jobs/verbs'
import { type DashboardWorld, dashboardWorld } from '../../support/toastmasters-world'

/* What the dashboards send in place of what was asked for, one after the other: nothing of it is stored. */

let world: DashboardWorld
beforeAll(async () => {
  world = await dashboardWorld()
}, 120_000)
afterAll(() => world?.close())
beforeEach(() => world.fresh())

const DATE = '2024-01-31'
const first = () => world.truth.date(DATE).districts[0] as string
const fault = (name: string, match: string, more: object = {}) => world.sandbox.fault({ name, match, ...more } as never)
const clubs = async () =>
  (await world.suite.db.query<{ n: string }>('select club_number as n from toastmasters.clubs order by 1')).map((row) => row.n)
const trueClubs = (date: string, district: string) => [...new Set(world.truth.clubs(date, district).map((club) => club.clubNumber))].sort()
const exportsOf = (paths: string[]) => paths.filter((path) => path.includes('export.aspx'))

test('reports of one capture that are about different days are asked for again until they agree', async () => {
  fault('status', 'clubperformance', { status: 503 })
  const id = await world.start({ startDate: DATE, targetDistricts: [first()], attempts: 1 })
  expect(await world.suite.ended(id)).toBe('partial')
  // As if that one had been read while the month before was still shown.
  await world.suite.db.query(
    `update toastmasters.bodies set hash = 'before', logical_date = '2023-12-31' where report = 'districtperformance'`,
  )
  world.sandbox.clearFaults()
  world.asked()
  await jobs.retry(world.suite, id)
  expect(await world.suite.ended(id)).toBe('completed')
  expect(await clubs()).toEqual(trueClubs(DATE, first()))
  expect(exportsOf(world.asked()).map((path) => /report=([a-z]+)~/.exec(path)?.[1])).toEqual(['clubperformance', 'districtperformance'])
})

describe('a file without its last line', () => {
  /** A file that ends after its first rows, as the archive would end it without a last line. */
  const cut = (times?: number) => {
    fault('no-footer', 'clubperformance')
    fault('cut-rows', 'clubperformance', { rows: 2, times })
  }

  test('is stored when it comes again as it came', async () => {
    fault('no-footer', 'performance')
    expect(await world.backfill({ startDate: DATE, targetDistricts: [first()] })).toMatchObject({ status: 'completed', verified: true })
    expect(await clubs()).toEqual(trueClubs(DATE, first()))
    // The summary once, each report twice.
    expect(exportsOf(world.asked())).toHaveLength(7)
  })

  test('is not stored when it was cut between two rows', async () => {
    cut(1)
    const id = await world.start({ startDate: DATE, targetDistricts: [first()], attempts: 1 })
    expect(await world.suite.ended(id)).toBe('partial')
    expect((await jobs.report(world.suite, id)).failures).toMatchObject([
      { kind: 'fetch_failed', error: expect.stringContaining('differed') },
    ])
    expect(await clubs()).toEqual([])
    await jobs.retry(world.suite, id)
    expect(await world.suite.ended(id)).toBe('completed')
    expect(await clubs()).toEqual(trueClubs(DATE, first()))
  })
})

test('a page with 429 is waited for as long as it says, and costs no attempt', async () => {
  fault('dashboard-429', 'clubperformance', { times: 1, seconds: 1 })
  const report = await world.backfill({ startDate: DATE, targetDistricts: [first()], attempts: 1 })
  expect(report).toMatchObject({ status: 'completed', verified: true })
  expect(world.sandbox.violations().last).toEqual([])
})

test.each<[string, object, string]>([
  ['error-page', {}, 'fetch_failed'],
  ['to-error-page', {}, 'fetch_failed'],
  ['half-json', {}, 'fetch_failed'],
  ['short-row', {}, 'fetch_failed'],
  ['todays-body', {}, 'validation_failed'],
  ['previous-as-of', {}, 'validation_failed'],
  ['other-district', {}, 'validation_failed'],
  ['missing-column', { column: 'Goals Met' }, 'validation_failed'],
  ['missing-column', { column: 'Division' }, 'validation_failed'],
  ['bad-cell', { column: 'Goals Met' }, 'processing_failed'],
])('%s: the district has an outcome with its reason, and nothing of it is stored', async (name, more, kind) => {
  fault(name, 'clubperformance', more)
  const id = await world.start({ startDate: DATE, targetDistricts: [first()], attempts: 1 })
  expect(await world.suite.ended(id)).toBe('partial')
  expect((await jobs.report(world.suite, id)).failures.map((one) => one.kind)).toEqual([kind])
  expect(await clubs()).toEqual([])
  world.sandbox.reset()
  await jobs.retry(world.suite, id)
  expect(await world.suite.ended(id)).toBe('completed')
  expect(await clubs()).toEqual(trueClubs(DATE, first()))
})
