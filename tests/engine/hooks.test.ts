import { Fatal, Refused } from '../../backend/base/errors'
import type { Source } from '../../backend/contract'
import * as jobs from '../../backend/engine/jobs/verbs'
import { type Counting, countingSource, countingTask, createCounted } from '../support/counting-source'
import { type Suite, suite } from '../support/suite'
import { until } from '../support/until'

/* What a source does when its jobs start, are requested again, and end: once each, in the transaction of that moment. */

let it_: Suite
let source: Source
const counting: Counting = { pages: 2, rowsPerPage: 0, tasks: [countingTask('good', 'x'), countingTask('bad', 'y')], laneWidth: 1 }

beforeAll(async () => {
  source = countingSource(counting)
  it_ = await suite([source])
  await createCounted(it_.db)
  await it_.db.query('create table heard (at bigserial, hook text, job uuid, told text)')
  await it_.worker({ attempts: 1 })
}, 60_000)
afterAll(() => it_?.close())
beforeEach(async () => {
  counting.onRead = undefined
  Object.assign(source, { started: undefined, joined: undefined, ended: undefined })
  await it_.db.tx((tx) => tx.query('truncate heard'))
})

type Ended = NonNullable<Source['ended']>
type Hear = Parameters<NonNullable<Source['started']>>[0]
const hear = (tx: Hear, hook: string, job: string, told: string) =>
  tx.query('insert into heard (hook, job, told) values ($1, $2, $3)', [hook, job, told])
const heard = async (job: string) =>
  (await it_.db.query<{ line: string }>(`select hook || ' ' || told as line from heard where job = $1 order by at`, [job])).map(
    ({ line }) => line,
  )
const listen = () => {
  source.started = async (tx, { id, run }) => void (await hear(tx, 'started', id, `run ${run}`))
  source.ended = async (tx, { id, status, report }) => void (await hear(tx, 'ended', id, `${status}, ${report.tasks.failed} failed`))
}
const held = () => {
  let go = () => {}
  const gate = new Promise<void>((resolve) => {
    go = resolve
  })
  counting.onRead = async () => {
    await gate
    return undefined
  }
  return () => go()
}

test('a job is heard to start and to end, and again at each retry', async () => {
  listen()
  counting.onRead = async (key) => {
    if (key === 'bad') throw new Fatal('gone', 'it is gone')
    return undefined
  }
  const id = await it_.startJob(source, { name: 'retried' })
  expect(await it_.ended(id)).toBe('partial')
  counting.onRead = undefined
  await jobs.retry(it_, id)
  expect(await it_.ended(id)).toBe('completed')
  expect(await heard(id)).toEqual(['started run 1', 'ended partial, 1 failed', 'started run 2', 'ended completed, 0 failed'])
}, 60_000)

test('a start that its source refuses leaves nothing', async () => {
  source.started = async () => {
    throw new Refused('state', 'not now')
  }
  await expect(jobs.startJob(it_, source, { name: 'refused' })).rejects.toThrow('not now')
  expect(await it_.db.query(`select 1 from backhaul.jobs where active_key = 'refused'`)).toEqual([])
})

test('a cancelled job is heard to end, once', async () => {
  listen()
  const go = held()
  const { id } = await jobs.startJob(it_, source, { name: 'cancelled' })
  await Promise.all([jobs.cancel(it_, id), jobs.cancel(it_, id)])
  go()
  await until(async () => (await heard(id)).length === 2)
  expect(await heard(id)).toEqual(['started run 1', 'ended cancelled, 0 failed'])
})

test('the end of a job starts others, one with its own active key among them', async () => {
  const ended: Ended = async (tx, { id, params }, start) => {
    const { name, again } = params as { name: string; again?: boolean }
    if (!again) return
    const next = await start({ name }, { priority: 'live' })
    await hear(tx, 'began', id, next.id)
  }
  source.ended = ended
  const id = await it_.startJob(source, { name: 'follows', again: true })
  expect(await it_.ended(id)).toBe('completed')
  const next = (await heard(id))[0]?.slice('began '.length) ?? ''
  expect(await it_.ended(next)).toBe('completed')
  expect(await it_.db.query(`select priority from backhaul.jobs where id = $1`, [next])).toEqual([{ priority: 0 }])
}, 60_000)

test('a job whose hook keeps failing ends as failed, without it', async () => {
  source.ended = async (tx, { id, status }) => {
    await hear(tx, 'ended', id, status)
    throw new Fatal('hook', 'the hook is broken')
  }
  const id = await it_.startJob(source, { name: 'broken' })
  expect(await it_.ended(id)).toBe('failed')
  expect(await it_.db.query(`select error from backhaul.jobs where id = $1`, [id])).toEqual([
    { error: 'its finish task failed: the hook is broken' },
  ])
  expect(await heard(id)).toEqual([])
}, 60_000)

test('a request for an active job adds its tasks to it; those it has already stay as they are', async () => {
  source.joined = async (tx, { id, params }, asked) => {
    await hear(tx, 'joined', id, `${JSON.stringify(params)} ${JSON.stringify(asked)}`)
    return [countingTask('good', 'x'), countingTask('late', 'z')]
  }
  const go = held()
  const id = await it_.startJob(source, { name: 'joined' })
  const again = await jobs.startJob(it_, source, { name: 'joined', more: 1 })
  expect(again).toMatchObject({ id, created: false, added: ['z'] })
  go()
  expect(await it_.ended(id)).toBe('completed')
  expect(await heard(id)).toEqual(['joined {"name":"joined"} {"name":"joined","more":1}'])
  expect(await it_.db.query(`select key, pages from backhaul.tasks where job_id = $1 and stream = 'count' order by key`, [id])).toEqual([
    { key: 'bad', pages: 2 },
    { key: 'good', pages: 2 },
    { key: 'late', pages: 2 },
  ])
}, 60_000)

test('a request that meets a job as it ends joins it before its end or starts another one after it, never neither', async () => {
  source.joined = async (_, { id }) => [countingTask(`late of ${id}`, 'z')]
  for (let n = 0; n < 5; n++) {
    const name = `race ${n}`
    const first = await it_.startJob(source, { name })
    const second = await until(async () => {
      const status = await it_.status(first)
      return status === 'running' || status === 'completed' ? jobs.startJob(it_, source, { name }) : undefined
    })
    await it_.ended(first)
    const late = await it_.db.query<{ state: string }>(`select state from backhaul.tasks where job_id = $1 and key like 'late of%'`, [
      first,
    ])
    if (second.created) expect(late).toEqual([])
    else expect(late).toEqual([{ state: 'done' }])
    if (second.created) await it_.ended(second.id)
  }
}, 60_000)
