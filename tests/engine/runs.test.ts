import { Fatal } from '../../backend/base/errors'
import { progress } from '../../backend/engine/jobs/progress'
import * as jobs from '../../backend/engine/jobs/verbs'
import { reportText } from '../../scripts/cli/report-text'
import { type Counting, countingSource, countingTask, createCounted } from '../support/counting-source'
import { type Suite, suite } from '../support/suite'
import { until } from '../support/until'

/*
 * A job's time is that of its runs, and how the earlier ones ended is kept.
 */

let it_: Suite
let isBroken = true
let held = Promise.resolve()
const counting: Counting = {
  pages: 2,
  rowsPerPage: 5,
  tasks: [countingTask('good', 'x'), countingTask('bad', 'y')],
  onRead: async (key) => {
    if (isBroken && key === 'bad') throw new Fatal('gone', 'the record is gone for good')
    if (key === 'good') await held
    return undefined
  },
}
const source = countingSource(counting)

beforeAll(async () => {
  it_ = await suite([source])
  await createCounted(it_.db)
})
afterEach(() => it_.db.tx((tx) => tx.query('truncate counted')))
afterAll(() => it_.close())

/** Puts the run in hand so far back that it took ten minutes, and ended fifty minutes ago. */
const longAgo = (id: string) =>
  it_.db.query(
    `update backhaul.jobs set completed_at = now() - interval '50 min', created_at = least(created_at, now() - interval '2 hours'),
            started_at = case when run = 1 then now() - interval '60 min' else started_at end,
            run_started_at = case when run > 1 then now() - interval '60 min' end where id = $1`,
    [id],
  )
const secondsOf = async (id: string) => (await progress(it_.db, [id]))[0]?.seconds

test('the time a job stands ended, or waits for its turn again, is no time of it; each failure is kept', async () => {
  const worker = await it_.worker()
  const { id } = await jobs.startJob(it_, source, { name: 'runs' })
  expect(await it_.ended(id)).toBe('partial')
  expect(await jobs.report(it_, id)).toMatchObject({ earlierRuns: [] })
  await longAgo(id)
  expect(await secondsOf(id)).toBe(600)

  await jobs.retry(it_, id)
  expect(await it_.ended(id)).toBe('partial')
  const again = await jobs.report(it_, id)
  expect(again).toMatchObject({
    status: 'partial',
    earlierRuns: [
      {
        number: 1,
        status: 'partial',
        seconds: 600,
        error: '1 of 2 tasks failed; the first: count bad: the record is gone for good',
        tasks: { total: 2, failed: 1 },
        seen: 10,
        new: 10,
      },
    ],
  })
  expect(again.seconds).toBeGreaterThanOrEqual(600)
  expect(again.seconds).toBeLessThan(660)
  await longAgo(id)
  expect(await secondsOf(id)).toBe(1200)

  await worker.stop()
  isBroken = false
  await jobs.retry(it_, id)
  await jobs.pause(it_, id)
  // An hour of a pause before the run started is no time of it, and takes none off.
  await it_.db.query(`update backhaul.jobs set run_started_at = null, paused_at = paused_at - interval '1 hour' where id = $1`, [id])
  expect(await secondsOf(id)).toBe(1200)
  await it_.worker()
  await jobs.resume(it_, id)
  expect(await it_.ended(id)).toBe('completed')
  const last = await jobs.report(it_, id)
  expect(last.earlierRuns.map((run) => [run.number, run.status, run.seconds])).toEqual([
    [1, 'partial', 600],
    [2, 'partial', 600],
  ])
  expect(last.seconds).toBeGreaterThanOrEqual(1200)
  expect(last.seconds).toBeLessThan(1260)
  expect(reportText(last)).toMatch(/time +20 min.* in 3 runs, since /)
  expect(reportText(last)).toMatch(/earlier run .*\n.*1 .* partial +1 of 2 .*gone for good\n.*2 .* partial +1 of 2 /)

  await it_.db.query('delete from backhaul.rejects where job_id = $1', [id])
  await it_.db.query('delete from backhaul.tasks where job_id = $1', [id])
  await it_.db.query('delete from backhaul.jobs where id = $1', [id])
  expect(await it_.db.query('select 1 from backhaul.runs')).toEqual([])
}, 60_000)

test('a retry of a job that still runs goes on with the same run', async () => {
  isBroken = true
  let goOn = () => {}
  held = new Promise((resolve) => {
    goOn = resolve
  })
  const { id } = await jobs.startJob(it_, source, { name: 'still running' })
  const failed = () => it_.db.query(`select 1 from backhaul.tasks where job_id = $1 and state = 'failed'`, [id])
  await until(async () => (await failed()).length === 1, { timeoutMs: 20_000 })
  isBroken = false
  await jobs.retry(it_, id)
  goOn()
  expect(await it_.ended(id)).toBe('completed')
  expect((await jobs.report(it_, id)).earlierRuns).toEqual([])
}, 60_000)
