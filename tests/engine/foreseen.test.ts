import { jobDetail as shape } from '../../backend/api/shapes'
import { readConfig } from '../../backend/config/config'
import type { Foreseen } from '../../backend/contract'
import { progress } from '../../backend/engine/jobs/progress'
import { readStages } from '../../backend/engine/jobs/stages'
import { cancel, pause, report } from '../../backend/engine/jobs/verbs'
import { keepRetention } from '../../backend/engine/upkeep/retention'
import { createService, type Service } from '../../backend/service/base/context'
import { jobDetail } from '../../backend/service/jobs/detail'
import { rowsReadBy } from '../../bench/engine/rows-read'
import { type Counting, countingSource, countingTask, createCounted } from '../support/counting-source'
import { quiet, type Suite, suite } from '../support/suite'
import { until } from '../support/until'

/* Pages may tell how many records stages of their job will have; progress by lane and stage is counted against that. */

const HOUR_MS = 3_600_000
const counting: Counting = { pages: 2, rowsPerPage: 450, tasks: [], lanesAtOnce: 1 }
const source = {
  ...countingSource(counting),
  stageLabel: (lane: string, stage: number) => (stage === 9 ? undefined : `${stage === 0 ? 'orders' : 'payments'} of ${lane}`),
}
let it_: Suite
let service: Service

beforeAll(async () => {
  it_ = await suite([source])
  await createCounted(it_.db)
  await it_.worker({ attempts: 1 })
  service = createService(it_, readConfig([source], { DATABASE_URL: it_.databaseUrl }))
}, 60_000)
afterAll(() => it_?.close())
beforeEach(async () => {
  await it_.db.query('truncate counted')
  counting.tasks = [countingTask('a', 'etsy')]
  counting.rowsPerPage = 450
})

/** Foresees this on the first page of `a`; second pages wait. */
const foresees = (foreseen: Foreseen[]) => {
  counting.onRead = async (key, page) =>
    page === 0
      ? { foreseen: key === 'a' ? foreseen : undefined, notBefore: { until: new Date(Date.now() + HOUR_MS), on: 'the test' } }
      : undefined
}
const sentences = async (id: string) => (await jobDetail(service, id)).stages.map((stage) => stage.sentence)
const pagesAreRead = (id: string, pages: number) =>
  until(async () => (await progress(it_.db, [id]))[0]?.pages === pages, { what: 'the first pages' })
const goOn = (id: string) => it_.db.query(`update backhaul.tasks set due_at = clock_timestamp() where job_id = $1`, [id])

test('stages are shown before they have tasks, and the job keeps their progress when its tasks are gone', async () => {
  counting.tasks = [countingTask('a', 'etsy'), countingTask('b', 'shopify')]
  foresees([
    { lane: 'etsy', stage: 0, expected: 900 },
    { lane: 'etsy', stage: 1, expected: 25_000, atLeast: true },
    { lane: 'printify', stage: 0, label: 'products of Mugs & More', expected: null },
  ])
  const id = await it_.startJob(source, { name: 'stages' })
  await pagesAreRead(id, 2)
  const detail = await jobDetail(service, id)
  expect(shape.parse(detail).stages).toEqual(detail.stages)
  expect(detail.stages.map((stage) => stage.sentence)).toEqual([
    'Orders of etsy… 450/900',
    'Payments of etsy… 0/25,000+',
    'Products of Mugs & More… 0',
    'Orders of shopify… 450',
  ])
  expect(detail.stages[0]).toMatchObject({ lane: 'etsy', stage: 0, fraction: 0.5, tasks: { total: 1, ready: 1, done: 0 } })
  expect(detail.stages[1]).toMatchObject({ atLeast: true, fraction: null, tasks: { total: 0 } })

  await goOn(id)
  expect(await it_.ended(id)).toBe('completed')
  const ended = await sentences(id)
  expect(ended).toContain('Orders of etsy: 900/900')
  expect(ended).toContain('Orders of shopify: 900')
  const stages = (await report(it_, id)).stages
  expect(stages).toHaveLength(4)
  await it_.db.query(`update backhaul.jobs set completed_at = now() - interval '9 days' where id = $1`, [id])
  const retention = keepRetention({ db: it_.db, log: quiet, retentionMs: 86_400_000 })
  await until(async () => (await retention.tick()) === 'idle')
  expect(await it_.db.query('select 1 from backhaul.foreseen where job_id = $1', [id])).toEqual([])
  expect(await sentences(id)).toEqual(ended)
}, 60_000)

test('a stage that reads nothing is left out', async () => {
  counting.tasks = [countingTask('a', 'etsy'), countingTask('end', 'etsy', 9)]
  counting.onRead = async () => ({ foreseen: [{ lane: 'etsy', stage: 0, expected: 900 }] })
  const id = await it_.startJob(source, { name: 'an end' })
  expect(await it_.ended(id)).toBe('completed')
  expect(await sentences(id)).toEqual(['Orders of etsy: 900/900'])
}, 60_000)

test('the last page wins, a label that was given stays, and tasks that failed are named', async () => {
  counting.onRead = async (key, page) => {
    if (page === 0) return { foreseen: [{ lane: 'etsy', stage: 0, label: 'all orders', expected: 1_000, atLeast: true }] }
    if (key === 'a')
      return {
        foreseen: [
          { lane: 'etsy', stage: 0, expected: 1 },
          { lane: 'etsy', stage: 0, expected: 1_234 },
        ],
        failed: { kind: 'gone', reason: 'no more' },
      }
  }
  const id = await it_.startJob(source, { name: 'corrected' })
  expect(await it_.ended(id)).toBe('failed')
  expect(await sentences(id)).toEqual(['All orders: 900/1,234, 1 task failed'])
}, 60_000)

test.each([-1, 0.5, Number.NaN])(
  '%p records are an error of the source, and nothing of that page is stored',
  async (expected) => {
    foresees([{ lane: 'etsy', stage: 0, expected }])
    const id = await it_.startJob(source, { name: 'wrong' })
    expect(await it_.ended(id)).toBe('failed')
    expect((await report(it_, id)).failures[0]?.error).toMatch(/a page foresees .* of etsy; it must be a whole number/)
    expect(await it_.db.query('select 1 from counted')).toEqual([])
  },
  60_000,
)

test('a job without foreseen totals has no stages, and its tasks are not read for them; those of others are read once', async () => {
  const TASKS = 2_000
  counting.tasks = Array.from({ length: TASKS }, (_, n) => countingTask(`k${n}`, `lane ${n % 50}`))
  foresees([])
  const id = await it_.startJob(source, { name: 'many' })
  await pause(it_, id)
  await it_.db.query('analyze backhaul.tasks')
  const cost = () => rowsReadBy(it_.db, (tx) => readStages(tx, [id]))
  expect(await cost()).toBeLessThan(10)
  expect((await readStages(it_.db, [id])).size).toBe(0)

  await it_.db.query(`insert into backhaul.foreseen (job_id, lane, stage, expected) values ($1, 'lane 1', 0, 100)`, [id])
  expect(await cost()).toBeLessThan(TASKS * 1.1)
  expect((await readStages(it_.db, [id])).get(id)).toHaveLength(50)
  await cancel(it_, id)
}, 60_000)
