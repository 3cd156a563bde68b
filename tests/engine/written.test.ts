import { z } from 'zod'
import type { Stream } from '../../backend/contract'
import { countersAfter } from '../../backend/engine/jobs/counts'
import * as jobs from '../../backend/engine/jobs/verbs'
import { wake } from '../../backend/engine/wake'
import { reportText } from '../../scripts/cli/report-text'
import { type Served, serve } from '../support/api'
import { type Counting, countingSource, countingTask, createCounted, flaky } from '../support/counting-source'
import { type Suite, suite } from '../support/suite'
import { until } from '../support/until'

/*
 * What the write decides of a page besides its rows, and what its end proves.
 */

const counters = { evens: 'Pages with an even number', moved: 'Rows that were somewhere else' }
const counting: Counting = { pages: 4, rowsPerPage: 2, tasks: [], counters }
/** What each step got for a cursor: the first of a page that was parsed by the stream's schema from a row, or in the turn. */
const cursors: unknown[] = []

const counted = countingSource(counting)
const stream = counted.streams.count as Stream<{ page: number }, unknown>
const source = {
  ...counted,
  streams: {
    count: {
      ...stream,
      cursor: z.looseObject({ page: z.number() }),
      async read(step, io) {
        cursors.push(step.cursor)
        const page = await stream.read(step, io)
        return { ...page, next: page.next && { ...page.next, at: new Date(0), none: undefined } }
      },
    } satisfies Stream<{ page: number }, unknown>,
  },
}

let it_: Suite
let served: Served
let name = 0

async function run(given: Partial<Counting>) {
  Object.assign(counting, { pages: 4, onRead: undefined, onWrite: undefined, tasks: [countingTask(`t${++name}`)] }, given)
  const { id } = await jobs.startJob(it_, source, { name: `job ${name}` })
  await wake(it_.db, it_.broker)
  await it_.ended(id)
  return await jobs.report(it_, id)
}

beforeAll(async () => {
  it_ = await suite([source])
  await createCounted(it_.db)
  await it_.worker()
  served = await serve(it_, [source])
}, 120_000)
afterAll(async () => {
  await served?.close()
  await it_?.close()
})

it('counts and publishes what the write decided, once for each committed page', async () => {
  let tries = 0
  const report = await run({
    onWrite: (_, page) => {
      if (page === 2 && tries++ < 2) throw flaky('odd')
      return { counts: { evens: page % 2 === 0 ? 1 : 0, moved: page }, events: [{ key: 'counting.written', payload: { page } }] }
    },
  })
  expect(report).toMatchObject({ status: 'completed', verified: true, counters: { evens: 2, moved: 6 } })
  const events = await it_.db.query<{ payload: unknown }>(
    `select payload from backhaul.events_outbox where key = 'counting.written' order by id`,
  )
  expect(events.map(({ payload }) => payload)).toEqual([0, 1, 2, 3].map((page) => ({ page })))
  const detail = await served.ask('GET', `/api/jobs/${report.job}`)
  expect(detail.body).toMatchObject({ counters: { evens: 2, moved: 6 }, report: { counters: { evens: 2, moved: 6 } } })
  expect((await served.ask('GET', '/api/sources')).body.items[0]).toMatchObject({ counters })
  const query = `{ job(id: "${report.job}") { counters report } sources { counters } }`
  expect((await served.ask('POST', '/graphql', { query })).body).toMatchObject({
    data: { job: { counters: { moved: 6 }, report: { counters: { moved: 6 } } }, sources: [{ counters }] },
  })
  expect(reportText(report, counters)).toMatch(/counter +count +what it counts.*\n.*evens +2 +Pages with an even number/)
  const metric = await until(async () => (await it_.db.query<{ value: number }>(METRIC, ['backhaul_counters_total', '%moved%']))[0]?.value)
  expect(Number(metric)).toBe(6)
})
const METRIC = `select sum(value) as value from backhaul.counters where name = $1 and labels::text like $2 having sum(value) > 0`

it.each<[Record<string, number>, string]>([
  [{ odds: 1 }, "a page counts odds, which is not one of the source's counters"],
  [{ evens: -1 }, 'a page counts -1 evens; a count is a whole number of at least 0'],
])('refuses the counts %j of a page', (counts, message) => {
  expect(() => countersAfter({}, counts, source)).toThrow(message)
  expect(countersAfter({ evens: 2 }, { evens: 3, moved: 0 }, source)).toEqual({ evens: 5 })
})

it('is not verified where the end of a task is no proof, and lists the reasons', async () => {
  const unverified = { a: 'the listing was cut', b: 'the listing was cut', c: 'the total is a guess' } as Record<string, string>
  const report = await run({
    pages: 1,
    tasks: ['a', 'b', 'c', 'd'].map((key) => countingTask(`u-${key}`)),
    onRead: async (key) => ({
      unverified: unverified[key.slice(2)],
      rejected: key === 'u-d' ? [{ key: 'x', reason: 'odd', raw: {} }] : [],
    }),
  })
  expect(report).toMatchObject({
    status: 'completed',
    verified: false,
    unverified: { 'the listing was cut': 2, 'the total is a guess': 1 },
    reason: '1 record was rejected; the listing was cut; the total is a guess',
  })
  expect(reportText(report)).toMatch(/not proved because +tasks.*\n.*the listing was cut +2/)
  const kept = await run({ onRead: async (_, page) => (page === 1 ? { unverified: 'a page was skipped' } : {}) })
  expect(kept).toMatchObject({ verified: false, reason: 'a page was skipped' })
})

it('gives every step the cursor as the database keeps it, within a turn too', async () => {
  cursors.length = 0
  await run({ pages: 3 })
  expect(cursors).toEqual([{ page: 0 }, { page: 1, at: '1970-01-01T00:00:00.000Z' }, { page: 2, at: '1970-01-01T00:00:00.000Z' }])
})

test('a page may fail its task and be committed all the same; a retry reads it again', async () => {
  let failing = true
  const tasks = [countingTask(`t${++name}`)]
  const rejected = [{ key: 'one', reason: 'odd', raw: 1 }]
  const failed = { kind: 'odd_page', reason: 'the page is another one' }
  const report = await run({
    pages: 3,
    tasks,
    onRead: async (_, page) => (page === 1 && failing ? ({ batch: [], next: null, rejected, failed } as never) : undefined),
  })
  expect(report).toMatchObject({ status: 'failed', new: 2, pages: 2, rejected: 1, failures: [{ kind: 'odd_page', error: failed.reason }] })
  failing = false
  await jobs.retry(it_, report.job)
  await it_.ended(report.job)
  expect(await jobs.report(it_, report.job)).toMatchObject({ status: 'completed', new: 6, failures: [] })
})

test('a page may name where the retry of its failed task starts', async () => {
  const visited: number[] = []
  const failed = { kind: 'odd_page', reason: 'the page is another one', from: { page: 2 } }
  const report = await run({
    pages: 3,
    tasks: [countingTask(`t${++name}`)],
    onRead: async (_, page) => {
      visited.push(page)
      return page === 1 ? ({ batch: [], next: null, failed } as never) : undefined
    },
  })
  expect(report).toMatchObject({ status: 'failed', failures: [{ kind: 'odd_page', error: failed.reason }] })
  await jobs.retry(it_, report.job)
  await it_.ended(report.job)
  expect(await jobs.report(it_, report.job)).toMatchObject({ status: 'completed', new: 4 })
  expect(visited).toEqual([0, 1, 2])
})
