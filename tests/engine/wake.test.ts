import { signOn } from '../../backend/engine/heartbeat'
import * as jobs from '../../backend/engine/jobs/verbs'
import { markWoken } from '../../backend/engine/store'
import { wake } from '../../backend/engine/wake'
import { type Counting, countingSource, countingTask, createCounted } from '../support/counting-source'
import { type Suite, suite } from '../support/suite'
import { until } from '../support/until'

/*
 * WakeUps decide who goes next: few at a time, the lowest priority number first, then the job served least.
 */

const QUEUE = 'zkillboard_backfill_queue'
const counting: Counting = { pages: 1, rowsPerPage: 1, tasks: [] }
const source = countingSource(counting)
let it_: Suite
let n = 0

const start = async (tasks: number, priority = 2) => {
  counting.tasks = Array.from({ length: tasks }, (_, task) => countingTask(`${n}-${task}`, `lane ${task}`))
  return (await jobs.startJob(it_, source, { name: `job ${n++}` }, { priority })).id
}
const woken = () =>
  it_.db.query<{ job_id: string; key: string; wakes: number }>(
    'select job_id, key, wakes from backhaul.tasks where woken_at is not null order by id',
  )
const signOnWorker = (id: string, concurrency: number) =>
  signOn(it_.db, { id: `elsewhere:${process.pid}:${id}`, app: 'worker-test', queues: [QUEUE], concurrency })

beforeEach(async () => {
  it_ = await suite([source], { scheduler: false })
  await createCounted(it_.db)
})
afterEach(() => it_.close())

it('wakes twice what the live workers hold, and at least two', async () => {
  await start(8)
  await start(8)
  expect(await wake(it_.db, it_.broker)).toBe(2)
  await signOnWorker('a', 3)
  await signOnWorker('b', 2)
  expect(await wake(it_.db, it_.broker)).toBe(8)
  expect(await woken()).toHaveLength(10)
})

it('wakes the lowest priority number first, and each job in turn', async () => {
  const backfill = await start(4)
  const second = await start(4)
  const live = await start(1, 0)
  const asked = await start(1, 1)
  await signOnWorker('a', 2)
  await wake(it_.db, it_.broker)
  const by = (id: string) => woken().then((rows) => rows.filter((row) => row.job_id === id).length)
  expect([await by(live), await by(asked), await by(backfill), await by(second)]).toEqual([1, 1, 1, 1])
})

it('sends a wake-up again if no worker claimed the task, a second later and then ever less often', async () => {
  await start(1)
  expect([await wake(it_.db, it_.broker), await wake(it_.db, it_.broker)]).toEqual([1, 0])
  await until(async () => (await wake(it_.db, it_.broker)) === 1, { timeoutMs: 5000, what: 'the second wake-up' })
  expect((await woken())[0]?.wakes).toBe(2)
})

it('a wake-up that serves a more urgent task is sent again at once', async () => {
  Object.assign(source, { priority: () => 2 })
  const backfill = await start(1)
  await it_.db.query(`update backhaul.tasks set woken_at = clock_timestamp(), wakes = 9`)
  const [task] = await it_.db.query<{ id: bigint }>('select id from backhaul.tasks where job_id = $1', [backfill])
  const live = await start(1, 0)
  const worker = await it_.worker({ concurrency: 1 })
  await it_.broker.publish([{ queue: QUEUE, body: { taskId: `${task?.id}` } }])
  const isDone = async (job: string) =>
    (await it_.db.query(`select 1 from backhaul.tasks where job_id = $1 and stream = 'count' and state = 'done'`, [job])).length === 1
  await until(() => isDone(live), { what: 'the more urgent task' })
  // By its mark it would be woken ten seconds after its last wake-up.
  await until(() => isDone(backfill), { timeoutMs: 5_000, what: 'the task whose wake-up it took' })
  await worker.stop()
  Object.assign(source, { priority: undefined })
})

it('wakes nothing that is claimed, parked, paused or waiting for its lane', async () => {
  const job = await start(3)
  await it_.db.query(`update backhaul.tasks set claim = 1, holder = 'somebody' where key like '%-0'`)
  await it_.db.query(`update backhaul.tasks set due_at = now() + interval '1 hour' where key like '%-1'`)
  await it_.db.query(`update backhaul.tasks set state = 'waiting' where key like '%-2'`)
  expect(await wake(it_.db, it_.broker)).toBe(0)
  await it_.db.query(`update backhaul.tasks set claim = null, due_at = now(), state = 'ready'`)
  await jobs.pause(it_, job)
  expect(await wake(it_.db, it_.broker)).toBe(0)
})

it('plans the wake-up after a turn once for each connection: planning it takes longer than running it', async () => {
  await start(8)
  const plans = await it_.db.tx(async (tx) => {
    for (let turn = 0; turn < 8; turn++) await markWoken(tx, QUEUE)
    return await tx.query<{ custom: number; kept: number }>(
      `select custom_plans::int as custom, generic_plans::int as kept from pg_prepared_statements where statement like '%update backhaul.tasks t set woken_at%'`,
    )
  })
  // The server compares five plans for known values with one for any.
  expect(plans).toEqual([{ custom: 5, kept: 3 }])
})
