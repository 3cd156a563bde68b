import fc from 'fast-check'
import type { Db } from '../../../backend/database/db'
import type { Body } from '../../../backend/sources/toastmasters/client'
import { readBody, readHeld, saveReport } from '../../../backend/sources/toastmasters/store'
import { ownDatabase } from '../../support/database'
import { DISTRICT_REPORTS, type Members, reportFor } from '../../support/toastmasters'

let db: Db
ownDatabase(
  (opened) => {
    db = opened
  },
  { max: 6 },
)
const empty = () =>
  db.query(
    'truncate toastmasters.snapshots, toastmasters.district_snapshots, toastmasters.clubs, toastmasters.bodies, toastmasters.revisions',
  )
beforeEach(empty)

const DATE = '2026-05-31'
const at = (minutes: number) => new Date(Date.UTC(2026, 5, 4, 10, minutes))

interface Options {
  district?: string
  isFinal?: boolean
  since?: Date
}
const save = (body: Body, { district = '42', isFinal = false, since = at(0) }: Options = {}) =>
  db.tx((tx) => saveReport(tx, { body, district, isFinal, since }))

/** A capture's three reports, read a second apart. */
const captureOf = (asOf: string, members: Members, minute: number, district = '42') =>
  DISTRICT_REPORTS.map((report, n) =>
    reportFor(report, members, { asOf, district }, { fetchedAt: new Date(at(minute).getTime() + n * 1000) }),
  )

/** As the pages of one job do, whose files were read for it. */
async function saveAll(bodies: readonly Body[], options?: Options) {
  const since = new Date(Math.min(...bodies.map((body) => body.fetchedAt.getTime())))
  const written = []
  for (const body of bodies) written.push(await save(body, { since, ...options }))
  return written
}

/** Members by club, as stored for the date. */
async function stored(district = '42'): Promise<Members> {
  const rows = await db.query<{ club: string; members: number }>(
    `select ltrim(club_number, '0') as club, active_members as members from toastmasters.clubs where logical_date = $1 and district_id = $2 order by 1`,
    [DATE, district],
  )
  return Object.fromEntries(rows.map(({ club, members }) => [club, members]))
}
const revisions = () =>
  db.query<{ asOf: string; reason: string; isCurrent: boolean }>(
    `select as_of::text as "asOf", reason, superseded_at is null as "isCurrent" from toastmasters.revisions order by as_of, read_at`,
  )

test('the third report stores the date of the district, whatever their order; two store nothing of it', async () => {
  const [club, district, division] = captureOf('2026-06-02', { '3045': 20, '3046': 12 }, 1) as [Body, Body, Body]
  const nothing = { new: 0, updated: 0, unchanged: 0, counts: { files: 1 } }
  expect(await saveAll([division, club])).toEqual([nothing, nothing])
  expect(await readHeld(db, DATE, DATE)).toEqual([])
  expect(await db.query('select 1 from toastmasters.clubs')).toEqual([])
  expect(await save({ ...district, cached: true })).toEqual({
    ...nothing,
    new: 1,
    counts: { cache_hits: 1, dates_stored: 1, dates_superseded: 0 },
  })
  expect(await stored()).toEqual({ '3045': 20, '3046': 12 })
  expect(await readHeld(db, DATE, DATE)).toEqual([
    { date: DATE, districtId: '42', detail: 'full', asOf: '2026-06-02', fetchedAt: division.fetchedAt, isFinal: false },
  ])
  expect(await db.query('select clubs, clubs_active, clubs_low, members, payments from toastmasters.district_snapshots')).toEqual([
    { clubs: 2, clubs_active: 2, clubs_low: 0, members: 32, payments: 32 },
  ])
  expect(await db.query('select program_year, month_end::text from toastmasters.snapshots')).toEqual([
    { program_year: '2025-2026', month_end: DATE },
  ])
})

test('reports that are committed at once store the date once', async () => {
  for (let round = 0; round < 10; round++) {
    await empty()
    const written = await Promise.all(captureOf('2026-06-02', { '3045': 20 }, 1).map((body) => save(body)))
    expect(written.map((one) => one.new).sort()).toEqual([0, 0, 1])
    expect(await stored()).toEqual({ '3045': 20 })
  }
})

test('a report that was read for an earlier job does not complete a later one', async () => {
  const [club, district, division] = captureOf('2026-06-02', { '3045': 20 }, 1) as [Body, Body, Body]
  await saveAll([club, district])
  const since = at(30)
  expect(await save({ ...division, fetchedAt: at(31) }, { since })).toMatchObject({ new: 0 })
  expect(
    await saveAll(
      [
        { ...club, fetchedAt: at(32) },
        { ...district, fetchedAt: at(33) },
      ],
      { since },
    ),
  ).toMatchObject([{ new: 0 }, { new: 1 }])
})

test('reports of different days store nothing', async () => {
  const [club, district, division] = captureOf('2026-06-02', { '3045': 20 }, 1) as [Body, Body, Body]
  await saveAll([club, district])
  await expect(save({ ...division, logicalDate: '2026-06-02' })).rejects.toMatchObject({
    kind: 'validation_failed',
    message: expect.stringContaining('divisionperformance of 2026-06-02'),
  })
  expect(await readHeld(db, '2026-05-01', '2026-06-30')).toEqual([])
  expect(await readBody(db, division.ask, at(0))).toBeUndefined()
})

test('a newer capture replaces the clubs: fewer of them, with lower numbers', async () => {
  await saveAll(captureOf('2026-06-02', { '3045': 20, '3046': 12, '3047': 9 }, 1))
  expect((await saveAll(captureOf('2026-06-03', { '3045': 18, '3046': 12 }, 5)))[2]).toMatchObject({
    new: 0,
    updated: 1,
    counts: { dates_stored: 1, dates_superseded: 1 },
  })
  expect(await stored()).toEqual({ '3045': 18, '3046': 12 })
  expect(await revisions()).toEqual([
    { asOf: '2026-06-02', reason: 'no_existing', isCurrent: false },
    { asOf: '2026-06-03', reason: 'newer_data', isCurrent: true },
  ])
  // An older one that comes later is kept and changes nothing.
  expect((await saveAll(captureOf('2026-05-31', { '3045': 21 }, 9)))[2]).toMatchObject({ unchanged: 1, counts: { dates_superseded: 1 } })
  expect(await stored()).toEqual({ '3045': 18, '3046': 12 })
  expect((await revisions())[0]).toEqual({ asOf: '2026-05-31', reason: 'existing_is_newer', isCurrent: false })
})

test('the same reports again count once, and change nothing but when they were read', async () => {
  const bodies = captureOf('2026-06-02', { '3045': 20 }, 1)
  await saveAll(bodies)
  const before = await db.query('select stored_at from toastmasters.district_snapshots')
  const again = bodies.map((body) => ({ ...body, cached: true }))
  expect((await saveAll(again)).map((one) => one.unchanged)).toEqual([0, 0, 1])
  const later = bodies.map((body) => ({ ...body, fetchedAt: new Date(body.fetchedAt.getTime() + 3_600_000) }))
  expect((await saveAll(later, { since: at(30), isFinal: true })).map((one) => one.unchanged)).toEqual([0, 0, 1])
  expect(await db.query('select stored_at from toastmasters.district_snapshots')).toEqual(before)
  expect(await readHeld(db, DATE, DATE)).toMatchObject([{ fetchedAt: later[2]?.fetchedAt, isFinal: true }])
  expect(await db.query('select 1 from toastmasters.bodies')).toHaveLength(3)
})

test('of one capture with two contents, the one read later is right, and the other a superseded revision', async () => {
  const [early, late] = [captureOf('2026-06-03', { '3045': 20 }, 1), captureOf('2026-06-03', { '3045': 22, '3046': 8 }, 5)]
  for (const order of [
    [early, late],
    [late, early],
  ]) {
    await empty()
    for (const bodies of order) await saveAll(bodies)
    expect(await stored()).toEqual({ '3045': 22, '3046': 8 })
    expect((await revisions()).map((one) => one.isCurrent)).toEqual([false, true])
  }
})

test('D13: a job for some districts leaves the others of the date alone', async () => {
  await saveAll(captureOf('2026-06-02', { '3045': 20 }, 1, '42'), { district: '42' })
  await saveAll(captureOf('2026-06-02', { '9001': 11 }, 1, 'F'), { district: 'F' })
  await saveAll(captureOf('2026-06-03', { '3045': 19 }, 5, '42'), { district: '42' })
  expect([await stored('42'), await stored('F')]).toEqual([{ '3045': 19 }, { '9001': 11 }])
})

test('captures in any order, doubled, some with two contents, end in the state of the newest; the others are superseded', async () => {
  const capture = fc.record({
    day: fc.integer({ min: 1, max: 3 }),
    // Two contents of a capture are read at different times.
    content: fc.integer({ min: 0, max: 2 }),
    clubs: fc.integer({ min: 1, max: 3 }),
  })
  const bodiesOf = ({ day, content, clubs }: { day: number; content: number; clubs: number }) =>
    captureOf(
      `2026-06-0${day}`,
      Object.fromEntries(Array.from({ length: clubs }, (_, n) => [`${3045 + n}`, 10 * day + content])),
      1 + content * 10 + day,
    )
  const contents = fc.uniqueArray(capture, { minLength: 1, maxLength: 5, selector: ({ day, content }) => `${day} ${content}` })
  const plan = contents.chain((list) =>
    fc.record({
      list: fc.constant(list),
      order: fc.shuffledSubarray([...list, ...list], { minLength: list.length * 2 }),
      mixed: fc.boolean(),
    }),
  )
  await fc.assert(
    fc.asyncProperty(plan, fc.infiniteStream(fc.nat(1000)), async ({ list, order, mixed }, random) => {
      await empty()
      const pages = order.flatMap((one) => bodiesOf(one).map((body, _, [first]) => ({ body, since: first?.fetchedAt })))
      // Several jobs may run at once: their pages then come in any order.
      const placed = pages.map((page) => ({ ...page, place: mixed ? (random.next().value ?? 0) : 0 }))
      for (const { body, since } of placed.sort((a, b) => a.place - b.place)) await save(body, { since })
      const [newest] = [...list].sort((a, b) => b.day - a.day || b.content - a.content)
      const wanted = newest && bodiesOf(newest)[0]
      expect(await stored()).toEqual(
        Object.fromEntries((wanted?.table.rows ?? []).map((row) => [row['club number'], Number(row['active members'])])),
      )
      expect(await readHeld(db, DATE, DATE)).toMatchObject([{ asOf: wanted?.ask.asOf }])
      const found = await revisions()
      expect(found.filter((one) => one.isCurrent)).toMatchObject([{ asOf: wanted?.ask.asOf }])
      if (!mixed) expect(found).toHaveLength(list.length)
      expect(await db.query('select 1 from toastmasters.bodies')).toHaveLength(3 * list.length)
    }),
    { numRuns: 60 },
  )
}, 200_000)
