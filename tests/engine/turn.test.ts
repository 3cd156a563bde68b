import { z } from 'zod'
import { defineStream, type NewTask } from '../../backend/contract'
import * as jobs from '../../backend/engine/jobs/verbs'
import { claimNext, insertFinishTask, promote, type Task } from '../../backend/engine/store'
import { rowsReadBy } from '../../bench/engine/rows-read'
import { type Counting, countingSource, countingTask, createCounted } from '../support/counting-source'
import { size } from '../support/size'
import { type Suite, suite } from '../support/suite'
import { until } from '../support/until'

/*
 * A turn goes on from stage to stage of its lane, and ends the job where nothing is left: here nobody else would, without a scheduler.
 */

const QUEUE = 'zkillboard_backfill_queue'
const counting: Counting = { pages: 1, rowsPerPage: 1, tasks: [] }
const source = countingSource(counting)
const summed: string[] = []
source.streams.sum = defineStream<object, null, unknown>({
  queue: QUEUE,
  cursor: z.object({}),
  asksNothing: true,
  async read({ key }) {
    summed.push(key)
    return { batch: null, next: null }
  },
  write: async () => ({ new: 0, updated: 0, unchanged: 0 }),
})
let it_: Suite
let n = 0

const sum = (key: string, stage: number): NewTask => ({ stream: 'sum', key, cursor: {}, lane: 'lane', stage })
const start = (tasks: NewTask[]) => {
  counting.tasks = tasks
  return it_.startJob(source, { name: `job ${n++}` })
}

beforeEach(async () => {
  it_ = await suite([source], { scheduler: false })
  await createCounted(it_.db)
})
afterEach(async () => {
  Object.assign(counting, { pages: 1, onRead: undefined, weight: undefined, laneWidth: undefined })
  summed.length = 0
  await it_.close()
})

it('reads the stages of a lane in their order and ends the job', async () => {
  const read: string[] = []
  counting.onRead = async (key) => {
    read.push(key)
    return undefined
  }
  await it_.worker({ concurrency: 1 })
  const job = await start([countingTask('c', 'lane', 4), countingTask('a', 'lane', 0), countingTask('b', 'lane', 0), sum('d', 5)])
  expect(await it_.ended(job)).toBe('completed')
  expect([read, summed]).toEqual([['a', 'b', 'c'], ['d']])
})

it('what asks nothing is done in the turn, though its time is up and its job has had its pages, and counts for no share', async () => {
  counting.weight = 1
  counting.pages = 2
  await it_.worker({ concurrency: 1, turnMs: 0 })
  const job = await start([countingTask('a', 'lane', 0), sum('b', 1)])
  expect(await it_.ended(job)).toBe('completed')
  const served = async () =>
    (await it_.db.query<{ served: number }>('select served::float8 as served from backhaul.shares where job_id = $1', [job]))[0]?.served
  // A turn counts its pages at its end, when the job has ended: both of them, and not the third.
  await until(async () => (await served()) !== 1, { what: 'the pages to be counted' })
  expect(await served()).toBe(2)
})

it('no stage begins while a task of the one before is read elsewhere', async () => {
  counting.laneWidth = 2
  let release = () => {}
  const held = new Promise<undefined>((resolve) => (release = () => resolve(undefined)))
  counting.onRead = async (key) => (key === 'slow' ? await held : undefined)
  await it_.worker({ concurrency: 2 })
  const job = await start([countingTask('slow', 'lane', 0), countingTask('fast', 'lane', 0), sum('later', 1)])
  const stateOf = async (key: string) =>
    (await it_.db.query<{ state: string }>('select state::text from backhaul.tasks where job_id = $1 and key = $2', [job, key]))[0]?.state
  await until(async () => (await stateOf('fast')) === 'done', { what: 'the fast one to be settled' })
  expect([await stateOf('later'), summed]).toEqual(['waiting', []])
  release()
  expect(await it_.ended(job)).toBe('completed')
  expect(summed).toEqual(['later'])
})

it('a paused job goes on to no other stage and does not end', async () => {
  let release = () => {}
  const held = new Promise<undefined>((resolve) => (release = () => resolve(undefined)))
  counting.onRead = async () => await held
  const worker = await it_.worker({ concurrency: 1 })
  const job = await start([countingTask('a', 'lane', 0)])
  await until(async () => (await it_.db.query('select 1 from backhaul.tasks where claim is not null')).length > 0, { what: 'its claim' })
  await jobs.pause(it_, job)
  release()
  await until(async () => (await it_.db.query(`select 1 from backhaul.tasks where state = 'done'`)).length > 0, { what: 'the page' })
  await worker.stop()
  expect(await it_.status(job)).toBe('paused')
  expect(await it_.db.query(`select 1 from backhaul.tasks where stream = '$finish'`)).toEqual([])
})

const MANY = size(20_000, 100_000)

it(`what comes next is found by a few rows, with ${MANY} tasks in the lane`, async () => {
  const job = await start([countingTask('a', 'lane', 0)])
  await it_.db.query(
    `insert into backhaul.tasks (job_id, stream, key, queue, priority, cursor, state, lane, stage, seq)
     select $1, 'count', 'more ' || n, $2, 2, '{"page": 0}', 'waiting', 'lane', 1, n from generate_series(1, $3::int) n`,
    [job, QUEUE, MANY],
  )
  await it_.db.query(`update backhaul.jobs set status = 'running' where id = $1`, [job])
  await it_.db.query(`update backhaul.tasks set state = 'done' where key = 'a'`)
  await it_.db.query('analyze backhaul.tasks')
  const settled = { job_id: job, lane: 'lane', queue: QUEUE, stage: 0 } as unknown as Task
  expect(await rowsReadBy(it_.db, (tx) => promote(tx, job))).toBeLessThan(50)
  const rows = await rowsReadBy(it_.db, async (tx) => {
    expect((await claimNext(tx, settled, 'somebody'))?.key).toBe('more 2')
    expect(await insertFinishTask(tx, job)).toBeUndefined()
  })
  expect(rows).toBeLessThan(50)
}, 60_000)
