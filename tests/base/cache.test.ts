import { type CacheOptions, createCache } from '../../backend/base/cache'

/** A cache on a clock that the test moves, and a question that takes `took` ms. */
function setUp(options: Partial<CacheOptions> = {}) {
  let now = 0
  let took = 10
  const asked: number[] = []
  const cache = createCache<number>({ minMs: 1000, now: () => now, ...options })
  const find = async () => {
    const value = asked.push(now)
    now += took
    return value
  }
  return {
    get: () => cache.get('x', find),
    clear: cache.clear,
    asked,
    pass: (ms: number) => {
      now += ms
    },
    takes: (ms: number) => {
      took = ms
    },
  }
}

test('an answer is found once for all who ask at once, and again when it is no longer fresh or was cleared', async () => {
  const it = setUp()
  expect(await Promise.all([it.get(), it.get(), it.get()])).toEqual([1, 1, 1])
  it.pass(999)
  expect(await it.get()).toBe(1)
  it.pass(2)
  expect(await it.get()).toBe(2)
  it.clear()
  expect(await it.get()).toBe(3)
})

test('an answer is fresh 20 times as long as it took, and returned once more while it is renewed, unless it is too old', async () => {
  const it = setUp()
  it.takes(500)
  expect(await it.get()).toBe(1)
  it.pass(10_000)
  expect(await it.get()).toBe(1)
  it.pass(1)
  expect(await it.get()).toBe(1)
  expect(it.asked).toHaveLength(2)
  await new Promise(setImmediate)
  expect(await it.get()).toBe(2)
  it.pass(60_000)
  expect(await it.get()).toBe(3)
})

test('without a cost factor and stale answers, a slow one is fresh for the least time and then waited for', async () => {
  const it = setUp({ costFactor: 0, staleFactor: 1 })
  it.takes(500)
  expect(await it.get()).toBe(1)
  it.pass(1000)
  expect(await it.get()).toBe(1)
  it.pass(1)
  expect(await it.get()).toBe(2)
})

test('a failure is thrown to those who waited and is not kept', async () => {
  const cache = createCache<number>({ minMs: 1000 })
  const fails = () =>
    cache.get('x', async () => {
      throw new Error('unreachable')
    })
  await expect(Promise.all([fails(), fails()])).rejects.toThrow('unreachable')
  expect(await cache.get('x', async () => 7)).toBe(7)
})

test('an answer that was being found when the cache was cleared is not kept', async () => {
  const cache = createCache<number>({ minMs: 1000 })
  let answer = (_: number): void => undefined
  const first = cache.get('x', () => new Promise<number>((resolve) => (answer = resolve)))
  await Promise.resolve()
  cache.clear()
  answer(1)
  expect(await first).toBe(1)
  expect(await cache.get('x', async () => 2)).toBe(2)
})

test('each key has an answer of its own, and keys that are too old are removed', async () => {
  let now = 0
  const cache = createCache<number>({ minMs: 1000, now: () => now })
  for (let n = 0; n < 600; n++) expect(await cache.get(`${n}`, async () => n)).toBe(n)
  expect(await cache.get('1', async () => -1)).toBe(1)
  now += 6000
  expect(await cache.get('1', async () => -1)).toBe(-1)
})
