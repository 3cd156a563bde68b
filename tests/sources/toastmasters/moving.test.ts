import * as jobs from '../../../backend/engine/jobs/verbs'
import { checks } from '../../../backend/sources/toastmasters/checks'
import { openMismatches } from '../../../backend/sources/toastmasters/store'
import { type DashboardWorld, dashboardWorld } from '../../support/toastmasters-world'
import { until } from '../../support/until'

/* The dashboards go on while they are read: days are published, months close, another job reads the same. */

let world: DashboardWorld
beforeAll(async () => {
  world = await dashboardWorld({ today: '2026-10-06' })
}, 120_000)
afterAll(() => world?.close())
beforeEach(() => world.fresh())

const captureOf = async (date: string) => {
  const [row] = await world.suite.db.query<{ at: string; final: boolean }>(
    `select min(as_of)::text as at, bool_and(is_final) as final from toastmasters.districts_summary where logical_date = $1`,
    [date],
  )
  return row
}
const versions = (date: string) =>
  world.suite.db.query<{ as_of: string; state: string }>(
    `select as_of::text, case when superseded_at is null then 'current' else 'superseded' end as state from toastmasters.revisions where logical_date = $1 order by 1, 2`,
    [date],
  )
const asked = (): string[] => world.asked().filter((path) => path.includes('export.aspx'))

describe('dates that are not published yet', () => {
  test('leave the report unverified; once they are, the next run reads just those and what was not final', async () => {
    const range = { startDate: '2026-09-20', endDate: '2026-10-20' }
    const first = await world.backfill(range)
    expect(first).toMatchObject({ status: 'completed', verified: false })
    expect(first.skippedBy.not_yet_published).toBeGreaterThan(0)
    const before = world.truth
      .dates(range.startDate, range.endDate)
      .filter((one) => one.state === 'data')
      .map((one) => one.date)
    world.asked()
    world.calendar.set('2026-10-25')
    const second = await world.backfill(range)
    expect(second).toMatchObject({ status: 'completed', verified: true })
    const now = world.truth
      .dates(range.startDate, range.endDate)
      .filter((one) => one.state === 'data')
      .map((one) => one.date)
    const held = await world.suite.db.query<{ date: string }>(
      'select distinct logical_date::text as date from toastmasters.districts_summary order by 1',
    )
    expect(held.map((row) => row.date)).toEqual(now)
    // The days that came, and the last day of September, which was still closing.
    expect(asked()).toHaveLength(now.filter((date) => !before.includes(date)).length + 1)
  })
})

describe('a retry of what is missing', () => {
  const heldDates = async (table: string) =>
    (await world.suite.db.query<{ date: string }>(`select distinct logical_date::text as date from toastmasters.${table} order by 1`)).map(
      (row) => row.date,
    )
  const dataDates = (from: string, to: string) =>
    world.truth
      .dates(from, to)
      .filter((one) => one.state === 'data')
      .map((one) => one.date)

  test('reads dates that had no task to read them, and rows that are gone, all or one of a date; nothing that is stored', async () => {
    const range = { startDate: '2026-09-20', endDate: '2026-10-20', skipExisting: false }
    world.calendar.set('2026-10-06')
    const id = await world.start(range)
    expect(await world.suite.ended(id)).toBe('completed')
    const before = await heldDates('districts_summary')
    const [, gone, partly] = before
    const lines = async () =>
      await world.suite.db.query<{ n: number }>(
        'select count(*)::int as n from toastmasters.districts_summary where logical_date = any($1) group by logical_date',
        [[gone, partly]],
      )
    const whole = await lines()
    await world.suite.db.tx((tx) =>
      tx.query(
        `delete from toastmasters.districts_summary
          where logical_date = $1 or logical_date = $2 and district_id = (select max(district_id) from toastmasters.districts_summary)`,
        [gone, partly],
      ),
    )
    expect(await lines()).not.toEqual(whole)
    world.calendar.set('2026-10-25')
    world.asked()
    await jobs.retry(world.suite, id, { missing: true })
    expect(await world.suite.ended(id)).toBe('completed')
    const now = dataDates(range.startDate, range.endDate)
    expect(now.length).toBeGreaterThan(before.length)
    expect(await heldDates('districts_summary')).toEqual(now)
    expect(await lines()).toEqual(whole)
    // What came, what was deleted, and the last day of September, whose capture is newer by now; it was read with caching.
    const files = asked()
    expect(files.length).toBeLessThanOrEqual(now.length - before.length + 3)
    expect(await jobs.report(world.suite, id)).toMatchObject({ verified: true, earlierRuns: [{ number: 1, status: 'completed' }] })
    // Nothing is missing: nothing is asked for, but whether a day has come by now.
    world.asked()
    await jobs.retry(world.suite, id, { missing: true })
    expect(await world.suite.ended(id)).toBe('completed')
    expect(asked()).toEqual([])
    await expect(jobs.retry(world.suite, id)).rejects.toThrow('retry needs failed tasks')
  })

  test('reads districts again whose statistics are gone, one cell of the grid each', async () => {
    const date = '2026-09-15'
    world.calendar.set('2026-10-25')
    const id = await world.start({ startDate: date, collectionType: 'per-district' })
    expect(await world.suite.ended(id)).toBe('completed')
    const cells = await world.cells(id)
    const [one, other] = world.truth.date(date).districts as [string, string]
    await world.suite.db.tx((tx) =>
      tx.query('delete from toastmasters.district_snapshots where logical_date = $1 and district_id = $2', [date, one]),
    )
    world.asked()
    await jobs.retry(world.suite, id, { missing: true })
    expect(await world.suite.ended(id)).toBe('completed')
    expect(await world.cells(id)).toEqual(cells)
    expect(await heldDates('district_snapshots')).toEqual([date])
    const [row] = await world.suite.db.query<{ n: number }>(
      'select count(*)::int as n from toastmasters.district_snapshots where district_id = any($1)',
      [[one, other]],
    )
    expect(row?.n).toBe(2)
    expect(asked().every((path) => path.includes(`~${one}~`))).toBe(true)
  })
})

describe('a month that closes', () => {
  test('is read again until it is final; the versions before stay as revisions', async () => {
    const captures: string[] = []
    for (const today of ['2026-10-04', '2026-10-06', '2026-10-12']) {
      world.calendar.set(today)
      captures.push(world.truth.date('2026-09-30').asOf as string)
      await world.backfill({ startDate: '2026-09-30' })
    }
    expect(new Set(captures).size).toBe(3)
    expect(await captureOf('2026-09-30')).toEqual({ at: captures[2], final: true })
    expect(await versions('2026-09-30')).toEqual([
      { as_of: captures[0], state: 'superseded' },
      { as_of: captures[1], state: 'superseded' },
      { as_of: captures[2], state: 'current' },
    ])
    world.asked()
    expect(await world.backfill({ startDate: '2026-09-30' })).toMatchObject({ verified: true, skippedBy: { exists: 1 } })
    expect(asked()).toEqual([])
  })

  test('one day with two contents: the one that was read later is the right one', async () => {
    world.calendar.set('2026-10-06', true)
    await world.backfill({ startDate: '2026-09-30' })
    const day = (await captureOf('2026-09-30'))?.at
    world.calendar.set('2026-10-06', false)
    const again = await world.backfill({ startDate: '2026-09-30', enableCaching: false })
    expect(again.updated).toBeGreaterThan(0)
    expect((await captureOf('2026-09-30'))?.at).toBe(day)
    expect((await versions('2026-09-30')).map((one) => one.state).sort()).toEqual(['current', 'superseded'])
  })
})

describe('the live year', () => {
  test('is read at the root after one refusal of the archive, and no breaker opens', async () => {
    world.calendar.set('2026-10-25')
    expect(await world.backfill({ startDate: '2026-09-01', endDate: '2026-10-20' })).toMatchObject({ verified: true })
    const paths = world.asked()
    // Those that were under way before the first of them was refused.
    expect(paths.filter((path) => path.includes('/2026-2027/export.aspx')).length).toBeLessThanOrEqual(3)
    expect(await world.suite.db.query(`select failures from backhaul.gates where name = 'toastmasters'`)).toEqual([{ failures: 0 }])
  })

  test('a year that is not published is no error', async () => {
    world.calendar.set('2026-07-05')
    const report = await world.backfill({ startDate: '2026-06-29', endDate: '2026-07-12' })
    expect(report).toMatchObject({ status: 'completed', verified: false })
    expect(report.failures).toEqual([])
  })
})

describe('two jobs over the same dates', () => {
  test('the second leaves what the first reads to it, and says that it is not its own proof', async () => {
    const range = { startDate: '2024-01-22', endDate: '2024-01-31', collectionType: 'per-district' }
    world.sandbox.fault({ name: 'slow', ms: 300, match: 'performance~' } as never)
    const first = await world.start(range)
    await until(
      async () =>
        (await world.suite.db.query(`select 1 from backhaul.tasks where job_id = $1 and stream = 'report' and state = 'ready'`, [first]))
          .length > 0,
      { what: 'reports of the first job' },
    )
    const second = await world.start({ ...range, endDate: '2024-01-26' })
    expect(await world.suite.ended(second, 60_000)).toBe('completed')
    const report = await jobs.report(world.suite, second)
    expect(report.verified).toBe(false)
    expect(report.skippedBy.in_flight).toBeGreaterThan(0)
    world.sandbox.clearFaults()
    expect(await world.suite.ended(first, 60_000)).toBe('completed')
    const paths = asked()
    expect(paths.length).toBe(new Set(paths).size)
  })
})

describe('alerts', () => {
  test('a file of another day is one until the right one comes', async () => {
    const [district] = world.truth.date('2024-01-31').districts
    world.sandbox.fault({ name: 'todays-body', match: `clubperformance~${district}~` } as never)
    const id = await world.start({ startDate: '2024-01-31', targetDistricts: [district] })
    await world.suite.ended(id)
    expect(await checks.content_mismatch.find(world.suite.db)).toEqual([
      { subject: `2024-01-31 ${district} clubperformance`, message: expect.stringContaining('nothing of it was stored') },
    ])
    world.sandbox.clearFaults()
    await world.backfill({ startDate: '2024-01-31', targetDistricts: [district] })
    expect(await openMismatches(world.suite.db, 24)).toEqual([])
    expect(await checks.content_mismatch.find(world.suite.db)).toEqual([])
  })
})
