import type { Db } from '../../../backend/database/db'
import { readSummary } from '../../../backend/sources/toastmasters/records'
import {
  addConfigured,
  configHistory,
  latestDistricts,
  openMismatches,
  readBody,
  readCacheStatistics,
  readConfigured,
  readDistricts,
  readHeld,
  readLists,
  removeConfigured,
  resetCacheStatistics,
  retention,
  saveCacheStatistics,
  saveList,
  saveMismatch,
  saveSummary,
} from '../../../backend/sources/toastmasters/store'
import { ownDatabase } from '../../support/database'
import { askFor, bodyFor } from '../../support/toastmasters'

let db: Db
ownDatabase((opened) => {
  db = opened
})
beforeEach(async () => {
  const tables = await db.query<{ name: string }>(`select tablename as name from pg_tables where schemaname = 'toastmasters'`)
  await db.query(`truncate ${tables.map(({ name }) => `toastmasters.${name}`).join(', ')} restart identity`)
})

const at = (minutes: number) => new Date(Date.UTC(2026, 5, 4, 10, minutes))

describe('lists', () => {
  const capture = (asOf: string) => ({ asOf, monthEnd: '2026-05-31', programYear: '2025-2026', key: `districtsummary~5/31/2026~${asOf}` })
  const may = { programYear: '2025-2026', monthEnd: '2026-05-31' }

  test('are read by month, as they were listed', async () => {
    const june = { ...may, monthEnd: '2026-06-30' }
    await db.tx((tx) => saveList(tx, { ...june, listed: [] }, at(1)))
    await db.tx((tx) => saveList(tx, { ...may, listed: [capture('2026-06-03'), capture('2026-05-30')] }, at(2)))
    expect(await readLists(db, [june, may, { ...may, monthEnd: '2026-04-30' }])).toEqual([
      { ...may, listed: [capture('2026-06-03'), capture('2026-05-30')], readAt: at(2) },
      { ...june, listed: [], readAt: at(1) },
    ])
  })

  test('of two that were read at once, the later one is kept', async () => {
    await db.tx((tx) => saveList(tx, { ...may, listed: [capture('2026-06-03')] }, at(2)))
    await db.tx((tx) => saveList(tx, { ...may, listed: [] }, at(1)))
    expect(await readLists(db, [may])).toMatchObject([{ listed: [capture('2026-06-03')], readAt: at(2) }])
  })
})

describe('configured districts', () => {
  test('are added, replaced and removed, and each change is noted', async () => {
    expect(await readConfigured(db)).toEqual([])
    expect(await db.tx((tx) => addConfigured(tx, ['42', 'F', '42', '02'], false, 'anna'))).toEqual({
      added: ['02', '42', 'F'],
      removed: [],
    })
    expect(await db.tx((tx) => addConfigured(tx, ['42', '61'], true, 'ben'))).toEqual({ added: ['61'], removed: ['02', 'F'] })
    expect(await db.tx((tx) => removeConfigured(tx, ['42', '99'], 'anna'))).toEqual({ added: [], removed: ['42'] })
    expect(await readConfigured(db)).toEqual(['61'])
    expect(await configHistory(db, 2)).toEqual([
      { at: expect.any(Date), actor: 'anna', action: 'remove', added: [], removed: ['42'] },
      { at: expect.any(Date), actor: 'ben', action: 'replace', added: ['61'], removed: ['02', 'F'] },
    ])
  })

  test('what changes nothing is no change', async () => {
    await db.tx((tx) => addConfigured(tx, ['42'], false, 'anna'))
    await db.tx((tx) => addConfigured(tx, ['42'], true, 'anna'))
    await db.tx((tx) => removeConfigured(tx, ['61'], 'anna'))
    expect(await configHistory(db, 10)).toHaveLength(1)
  })

  test('two changes at once are made one after the other', async () => {
    const changes = await Promise.all([
      db.tx((tx) => addConfigured(tx, ['42'], false, 'anna')),
      db.tx((tx) => addConfigured(tx, ['42'], false, 'ben')),
    ])
    expect(changes.map((change) => change.added.length).sort()).toEqual([0, 1])
  })
})

const summaryOf = (asOf: string, figures: Record<string, number>, fetchedAt = at(0), isFinal = false) => {
  const rows = Object.entries(figures).map(([DISTRICT, total]) => ({
    REGION: '01',
    DISTRICT,
    'Total YTD Payments': String(total),
    '% Payment Growth': '-8.29%',
  }))
  const body = bodyFor(askFor({ asOf }), rows, { fetchedAt })
  return { body, rows: readSummary(body.table), isFinal }
}
const save = (batch: ReturnType<typeof summaryOf>) => db.tx((tx) => saveSummary(tx, batch))
const payments = async () => {
  const rows = await db.query<{ id: string; total: number }>(
    `select district_id as id, total_ytd_payments as total from toastmasters.districts_summary where logical_date = '2026-05-31' order by 1`,
  )
  return Object.fromEntries(rows.map(({ id, total }) => [id, total]))
}
const revisions = () =>
  db.query(
    `select as_of::text as "asOf", reason, superseded_at is null as "isCurrent" from toastmasters.revisions order by as_of, stored_at, hash`,
  )

describe('the summary of a date', () => {
  test('is held under the last day of the month that was closing', async () => {
    expect(await save(summaryOf('2026-06-02', { '42': 100, F: 7 }))).toEqual({
      new: 2,
      updated: 0,
      unchanged: 0,
      deleted: 0,
      counts: { files: 1, dates_superseded: 0 },
    })
    const held = { date: '2026-05-31', detail: 'summary', asOf: '2026-06-02', fetchedAt: at(0), isFinal: false }
    expect(await readHeld(db, '2026-05-01', '2026-05-31')).toEqual([
      { ...held, districtId: '42' },
      { ...held, districtId: 'F' },
    ])
    expect(await readHeld(db, '2026-06-01', '2026-06-30')).toEqual([])
    expect(await readDistricts(db, '2026-05-31')).toEqual(['42', 'F'])
    expect(await readDistricts(db, '2026-06-02')).toEqual([])
    expect(await latestDistricts(db)).toEqual(['42', 'F'])
    expect(await db.query('select payment_growth_percent as growth, values from toastmasters.districts_summary limit 1')).toEqual([
      { growth: '-8.29', values: { region: '01', district: '42', 'total ytd payments': '100', 'percent payment growth': '-8.29%' } },
    ])
  })

  test('a newer capture replaces it, also with lower numbers and fewer districts', async () => {
    await save(summaryOf('2026-06-02', { '14': 100, '42': 100, F: 7 }))
    expect(await save(summaryOf('2026-06-03', { '14': 98, '42': 100, '61': 5 }))).toMatchObject({
      new: 1,
      updated: 1,
      unchanged: 1,
      deleted: 1,
      counts: { dates_superseded: 1 },
    })
    expect(await payments()).toEqual({ '14': 98, '42': 100, '61': 5 })
    expect(await revisions()).toEqual([
      { asOf: '2026-06-02', reason: 'no_existing', isCurrent: false },
      { asOf: '2026-06-03', reason: 'newer_data', isCurrent: true },
    ])
  })

  test('an older capture that comes later changes nothing and is kept as a superseded revision', async () => {
    await save(summaryOf('2026-06-03', { '42': 98 }))
    expect(await save(summaryOf('2026-06-02', { '42': 100 }))).toMatchObject({ new: 0, updated: 0, unchanged: 1 })
    expect(await payments()).toEqual({ '42': 98 })
    expect(await revisions()).toEqual([
      { asOf: '2026-06-02', reason: 'existing_is_newer', isCurrent: false },
      { asOf: '2026-06-03', reason: 'no_existing', isCurrent: true },
    ])
    expect(await readBody(db, askFor({ asOf: '2026-06-02' }), at(0))).toBeDefined()
  })

  test('three captures of one close end as the last of them with two superseded revisions, in each order', async () => {
    const captures = [
      summaryOf('2026-05-31', { '14': 98, '42': 100, '94': 50 }, at(1)),
      summaryOf('2026-06-02', { '14': 100, '42': 101, '94': 55 }, at(2)),
      summaryOf('2026-06-03', { '14': 99, '42': 103, '94': 54 }, at(3)),
    ]
    for (const order of ['012', '021', '102', '120', '201', '210']) {
      await db.query('truncate toastmasters.snapshots, toastmasters.districts_summary, toastmasters.revisions, toastmasters.bodies')
      for (const place of order) await save(captures[Number(place)] as (typeof captures)[0])
      expect([order, await payments()]).toEqual([order, { '14': 99, '42': 103, '94': 54 }])
      expect(await revisions()).toMatchObject([
        { asOf: '2026-05-31', isCurrent: false },
        { asOf: '2026-06-02', isCurrent: false },
        { asOf: '2026-06-03', isCurrent: true },
      ])
      expect(await db.query('select logical_date::text as date from toastmasters.snapshots')).toEqual([{ date: '2026-05-31' }])
    }
  })

  test('of one capture with two contents, the one that was read later is right, whichever comes first', async () => {
    const [early, late] = [summaryOf('2026-06-03', { '44': 125 }, at(1)), summaryOf('2026-06-03', { '44': 127 }, at(5))]
    for (const order of [
      [early, late],
      [late, early],
    ]) {
      await db.query('truncate toastmasters.districts_summary, toastmasters.revisions, toastmasters.bodies')
      for (const batch of order) await save(batch)
      expect(await payments()).toEqual({ '44': 127 })
    }
    expect((await revisions()).map((one) => (one as { reason: string }).reason).sort()).toEqual(['existing_is_newer', 'no_existing'])
    // The first content again, later still: it is right again.
    expect(await save(summaryOf('2026-06-03', { '44': 125 }, at(9)))).toMatchObject({ updated: 1, counts: { dates_superseded: 1 } })
    expect(await payments()).toEqual({ '44': 125 })
    expect(await db.query('select 1 from toastmasters.revisions where superseded_at is null')).toHaveLength(1)
  })

  test('the same file again changes nothing but when it was read, and that it is final', async () => {
    await save(summaryOf('2026-06-03', { '42': 98 }, at(1)))
    const [before] = await db.query<{ stored_at: Date }>('select stored_at from toastmasters.districts_summary')
    expect(await save(summaryOf('2026-06-03', { '42': 98 }, at(5), true))).toEqual({
      new: 0,
      updated: 0,
      unchanged: 1,
      counts: { files: 1 },
    })
    expect(await db.query('select stored_at, fetched_at, is_final from toastmasters.districts_summary')).toEqual([
      { stored_at: before?.stored_at, fetched_at: at(5), is_final: true },
    ])
    // What was final once stays so.
    await save(summaryOf('2026-06-03', { '42': 98 }, at(3), false))
    expect(await readHeld(db, '2026-05-31', '2026-05-31')).toMatchObject([{ fetchedAt: at(5), isFinal: true }])
    expect(await db.query('select 1 from toastmasters.bodies')).toHaveLength(1)
  })
})

describe('files', () => {
  test('are kept as they came, by exactly what was asked for', async () => {
    const batch = summaryOf('2026-06-03', { '42': 98 }, at(5))
    await save(batch)
    const { ask, text, hash, url } = batch.body
    expect(await readBody(db, ask, at(5))).toEqual({ via: 'archive', url, text, hash, fetchedAt: at(5) })
    expect(await readBody(db, ask, at(6))).toBeUndefined()
    expect(await readBody(db, askFor({ asOf: '2026-06-02' }), at(0))).toBeUndefined()
    expect(await readBody(db, { ...ask, report: 'clubperformance', district: '42' }, at(0))).toBeUndefined()
  })
})

describe('mismatches', () => {
  test('are open until a right file comes', async () => {
    const batch = summaryOf('2026-06-03', { '42': 98 }, new Date(Date.now() + 60_000))
    await db.tx((tx) => saveMismatch(tx, { ask: batch.body.ask, reason: 'its footer says 2026-06-04' }))
    const report = { report: 'clubperformance', district: '42' } as const
    await db.tx((tx) => saveMismatch(tx, { ask: askFor(report), reason: 'it is of district 43' }))
    const open = { at: expect.any(Date), date: '2026-05-31', asOf: '2026-06-03' }
    expect(await openMismatches(db, 1)).toEqual([
      { ...open, report: 'clubperformance', districtId: '42', reason: 'it is of district 43' },
      { ...open, report: 'districtsummary', districtId: null, reason: 'its footer says 2026-06-04' },
    ])
    await save(batch)
    expect(await openMismatches(db, 1)).toMatchObject([{ districtId: '42' }])
    await db.query(`update toastmasters.mismatches set at = at - interval '100 days'`)
    expect(await openMismatches(db, 24)).toEqual([])
    expect(await retention.mismatches(db)).toBe(2)
  })
})

describe('figures of caches', () => {
  const figures = { entries: 2, bytes: 3_000_000_000, hits: 5, misses: 7, evicted: 1, expired: 0 }
  const saveFigures = (worker: string, it: typeof figures) => db.tx((tx) => saveCacheStatistics(tx, worker, it))

  test('are summed: contents of the workers that run, counts of all', async () => {
    await saveFigures('a:1', { ...figures, hits: 1 })
    await saveFigures('a:1', figures)
    await saveFigures('a:2', figures)
    await db.query(`update toastmasters.cache_statistics set updated_at = now() - interval '1 hour' where worker = 'a:2'`)
    expect(await readCacheStatistics(db)).toEqual({ entries: 2, bytes: 3_000_000_000, hits: 10, misses: 14, evicted: 2, expired: 0 })
  })

  test('count from 0 after a reset, and when a worker starts again', async () => {
    await saveFigures('a:1', figures)
    await db.tx(resetCacheStatistics)
    expect(await readCacheStatistics(db)).toMatchObject({ entries: 2, hits: 0, misses: 0 })
    await saveFigures('a:1', { ...figures, hits: 8 })
    expect(await readCacheStatistics(db)).toMatchObject({ hits: 3, misses: 0 })
    await saveFigures('a:1', { ...figures, hits: 2, misses: 1 })
    expect(await readCacheStatistics(db)).toMatchObject({ hits: 2, misses: 1 })
  })

  test('of two pages at once, the second does not wait for the first', async () => {
    await saveFigures('a:1', figures)
    await db.tx(async (tx) => {
      await saveCacheStatistics(tx, 'a:1', { ...figures, hits: 6 })
      await saveFigures('a:1', { ...figures, hits: 7 })
    })
    expect(await readCacheStatistics(db)).toMatchObject({ hits: 6 })
  })
})
