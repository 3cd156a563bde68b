import { Fatal, RetryLater, Throttled } from '../../backend/base/errors'
import { gather } from '../../backend/contract'

const always = { more: () => true }
const broken = new RetryLater('http_500', 'broken')
const throttled = new Throttled('api', new Date(0))

/** Answers ten times the item, unless it stands for an error. */
const ask = (errors: Record<number, Error>, asked: number[] = []) => {
  return async (item: number) => {
    asked.push(item)
    if (errors[item]) throw errors[item]
    return item * 10
  }
}

test('asks for a few at once and keeps their order', async () => {
  let running = 0
  let most = 0
  const slow = async (item: number) => {
    most = Math.max(most, ++running)
    await new Promise((done) => setImmediate(done))
    running--
    return item * 10
  }
  expect(await gather([1, 2, 3, 4, 5], always, 2, slow)).toEqual({ answers: [10, 20, 30, 40, 50], failed: [] })
  expect(most).toBe(2)
})

test('one failure is its own: the others are answered', async () => {
  const gone = new Fatal('http_410', 'gone')
  expect(await gather([1, 2, 3, 4], always, 2, ask({ 2: broken, 3: gone }))).toEqual({
    answers: [10, 40],
    failed: [
      { item: 2, error: broken },
      { item: 3, error: gone },
    ],
  })
})

test('stops when the time is up, and always asks once', async () => {
  const asked: number[] = []
  expect((await gather([1, 2, 3, 4], { more: () => false }, 2, ask({}, asked))).answers).toEqual([10, 20])
  expect(asked).toEqual([1, 2])
})

test('asks no further where the first requests all fail', async () => {
  const asked: number[] = []
  expect((await gather([1, 2, 3, 4], always, 2, ask({ 1: broken, 2: broken }, asked))).failed).toHaveLength(2)
  expect(asked).toEqual([1, 2])
})

test('a throttle ends it with what is there, or is thrown where nothing is', async () => {
  expect(await gather([1, 2, 3], always, 2, ask({ 2: throttled }))).toEqual({ answers: [10], failed: [] })
  await expect(gather([1, 2], always, 2, ask({ 1: throttled, 2: throttled }))).rejects.toBe(throttled)
})

test('an error that is none of these is thrown', async () => {
  await expect(gather([1, 2], always, 2, ask({ 2: new TypeError('a bug') }))).rejects.toThrow(TypeError)
})
