import type { Db } from '../../../backend/database/db'
import { readSummary } from '../../../backend/sources/toastmasters/records'
import {
  addConfigured,
  listSnapshots,
  readPayload,
  readRevisions,
  readSnapshot,
  removeConfigured,
  SUMMARY,
  saveReport,
  saveSummary,
  storeHealth,
  storeIntegrity,
  storePerformance,
} from '../../../backend/sources/toastmasters/store'
import { ownDatabase } from '../../support/database'
import { askFor, bodyFor, DISTRICT_REPORTS, type Members, reportFor } from '../../support/toastmasters'

let db: Db
ownDatabase((opened) => {
  db = opened
})
beforeEach(async () => {
  const tables = await db.query<{ name: string }>(`select tablename as name from pg_tables where schemaname = 'toastmasters'`)
  await db.query(`truncate ${tables.map(({ name }) => `toastmasters.${name}`).join(', ')} restart identity`)
})

async function saveSummaryOf(asOf: string, districts: string[], isFinal = true) {
  const rows = districts.map((DISTRICT) => ({
    DISTRICT,
    'New Payments': '1',
    'April Payments': '2',
    'October Payments': '3',
    'Late Payments': '4',
    'Charter Payments': '5',
    'Total YTD Payments': '15',
    '% Payment Growth': '1.5%',
    'Distinguished Clubs': '1',
    'Select Distinguished Clubs': '2',
    'Presidents Distinguished Clubs': '3',
    'Total Distinguished Clubs': '6',
  }))
  const body = bodyFor(askFor({ asOf }), rows)
  await db.tx((tx) => saveSummary(tx, { body, rows: readSummary(body.table), isFinal }))
}
async function saveDistrict(asOf: string, district: string, members: Members, isFinal = true) {
  for (const report of DISTRICT_REPORTS) {
    const body = reportFor(report, members, { asOf, district })
    await db.tx((tx) => saveReport(tx, { body, district, isFinal, since: new Date(0) }))
  }
}
const statusOf = async (id: string) => {
  const { status, detail, districtsListed, districtsInScope, districtsStored, clubs, isFinal } = (await readSnapshot(db, id)) ?? {}
  return { status, detail, of: [districtsListed, districtsInScope, districtsStored, clubs], isFinal }
}

describe('a snapshot', () => {
  test('is complete by its rows: in full detail when each district in scope has its reports', async () => {
    expect(await readSnapshot(db, '2026-05-10')).toBeUndefined()
    await saveSummaryOf('2026-05-10', ['42', '61', 'F'])
    expect(await statusOf('2026-05-10')).toEqual({ status: 'complete', detail: 'summary', of: [3, 3, 0, 0], isFinal: true })
    await saveDistrict('2026-05-10', '42', { '3045': 20, '3046': 9 }, false)
    expect(await statusOf('2026-05-10')).toEqual({ status: 'partial', detail: 'full', of: [3, 3, 1, 2], isFinal: false })
    await saveDistrict('2026-05-10', '61', { '4000': 20 })
    await saveDistrict('2026-05-10', 'F', { '5000': 20 })
    expect(await statusOf('2026-05-10')).toMatchObject({ status: 'complete', of: [3, 3, 3, 4] })
  })

  test('of configured districts is complete with those', async () => {
    await saveSummaryOf('2026-05-10', ['42', '61', 'F'])
    await saveDistrict('2026-05-10', '42', { '3045': 20 })
    await db.tx((tx) => addConfigured(tx, ['42', '99'], false, 'anna'))
    expect(await statusOf('2026-05-10')).toMatchObject({ status: 'complete', of: [3, 1, 1, 1] })
    await db.tx((tx) => addConfigured(tx, ['61'], false, 'anna'))
    expect(await statusOf('2026-05-10')).toMatchObject({ status: 'partial', of: [3, 2, 1, 1] })
    await db.tx((tx) => removeConfigured(tx, ['42', '61', '99'], 'anna'))
    expect(await statusOf('2026-05-10')).toMatchObject({ status: 'partial', of: [3, 3, 1, 1] })
  })

  test('without a summary is partial', async () => {
    await saveDistrict('2026-05-10', '42', { '3045': 20 })
    expect(await statusOf('2026-05-10')).toMatchObject({ status: 'partial', of: [0, 0, 1, 1] })
  })

  test('names its districts', async () => {
    await saveSummaryOf('2026-05-10', ['42', '61'])
    await saveDistrict('2026-05-10', '42', { '3045': 20, '3046': 9 })
    const found = await readSnapshot(db, '2026-05-10')
    expect(found).toMatchObject({ id: '2026-05-10', programYear: '2025-2026', monthEnd: '2026-05-31', asOf: '2026-05-10', errors: 0 })
    expect(found?.size).toBeGreaterThan(500)
    expect(found?.districts).toEqual([
      expect.objectContaining({ districtId: '42', isListed: true, isStored: true, asOf: '2026-05-10', clubs: 2, members: 29 }),
      expect.objectContaining({ districtId: '61', isListed: true, isStored: false, asOf: null, clubs: null }),
    ])
  })
})

test('snapshots are listed newest date first, by their filters, page by page', async () => {
  for (const day of ['09', '10', '11', '12']) await saveSummaryOf(`2026-05-${day}`, day === '11' ? ['42'] : ['42', '61'])
  await saveDistrict('2026-05-10', '42', { '3045': 20 })
  const idsOf = async (filters: Partial<Parameters<typeof listSnapshots>[1]>) => {
    const { snapshots, next } = await listSnapshots(db, { limit: 10, ...filters })
    return [...snapshots.map((one) => one.id.slice(8)), next]
  }
  expect(await idsOf({})).toEqual(['12', '11', '10', '09', null])
  expect(await idsOf({ limit: 2 })).toEqual(['12', '11', '2026-05-11'])
  expect(await idsOf({ limit: 2, before: '2026-05-11' })).toEqual(['10', '09', null])
  expect(await idsOf({ status: 'partial' })).toEqual(['10', null])
  expect(await idsOf({ minDistricts: 2 })).toEqual(['12', '09', null])
  expect(await idsOf({ schemaVersion: '2.0.0' })).toEqual([null])
  expect(await idsOf({ createdAfter: new Date(Date.now() + 3_600_000) })).toEqual([null])
  expect(await idsOf({ createdBefore: new Date(Date.now() + 3_600_000), calculationVersion: '1.0.0' })).toHaveLength(5)
})

test('revisions tell which files a version is made of, and since when another one is right', async () => {
  await saveSummaryOf('2026-06-02', ['42'])
  await saveSummaryOf('2026-06-03', ['42', '61'])
  expect(await readRevisions(db, '2026-05-31', SUMMARY)).toEqual([
    expect.objectContaining({ asOf: '2026-06-03', reason: 'newer_data', supersededAt: null, isFinal: true }),
    expect.objectContaining({ asOf: '2026-06-02', reason: 'no_existing', supersededAt: expect.any(Date), hashes: [expect.any(String)] }),
  ])
})

test('the payload of a date comes a few districts at a time', async () => {
  await saveSummaryOf('2026-05-10', ['42', '61', 'F'])
  await saveDistrict('2026-05-10', '42', { '3045': 20, '3046': 9 })
  const first = await readPayload(db, '2026-05-10', { limit: 2 })
  expect(first).toMatchObject({
    districts: [
      {
        districtId: '42',
        summary: { totalYtdPayments: 15, paymentGrowthPercent: 1.5, region: null, values: { district: '42' } },
        figures: { asOf: '2026-05-10', clubs: 2, clubsActive: 2, members: 29 },
        clubs: [
          { clubNumber: '00003045', activeMembers: 20, totalToDate: 20, charteredOn: null, values: { club: { area: '01' } } },
          { clubNumber: '00003046', activeMembers: 9 },
        ],
      },
      { districtId: '61', figures: null, clubs: [] },
    ],
    next: '61',
  })
  expect((await readPayload(db, '2026-05-10', { limit: 2, after: '61' })).next).toBeNull()
  expect(await readPayload(db, '2026-05-10', { limit: 2, districts: ['F', '99'] })).toMatchObject({
    districts: [{ districtId: 'F' }],
    next: null,
  })
  expect(await readPayload(db, '2026-05-11', { limit: 2 })).toEqual({ districts: [], next: null })
})

test('health names the newest date and the newest complete one', async () => {
  expect(await storeHealth(db)).toEqual({
    current: null,
    latest: null,
    recent: { total: 0, complete: 0, partial: 0, updatedAt: null },
    mismatches: 0,
  })
  await saveSummaryOf('2026-05-10', ['42', '61'])
  await saveSummaryOf('2026-05-11', ['42', '61'])
  await saveDistrict('2026-05-11', '42', { '3045': 20 })
  expect(await storeHealth(db)).toMatchObject({
    current: { id: '2026-05-10' },
    latest: { id: '2026-05-11' },
    recent: { total: 2, complete: 1, partial: 1, updatedAt: expect.any(Date) },
  })
  expect((await storePerformance(db)).tables.map((table) => table.name)).toContain('clubs')
})

describe('integrity', () => {
  const check = async () => (await storeIntegrity(db, { dates: 31 })).issues.map(({ kind, districtId }) => `${kind} ${districtId}`)
  beforeEach(async () => {
    await saveSummaryOf('2026-05-10', ['42', '61'])
    await saveDistrict('2026-05-10', '42', { '3045': 20, '3046': 9 })
  })

  test('holds for what was stored as it was read', async () => {
    expect(await storeIntegrity(db, { dates: 31 })).toEqual({
      isValid: true,
      issues: [],
      recommendations: [],
      checked: { dates: 1, files: 4, from: '2026-05-10', to: '2026-05-10' },
    })
    expect(await storeIntegrity(db, { dates: 31, before: '2026-05-10' })).toMatchObject({ isValid: true, checked: { dates: 0, files: 0 } })
  })

  test.each([
    [`update toastmasters.bodies set content = 'no gzip' where report = 'clubperformance'`, 'file_damaged 42'],
    [
      `update toastmasters.bodies b set content = o.content from toastmasters.bodies o where b.district_id = '' and o.report = 'clubperformance'`,
      'file_damaged null',
    ],
    [`delete from toastmasters.bodies where report = 'divisionperformance'`, 'file_missing 42'],
    [`delete from toastmasters.clubs where club_number = '00003045'`, 'clubs_differ 42'],
    [`update toastmasters.clubs set active_members = 1 where club_number = '00003045'`, 'clubs_differ 42'],
    [`update toastmasters.revisions set superseded_at = now() where scope = '*'`, 'revision_missing null'],
    [`update toastmasters.districts_summary set total_distinguished_clubs = 7 where district_id = '61'`, 'sums_differ 61'],
    [`update toastmasters.districts_summary set late_payments = 7 where district_id = '61'`, 'sums_differ 61'],
    [`update toastmasters.clubs set total_to_date = 1 where club_number = '00003045'`, 'sums_differ 42'],
  ])('finds what was changed: %s', async (change, issue) => {
    await db.query(change)
    expect(await check()).toEqual([issue])
    expect((await storeIntegrity(db, { dates: 31 })).recommendations).toHaveLength(1)
  })
})
