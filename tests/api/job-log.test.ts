import { Fatal } from '../../backend/base/errors'
import { createLogger } from '../../backend/bin/logger'
import type { Source } from '../../backend/contract'
import { createJobLog, deleteOldLines, type JobLog } from '../../backend/engine/job-log'
import { startJob } from '../../backend/engine/jobs/verbs'
import { readLog } from '../../backend/service/jobs/log'
import { rowsReadBy } from '../../bench/engine/rows-read'
import { type Served, serve } from '../support/api'
import { type Counting, countingSource, countingTask, createCounted } from '../support/counting-source'
import { listen } from '../support/events'
import { graphqlClient } from '../support/graphql-client'
import { type Suite, suite } from '../support/suite'
import { until } from '../support/until'

/* The log of a job: lines of all processes, kept for a while, bounded, without secrets; they never hold up the work. */

const TOKENS = { ADMIN_TOKEN: 'admin-token-of-this-test', READ_TOKEN: 'read-token-of-this-test' }
const MOST = 500
const counting: Counting = { pages: 2, rowsPerPage: 1, tasks: [] }
const source: Source = countingSource(counting)
let engine: Suite
let served: Served
let jobLog: JobLog

beforeAll(async () => {
  jobLog = createJobLog('test host:1', MOST)
  // Nothing is printed: only what passes on to the logs of jobs is read.
  jest.spyOn(console, 'log').mockImplementation(() => undefined)
  engine = await suite([source], { log: createLogger({ level: 'info', format: 'json' }, jobLog) })
  await createCounted(engine.db)
  served = await serve(engine, [source], TOKENS)
}, 120_000)
afterAll(async () => {
  await served?.close()
  await engine?.close()
  jest.restoreAllMocks()
})

let named = 0
const start = async (): Promise<string> => {
  counting.tasks = [countingTask(`task ${++named}`, 'lane')]
  return (await startJob(engine, source, { name: `job ${named}` })).id
}
const asReader = { authorization: `Bearer ${TOKENS.READ_TOKEN}` }
const log = async (id: string, query = '') => (await served.ask('GET', `/api/jobs/${id}/log${query}`, undefined, asReader)).body
const line = (job: string, message: string, level = 'info', fields = {}) => ({ job, at: new Date(), level, message, fields })
const messages = (page: { items: { message: string }[] }) => page.items.map(({ message }) => message)

test('what processes say about a job is kept: the engine and its source, filtered by level and text, without secrets', async () => {
  counting.onRead = async (key, page, io) => {
    const ask = () => io.log.warn(`asked https://api.example.org/?token=very-secret-token for ${key}`, { password: 'hidden-well' })
    // The next page may be read before this one is noted as committed: only this one has lines, so that their order is known.
    if (page === 0) {
      ask()
      ask()
    }
    if (page === 1) throw new Fatal('odd', 'it is odd')
    return undefined
  }
  const id = await start()
  const worker = await engine.worker()
  expect(await engine.ended(id)).toBe('failed')
  await worker.stop()
  counting.onRead = undefined
  await jobLog.flush(engine.db)
  const page = await log(id)
  expect(page).toMatchObject({ lost: 0, older: null })
  expect(messages(page)).toEqual([
    'Job started',
    expect.stringContaining('token=***'),
    expect.stringContaining('token=***'),
    'Page committed',
    'Task failed: it is odd',
    'Job failed',
  ])
  expect(page.items.map(({ n }: { n: number }) => n)).toEqual([1, 2, 3, 4, 5, 6])
  expect(page.items[3]).toMatchObject({ level: 'info', process: 'test host:1', fields: { key: `task ${named}`, seen: '1' } })
  expect(JSON.stringify(page)).not.toMatch(/very-secret-token|hidden-well/)
  expect(messages(await log(id, '?level=error'))).toEqual(['Task failed: it is odd'])
  expect(messages(await log(id, '?level=warn&q=EXAMPLE.ORG'))).toHaveLength(2)
  expect(messages(await log(id, '?limit=2&before=5'))).toEqual([expect.stringContaining('asked'), 'Page committed'])
  expect((await log(id, '?limit=2')).older).toBe(5)
  expect(messages(await log(id, '?after=4'))).toEqual(['Task failed: it is odd', 'Job failed'])
  expect((await served.ask('GET', `/api/jobs/${id}/log?level=loud`, undefined, asReader)).status).toBe(400)
  expect((await served.ask('GET', `/api/jobs/${id}/log`)).status).toBe(401)
  const file = await served.ask('GET', `/api/jobs/${id}/log/export?format=csv&level=error`, undefined, asReader)
  expect(file.body).toContain('Task failed: it is odd')
})

test('GraphQL reads the log of a job as REST does, page by page, and deploys', async () => {
  const id = await start()
  const mine = createJobLog('test host:2', MOST)
  for (let n = 1; n <= 5; n++) mine.keep(line(id, `line ${n}`, n === 3 ? 'warn' : 'info', { n }))
  await mine.flush(engine.db)
  const { data } = graphqlClient(served.url, TOKENS.READ_TOKEN)
  const query = `query ($id: ID!, $before: Float, $level: LogLevel, $q: String) {
    job(id: $id) { log(first: 2, before: $before, level: $level, q: $q) { items { n at level message fields process } older last lost } }
  }`
  const { log: last } = (await data(query, { id, q: 'line' })).job
  expect(last).toEqual(await log(id, '?limit=2&q=line'))
  expect(messages(last)).toEqual(['line 4', 'line 5'])
  expect(messages((await data(query, { id, before: last.older })).job.log)).toEqual(['line 2', 'line 3'])
  expect(messages((await data(query, { id, level: 'warn' })).job.log)).toEqual(['line 3'])
  await engine.db.query(
    `insert into backhaul.starts (process, app, host, version, before, at) values ('p', 'worker-a', 'h', '0.15.0', '0.14.2', now() - interval '1 hour')`,
  )
  const found = await data(
    `{ deploys { at kind before version apps starts } deployEffect { mark { at version } minutes before { requests errorRate } after { requests } } }`,
  )
  const rest = async (path: string) => (await served.ask('GET', path, undefined, asReader)).body
  expect(found.deploys).toEqual((await rest('/api/deploys')).items)
  expect(found.deploys).toHaveLength(1)
  expect(found.deployEffect).toMatchObject({
    mark: { version: '0.15.0' },
    minutes: expect.any(Number),
    before: { requests: 0, errorRate: null },
  })
  const named = await data(`query ($at: DateTime) { deployEffect(at: $at) { mark { version } } }`, { at: found.deploys[0].at })
  expect(named.deployEffect.mark.version).toBe('0.15.0')
})

test('it is followed: the last lines first, then what comes, and the end', async () => {
  const id = await start()
  await jobLog.flush(engine.db)
  const { heard, stop } = await listen(`${served.url}/api/jobs/${id}/log/events`, asReader)
  const named = (name: string) => heard.filter(({ event }) => event === name)
  await until(() => named('log').length === 1)
  jobLog.keep(line(id, 'another line'))
  await jobLog.flush(engine.db)
  const told = () => named('log').flatMap(({ data }) => messages(data))
  await until(() => told().includes('another line'))
  expect(told()).toEqual(['Job started', 'another line'])
  const worker = await engine.worker()
  await engine.ended(id)
  await worker.stop()
  await jobLog.flush(engine.db)
  await until(() => named('end').length === 1, { timeoutMs: 15_000 })
  expect(told().slice(2)).toEqual(['Page committed', 'Task done', 'Job completed'])
  stop()
})

test('a job keeps so many lines, and writing them reads no more than what is written', async () => {
  const id = await start()
  await jobLog.flush(engine.db)
  const write = async (db: Parameters<JobLog['flush']>[0] = engine.db) => {
    for (let n = 0; n < 400; n++) jobLog.keep(line(id, `trouble ${n}`, 'warn'))
    await jobLog.flush(db)
  }
  for (let n = 0; n < 4; n++) await write()
  const rows = await rowsReadBy(engine.db, (tx) => write(tx))
  expect(rows).toBeLessThan(1000)
  const [{ lines } = { lines: 0 }] = await engine.db.query<{ lines: number }>(
    `select count(*)::int as lines from backhaul.job_log_lines where job_id = $1`,
    [id],
  )
  expect(lines).toBe(MOST)
  expect((await log(id, '?limit=1')).items[0]).toMatchObject({ n: 2001, message: 'trouble 399' })
})

test('lines that are too many at once are lost and counted, worse ones last; so are those of a long outage', async () => {
  const id = await start()
  await jobLog.flush(engine.db)
  for (let n = 0; n < 250; n++) jobLog.keep(line(id, `page ${n}`))
  jobLog.keep(line(id, 'trouble', 'error'))
  const unreachable = { query: () => Promise.reject(new Error('the database is unreachable')) } as never
  await expect(jobLog.flush(unreachable)).rejects.toThrow('unreachable')
  await jobLog.flush(engine.db)
  const page = await log(id, '?limit=1000')
  expect(page.lost).toBe(150)
  expect(messages(page).slice(0, 2)).toEqual(['Job started', 'page 0'])
  expect(messages(page).at(-1)).toBe('trouble')
  for (let n = 0; n < 20; n++) {
    for (let k = 0; k < 500; k++) jobLog.keep(line(id, `outage ${n}`, 'error'))
    await expect(jobLog.flush(unreachable)).rejects.toThrow('unreachable')
  }
  await jobLog.flush(engine.db)
  expect((await log(id)).lost).toBe(150 + 5000)
})

test('two processes write the log of one job at once; no line is missing or has the number of another', async () => {
  const id = await start()
  await jobLog.flush(engine.db)
  const logs = [createJobLog('one', MOST), createJobLog('two', MOST)]
  for (let round = 0; round < 20; round++) {
    for (const one of logs) for (let n = 0; n < 5; n++) one.keep(line(id, 'odd: \0 \ud800', 'warn', { n, odd: '\0\ud800' }))
    await Promise.all(logs.map((one) => one.flush(engine.db)))
  }
  const page = await readLog(served.service, id, { limit: 1000 })
  expect(page.items.map(({ n }) => n)).toEqual(Array.from({ length: 201 }, (_, n) => n + 1))
})

test('lines of a job that does not exist are dropped; old ones are deleted, and then the head of their log', async () => {
  jobLog.keep(line('00000000-0000-4000-8000-000000000000', 'nobody', 'error'))
  await jobLog.flush(engine.db)
  const id = await start()
  await jobLog.flush(engine.db)
  await engine.db.query(`update backhaul.job_log_lines set at = at - interval '8 days' where job_id = $1`, [id])
  await engine.db.query(`update backhaul.job_logs set updated_at = updated_at - interval '8 days' where job_id = $1`, [id])
  const week = 7 * 86_400_000
  expect(await deleteOldLines(engine.db, week, 1000)).toBe(1)
  expect(await deleteOldLines(engine.db, week, 1000)).toBe(1)
  expect(await deleteOldLines(engine.db, week, 1000)).toBe(0)
  expect(await log(id)).toEqual({ items: [], older: null, last: 0, lost: 0 })
})
