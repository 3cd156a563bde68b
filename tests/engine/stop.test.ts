import * as jobs from '../../backend/engine/jobs/verbs'
import { type Counting, countingSource, countingTask, createCounted } from '../support/counting-source'
import { type Suite, suite } from '../support/suite'
import { until } from '../support/until'

const counting: Counting = { pages: 3, rowsPerPage: 2, tasks: [] }
const source = countingSource(counting)
let it_: Suite

const taskOf = async (job: string) =>
  (
    await it_.db.query<{ state: string; holder: string | null; attempts: number; step: number }>(
      'select state, holder, attempts, step from backhaul.tasks where job_id = $1 order by id limit 1',
      [job],
    )
  )[0]

beforeAll(async () => {
  it_ = await suite([source])
  await createCounted(it_.db)
})
afterAll(() => it_.close())

it('finishes the page in hand, hands the task back without an attempt, and leaves', async () => {
  let go: (() => void) | undefined
  const first = await it_.worker()
  counting.tasks = [countingTask('a')]
  counting.onRead = () =>
    new Promise((resolve) => {
      go = () => resolve(undefined)
    })
  const job = await jobs.startJob(it_, source, { name: 'a' })
  await until(async () => (await taskOf(job.id))?.holder === first.id, { what: 'the page to be in hand' })
  await until(() => go, { what: 'the read to begin' })
  const stopped = first.stop()
  go?.()
  await stopped
  expect(await taskOf(job.id)).toEqual({ state: 'ready', holder: null, attempts: 0, step: 1 })
  expect(await it_.db.query('select id from backhaul.workers where id = $1', [first.id])).toEqual([])
  counting.onRead = undefined
  const second = await it_.worker()
  expect(await it_.ended(job.id)).toBe('completed')
  await second.stop()
})

it('aborts a page that outlasts the grace, without an attempt and without a row', async () => {
  const worker = await it_.worker({ graceMs: 200 })
  counting.tasks = [countingTask('b')]
  let reading = 0
  counting.onRead = (_, __, io) => {
    reading++
    return new Promise((_resolve, reject) => io.signal.addEventListener('abort', () => reject(io.signal.reason)))
  }
  const job = await jobs.startJob(it_, source, { name: 'b' })
  await until(() => reading > 0, { what: 'the read to begin' })
  await worker.stop()
  counting.onRead = undefined
  expect(await taskOf(job.id)).toEqual({ state: 'ready', holder: null, attempts: 0, step: 0 })
  await it_.worker()
  expect(await it_.ended(job.id)).toBe('completed')
  expect(await it_.db.query(`select 1 from counted where key = 'b'`)).toHaveLength(6)
})
