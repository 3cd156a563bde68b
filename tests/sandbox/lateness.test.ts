import type { Ask } from '../../backend/sandbox/base/exchange'
import { Ban, Spacing } from '../../backend/sandbox/base/limits'
import { type Lateness, watchLateness } from '../../backend/sandbox/lateness'

/** How long the loop was held up altogether, ms: timers fire so much later. */
let heldUp = 0
let lateness: Lateness
beforeEach(() => {
  jest.useFakeTimers({ doNotFake: ['performance'] })
  lateness = watchLateness(() => jest.now() + heldUp)
})
afterEach(() => {
  lateness.stop()
  expect(jest.getTimerCount()).toBe(0)
  jest.useRealTimers()
})
const pass = (ms: number) => jest.advanceTimersByTime(ms)
/** Checks of the loop in so many ms. */
function checks(ms: number): number {
  const end = jest.now() + ms
  let n = 0
  for (; jest.now() < end; n++) jest.advanceTimersToNextTimer()
  return n
}

test('a loop that was held up says by how much what it sees now may be late', () => {
  pass(50)
  expect(lateness.now()).toBe(0)
  heldUp += 60
  expect(lateness.now()).toBe(53)
  pass(5)
  heldUp += 10
  expect(lateness.now()).toBe(58)
  pass(50)
  expect(lateness.now()).toBe(0)
})

test('a loop that no request has come to for two seconds is checked less often, until the next one', () => {
  pass(1900)
  expect(lateness.now()).toBe(0)
  pass(1900)
  expect(checks(100)).toBe(20)
  pass(200)
  expect(checks(1000)).toBeLessThan(25)
  pass(30)
  // Nobody has checked for 30 ms.
  expect(lateness.now()).toBe(30)
  pass(50)
  expect(lateness.now()).toBe(0)
  expect(checks(100)).toBe(20)
})

test.each(['after a check of the loop', 'before one'])('what ends a rest may be as late as the loop was held up: it is seen %s', (when) => {
  pass(3000)
  heldUp += 1500
  if (when !== 'before one') jest.advanceTimersToNextTimer()
  expect(lateness.now()).toBeGreaterThanOrEqual(1500)
})

test('an arrival that was seen late does not make the next one too early; one that was not does', () => {
  const spacing = new Spacing(100)
  spacing.arrive(1000)
  expect(spacing.arrive(1130, 30)).toBe(130)
  expect(spacing.arrive(1200)).toBe(100)
  expect(spacing.arrive(1290)).toBe(90)
})

test('who waited as long as it was told is not accused, however early it may have come; who did not is', () => {
  const ask = (at: number, lateMs = 0): Ask => ({ method: 'GET', path: '/', query: undefined, headers: {}, body: '', ip: '', at, lateMs })
  const ban = new Ban()
  ban.set(ask(1000), 3000)
  expect(ban.broken(ask(4000, 50))).toBe(false)
  expect(ban.broken(ask(3990))).toBe(true)
})
