import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { Fatal, RetryLater } from '../../backend/base/errors'
import type { Source } from '../../backend/contract'
import { failureKind, isDeclared } from '../../backend/engine/failure-kinds'
import { startJob } from '../../backend/engine/jobs/verbs'
import { faultGroups } from '../../backend/engine/store'
import { failuresOf } from '../../backend/service/jobs/failures'
import { sources } from '../../backend/sources'
import { rowsReadBy } from '../../bench/engine/rows-read'
import { type Served, serve } from '../support/api'
import { type Counting, countingSource, countingTask, createCounted } from '../support/counting-source'
import { graphqlClient } from '../support/graphql-client'
import { size } from '../support/size'
import { type Suite, suite } from '../support/suite'

/* The failures of a job by cause, whether a retry helps, and retries of one cause, one task, or what is missing. */

const TOKENS = { ADMIN_TOKEN: 'admin-token-of-this-test', READ_TOKEN: 'read-token-of-this-test' }
const counting: Counting = { pages: 1, rowsPerPage: 1, tasks: [] }
const source: Source = {
  ...countingSource(counting),
  missing: { kinds: ['unavailable'] },
  lanes: { one: 'shelf', many: 'shelves' },
  counters: { kept: 'Rows that were kept without a proof.', other: 'Others.' },
  advice: { kept: 'Read them again later.' },
  failures: { odd: { again: 'does not help', advice: 'It stays odd.' } },
}
/** A page without records, which ends its task. */
const NOT_THERE = { batch: [], skipped: { kind: 'unavailable', reason: 'not there yet' } }
let engine: Suite
let served: Served

beforeAll(async () => {
  engine = await suite([source])
  await createCounted(engine.db)
  served = await serve(engine, [source], TOKENS)
}, 120_000)
afterAll(async () => {
  await served?.close()
  await engine?.close()
})

const asAdmin = { authorization: `Bearer ${TOKENS.ADMIN_TOKEN}` }
const asReader = { authorization: `Bearer ${TOKENS.READ_TOKEN}` }
const failures = async (id: string) => (await served.ask('GET', `/api/jobs/${id}/failures`, undefined, asReader)).body
const retry = (id: string, body?: object) => served.ask('POST', `/api/jobs/${id}/retry`, body, asAdmin)

test('failures are grouped by cause; a retry takes one cause, one task, or also what is missing', async () => {
  counting.tasks = ['page/1', 'page/2', 'page/3', 'odd/1', 'odd/2', 'none/1', 'good/1'].map((key) => countingTask(key, `lane ${key}`))
  counting.onRead = async (key) => {
    if (key.startsWith('page')) throw new RetryLater('http_502', `zkillboard GET /kills/${key}/ answered 502: "${key}"`)
    if (key.startsWith('odd')) throw new Fatal('odd', `entry ${key.split('/')[1]} of host${key.split('/')[1]}.example.org is odd`)
    return key.startsWith('none') ? NOT_THERE : undefined
  }
  const id = (await startJob(engine, source, { name: 'failing' })).id
  const worker = await engine.worker({ attempts: 2 })
  expect(await engine.ended(id)).toBe('partial')
  const found = await failures(id)
  expect(found).toEqual({
    total: 2,
    missing: 1,
    findsMissing: false,
    items: [
      expect.objectContaining({ kind: 'http_502', failed: 3, retrying: 0, again: 'helps', advice: expect.stringMatching(/pass: retry/) }),
      expect.objectContaining({ kind: 'odd', failed: 2, again: 'does not help', advice: 'It stays odd.' }),
    ],
  })
  const [pages, odd] = found.items
  expect(pages.example).toMatchObject({
    stream: 'count',
    key: expect.stringMatching(/^page/),
    error: expect.stringContaining('answered 502'),
  })
  expect(Date.parse(pages.firstAt)).toBeLessThanOrEqual(Date.parse(pages.lastAt))
  // Each try is kept with what it was answered, when, and by which worker.
  const task = (await served.ask('GET', `/api/jobs/${id}/tasks?task=${pages.example.task}`, undefined, asReader)).body.items[0]
  expect(task.ranBy).toBe(worker.id)
  expect(task.tried).toEqual([
    { at: expect.any(String), worker: worker.id, kind: 'http_502', error: expect.stringContaining('502'), api: null },
    { at: expect.any(String), worker: worker.id, kind: 'http_502', error: expect.stringContaining('502'), api: null },
  ])
  const listed = await served.ask('GET', `/api/jobs/${id}/tasks?group=${odd.id}`, undefined, asReader)
  expect(listed.body.items.map(({ key }: { key: string }) => key)).toEqual(['odd/1', 'odd/2'])

  expect((await served.ask('POST', `/api/jobs/${id}/retry`, { group: pages.id }, asReader)).status).toBe(403)
  expect((await retry(id, { group: 'none such' })).body.detail).toMatch(/no failed tasks of group none such/)
  counting.onRead = undefined
  expect((await retry(id, { group: pages.id })).status).toBe(200)
  expect(await engine.ended(id)).toBe('partial')
  expect((await failures(id)).items).toEqual([expect.objectContaining({ kind: 'odd', failed: 2 })])
  // What went right in the end keeps the history of its tries.
  const again = (await served.ask('GET', `/api/jobs/${id}/tasks?task=${pages.example.task}`, undefined, asReader)).body.items[0]
  expect(again).toMatchObject({ state: 'done', error: null, tried: [{}, {}] })
  expect((await retry(id, { task: odd.example.task })).status).toBe(200)
  await engine.ended(id)
  const graphql = graphqlClient(served.url, TOKENS.ADMIN_TOKEN)
  const query = `query ($id: ID!) { job(id: $id) { failures { total missing items { id kind failed again advice example { task key } } } } }`
  expect((await graphql.data(query, { id })).job.failures).toMatchObject({ total: 1, missing: 1, items: [{ kind: 'odd', failed: 1 }] })
  await graphql.data(`mutation ($id: ID!, $group: String) { retryJob(id: $id, group: $group) { id } }`, { id, group: odd.id })
  expect(await engine.ended(id)).toBe('completed')
  expect((await retry(id)).body.detail).toMatch(/is completed; retry needs failed tasks/)
  // Only now does the upstream have what was missing.
  expect((await retry(id, { missing: true })).status).toBe(200)
  expect(await engine.ended(id)).toBe('completed')
  expect(await failures(id)).toEqual({ items: [], total: 0, missing: 0, findsMissing: false })
  const runs = (await served.ask('GET', `/api/jobs/${id}`, undefined, asReader)).body.earlierRuns
  expect(runs.map(({ status }: { status: string }) => status)).toEqual(['partial', 'partial', 'partial', 'completed'])
  await worker.stop()
}, 60_000)

test('a task whose end proves nothing is missing: it is read from its beginning, and counted anew', async () => {
  counting.tasks = [countingTask('doubted'), countingTask('sure')]
  counting.pages = 2
  counting.onRead = async (key, page) =>
    key === 'doubted' && page === 1 ? { unverified: 'the upstream counted more', expected: 2 } : undefined
  const id = (await startJob(engine, source, { name: 'doubted' })).id
  await engine.worker()
  expect(await engine.ended(id)).toBe('completed')
  expect(await failures(id)).toMatchObject({ items: [], missing: 1 })
  await engine.db.query(`insert into backhaul.rejects (job_id, task_id, source, stream, key, reason, raw)
     select job_id, id, 'counting', 'count', 'r', 'schema', '{}' from backhaul.tasks where job_id = '${id}' and key = 'doubted'`)
  await engine.db.query(`delete from counted where key = 'doubted'`)
  counting.onRead = undefined
  expect((await retry(id, { missing: true, lane: 'none' })).body.detail).toMatch(/no failed or missing tasks of lane none/)
  expect((await retry(id, { missing: true })).status).toBe(200)
  expect(await engine.ended(id)).toBe('completed')
  const { body } = await served.ask('GET', `/api/jobs/${id}/report`, undefined, asReader)
  expect(body).toMatchObject({ verified: true, seen: 4, new: 4, pages: 4, rejectedBy: {}, unverified: {} })
  expect(await failures(id)).toMatchObject({ missing: 0 })
  counting.pages = 1
}, 60_000)

test('what a source calls its lanes, and what a person can do about a counter, are on its jobs', async () => {
  counting.tasks = [countingTask('one', 'top shelf')]
  counting.onWrite = () => ({ counts: { kept: 3, other: 4 } })
  const id = (await startJob(engine, source, { name: 'words' })).id
  await engine.worker()
  await engine.ended(id)
  counting.onWrite = undefined
  const { body } = await served.ask('GET', `/api/jobs/${id}`, undefined, asReader)
  const notices = [{ counter: 'kept', n: 3, text: 'Rows that were kept without a proof.', advice: 'Read them again later.' }]
  const words = { lane: { one: 'shelf', many: 'shelves' }, grid: null }
  expect(body).toMatchObject({ counters: { kept: 3, other: 4 }, notices, words })
  const { data } = graphqlClient(served.url, TOKENS.READ_TOKEN)
  const query = `query ($id: ID!) { job(id: $id) { notices { counter n text advice } words { lane { one many } grid { row column } } } sources { name words { lane { one } } } }`
  expect(await data(query, { id })).toMatchObject({
    job: { notices, words },
    sources: [{ name: 'counting', words: { lane: { one: 'shelf' } } }],
  })
}, 60_000)

test('groups cost as much as there are tasks with an error, however many tasks there are', async () => {
  counting.tasks = [countingTask('first')]
  const id = (await startJob(engine, source, { name: 'large' })).id
  await engine.db.query(`update backhaul.jobs set status = 'paused', admitted = false where id = $1`, [id])
  await engine.db.query(
    `insert into backhaul.tasks (job_id, stream, key, queue, cursor, state, lane, error_kind, error, error_api, settled_at)
     select $1, 'count', 'many ' || n, 'zkillboard_backfill_queue', '{}', case when n <= 20000 then 'failed' else 'waiting' end::backhaul.task_state, 'lane',
            case when n <= 20000 then 'http_50' || n % 3 end, case when n <= 20000 then 'upstream GET /page/' || n || ' answered 50' || n % 3 end, 'upstream', now()
       from generate_series(1, $2::int) n`,
    [id, size(40_000, 100_000)],
  )
  await engine.db.query('analyze backhaul.tasks')
  const found = await failuresOf(served.service, id)
  expect(found.items.map(({ kind, failed, api }) => [kind, failed, api])).toEqual([
    ['http_501', 6667, 'upstream'],
    ['http_502', 6667, 'upstream'],
    ['http_500', 6666, 'upstream'],
  ])
  expect(await rowsReadBy(engine.db, (tx) => faultGroups(tx, id, 50))).toBeLessThan(20_100)
  const { body } = await retry(id, { group: found.items[0]?.id })
  expect(body.tasks).toMatchObject({ failed: 13_333 })
}, 60_000)

test('every kind of failure that the code throws says whether trying again helps', () => {
  const root = join(__dirname, '..', '..', 'backend')
  const found = (pattern: string, folder: string): string[] => {
    const text = execFileSync('grep', ['-rhozP', pattern, join(root, folder), '--include=*.ts', '--exclude-dir=sandbox']).toString()
    return [...new Set(text.split('\0').flatMap((one) => /'([a-z]+[a-z\d_]*)'$/.exec(one)?.[1] ?? []))]
  }
  const thrown = String.raw`new (RetryLater|Fatal)\(\s*'[a-z\d_]+'`
  const kinds = [...found(thrown, 'http'), ...found(thrown, 'engine')].filter((kind) => !isDeclared(kind))
  for (const one of sources) {
    const own = found(String.raw`(new (RetryLater|Fatal)\(\s*|failed: \{ kind: )'[a-z\d_]+'`, `sources/${one.name}`)
    expect(own.length).toBeGreaterThan(0)
    kinds.push(...own.filter((kind) => !isDeclared(kind, one)))
  }
  expect(kinds).toEqual([])
  expect(failureKind('http_599').again).toBe('helps')
  expect(failureKind('http_418').again).toBe('does not help')
  expect(failureKind('never heard of').again).toBe('may help')
})
