import { progress } from '../../backend/engine/jobs/progress'
import { cancel } from '../../backend/engine/jobs/verbs'
import { type Counting, countingSource, countingTask, createCounted } from '../support/counting-source'
import { type Suite, suite } from '../support/suite'
import { until } from '../support/until'

/* A page may say when the next one of its task may be read. */

const HOUR_MS = 3_600_000
const counting: Counting = { pages: 2, rowsPerPage: 1, tasks: [countingTask('slow', 'x'), countingTask('quick', 'y')], laneWidth: 1 }
const source = countingSource(counting)
let it_: Suite
let reads: string[]

beforeAll(async () => {
  it_ = await suite([source])
  await createCounted(it_.db)
  // One attempt: a wait that used one would fail the task.
  await it_.worker({ attempts: 1 })
}, 60_000)
afterAll(() => it_?.close())
beforeEach(async () => {
  reads = []
  await it_.db.query('truncate counted')
})

const waiting = (ms: number) => {
  counting.onRead = async (key, page) => {
    reads.push(`${key} ${page}`)
    return key === 'slow' && page === 0 ? { notBefore: { until: new Date(Date.now() + ms), on: 'bulk operation gid://1' } } : undefined
  }
}
const slow = async (id: string) =>
  (
    await it_.db.query(
      `select attempts, claim, holder, state, step, waiting_on, waiting_since, woken_at, due_at > now() + interval '50 minutes' as later
         from backhaul.tasks where job_id = $1 and key = 'slow'`,
      [id],
    )
  )[0]
const quickIsDone = (id: string) =>
  until(async () => (await it_.db.query(`select 1 from backhaul.tasks where job_id = $1 and key = 'quick' and state = 'done'`, [id]))[0])
const PARKED = { attempts: 0, claim: null, holder: null, state: 'ready', step: 1, waiting_since: null, woken_at: null, later: true }

test('its rows are stored at once, it waits by name without an attempt, and the other lane goes on', async () => {
  waiting(HOUR_MS)
  const id = await it_.startJob(source, { name: 'waits' })
  await quickIsDone(id)
  await until(async () => ((await slow(id)) as { step?: number })?.step === 1)
  expect(await it_.db.query('select key, page from counted order by 1, 2')).toEqual([
    { key: 'quick', page: 0 },
    { key: 'quick', page: 1 },
    { key: 'slow', page: 0 },
  ])
  expect(await slow(id)).toEqual({ ...PARKED, waiting_on: 'bulk operation gid://1' })
  const [job] = await progress(it_.db, [id])
  expect(job?.waits).toMatchObject([{ kind: 'gate', on: 'bulk operation gid://1', tasks: 1, error: null }])
  expect(job?.waits[0]?.inMs).toBeGreaterThan(HOUR_MS - 600_000)

  await it_.db.query(`update backhaul.tasks set due_at = clock_timestamp() where job_id = $1 and key = 'slow'`, [id])
  expect(await it_.ended(id)).toBe('completed')
  expect(reads.filter((read) => read.startsWith('slow'))).toEqual(['slow 0', 'slow 1'])
  expect(await slow(id)).toMatchObject({ state: 'done', waiting_on: null })
}, 60_000)

test('a moment that has passed is no wait', async () => {
  waiting(-1_000)
  expect(await it_.ended(await it_.startJob(source, { name: 'past' }))).toBe('completed')
}, 60_000)

test('a job that waits can be cancelled', async () => {
  waiting(HOUR_MS)
  const id = await it_.startJob(source, { name: 'long' })
  await quickIsDone(id)
  await cancel(it_, id)
  expect(await it_.status(id)).toBe('cancelled')
}, 60_000)

test('a page that also moves its task to another lane is an error of the source', async () => {
  counting.onRead = async (key, page) =>
    key === 'slow' && page === 0 ? { lane: 'z', notBefore: { until: new Date(Date.now() + HOUR_MS), on: 'nothing' } } : undefined
  const id = await it_.startJob(source, { name: 'both' })
  expect(await it_.ended(id)).toBe('partial')
  expect(await it_.db.query(`select state, error from backhaul.tasks where job_id = $1 and key = 'slow'`, [id])).toEqual([
    { state: 'failed', error: expect.stringMatching(/moves its task to another lane/) },
  ])
}, 60_000)
