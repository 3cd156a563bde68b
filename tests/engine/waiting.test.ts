import { z } from 'zod'
import { Throttled } from '../../backend/base/errors'
import { defineStream, type HttpUse, type Source, type Step } from '../../backend/contract'
import { createIo } from '../../backend/engine/io'
import { pause, resume, startJob } from '../../backend/engine/jobs/verbs'
import { taskWaits } from '../../backend/engine/outcomes'
import { type Counting, countingSource } from '../support/counting-source'
import { quiet, type Suite, suite } from '../support/suite'
import { until } from '../support/until'

/* What a read knows of waits: whether an API is free soon, and how long its task has waited for one. */

describe('more', () => {
  const inSeconds = (seconds: number) => new Date(Date.now() + seconds * 1000)
  const moreOf = (use: Partial<HttpUse>, { stopping = false, endsAt = Number.POSITIVE_INFINITY } = {}) => {
    const engine = { http: () => () => undefined, stopping: () => stopping, log: quiet }
    const all = { class: 'backfill', signal: AbortSignal.any([]), nextAt: {}, traffic: {}, log: quiet, ...use } as HttpUse
    return createIo(engine as never, countingSource({ pages: 1, rowsPerPage: 1, tasks: [] }), all, endsAt).more
  }

  test('is about the API that was asked last, or the one that is named', () => {
    const more = moreOf({ asked: 'slow', nextAt: { slow: inSeconds(10), quick: inSeconds(1) } })
    expect([more(), more('slow'), more('quick'), more('never asked')]).toEqual([false, false, true, true])
  })

  test('is true before the first request, and false for every API once the time is up or the worker stops', () => {
    expect(moreOf({})()).toBe(true)
    expect(moreOf({}, { endsAt: Date.now() - 1 })('quick')).toBe(false)
    expect(moreOf({}, { stopping: true })('quick')).toBe(false)
  })
})

test('short waits in a row are one line of the log; a long one is another', () => {
  const untils: unknown[] = []
  const log = { ...quiet, info: (_: string, fields?: object) => void untils.push((fields as { until: string }).until) }
  const waits = (since: Date | null, inMs: number) => {
    const until = new Date(Date.UTC(2026, 10, 30) + inMs)
    const task = { id: 1n, job_id: 'j', source: 'counting', stream: 'count', key: 'a', step: 0, waiting_since: since }
    taskWaits(log, task as never, new Throttled('an API', until), inMs)
  }
  waits(null, 2_000)
  for (let n = 0; n < 10; n++) waits(new Date(), 2_000)
  waits(new Date(), 60_000)
  expect(untils).toEqual(['2026-11-30T00:00:02.000Z', '2026-11-30T00:01:00.000Z'])
})

describe('how long a task has waited', () => {
  let it_: Suite
  let source: Source
  /** What each read was told. */
  let told: (Date | undefined)[]
  let isClosed: boolean
  const PATIENCE_MS = 60_000

  beforeAll(async () => {
    const counting: Counting = { pages: 2, rowsPerPage: 1, tasks: [], laneWidth: 1 }
    source = countingSource(counting)
    source.streams.waits = defineStream<{ page: number }, null, unknown>({
      queue: 'zkillboard_backfill_queue',
      cursor: z.object({ page: z.number() }),
      async read({ cursor: { page }, waitingSince }: Step<{ page: number }, unknown>) {
        told.push(waitingSince)
        const isGivenUp = waitingSince !== undefined && Date.now() - waitingSince.getTime() > PATIENCE_MS
        if (isClosed && page === 1 && !isGivenUp) throw new Throttled('an API', new Date(Date.now() + 1_100))
        return { batch: null, next: page === 0 ? { page: 1 } : null, unverified: isGivenUp ? 'given up' : undefined }
      },
      write: async () => ({ new: 0, updated: 0, unchanged: 0 }),
    })
    counting.tasks.push({ stream: 'waits', key: 'a', cursor: { page: 0 }, lane: 'a' })
    it_ = await suite([source])
    await it_.worker()
  }, 60_000)
  afterAll(() => it_?.close())
  beforeEach(() => {
    told = []
    isClosed = true
  })

  const start = async (name: string) => (await startJob(it_, source, { name })).id
  const reads = (count: number) => until(async () => told.length >= count, { what: `${count} reads` })
  const rowOf = async (job: string) =>
    (
      await it_.db.query<{ since: Date | null; attempts: number }>(
        `select waiting_since as since, attempts from backhaul.tasks where job_id = $1 and stream = 'waits'`,
        [job],
      )
    )[0]

  test('counts from the first wait since the last page, uses no attempt and lets a stream give up', async () => {
    const job = await start('long')
    await reads(4)
    expect(told.slice(0, 2)).toEqual([undefined, undefined])
    expect(told[2]).toBeInstanceOf(Date)
    expect(told[3]).toEqual(told[2])
    expect(await rowOf(job)).toMatchObject({ since: told[2], attempts: 0 })
    await it_.db.query(`update backhaul.tasks set waiting_since = waiting_since - interval '1 hour' where job_id = $1`, [job])
    expect(await it_.ended(job)).toBe('completed')
    expect(
      await it_.db.query(`select unverified, waiting_since from backhaul.tasks where job_id = $1 and stream = 'waits'`, [job]),
    ).toEqual([{ unverified: 'given up', waiting_since: null }])
  }, 30_000)

  test('starts anew with a page, and when a paused job is resumed', async () => {
    const job = await start('paused')
    await reads(3)
    await pause(it_, job)
    await it_.db.query(`update backhaul.tasks set waiting_since = now() - interval '1 day' where job_id = $1 and claim is null`, [job])
    await resume(it_, job)
    isClosed = false
    expect(await it_.ended(job)).toBe('completed')
    expect(told.filter((since) => since !== undefined && Date.now() - since.getTime() > PATIENCE_MS)).toEqual([])
    expect(await rowOf(job)).toMatchObject({ since: null })
  }, 30_000)
})
