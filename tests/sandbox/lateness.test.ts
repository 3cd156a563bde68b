import { Spacing } from '../../backend/sandbox/base/limits'
import { watchLateness } from '../../backend/sandbox/lateness'

test('a loop that was held up says by how much what it sees now may be late', () => {
  jest.useFakeTimers({ doNotFake: ['performance'] })
  let now = 1000
  const lateness = watchLateness(() => now)
  const pass = (ms: number) => {
    now += ms
    jest.advanceTimersByTime(5)
  }
  // Nobody has checked before the first request.
  expect(lateness.now()).toBe(50)
  for (let n = 0; n < 10; n++) pass(5)
  expect(lateness.now()).toBe(0)
  now += 60
  expect(lateness.now()).toBeCloseTo(53)
  pass(0)
  now += 10
  expect(lateness.now()).toBeCloseTo(53)
  for (let n = 0; n < 10; n++) pass(5)
  expect(lateness.now()).toBe(0)
  lateness.stop()
  jest.useRealTimers()
})

test('a loop that no request has come to for two seconds is not checked, until the next one', () => {
  jest.useFakeTimers({ doNotFake: ['performance'] })
  let now = 1000
  const lateness = watchLateness(() => now)
  expect(jest.getTimerCount()).toBe(0)
  const rest = (ms: number) => {
    for (let passed = 0; passed < ms; passed += 5) {
      now += 5
      jest.advanceTimersByTime(5)
    }
  }
  lateness.now()
  rest(1900)
  expect(lateness.now()).toBe(0)
  rest(1900)
  expect(jest.getTimerCount()).toBe(1)
  rest(200)
  expect(jest.getTimerCount()).toBe(0)
  expect(lateness.now()).toBe(50)
  rest(50)
  expect(lateness.now()).toBe(0)
  lateness.stop()
  expect(jest.getTimerCount()).toBe(0)
  jest.useRealTimers()
})

test('an arrival that was seen late does not make the next one too early; one that was not does', () => {
  const spacing = new Spacing(100)
  spacing.arrive(1000)
  expect(spacing.arrive(1130, 30)).toBe(130)
  expect(spacing.arrive(1200)).toBe(100)
  expect(spacing.arrive(1290)).toBe(90)
})
