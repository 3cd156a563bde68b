import { Fatal, RetryLater, Throttled } from '../../backend/base/errors'
import type { Page, Stream } from '../../backend/contract'
import { startJob } from '../../backend/engine/jobs/verbs'
import { type Counting, countingSource, countingTask, createCounted } from '../support/counting-source'
import { type Suite, suite } from '../support/suite'

/* What a stream is asked before one of its tasks fails. */

type Asked = NonNullable<Stream['beforeFailing']>

const counting: Counting = { pages: 1, rowsPerPage: 1, tasks: [], laneWidth: 2 }
const source = countingSource(counting)
const count = source.streams.count as Stream
let reads: string[] = []
let asked: [string, boolean][] = []
let answer: Asked = async () => undefined
source.streams.count = {
  ...count,
  laneIsHost: true,
  beforeFailing: async (step, io, byItself) => {
    asked.push([step.key, byItself])
    return await answer(step, io, byItself)
  },
}

let engine: Suite
beforeAll(async () => {
  engine = await suite([source])
  await createCounted(engine.db)
  await engine.worker({ attempts: 2 })
}, 120_000)
afterAll(() => engine?.close())
beforeEach(async () => {
  reads = []
  asked = []
  answer = async () => undefined
  await engine.db.tx((tx) => tx.query('truncate counted, backhaul.jobs cascade'))
})

const elsewhere: Page<unknown, unknown> = { batch: [], next: { page: 0 }, lane: 'elsewhere' }
/** Runs tasks of one lane, whose host is unreachable. */
async function run(...keys: string[]) {
  counting.tasks = keys.map((key) => countingTask(key, 'unreachable'))
  counting.onRead = async (key) => {
    reads.push(key)
    const [row] = await engine.db.query<{ lane: string }>('select lane from backhaul.tasks where key = $1', [key])
    if (row?.lane === 'unreachable') throw new RetryLater('connection', 'nobody answers', new Date())
    return undefined
  }
  const { id } = await startJob(engine, source, { name: keys.join() })
  await engine.ended(id)
  return await engine.db.query<{ key: string; state: string; error_kind: string | null; error: string | null }>(
    `select key, state::text, error_kind, error from backhaul.tasks where stream = 'count' order by key`,
  )
}

test('a task that has used up its tries is asked about once, and goes on with the page that is returned', async () => {
  answer = async () => elsewhere
  expect(await run('a')).toEqual([{ key: 'a', state: 'done', error_kind: null, error: null }])
  expect([asked, reads]).toEqual([[['a', true]], ['a', 'a', 'a']])
})

test('it fails by its own error where nothing is returned, and by another that is thrown', async () => {
  expect(await run('a')).toEqual([{ key: 'a', state: 'failed', error_kind: 'connection', error: 'nobody answers' }])
  await engine.db.tx((tx) => tx.query('truncate backhaul.jobs cascade'))
  answer = async () => {
    throw new Fatal('no_pds', 'its document names no host')
  }
  expect(await run('a')).toEqual([{ key: 'a', state: 'failed', error_kind: 'no_pds', error: 'its document names no host' }])
})

test('it waits where the stream wants to, and is asked about again', async () => {
  answer = async () => {
    if (asked.length === 1) throw new Throttled('plc', new Date(Date.now() + 1000))
    return elsewhere
  }
  expect(await run('a')).toEqual([{ key: 'a', state: 'done', error_kind: null, error: null }])
  expect(asked).toEqual([
    ['a', true],
    ['a', true],
  ])
})

test.each([
  ['fails', ['a1']],
  ['goes on elsewhere', ['a1', 'a2']],
])('those of its lane are each asked about without being tried, where the first %s', async (_, moves) => {
  const keys = Array.from({ length: 30 }, (_unused, n) => `a${n}`)
  const moving = new Set([...moves, 'a17', 'a23'])
  answer = async ({ key }, _io, byItself) => (moving.has(key) || (byItself && moves.length > 1) ? elsewhere : undefined)
  const ended = await run(...keys)
  const stay = ended.filter(({ state }) => state === 'failed')
  expect(stay.every((one) => one.error_kind === 'connection' && one.error === 'nobody answers')).toBe(true)
  expect(ended.filter(({ state }) => state === 'done').map(({ key }) => key)).toEqual(expect.arrayContaining(['a17', 'a23']))
  expect(stay.length).toBeGreaterThan(20)
  expect(new Set(asked.map(([key]) => key)).size).toBe(keys.length)
  // Two have a place, and each of them has two tries; those that go on elsewhere are read there.
  expect(reads.length).toBeLessThanOrEqual(4 + ended.length - stay.length)
})
