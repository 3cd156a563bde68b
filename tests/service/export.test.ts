import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { FileMetaData } from 'hyparquet'
import { parquetMetadata, parquetReadObjects } from 'hyparquet'
import { type Db, openDb } from '../../backend/database/db'
import { exportTables } from '../../backend/export'
import { sources } from '../../backend/sources'
import { command } from '../support/cli'
import { copyIn } from '../support/copy-in'
import { type TestEnv, testEnv } from '../support/env'
import { createOddRows } from '../support/odd-rows'
import { until } from '../support/until'

const TABLE = 'eve.odd_rows'
let services: TestEnv
let db: Db
let env: Record<string, string>
let folder: string

beforeAll(async () => {
  services = await testEnv()
  db = openDb(services.databaseUrl, { name: 'export test' })
  env = { PATH: process.env.PATH ?? '', DATABASE_URL: services.databaseUrl, RABBITMQ_URL: services.rabbitmqUrl }
  folder = mkdtempSync(join(tmpdir(), 'export-'))
  await createOddRows(db, TABLE)
}, 120_000)

afterAll(async () => {
  rmSync(folder, { recursive: true, force: true })
  await db?.close()
  await services?.close()
})

/** Exports to a file as `yarn export` would and returns it. */
async function exported(name: string, line = TABLE): Promise<Buffer> {
  const out = join(folder, name)
  expect(await command(env, `export ${line} --out ${out} --force`)).toMatchObject({ code: 0, err: '' })
  return readFileSync(out)
}

/** The rows of a table as Postgres writes them; `json` compares equal only as jsonb. */
async function rowsOf(table: string): Promise<string[]> {
  const row = `row(id, small, whole, single, double, money, part, free, flag, at, local, day, doc, raw::jsonb, uid, bytes, text, tags, ids, "Odd, ""name""")`
  return (await db.query<{ row: string }>(`select ${row}::text as row from ${table} order by id`)).map((one) => one.row)
}

/** Gives JSON objects back to Postgres, which turns them into rows of the same table. */
async function rowsFromJson(objects: readonly string[]): Promise<string[]> {
  await db.query(`drop table if exists back`)
  await db.query(`create table back as select * from ${TABLE} limit 0`)
  for (const text of objects) await db.query(`insert into back select * from jsonb_populate_record(null::${TABLE}, $1::jsonb)`, [text])
  return await rowsOf('back')
}

test('CSV is what Postgres copies back into the same rows, null and the empty string apart', async () => {
  const file = await exported('odd.csv')
  await db.query(`create table copied as select * from ${TABLE} limit 0`)
  // Lists are JSON in the file.
  await db.query('alter table copied alter tags type jsonb using null, alter ids type jsonb using null')
  await copyIn(env.DATABASE_URL as string, `copy copied from stdin (format csv, header)`, file)
  const list = (column: string, type: string) =>
    `case when ${column} is not null then array(select value::${type} from jsonb_array_elements_text(${column}) value) end`
  await db.query(`alter table copied add tags2 text[], add ids2 bigint[]`)
  await db.query(`update copied set tags2 = ${list('tags', 'text')}, ids2 = ${list('ids', 'bigint')}`)
  await db.query('alter table copied drop tags, drop ids')
  await db.query('alter table copied rename tags2 to tags')
  await db.query('alter table copied rename ids2 to ids')
  expect(await rowsOf('copied')).toEqual(await rowsOf(TABLE))
  expect(file.toString()).toContain('2024-02-29T23:59:59.123456Z')
  expect(file.toString()).toContain('=1+1')
})

test('NDJSON and JSON hold the same rows with every digit', async () => {
  const lines = (await exported('odd.ndjson')).toString().trimEnd().split('\n')
  expect(lines).toHaveLength(5)
  expect(await rowsFromJson(lines)).toEqual(await rowsOf(TABLE))
  const text = (await exported('odd.json')).toString()
  expect(JSON.parse(text)).toEqual(lines.map((line) => JSON.parse(line)))
  expect(text).toContain('"id":9223372036854775807,')
  expect(text).toContain('"doc":{"a": 12345678901234567890.5')
  expect((await exported('odd.jsonl')).toString()).toBe(`${lines.join('\n')}\n`)
})

const iso = (micros: bigint): string => {
  const seconds = micros >= 0n ? micros / 1_000_000n : (micros - 999_999n) / 1_000_000n
  return `${new Date(Number(seconds) * 1000).toISOString().slice(0, 19)}.${String(micros - seconds * 1_000_000n).padStart(6, '0')}Z`
}
const signed = (bytes: Uint8Array): bigint => BigInt.asIntN(bytes.length * 8, BigInt(`0x${Buffer.from(bytes).toString('hex')}`))
const scaled = (value: bigint, scale: number): string => {
  const digits = String(value < 0n ? -value : value).padStart(scale + 1, '0')
  return `${value < 0n ? '-' : ''}${digits.slice(0, -scale)}.${digits.slice(-scale)}`
}

/** Reads decimals as their digits, where the reader would make doubles of them. */
async function readParquet(file: Buffer): Promise<{ metadata: FileMetaData; rows: Record<string, unknown>[] }> {
  const buffer = file.buffer.slice(file.byteOffset, file.byteOffset + file.byteLength) as ArrayBuffer
  const metadata = parquetMetadata(buffer)
  const raw = structuredClone(metadata)
  for (const element of raw.schema)
    if (element.converted_type === 'DECIMAL') Object.assign(element, { converted_type: undefined, logical_type: undefined })
  const parsers = { timestampFromMicroseconds: iso, dateFromDays: (days: number) => new Date(days * 86_400_000).toISOString().slice(0, 10) }
  return { metadata, rows: await parquetReadObjects({ file: buffer, metadata: raw, utf8: false, parsers: parsers as never }) }
}

test('Parquet has typed columns, nulls where there are nulls, and exact values', async () => {
  const { metadata, rows } = await readParquet(await exported('odd.parquet'))
  const type = (name: string) => metadata.schema.find((element) => element.name === name)
  expect(type('id')).toMatchObject({ type: 'INT64', repetition_type: 'REQUIRED' })
  expect(type('whole')).toMatchObject({ type: 'INT32', repetition_type: 'OPTIONAL' })
  expect(type('double')).toMatchObject({ type: 'DOUBLE' })
  expect(type('flag')).toMatchObject({ type: 'BOOLEAN' })
  expect(type('at')).toMatchObject({ type: 'INT64', logical_type: { type: 'TIMESTAMP', isAdjustedToUTC: true, unit: 'MICROS' } })
  expect(type('local')).toMatchObject({ logical_type: { type: 'TIMESTAMP', isAdjustedToUTC: false } })
  expect(type('money')).toMatchObject({ type: 'FIXED_LEN_BYTE_ARRAY', logical_type: { type: 'DECIMAL', precision: 24, scale: 2 } })
  expect(type('part')).toMatchObject({ type: 'INT64', logical_type: { type: 'DECIMAL', precision: 12, scale: 4 } })
  expect(type('doc')).toMatchObject({ logical_type: { type: 'JSON' } })
  expect(type('uid')).toMatchObject({ logical_type: { type: 'UUID' } })
  expect(type('text')).toMatchObject({ converted_type: 'UTF8', repetition_type: 'REQUIRED' })
  const json = rows.map((row) => {
    const cells = Object.entries(row).map(([name, value]) => `${JSON.stringify(name)}:${value == null ? 'null' : cellOf(name, value)}`)
    return `{${cells.join(',')}}`
  })
  expect(await rowsFromJson(json)).toEqual(await rowsOf(TABLE))
})

function cellOf(name: string, value: unknown): string {
  if (name === 'money') return scaled(signed(value as Uint8Array), 2)
  if (name === 'part') return scaled(value as bigint, 4)
  if (name === 'bytes') return JSON.stringify(`\\x${Buffer.from(value as Uint8Array).toString('hex')}`)
  if (['doc', 'raw', 'tags', 'ids'].includes(name)) return Buffer.from(value as Uint8Array).toString()
  if (typeof value === 'number' && !Number.isFinite(value)) return JSON.stringify(String(value))
  return typeof value === 'bigint' ? String(value) : JSON.stringify(value)
}

test('an empty table is a file of no rows in every format', async () => {
  await db.query(`create table eve.empty_rows (id bigint primary key, name text)`)
  expect((await exported('empty.csv', 'eve.empty_rows')).toString()).toBe('id,name\n')
  expect((await exported('empty.ndjson', 'eve.empty_rows')).toString()).toBe('')
  expect(JSON.parse((await exported('empty.json', 'eve.empty_rows')).toString())).toEqual([])
  expect((await readParquet(await exported('empty.parquet', 'eve.empty_rows'))).rows).toEqual([])
})

test('what a format cannot say ends the export with the column, and leaves no file', async () => {
  await db.query(`create table eve.endless (id bigint primary key, until timestamptz)`)
  await db.query(`insert into eve.endless values (1, 'infinity')`)
  const out = join(folder, 'endless.parquet')
  expect(await command(env, `export eve.endless --out ${out}`)).toMatchObject({
    code: 2,
    err: expect.stringMatching(/Column until contains infinity/),
  })
  expect(existsSync(out)).toBe(false)
  expect((await command(env, 'export eve.endless')).out).toBe('id,until\n1,infinity')
})

test('columns, conditions and days choose what is written', async () => {
  await db.query(
    `insert into eve.killmails (killmail_id, killmail_hash, killmail_time, solar_system_id, npc)
     select n, 'h' || n, '2024-01-01'::timestamptz + n * interval '12 hours', 30000142, case when n % 2 = 0 then true end from generate_series(0, 9) n`,
  )
  const ids = async (line: string) => {
    const { code, out, err } = await command(env, `export eve.killmails --columns killmail_id ${line}`)
    expect({ code, err }).toEqual({ code: 0, err: '' })
    return out.split('\n').slice(1).join(' ').trim()
  }
  expect(await ids('')).toBe('0 1 2 3 4 5 6 7 8 9')
  expect(await ids('--from-date 2024-01-02 --to-date 2024-01-03')).toBe('2 3 4 5')
  expect(await ids('--to-date 2024-01-01T12:00:00Z')).toBe('0 1')
  expect(await ids('--where killmail_id>=3 --where killmail_id<6')).toBe('3 4 5')
  expect(await ids('--where killmail_hash=h7')).toBe('7')
  expect(await ids('--where npc!=true')).toBe('1 3 5 7 9')
  expect(await ids(`--where killmail_hash=';drop`)).toBe('')
  expect((await command(env, 'export eve.killmails --columns killmail_hash,killmail_id --where killmail_id=4 --format ndjson')).out).toBe(
    '{"killmail_hash":"h4","killmail_id":4}',
  )
})

test('a job gives its report, tasks, rejects and lookups; which rows it stored nobody can tell', async () => {
  const [job] = await db.query<{ id: string }>(
    `insert into backhaul.jobs (source, bounded_by, status, params, started_at) values ('eve', 'a test', 'running', '{"characterId": 1}', now()) returning id`,
  )
  const id = job?.id as string
  await db.query(
    `insert into backhaul.tasks (job_id, stream, key, queue, cursor, state) values ($1, 'killmails', 'character 1', 'zkillboard_backfill_queue', '{}', 'done')`,
    [id],
  )
  await db.query(
    `insert into backhaul.rejects (job_id, task_id, source, stream, key, reason, raw) values ($1, 1, 'eve', 'killmails', '7', 'schema', '{"a,b"}')`,
    [id],
  )
  await db.query(`insert into backhaul.lookups (kind, id, jobs) values ('character', '5', array[$1::uuid])`, [id])
  const part = async (name: string) => JSON.parse((await command(env, `export ${name} --job ${id.slice(0, 8)} --format json`)).out)
  expect(await part('')).toEqual([
    expect.objectContaining({ job: id, status: 'running', verified: false, tasks: expect.objectContaining({ done: 1 }) }),
  ])
  expect(await part('tasks')).toEqual([expect.objectContaining({ job_id: id, stream: 'killmails', state: 'done', cursor: {} })])
  expect(await part('rejects')).toEqual([expect.objectContaining({ reason: 'schema', raw: '{"a,b"}' })])
  expect(await part('lookups')).toEqual([expect.objectContaining({ kind: 'character', id: '5', jobs: [id] })])
  expect(await command(env, `export eve.killmails --job ${id}`)).toMatchObject({
    code: 2,
    err: expect.stringMatching(/do not say which job/),
  })
})

test('a mistake is reported in one line, and nothing is written', async () => {
  const cases: [line: string, code: number, text: RegExp][] = [
    ['eve.nothing', 2, /no table "eve\.nothing".*eve\.killmails/],
    ['backhaul.webhooks', 2, /no table/],
    ['pg_catalog.pg_authid', 2, /no table/],
    [`${TABLE} --format xml`, 2, /no format "xml"; the formats are csv, ndjson, json, parquet/],
    [`${TABLE} --out ${join(folder, 'x.xlsx')}`, 2, /is not of a known format/],
    [`${TABLE} --out ${join(folder, 'none', 'x.csv')}`, 2, /the folder .* does not exist/],
    [`${TABLE} --out ${folder} --format csv`, 2, /is a folder/],
    [`${TABLE} --columns id,nope`, 2, /no column "nope"; its columns are id, /],
    [`${TABLE} --where id`, 2, /column=value/],
    [`${TABLE} --where nope=1`, 2, /no column "nope"/],
    [`${TABLE} --where id=many`, 2, /does not fit its column: .*"many"/],
    [`${TABLE} --where doc=1`, 2, /contains JSON/],
    [`${TABLE} --from-date soon`, 2, /--from-date must be a day/],
    [`${TABLE} --to-date 2024-02-31`, 2, /does not fit/],
    ['eve.empty_rows --from-date 2024-01-01', 2, /no column with dates/],
    [`${TABLE} --from-date 2024-01-01 --date-column text`, 2, /does not contain dates/],
    ['tasks', 2, /no table "tasks"/],
    ['tasks --job ffffffff', 2, /no job ffffffff/],
  ]
  for (const [line, code, text] of cases) {
    const ran = await command(env, `export ${line}`)
    expect({ line, ...ran }).toEqual({ line, code, out: '', err: expect.stringMatching(text) })
    expect(ran.err.split('\n')).toHaveLength(1)
  }
  expect(readdirSync(folder).filter((name) => name.startsWith('x') || name.includes('.part'))).toEqual([])
})

test('a file that is there is replaced only by force', async () => {
  const out = join(folder, 'kept.csv')
  writeFileSync(out, 'mine')
  expect(await command(env, `export ${TABLE} --out ${out}`)).toMatchObject({
    code: 1,
    err: expect.stringMatching(/already exists; add --force/),
  })
  expect(readFileSync(out, 'utf8')).toBe('mine')
  expect(await command(env, `export ${TABLE} --out ${out} --force`)).toMatchObject({
    code: 0,
    out: expect.stringMatching(/^5 rows of eve\.odd_rows in/),
  })
  expect(readFileSync(out, 'utf8')).not.toBe('mine')
})

test('the tables of a source are told by the catalog', async () => {
  expect((await exportTables(db, sources)).eve).toEqual(expect.arrayContaining(['eve.killmails', 'eve.characters', TABLE]))
  expect((await exportTables(db, [{ ...sources[0], name: 'unknown' } as never])).unknown).toEqual([])
  expect((await command(env, 'export')).out.split('\n')).toEqual(expect.arrayContaining(['eve.killmails', 'report --job <id>']))
})

/* The compiled command as a process: memory, pipes and signals. */
function linesOf(file: Buffer): number {
  let lines = 0
  for (let at = file.indexOf(10); at >= 0; at = file.indexOf(10, at + 1)) lines++
  return lines
}

describe('large tables', () => {
  const ROWS = 120_000
  const script = join(__dirname, '..', '..', 'dist/scripts/export.js')
  const start = (args: string[], node: string[] = []) => {
    const child = spawn(process.execPath, [...node, script, 'eve.large_rows', ...args], { env, cwd: folder })
    let err = ''
    child.stderr.on('data', (chunk) => (err += chunk))
    return { child, ended: once(child, 'close').then(([code]) => ({ code: code as number, err })) }
  }

  beforeAll(async () => {
    await db.query('create table eve.large_rows (id bigint primary key, at timestamptz, name text)')
    // About 96 MB of text: far more than the heap these exports get.
    await db.query(`insert into eve.large_rows select n, now(), n || repeat(md5(n::text), 25) from generate_series(1, $1::int) n`, [ROWS])
  }, 60_000)

  test.each([
    ['csv', 40],
    ['ndjson', 40],
    ['parquet', 120],
  ])('%s is written with a heap of %i MB', async (format, megabytes) => {
    const out = join(folder, `large.${format}`)
    const { ended } = start(['--out', out], [`--max-old-space-size=${megabytes}`])
    expect(await ended).toEqual({ code: 0, err: '' })
    if (format !== 'parquet') expect(linesOf(readFileSync(out))).toBe(format === 'csv' ? ROWS + 1 : ROWS)
    else expect(Number(parquetMetadata(readFileSync(out).buffer as ArrayBuffer).num_rows)).toBe(ROWS)
    rmSync(out)
  })

  test('a reader that closes the pipe ends it quietly', async () => {
    const { child, ended } = start([])
    await once(child.stdout, 'data')
    child.stdout.destroy()
    expect(await ended).toEqual({ code: 0, err: '' })
  })

  test('Ctrl-C leaves neither the file nor a part of it', async () => {
    const out = join(folder, 'stopped.csv')
    const { child, ended } = start(['--out', out])
    await until(() => readdirSync(folder).some((name) => name.startsWith('.stopped.csv')))
    child.kill('SIGINT')
    expect(await ended).toEqual({ code: 130, err: expect.stringContaining('did not write') })
    expect(readdirSync(folder).filter((name) => name.includes('stopped'))).toEqual([])
  })
})
