import { Writable } from 'node:stream'
import { gunzipSync } from 'node:zlib'
import { parquetReadObjects } from 'hyparquet'
import { type Db, openDb } from '../../../backend/database/db'
import { exportRows, exportTables, queryFor, type Selection, tableRelation } from '../../../backend/export'
import { sources } from '../../../backend/sources'
import { readSummary } from '../../../backend/sources/toastmasters/records'
import { saveList, saveReport, saveSummary } from '../../../backend/sources/toastmasters/store'
import { type TestDatabase, testDatabase } from '../../support/env'
import { askFor, bodyFor, DISTRICT_REPORTS, reportFor } from '../../support/toastmasters'

let env: TestDatabase
let db: Db
let tables: string[]

beforeAll(async () => {
  env = await testDatabase()
  db = openDb(env.databaseUrl)
  tables = (await exportTables(db, sources)).toastmasters ?? []
  const body = bodyFor(askFor(), [{ DISTRICT: '42', '% Payment Growth': '-8.29%' }])
  await db.tx((tx) => saveSummary(tx, { body, rows: readSummary(body.table), isFinal: true }))
  for (const report of DISTRICT_REPORTS) {
    const batch = { body: reportFor(report, { '3045': 20, '3046': 9 }), district: '42', isFinal: true, since: new Date(0) }
    await db.tx((tx) => saveReport(tx, batch))
  }
  await db.query(`update toastmasters.clubs set chartered_on = '2025-12-01' where club_number = '00003045'`)
  const list = { programYear: '2025-2026', monthEnd: '2026-05-31' }
  await db.tx((tx) =>
    saveList(tx, { ...list, listed: [{ ...list, asOf: '2026-06-03', key: 'districtsummary~5/31/2026~6/3/2026~2025-2026' }] }),
  )
})
afterAll(async () => {
  await db?.close()
  await env?.close()
})

async function exported(table: string, format: string, selection?: Selection): Promise<Buffer> {
  const pieces: Buffer[] = []
  const to = new Writable({
    write(piece, _, done) {
      pieces.push(Buffer.from(piece))
      done()
    },
  })
  await exportRows(db, queryFor(await tableRelation(db, sources, table), selection), { format, to })
  return Buffer.concat(pieces)
}

/** Rows of a Parquet file; days come as moments at midnight, UTC. */
async function parquetRows(table: string): Promise<Record<string, unknown>[]> {
  const file = await exported(table, 'parquet')
  const buffer = file.buffer.slice(file.byteOffset, file.byteOffset + file.byteLength) as ArrayBuffer
  return await parquetReadObjects({ file: buffer, utf8: false })
}

test('every table can be exported, in each format, with all its rows', async () => {
  expect(tables).toEqual(expect.arrayContaining(['bodies', 'clubs', 'revisions', 'snapshots'].map((name) => `toastmasters.${name}`)))
  for (const table of tables) {
    const [{ rows } = { rows: 0 }] = await db.query<{ rows: number }>(`select count(*)::int as rows from ${table}`)
    const lines = (await exported(table, 'ndjson')).toString().split('\n').slice(0, -1)
    expect([table, lines.length]).toEqual([table, rows])
    expect([table, (await parquetRows(table)).length]).toEqual([table, rows])
    expect([table, (await exported(table, 'csv')).toString().split('\n').length]).toEqual([table, rows + 2])
    // Postgres makes the same rows of them again.
    const back = `select r::text as row from jsonb_populate_recordset(null::${table}, $1::jsonb) r order by 1`
    expect(await db.query(back, [`[${lines.join(',')}]`])).toEqual(await db.query(`select r::text as row from ${table} r order by 1`))
  }
})

test('days are days in every format', async () => {
  expect((await exported('toastmasters.snapshots', 'csv')).toString()).toMatch(/^logical_date,.*\n2026-05-31,2025-2026,2026-05-31,/)
  const [club, other] = (await exported('toastmasters.clubs', 'ndjson')).toString().split('\n')
  expect(JSON.parse(club ?? '')).toMatchObject({
    logical_date: '2026-05-31',
    chartered_on: '2025-12-01',
    suspended_on: null,
    active_members: 20,
  })
  expect(JSON.parse(other ?? '')).toMatchObject({ club_number: '00003046', values: { club: { 'active members': '9' } } })
  const [first] = await parquetRows('toastmasters.clubs')
  expect(first).toMatchObject({ logical_date: new Date('2026-05-31'), chartered_on: new Date('2025-12-01'), suspended_on: null })
  expect(JSON.parse(Buffer.from(first?.values as Uint8Array).toString())).toMatchObject({ club: { 'active members': '20' } })
})

test('a range selects by the logical date', async () => {
  const days = async (from: string, to: string) =>
    (await exported('toastmasters.clubs', 'ndjson', { from, to })).toString().split('\n').length - 1
  expect(await days('2026-05-31', '2026-05-31')).toBe(2)
  expect(await days('2026-06-01', '2026-06-30')).toBe(0)
})

test('files leave as they came', async () => {
  const [{ content } = { content: Buffer.of() }] = await db.query<{ content: Buffer }>(
    'select content from toastmasters.bodies order by district_id, report',
  )
  const text = gunzipSync(content).toString()
  expect(text).toContain('Month of May, As of 06/03/2026')
  const [first] = await parquetRows('toastmasters.bodies')
  expect(gunzipSync(first?.content as Uint8Array).toString()).toBe(text)
  const [line] = (await exported('toastmasters.bodies', 'ndjson')).toString().split('\n')
  expect(JSON.parse(line ?? '')).toMatchObject({ content: `\\x${content.toString('hex')}` })
  expect((await exported('toastmasters.bodies', 'csv')).toString()).toContain(`\\x${content.toString('hex')}`)
})
