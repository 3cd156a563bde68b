import fc from 'fast-check'
import { RetryLater } from '../../backend/base/errors'
import type { Source, Stream } from '../../backend/contract'
import { startJob } from '../../backend/engine/jobs/verbs'
import { backoffMs, leastSpanMs, triesOf } from '../../backend/engine/tries'
import { type Counting, countingSource, countingTask, createCounted } from '../support/counting-source'
import { type Suite, suite } from '../support/suite'

/* How often a task is tried and how far apart: the plan of its job says so, else the defaults hold. */

const none = { attempts: 10 }

describe('pauses', () => {
  test('are about 1 s, 2 s, 4 s, at most 10 min, where the plan says nothing', () => {
    const tries = triesOf(none, { tries: null })
    const middle = [1, 2, 3, 10, 11, 99].map((attempts) => backoffMs(tries, attempts, () => 0.5))
    expect(middle).toEqual([1000, 2000, 4000, 512_000, 600_000, 600_000])
    expect([backoffMs(tries, 1, () => 0), backoffMs(tries, 1, () => 1)]).toEqual([500, 1500])
  })

  test('are those of the plan, each figure by itself', () => {
    const all = triesOf(none, { tries: { attempts: 3, baseMs: 2000, factor: 3, maxMs: 30_000 } })
    expect([1, 2, 3, 4].map((attempts) => backoffMs(all, attempts, () => 0.5))).toEqual([2000, 6000, 18_000, 30_000])
    expect(triesOf(none, { tries: { baseMs: 5 } })).toEqual({ attempts: 10, baseMs: 5, factor: 2, maxMs: 600_000 })
  })

  test('so many tries never take less than their least span', () => {
    const tries = fc.record({
      attempts: fc.integer({ min: 1, max: 12 }),
      baseMs: fc.integer({ min: 0, max: 5000 }),
      factor: fc.integer({ min: 1, max: 5 }),
      maxMs: fc.integer({ min: 0, max: 60_000 }),
    })
    fc.assert(
      fc.property(tries, fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 11, maxLength: 11 }), (one, luck) => {
        const taken = luck.slice(0, one.attempts - 1).reduce((sum, random, n) => sum + backoffMs(one, n + 1, () => random), 0)
        expect(taken).toBeGreaterThanOrEqual(leastSpanMs(one, one.attempts) - 1e-6)
      }),
    )
  })
})

describe('jobs', () => {
  const counting: Counting = { pages: 1, rowsPerPage: 1, tasks: [], laneWidth: 2 }
  let engine: Suite
  let source: Source
  let reads: Record<string, number> = {}
  let asked: string[] = []

  beforeAll(async () => {
    source = countingSource(counting)
    const count = source.streams.count as Stream
    source.streams.hosted = {
      ...count,
      laneIsHost: true,
      beforeFailing: async ({ key }) => {
        asked.push(key)
        return undefined
      },
    }
    counting.onRead = async (key) => {
      reads[key] = (reads[key] ?? 0) + 1
      throw new RetryLater('connection', 'nobody answers')
    }
    const { plan } = source
    source.plan = (params) => ({ ...plan(params), tries: (params as { tries?: object }).tries })
    engine = await suite([source])
    await createCounted(engine.db)
    await engine.worker({ attempts: 1 })
  }, 60_000)
  afterAll(() => engine?.close())
  beforeEach(() => {
    reads = {}
    asked = []
  })

  const run = async (name: string, tries: object | undefined, keys: string[], stream = 'count') => {
    counting.tasks = keys.map((key) => ({ ...countingTask(key, `lane of ${name}`), stream }))
    const { id } = await startJob(engine, source, { name, tries })
    await engine.ended(id)
    return await engine.db.query<{ key: string; error_kind: string }>(
      `select key, error_kind from backhaul.tasks where job_id = $1 and stream = $2 and state = 'failed' order by key`,
      [id, stream],
    )
  }

  test('fail their tasks after as many tries as their plan names, and others after as many as the worker', async () => {
    expect(await run('three', { attempts: 3, baseMs: 1 }, ['a'])).toHaveLength(1)
    expect(await run('default', undefined, ['b'])).toHaveLength(1)
    expect(reads).toEqual({ a: 3, b: 1 })
  })

  test('ask before a task fails, and share what one task finds out of its host, by the same count', async () => {
    const keys = Array.from({ length: 12 }, (_, n) => `c${String(n).padStart(2, '0')}`)
    const failed = await run('hosted', { attempts: 3, baseMs: 20, maxMs: 40 }, keys, 'hosted')
    expect(failed).toEqual(keys.map((key) => ({ key, error_kind: 'connection' })))
    expect([...new Set(asked)].sort()).toEqual(keys)
    // Two have a place in the lane, and each is tried three times at most; the others are asked about without being tried.
    const tried = Object.values(reads).reduce((sum, n) => sum + n, 0)
    expect(tried).toBeGreaterThanOrEqual(3)
    expect(tried).toBeLessThanOrEqual(6)
  })
})
