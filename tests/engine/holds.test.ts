import { z } from 'zod'
import { Held } from '../../backend/base/errors'
import { bySpan, waitOf, waitText } from '../../backend/base/vocabulary'
import { defineStream, type Source, type Step } from '../../backend/contract'
import { progress } from '../../backend/engine/jobs/progress'
import { cancel, pause, resume, startJob } from '../../backend/engine/jobs/verbs'
import { releaseHeld } from '../../backend/engine/store'
import { holds } from '../../backend/engine/upkeep/alert-checks'
import { wake } from '../../backend/engine/wake'
import { firstLanes } from '../../backend/service/jobs/lanes'
import { type Counting, countingSource } from '../support/counting-source'
import { type Suite, suite } from '../support/suite'
import { until } from '../support/until'

/* Work that waits until a person acts. */

const KEY = 'credential/toy/1'
const REASON = 'account toy 1 must be connected again'

let it_: Suite
let source: Source
/** Whether reads of lane a are held. */
let isHeld: boolean
/** Called while a read of lane a is under way. */
let during: () => Promise<unknown>
let reads: string[]

beforeAll(async () => {
  const counting: Counting = { pages: 2, rowsPerPage: 1, tasks: [], laneWidth: 1 }
  source = countingSource(counting)
  source.streams.holds = defineStream<{ page: number }, null, unknown>({
    queue: 'zkillboard_backfill_queue',
    cursor: z.object({ page: z.number() }),
    async read({ key, cursor: { page } }: Step<{ page: number }, unknown>) {
      reads.push(key)
      const held = isHeld && page === 1 && key.startsWith('a')
      if (held) await during()
      if (held) throw new Held(KEY, REASON)
      return { batch: null, next: page === 0 ? { page: 1 } : null }
    },
    write: async () => ({ new: 0, updated: 0, unchanged: 0 }),
  })
  counting.tasks.push(...['a1', 'a2', 'b1', 'b2'].map((key) => ({ stream: 'holds', key, cursor: { page: 0 }, lane: key.slice(0, 1) })))
  it_ = await suite([source])
  await it_.worker()
}, 60_000)
afterAll(() => it_?.close())
beforeEach(async () => {
  isHeld = true
  during = async () => undefined
  reads = []
  await it_.db.query('delete from backhaul.holds')
})

const start = async (name: string) => (await startJob(it_, source, { name })).id
const statesOf = async (job: string) => {
  const rows = await it_.db.query<{ key: string; state: string }>(
    `select key, case when held_by is not null then 'held' else state::text end as state from backhaul.tasks
      where job_id = $1 and stream = 'holds' order by key`,
    [job],
  )
  return rows.map(({ key, state }) => `${key} ${state}`).join(', ')
}
const HELD = 'a1 held, a2 waiting, b1 done, b2 done'
const isParked = (job: string) => until(async () => (await statesOf(job)) === HELD, { what: 'lane a is held and lane b is done' })
const release = async () => {
  const count = await it_.db.tx((tx) => releaseHeld(tx, KEY))
  await wake(it_.db, it_.broker)
  return count
}

test('a held task waits with its lane, uses no attempt, says why, and goes on where it was when its key is released', async () => {
  const job = await start('held')
  await isParked(job)
  const [now] = await progress(it_.db, [job])
  expect(now?.waits).toMatchObject([{ kind: 'hold', on: REASON, tasks: 1 }])
  expect(await holds(it_.db)).toEqual([
    { subject: KEY, message: `work waits until a person acts: ${REASON}`, target: { kind: 'job', id: job } },
  ])
  expect(await it_.db.query(`select attempts, step from backhaul.tasks where held_by = $1`, [KEY])).toEqual([{ attempts: 0, step: 1 }])
  isHeld = false
  expect(await release()).toBe(1)
  expect(await it_.ended(job)).toBe('completed')
  expect(await holds(it_.db)).toEqual([])
  // Its first page was not read again.
  expect(reads.filter((key) => key === 'a1')).toHaveLength(3)
}, 30_000)

test('a release while the task is being read is not lost', async () => {
  during = async () => {
    isHeld = false
    await release()
  }
  expect(await it_.ended(await start('raced'))).toBe('completed')
}, 30_000)

test('a release that commits only while the task is parked is not lost', async () => {
  let commit: (() => void) | undefined
  let released = Promise.resolve()
  during = async () => {
    isHeld = false
    let isReleased = (): void => undefined
    const began = new Promise<void>((resolve) => {
      isReleased = resolve
    })
    released = it_.db.tx(async (tx) => {
      await releaseHeld(tx, KEY)
      isReleased()
      await new Promise<void>((resolve) => {
        commit = resolve
      })
    })
    await began
  }
  const job = await start('late')
  const finish = await until(async () => commit, { what: 'the release has begun' })
  finish()
  await released
  expect(await it_.ended(job)).toBe('completed')
}, 30_000)

test('a paused job keeps what is held, and is released while it is paused', async () => {
  const job = await start('paused')
  await isParked(job)
  await pause(it_, job)
  isHeld = false
  await release()
  await resume(it_, job)
  expect(await it_.ended(job)).toBe('completed')
}, 30_000)

test('a held job can be cancelled', async () => {
  const job = await start('cancelled')
  await isParked(job)
  await cancel(it_, job)
  expect(await it_.ended(job)).toBe('cancelled')
  expect(await release()).toBe(0)
  expect(await holds(it_.db)).toEqual([])
}, 30_000)

test('lanes say that a person must act, without a date', async () => {
  const job = await start('lanes')
  await isParked(job)
  const lane = (await firstLanes(it_.db, job, 10)).find((one) => one.lane === 'a')
  expect(lane && waitText(waitOf({ ...lane, errorKind: null, error: null }), bySpan(0))).toBe(`held until a person acts: ${REASON}`)
  await cancel(it_, job)
}, 30_000)
