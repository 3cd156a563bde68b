import { Fatal } from '../../backend/base/errors'
import type { NewTask, Partitions, Source } from '../../backend/contract'
import { retry, startJob } from '../../backend/engine/jobs/verbs'
import { readCells } from '../../backend/engine/store'
import { jobDetail } from '../../backend/service/jobs/detail'
import { partitionsOf } from '../../backend/service/jobs/partitions'
import { rowsReadBy } from '../../bench/engine/rows-read'
import { type Served, serve } from '../support/api'
import { type Counting, countingSource, countingTask, createCounted } from '../support/counting-source'
import { graphqlClient } from '../support/graphql-client'
import { size } from '../support/size'
import { type Suite, suite } from '../support/suite'

/* A job as a grid: several tasks at one place, and windows of grids that are too large to show. */

const TOKENS = { ADMIN_TOKEN: 'admin-token-of-this-test' }
const counting: Counting = { pages: 1, rowsPerPage: 2, tasks: [] }
const plain = countingSource(counting)
const source: Source = {
  ...plain,
  streams: {
    count: {
      ...(plain.streams.count as Source['streams'][string]),
      // Keys are row/column/number; one without a slash stands outside the grid.
      cell(key) {
        const [row, column] = key.split('/')
        return row && column ? { row, column } : undefined
      },
    },
  },
}
let engine: Suite
let served: Served
let named = 0

beforeAll(async () => {
  engine = await suite([source])
  await createCounted(engine.db)
  served = await serve(engine, [source], TOKENS)
}, 120_000)
afterAll(async () => {
  await served?.close()
  await engine?.close()
})

const start = async (tasks: NewTask[]): Promise<string> => {
  Object.assign(counting, { tasks })
  return (await startJob(engine, source, { name: `job ${++named}` })).id
}
const rest = async (id: string, query = '', what = 'partitions') =>
  await served.ask('GET', `/api/jobs/${id}/${what}${query}`, undefined, { authorization: `Bearer ${TOKENS.ADMIN_TOKEN}` })
const ended = (key: string, end: NewTask['ended']): NewTask => ({ ...countingTask(key), ended: end })

test('a cell of several tasks shows the worst of them, and is done only when all are', async () => {
  counting.onRead = async (key) => {
    if (key === '1/10/b') throw new Fatal('gone', 'the page is gone')
    return key === '1/10/a' ? { skipped: { kind: 'unavailable', reason: 'no such page' } } : undefined
  }
  const id = await start([
    ...['1/1/a', '1/1/b', '1/1/c', '1/2/a', '1/10/a', '1/10/b', 'outside'].map((key) => countingTask(key)),
    ended('1/2/b', { skipped: 'held already', kind: 'exists' }),
    ended('2/2/a', { skipped: 'for no reason of a kind' }),
  ])
  const worker = await engine.worker()
  expect(await engine.ended(id)).toBe('partial')
  await worker.stop()
  const whole = await partitionsOf(served.service, id, 'all')
  const cell = { changedAt: expect.stringMatching(/^\d{4}-.*Z$/), taskId: expect.any(Number), kind: null, reason: null, attempts: 0 }
  expect(whole).toEqual({
    rows: ['1', '2'],
    columns: ['1', '2', '10'],
    cells: expect.arrayContaining([
      { ...cell, row: '1', column: '1', state: 'done', tasks: 3 },
      { ...cell, row: '1', column: '2', state: 'skipped', kind: 'exists', reason: 'held already', tasks: 2 },
      { ...cell, row: '1', column: '10', state: 'failed', kind: 'gone', reason: 'the page is gone', tasks: 2 },
      { ...cell, row: '2', column: '2', state: 'skipped', reason: 'for no reason of a kind', tasks: 1 },
    ]),
    totals: { rows: 2, columns: 3, cells: 4, omitted: 0 },
    counts: [
      { state: 'failed', kind: 'gone', cells: 1 },
      { state: 'skipped', kind: null, cells: 1 },
      { state: 'skipped', kind: 'exists', cells: 1 },
      { state: 'done', kind: null, cells: 1 },
    ],
    rowCounts: [
      {
        row: '1',
        counts: [
          { state: 'failed', kind: 'gone', cells: 1 },
          { state: 'skipped', kind: 'exists', cells: 1 },
          { state: 'done', kind: null, cells: 1 },
        ],
      },
      { row: '2', counts: [{ state: 'skipped', kind: null, cells: 1 }] },
    ],
    previous: { columns: null, rows: null },
    next: { columns: null, rows: null },
  })
  expect(whole.cells).toHaveLength(4)
  expect((await rest(id)).body).toEqual(whole)
  expect((await jobDetail(served.service, id)).partitions).toBe(true)
  expect((await jobDetail(served.service, await start([countingTask('outside')]))).partitions).toBe(false)
  const { taskId } = whole.cells.find((one) => one.state === 'failed') ?? {}
  expect(await engine.db.query('select key from backhaul.tasks where id = $1', [taskId])).toEqual([{ key: '1/10/b' }])

  expect((await rest(id, '?row=1&column=10', 'tasks')).body.items).toMatchObject([{ key: '1/10/a' }, { key: '1/10/b' }])

  // What is tried again is no longer failed.
  await retry(engine, id)
  const open = (await partitionsOf(served.service, id, 'all')).cells.find((one) => one.column === '10')
  expect(['waiting', 'ready']).toContain(open?.state)
  expect(open).toMatchObject({ kind: null, reason: null, tasks: 2 })
})

test('a retry may choose failed tasks by stream, lane and place in the grid; the others stay failed', async () => {
  const failing = ['a/1/x', 'a/2/x', 'b/1/x', 'b/2/x', 'c/3/x']
  counting.onRead = async () => {
    throw new Fatal('gone', 'the page is gone')
  }
  const id = await start(failing.map((key) => countingTask(key, `lane ${key[0]}`)))
  const worker = await engine.worker()
  expect(await engine.ended(id)).toBe('failed')
  counting.onRead = undefined
  const failed = async () =>
    (
      await engine.db.query<{ key: string }>(`select key from backhaul.tasks where job_id = $1 and state = 'failed' order by key`, [id])
    ).map(({ key }) => key)
  const headers = { authorization: `Bearer ${TOKENS.ADMIN_TOKEN}` }
  const retried = async (only?: object) => {
    const { status, body } = await served.ask('POST', `/api/jobs/${id}/retry`, only, headers)
    if (status === 200) await engine.ended(id)
    return [status, body.detail ?? body.status !== undefined, await failed()]
  }
  const graphql = graphqlClient(served.url, TOKENS.ADMIN_TOKEN)
  expect(await retried({ row: 'a', column: '2' })).toEqual([200, true, ['a/1/x', 'b/1/x', 'b/2/x', 'c/3/x']])
  expect(await retried({ row: 'a', column: '2' })).toEqual([
    409,
    expect.stringMatching(/no failed tasks of row a of column 2; nothing/),
    await failed(),
  ])
  expect(await retried({ stream: 'another' })).toEqual([409, expect.stringContaining('of stream another'), expect.anything()])
  expect((await retried({ cell: '1' }))[0]).toBe(400)
  expect(await retried({ stream: 'count', lane: 'lane c' })).toEqual([200, true, ['a/1/x', 'b/1/x', 'b/2/x']])
  await graphql.data(`mutation ($id: ID!) { retryJob(id: $id, column: "1") { id } }`, { id })
  await engine.ended(id)
  expect(await failed()).toEqual(['b/2/x'])
  const { tasks } = await graphql.data(`query ($id: ID!) { tasks(job: $id, row: "b", state: failed) { nodes { key } } }`, { id })
  expect(tasks.nodes).toEqual([{ key: 'b/2/x' }])
  expect((await retried())[2]).toEqual([])
  expect(await engine.status(id)).toBe('completed')
  await worker.stop()
})

const ROWS = 60
const COLUMNS = 80
const large = Array.from({ length: ROWS * COLUMNS }, (_, n) => {
  const [row, column] = [Math.floor(n / COLUMNS), n % COLUMNS]
  // A corner is left empty.
  if (row < 5 && column < 5) return []
  return ended(`r${row}/c${column}/a`, row % 2 === 0 ? { skipped: 'held already', kind: 'exists' } : { failed: 'odd', error: 'an odd row' })
}).flat()

describe('a large grid', () => {
  let id: string
  beforeAll(async () => {
    id = await start(large)
    await engine.db.query('analyze backhaul.tasks')
  })
  const windowOf = (part: object) => partitionsOf(served.service, id, part)

  test('is shown in part, which says what is left out and where the parts beside it begin', async () => {
    const { body } = await rest(id, '?limit=1000&columnsFrom=c7&rowsFrom=r4')
    expect(body.columns).toEqual(Array.from({ length: 31 }, (_, n) => `c${n + 7}`))
    expect(body.rows).toEqual(Array.from({ length: 32 }, (_, n) => `r${n + 4}`))
    expect(body.cells).toHaveLength(31 * 32)
    expect(body.totals).toEqual({ rows: 60, columns: 80, cells: 4775, omitted: 4775 - 31 * 32 })
    expect(body.counts).toEqual([
      { state: 'failed', kind: 'odd', cells: 30 * 80 - 10 },
      { state: 'skipped', kind: 'exists', cells: 30 * 80 - 15 },
    ])
    expect(body.rowCounts[0]).toEqual({ row: 'r4', counts: [{ state: 'skipped', kind: 'exists', cells: 75 }] })
    expect([body.previous, body.next]).toEqual([
      { columns: 'c0', rows: 'r0' },
      { columns: 'c38', rows: 'r36' },
    ])
  })

  test('ends where it is asked to; a part without labels is empty', async () => {
    const some = await windowOf({ columnsFrom: 'c9', columnsTo: 'c10', rowsTo: 'r1' })
    expect([some.columns, some.rows, some.cells.length]).toEqual([['c9', 'c10'], ['r0', 'r1'], 4])
    const none = await windowOf({ columnsFrom: 'c10', columnsTo: 'c9' })
    expect(none).toMatchObject({ columns: [], cells: [], totals: { cells: 4775, omitted: 4775 }, next: { columns: null } })
    for (const query of ['?limit=0', '?limit=20001', '?limit=1.5', '?from=c1'])
      expect([query, (await rest(id, query)).status]).toEqual([query, 400])
    for (const limit of [0, 20_001, 1.5, Number.NaN])
      await expect(windowOf({ limit })).rejects.toMatchObject({ code: 'input', field: 'limit' })
  })

  test.each([1, 7, 100, 1000, 20_000])('is seen whole, each cell once, by going from window to window (%p places)', async (limit) => {
    const rowsFrom = limit < 100 ? 'r58' : undefined
    const keys = ({ cells }: Partitions) => cells.map(({ row, column }) => `${row} ${column}`)
    const seen: string[] = []
    for (let row: string | null | undefined = rowsFrom; row !== null; ) {
      let first: Partitions | undefined
      for (let column: string | null | undefined; column !== null; ) {
        const part: Partitions = await windowOf({ limit, rowsFrom: row, columnsFrom: column })
        expect(part.columns.length * part.rows.length).toBeLessThanOrEqual(limit)
        seen.push(...keys(part))
        column = part.next.columns
        first ??= part
      }
      row = (first as Partitions).next.rows
    }
    const whole = keys(await partitionsOf(served.service, id, 'all')).filter((key) => rowsFrom === undefined || /^r5[89] /.test(key))
    expect(seen.sort()).toEqual(whole.sort())
  })

  test('is the same over GraphQL', async () => {
    const { job } = await graphqlClient(served.url, TOKENS.ADMIN_TOKEN).data(
      `query ($id: ID!, $to: String) { job(id: $id) { partitions(columnsFrom: "c78", columnsTo: "c79", rowsTo: $to, limit: 10) {
        rows columns cells { row column state kind reason attempts tasks } totals { rows columns cells omitted } counts { state kind cells }
        rowCounts { row counts { cells } } previous { columns rows } next { columns rows } } } }`,
      { id, to: 'r1' },
    )
    expect(job.partitions).toMatchObject({
      rows: ['r0', 'r1'],
      columns: ['c78', 'c79'],
      cells: expect.arrayContaining([
        { row: 'r1', column: 'c79', state: 'failed', kind: 'odd', reason: 'an odd row', attempts: 0, tasks: 1 },
      ]),
      totals: { cells: 4775, omitted: 4771 },
      previous: { columns: 'c76', rows: null },
      next: { columns: null, rows: 'r2' },
    })
  })

  test('costs as many rows as its window has, however large it is', async () => {
    const part = await windowOf({ limit: 100 })
    await engine.db.query(
      `insert into backhaul.tasks (job_id, stream, key, queue, state, cursor, cell_row, cell_column)
       select job_id, stream, n || key, queue, state, cursor, n || cell_row, cell_column from backhaul.tasks, generate_series(1, $2::int) n
        where job_id = $1 and cell_row is not null`,
      [id, size(5, 20)],
    )
    await engine.db.query('analyze backhaul.tasks')
    expect(await rowsReadBy(engine.db, (tx) => readCells(tx, id, part))).toBeLessThan(200)
  })
})
