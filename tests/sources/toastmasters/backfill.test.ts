import * as jobs from '../../../backend/engine/jobs/verbs'
import { type DashboardWorld, dashboardWorld } from '../../support/toastmasters-world'

/* Backfills of the dashboards in the sandbox: what is asked, what is stored, and what is reported of what was not read. */

let world: DashboardWorld
beforeAll(async () => {
  world = await dashboardWorld()
}, 120_000)
afterAll(() => world?.close())
beforeEach(() => world.fresh())

const MONTH = { startDate: '2024-01-01', endDate: '2024-01-31' }
const districts = () => world.truth.date('2024-01-31').districts
const first = () => districts()[0] as string

/** Numbers of the clubs of a date and district as they are stored. */
const stored = async (date: string, district: string) =>
  (
    await world.suite.db.query<{ n: string }>(
      `select club_number as n from toastmasters.clubs where logical_date = $1 and district_id = $2 order by 1`,
      [date, district],
    )
  ).map((row) => row.n)
const trueClubs = (date: string, district: string) => [...new Set(world.truth.clubs(date, district).map((club) => club.clubNumber))].sort()
const heldDates = async () =>
  (
    await world.suite.db.query<{ at: string }>(
      `select logical_date::text || ' ' || district_id as at from toastmasters.district_snapshots order by 1`,
    )
  ).map((row) => row.at)
const summaries = async () =>
  (
    await world.suite.db.query<{ at: string }>(
      `select logical_date::text || ' ' || as_of::text || ' ' || count(*) as at from toastmasters.districts_summary group by logical_date, as_of order by 1`,
    )
  ).map((row) => row.at)
const exportsOf = (paths: string[]) => paths.filter((path) => path.includes('export.aspx')).length
const counted = (states: string[]) =>
  Object.fromEntries([...new Set(states)].map((one) => [one, states.filter((other) => other === one).length]))

describe('one district', () => {
  test('every listed date of a range is stored whole, as it is in truth; the others are named', async () => {
    const dates = world.truth.dates(MONTH.startDate, MONTH.endDate)
    const report = await world.backfill({ ...MONTH, targetDistricts: [first()] })
    expect(report).toMatchObject({ status: 'completed', verified: true })
    const listed = dates.filter((one) => one.state === 'data')
    expect(await heldDates()).toEqual(listed.map((one) => `${one.date} ${first()}`))
    expect(listed.length).toBeGreaterThan(10)
    for (const { date } of listed) expect(await stored(date, first())).toEqual(trueClubs(date, first()))
    expect(report.skippedBy).toEqual(counted(dates.filter((one) => one.state !== 'data').map((one) => one.state)))
    // The lists of the month, the one before and the next one, one summary and three reports a date.
    const paths = world.asked()
    expect([paths.length - exportsOf(paths), exportsOf(paths)]).toEqual([3, 4 * listed.length])
  })

  test('a second time nothing is asked for: lists of closed months, summaries and final dates serve', async () => {
    await world.backfill({ ...MONTH, targetDistricts: [first()] })
    world.asked()
    const again = await world.backfill({ ...MONTH, targetDistricts: [first()] })
    expect(again).toMatchObject({ status: 'completed', verified: true, new: 0, updated: 0 })
    expect(again.skippedBy.exists).toBe((await heldDates()).length)
    expect(world.asked()).toEqual([])
  })

  test('skipExisting false asks again and changes nothing that is the same', async () => {
    const range = { startDate: '2024-01-30', endDate: '2024-01-31', targetDistricts: [first()] }
    await world.backfill(range)
    const held = await heldDates()
    world.asked()
    const report = await world.backfill({ ...range, skipExisting: false, enableCaching: false })
    expect(report).toMatchObject({ verified: true, new: 0, updated: 0 })
    expect(exportsOf(world.asked())).toBe(4 * held.length)
    expect(await heldDates()).toEqual(held)
  })

  test('a district that the summary does not list is unavailable, and nothing is asked for it', async () => {
    const id = await world.start({ startDate: '2024-01-31', targetDistricts: [first(), '99'] })
    await world.suite.ended(id)
    expect(await world.cells(id)).toEqual([`2024-01-31 ${first()} done`, '2024-01-31 99 unavailable', '2024-01-31 all done'].sort())
    expect(world.asked().filter((path) => path.includes('~99~'))).toEqual([])
  })
})

describe('all districts', () => {
  test('are read by one summary of each date', async () => {
    const listed = world.truth.dates(MONTH.startDate, MONTH.endDate).filter((one) => one.state === 'data')
    expect(await world.backfill(MONTH)).toMatchObject({ status: 'completed', verified: true, new: listed.length * districts().length })
    expect(await summaries()).toEqual(listed.map((one) => `${one.date} ${one.asOf} ${one.districts.length}`))
    expect(exportsOf(world.asked())).toBe(listed.length)
    expect(await heldDates()).toEqual([])
  })

  test('a summary is no detail: per-district reads the reports after it, without the summary again', async () => {
    await world.backfill({ startDate: '2024-01-31' })
    world.asked()
    expect(await world.backfill({ startDate: '2024-01-31', collectionType: 'per-district' })).toMatchObject({ verified: true })
    expect(await heldDates()).toEqual(districts().map((id) => `2024-01-31 ${id}`))
    expect(exportsOf(world.asked())).toBe(3 * districts().length)
  })
})

describe('failures', () => {
  test('one district that fails leaves the others; a retry reads it and nothing else', async () => {
    world.sandbox.fault({ name: 'status', status: 503, match: `performance~${first()}~` } as never)
    const id = await world.start({ startDate: '2024-01-31', collectionType: 'per-district', attempts: 1 })
    expect(await world.suite.ended(id)).toBe('partial')
    expect(await heldDates()).toEqual(
      districts()
        .slice(1)
        .map((district) => `2024-01-31 ${district}`),
    )
    world.sandbox.reset()
    world.asked()
    await jobs.retry(world.suite, id)
    expect(await world.suite.ended(id)).toBe('completed')
    expect(await heldDates()).toEqual(districts().map((district) => `2024-01-31 ${district}`))
    expect(world.asked().every((path) => path.includes(`~${first()}~`))).toBe(true)
  })

  test('a file of another day is refused, noted and not retried; nothing of that date is stored', async () => {
    world.sandbox.fault({ name: 'todays-body', match: `clubperformance~${first()}~` } as never)
    const id = await world.start({ startDate: '2024-01-31', targetDistricts: [first()] })
    expect(await world.suite.ended(id)).toBe('partial')
    const report = await jobs.report(world.suite, id)
    expect(report.failures).toMatchObject([{ kind: 'validation_failed', error: expect.stringContaining('not of') }])
    expect(await heldDates()).toEqual([])
    expect(await world.suite.db.query('select report, district_id from toastmasters.mismatches')).toEqual([
      { report: 'clubperformance', district_id: first() },
    ])
    expect(world.asked().filter((path) => path.includes('clubperformance'))).toHaveLength(1)
  })
})
