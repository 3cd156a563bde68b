import { RetryLater, Throttled } from '../../backend/base/errors'
import type { Source } from '../../backend/contract'
import { startJob } from '../../backend/engine/jobs/verbs'
import { noteSpans, noteStandstills, readSpans } from '../../backend/engine/store'
import { timelineOf } from '../../backend/service/jobs/timeline'
import { rowsReadBy } from '../../bench/engine/rows-read'
import { type Served, serve } from '../support/api'
import { type Counting, countingSource, countingTask, createCounted } from '../support/counting-source'
import { type Suite, suite } from '../support/suite'
import { until } from '../support/until'

/* What happened to a job, in few rows however long it runs; and its time, which stands still while it is paused. */

const TOKENS = { ADMIN_TOKEN: 'admin-token-of-this-test' }
const counting: Counting = { pages: 1, rowsPerPage: 1, tasks: [] }
const source: Source = countingSource(counting)
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

const asAdmin = { authorization: `Bearer ${TOKENS.ADMIN_TOKEN}` }
const start = async (options = {}): Promise<string> => {
  named++
  counting.tasks = [countingTask(`task ${named}`, 'lane')]
  return (await startJob(engine, source, { name: `job ${named}` }, options)).id
}
const act = (id: string, verb: string, body?: object) => served.ask('POST', `/api/jobs/${id}/${verb}`, body, asAdmin)
const timeline = async (id: string) => (await served.ask('GET', `/api/jobs/${id}/timeline`, undefined, asAdmin)).body.items
const texts = async (id: string) => (await timeline(id)).map(({ text }: { text: string }) => text)
const seconds = async (id: string) => (await served.ask('GET', `/api/jobs/${id}`, undefined, asAdmin)).body.seconds

test('it tells who started the job, what people did, the tries that failed, and the end', async () => {
  let tries = 0
  counting.onRead = async () => {
    if (++tries < 3) throw new RetryLater('http_502', 'the upstream answered 502')
    return undefined
  }
  counting.tasks = [countingTask('told')]
  const { body } = await served.ask('POST', '/api/jobs', { source: 'counting', params: { name: 'told' } }, asAdmin)
  expect(body).toMatchObject({ created: true })
  const id = body.id
  await act(id, 'pause')
  await act(id, 'resume')
  expect((await act(id, 'retry')).body).toMatchObject({ status: 409 })
  const worker = await engine.worker()
  expect(await engine.ended(id, 60_000)).toBe('completed')
  await worker.stop()
  const items = await timeline(id)
  // Tries are noted with the heartbeat, and were before the end.
  expect(items.at(-1)).toMatchObject({ kind: 'end' })
  expect(items.map(({ kind, text }: { kind: string; text: string }) => [kind, text])).toEqual(
    [
      ['start', 'Started by admin (rest)'],
      ['action', 'Paused by admin (rest)'],
      ['action', 'Resumed by admin (rest)'],
      ['action', 'Retry by admin (rest) was refused'],
      ...(items.some(({ kind }: { kind: string }) => kind === 'turn') ? [['turn', 'Waited for its turn']] : []),
      ['start', 'A worker began the first task'],
      ...(items.some(({ kind }: { kind: string }) => kind === 'retry') ? [['retry', 'Stood still until the next try']] : []),
      ['tries', '2 tries failed'],
      ['end', 'Ended: completed'],
    ].sort((a, b) => order(items, a) - order(items, b)),
  )
  counting.onRead = undefined
})
const order = (items: { text: string }[], [, text]: string[]) => items.findIndex((item) => item.text === text)

test('every way to start a job is told', async () => {
  expect(await texts(await start())).toEqual(['Created'])
  expect(await texts(await start({ origin: { kind: 'schedule', name: 'nightly' } }))).toEqual(['Started by the schedule nightly'])
  expect(await texts(await start({ origin: { kind: 'queue', name: 'a_queue' } }))).toEqual(['Started by a message on a_queue'])
  const id = await start()
  expect(await texts(await start({ origin: { kind: 'job', name: id } }))).toEqual([`Started by the end of job ${id.slice(0, 8)}`])
})

test('a job of which nothing moves waits for its limit; the same wait is one row, and a lost worker is told', async () => {
  counting.onRead = async () => {
    throw new Throttled('zkillboard:example.org', new Date(Date.now() + 3_600_000))
  }
  const id = await start()
  const worker = await engine.worker()
  await until(
    async () => (await engine.db.query(`select 1 from backhaul.tasks where job_id = $1 and waiting_on is not null`, [id])).length > 0,
  )
  await worker.stop()
  for (let n = 0; n < 3; n++) await noteStandstills(engine.db, 5)
  const [span] = (await readSpans(engine.db, id)).filter(({ kind }) => kind === 'gate')
  expect(span).toMatchObject({ on: 'zkillboard' })
  expect(span?.seconds).toBeGreaterThanOrEqual(15)
  expect(await texts(id)).toContain('Stood still for zkillboard')
  // A worker of another host claims the task and is gone.
  await engine.db.query(
    `update backhaul.tasks set claim = 1, holder = 'far:1:abc', ran_by = 'far:1:abc', claimed_at = now() - interval '1 minute' where job_id = $1`,
    [id],
  )
  await until(async () => (await texts(id)).includes('A worker was lost; 1 task came back'), { timeoutMs: 30_000 })
  counting.onRead = undefined
}, 60_000)

test('a job of weeks keeps a bounded number of rows, and what it costs to add one does not grow', async () => {
  const id = await start()
  const apart = async (n: number) => {
    await engine.db.query(
      `update backhaul.job_spans set at = at - interval '1 hour', until = until - interval '1 hour' where job_id = $1`,
      [id],
    )
    await noteSpans(engine.db, [{ job: id, kind: 'gate', on: `api ${n % 3}`, times: 1, seconds: 5 }])
  }
  for (let n = 0; n < 320; n++) await apart(n)
  const spans = await readSpans(engine.db, id)
  expect(spans).toHaveLength(300)
  expect(spans.reduce((sum, { times }) => sum + times, 0)).toBe(320)
  const note = { job: id, kind: 'gate', on: 'api 1', times: 1, seconds: 5 } as const
  expect(await rowsReadBy(engine.db, (tx) => noteSpans(tx, [note]))).toBeLessThan(2000)
  expect((await timelineOf(served.service, id)).length).toBeLessThan(310)
}, 60_000)

test('the time of a job stands still while it is paused', async () => {
  const id = await start()
  await act(id, 'pause')
  await engine.db.query(
    `update backhaul.jobs set created_at = created_at - interval '2 hours', paused_at = paused_at - interval '1 hour' where id = $1`,
    [id],
  )
  const before = await seconds(id)
  expect(Math.round(before / 60)).toBe(60)
  expect(await seconds(id)).toBe(before)
  await act(id, 'resume')
  expect(Math.round((await seconds(id)) / 60)).toBe(60)
  await act(id, 'pause')
  await engine.db.query(`update backhaul.jobs set paused_at = paused_at - interval '10 minutes' where id = $1`, [id])
  await act(id, 'cancel')
  expect(Math.round((await seconds(id)) / 60)).toBe(50)
})
