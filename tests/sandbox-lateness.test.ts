import { watchLateness } from '../backend/sandbox/lateness'
import { Spacing } from '../backend/sandbox/limits'

const monotonic = () => performance.timeOrigin + performance.now()

/** Keeps the loop from everything else, as a busy machine does. */
function hold(ms: number): void {
  for (const end = monotonic() + ms; monotonic() < end; );
}

test('a loop that was held up says by how much what it sees now may be late', async () => {
  const lateness = watchLateness(monotonic)
  await new Promise(setImmediate)
  hold(60)
  expect(lateness.now()).toBeGreaterThan(40)
  await new Promise(setImmediate)
  expect(lateness.now()).toBeGreaterThan(40)
  lateness.stop()
})

test('an arrival that was seen late does not make the next one too early; one that was not does', () => {
  const spacing = new Spacing(100)
  spacing.arrive(1000)
  expect(spacing.arrive(1130, 30)).toBe(130)
  expect(spacing.arrive(1200)).toBe(100)
  expect(spacing.arrive(1290)).toBe(90)
})
