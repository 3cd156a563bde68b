import { positive, type Source } from '../../backend/contract'
import { signOn } from '../../backend/engine/heartbeat'
import { admit, JOBS_PER_PLACE, turnsOf } from '../../backend/engine/jobs/admission'
import * as jobs from '../../backend/engine/jobs/verbs'
import { wake } from '../../backend/engine/wake'
import { rowsReadBy } from '../../bench/engine/rows-read'
import { type Counting, countingSource, countingTask, createCounted } from '../support/counting-source'
import { type Suite, suite } from '../support/suite'

/*
 * How many jobs run at once, in which order, and what reading them costs when many wait.
 */

const QUEUE = 'zkillboard_backfill_queue'
const counting: Counting = { pages: 1, rowsPerPage: 1, tasks: [] }
const source = countingSource(counting)
const bounded: Source = {
  ...source,
  settings: { COUNTING_JOBS: { schema: positive.default(1), about: 'Jobs of counting at once.' } },
  jobsAtOnce: { setting: 'COUNTING_JOBS' },
}
let it_: Suite
let n = 0

const start = async (priority = 2, on: Source = source) => (await jobs.startJob(it_, on, { name: `job ${n++}` }, { priority })).id
const startMany = (count: number) =>
  jobs.startJobs(
    it_,
    source,
    Array.from({ length: count }, () => ({ name: `job ${n++}` })),
  )
const admitted = async () =>
  (await it_.db.query<{ id: string }>('select id from backhaul.jobs where admitted order by arrival')).map((job) => job.id)
const end = (id: string, how = 'completed') =>
  it_.db.query(
    `update backhaul.jobs set status = $2::backhaul.job_status, admitted = false, completed_at = clock_timestamp() where id = $1`,
    [id, how],
  )
const places = (concurrency: number) =>
  signOn(it_.db, { id: `elsewhere:${process.pid}:a`, app: 'worker-test', queues: [QUEUE], concurrency })

beforeAll(async () => {
  it_ = await suite([source], { scheduler: false })
  await createCounted(it_.db)
})
beforeEach(async () => {
  await it_.db.tx((tx) => tx.query('truncate backhaul.jobs, backhaul.workers cascade'))
  counting.tasks = [countingTask('one')]
})
afterAll(() => it_.close())

it('a few times as many jobs run as the live workers hold; the others are queued and begin as those end', async () => {
  await places(2)
  const all = (await startMany(20)).map((job) => job.id)
  const most = 2 * JOBS_PER_PLACE
  expect(await admitted()).toEqual(all.slice(0, most))
  await end(all[2] as string)
  expect(await admit(it_)).toEqual([all[most]])
  expect(await admit(it_)).toEqual([])
})

it('a job of a lower number goes ahead at once, whatever runs, and before all that wait', async () => {
  const all = (await startMany(10)).map((job) => job.id)
  const live = await start(0)
  expect(await admitted()).toEqual([...all.slice(0, JOBS_PER_PLACE), live])
  expect((await turnsOf(it_.db, [await start(1)], 100)).size).toBe(0)
  const later = [await start(1), await start(1), await start(1)]
  const turns = await turnsOf(it_.db, [...all, ...later], 100)
  expect([...later, ...all.slice(JOBS_PER_PLACE)].flatMap((id) => turns.get(id)?.position ?? [])).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9])
})

it('a paused job gives its place to another, and goes on before jobs that have not begun', async () => {
  const [first, ...others] = (await startMany(6)).map((job) => job.id)
  await it_.db.query(`update backhaul.jobs set status = 'running', started_at = now() where admitted`)
  await jobs.pause(it_, first as string)
  await admit(it_)
  expect(await admitted()).toEqual(others.slice(0, JOBS_PER_PLACE))
  expect(await jobs.resume(it_, first as string)).toMatchObject({ status: 'queued' })
  expect((await turnsOf(it_.db, [first as string], 100)).get(first as string)?.position).toBe(1)
  await end(others[0] as string)
  expect(await admit(it_)).toEqual([first])
  expect(await jobs.findJob(it_, first as string)).toMatchObject({ status: 'running' })
})

it('nothing of a job is claimed or woken before it is admitted', async () => {
  const [first] = (await startMany(1)).map((job) => job.id)
  await it_.db.query('update backhaul.jobs set admitted = false where id = $1', [first])
  expect(await wake(it_.db, it_.broker)).toBe(0)
  await admit(it_)
  expect(await wake(it_.db, it_.broker)).toBe(1)
})

it('a source that bounds its jobs runs so many, those of a lower number first', async () => {
  const engine = { ...it_, sources: [bounded], settings: () => ({ COUNTING_JOBS: 2 }) }
  for (let job = 0; job < 4; job++)
    await jobs.startJob({ ...engine, settings: () => ({ COUNTING_JOBS: 0 }) }, bounded, { name: `bounded ${job}` })
  expect(await admit(engine)).toHaveLength(2)
  expect(await admit({ ...engine, settings: () => ({ COUNTING_JOBS: 3 }) })).toHaveLength(1)
})

it('two who admit at the same moment do not fill a place twice', async () => {
  await it_.db.query(`insert into backhaul.jobs (source, params, bounded_by) select 'counting', '{}', $1 from generate_series(1, 20)`, [
    QUEUE,
  ])
  await Promise.all([admit(it_), admit(it_), admit(it_), admit(it_)])
  expect(await admitted()).toHaveLength(JOBS_PER_PLACE)
})

it('places are counted up to a bound, and the ends of jobs show how fast they move', async () => {
  const all = (await startMany(20)).map((job) => job.id)
  for (const id of all.slice(0, 3)) await end(id)
  const turns = await turnsOf(it_.db, all, 10)
  expect(turns.get(all[3 + 9] as string)?.position).toBe(10)
  expect(turns.get(all[19] as string)?.position).toBe(11)
  expect(turns.get(all[19] as string)?.everyMs).toBeGreaterThan(0)
})

it('jobs that ended before anybody waited, or were cancelled, say nothing of how fast a line moves', async () => {
  const past = `completed_at = created_at - interval '1 second'`
  const all = (await startMany(20)).map((job) => job.id)
  for (const id of all.slice(0, 3))
    await it_.db.query(`update backhaul.jobs set status = 'completed', admitted = false, ${past} where id = $1`, [id])
  const every = async () => (await turnsOf(it_.db, all)).get(all[19] as string)?.everyMs
  expect(await every()).toBeNull()
  for (const id of all.slice(10, 15)) await end(id, 'cancelled')
  expect(await every()).toBeNull()
  await it_.db.query(`update backhaul.jobs set created_at = now() - interval '60 seconds' where id = any($1)`, [all.slice(3)])
  for (const id of all.slice(0, 2)) await end(id)
  expect((await every()) ?? 0).toBeGreaterThanOrEqual(20_000)
  expect((await every()) ?? 0).toBeLessThan(40_000)
})

it('one id twice, an active one and a new one in one call: each has its job, in the order given', async () => {
  const [active] = await startMany(1)
  const name = active?.activeKey
  const started = await jobs.startJobs(it_, source, [{ name: 'x' }, { name }, { name: 'x' }, { name: 'y' }])
  expect(started.map((job) => job.created)).toEqual([true, false, false, true])
  expect(started[1]?.id).toBe(active?.id)
  expect(started[2]?.id).toBe(started[0]?.id)
  expect(await it_.db.query('select count(*)::int as n from backhaul.tasks')).toEqual([{ n: 3 }])
})

it('a start of many jobs reports its progress, and none exist before all do', async () => {
  const told: number[] = []
  const seen: Promise<object[]>[] = []
  const requests = Array.from({ length: 2500 }, () => ({ name: `job ${n++}` }))
  await jobs.startJobs(it_, source, requests, {}, (done) => {
    told.push(done)
    seen.push(it_.db.query('select 1 from backhaul.jobs limit 1'))
  })
  expect(told).toEqual([1000, 2000, 2500])
  expect((await Promise.all(seen.slice(0, 2))).flat()).toEqual([])
})

it('one request without work starts none of them', async () => {
  const plan: Source['plan'] = (params) => ({
    ...source.plan(params),
    ...((params as { name: string }).name === 'idle' ? { tasks: [] } : {}),
  })
  await expect(jobs.startJobs(it_, { ...source, plan }, [{ name: 'a' }, { name: 'idle' }])).rejects.toThrow(
    'there is nothing to backfill for idle',
  )
  expect(await it_.db.query('select 1 from backhaul.jobs')).toEqual([])
})

it('admission, wake-ups, places and the tick read as many rows with 20,000 jobs queued as with 100', async () => {
  const read = () =>
    rowsReadBy(it_.db, async (tx) => {
      const db: Suite['db'] = { ...it_.db, query: tx.query, tx: (work) => work(tx, tx.query) }
      await admit({ ...it_, db })
      await wake(db, it_.broker)
      const [last] = await it_.db.query<{ id: string }>('select id from backhaul.jobs order by arrival desc limit 1')
      await turnsOf(db, [last?.id ?? ''], 50)
    })
  await startMany(100)
  await it_.db.query('analyze backhaul.jobs, backhaul.tasks')
  const few = await read()
  await startMany(20_000)
  expect(await read()).toBeLessThanOrEqual(few + 20)
}, 60_000)
