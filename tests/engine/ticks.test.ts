import fc from 'fast-check'
import {
  checkRhythm,
  decide,
  dueOf,
  MAX_MADE_UP,
  MISSED_AFTER_MS,
  type Planned,
  planAfter,
  type Rhythm,
  ticksAfter,
} from '../../backend/engine/upkeep/ticks'

const rhythm = (cron: string, timeZone = 'UTC', jitterS = 0): Rhythm => ({
  id: '0b1a5a1e-7a1e-4c1e-8a1e-0b1a5a1e7a1e',
  cron,
  timeZone,
  jitterS,
})
const at = (text: string) => new Date(text)
const iso = (ticks: Date[]) => ticks.map((tick) => tick.toISOString())

/** A scheduler that checks at these moments: which ticks it started, when, and whether it logged that it left some out. */
function run(it: Rhythm, missed: 'skip' | 'make_up', from: Date, checks: Date[]) {
  const started: { tick: number; at: number }[] = []
  let leftOut = false
  let planned = planAfter(it, from)
  for (const now of checks) {
    while (planned && planned.dueAt <= now) {
      const decision = decide(it, missed, planned, now)
      leftOut ||= decision.leftOut
      if (decision.tick) started.push({ tick: decision.tick.tickAt.getTime(), at: now.getTime() })
      planned = decision.next
    }
  }
  return { started, leftOut, planned }
}

/** Every tick whose due moment lies in (from, to], by enumeration. */
function dueBetween(it: Rhythm, from: Date, to: Date): Planned[] {
  const ticks: Planned[] = []
  for (let tick = planAfter(it, from); tick && tick.tickAt <= to; tick = planAfter(it, tick.tickAt)) if (tick.dueAt <= to) ticks.push(tick)
  return ticks
}

/** With about how long lies between two of their ticks, ms. */
const RHYTHMS: [Rhythm, number][] = [
  [rhythm('*/7 * * * *'), 420_000],
  [rhythm('0 3 * * *', 'Europe/Berlin', 900), 86_400_000],
  [rhythm('30 2 * * *', 'Europe/Berlin'), 86_400_000],
  [rhythm('*/20 1-3 * * *', 'America/New_York', 60), 1_200_000],
  [rhythm('*/30 * * * * *', 'UTC', 10), 30_000],
  [rhythm('0 12 * * SUN', 'Australia/Lord_Howe', 3600), 7 * 86_400_000],
]
const rhythms = fc.constantFrom(...RHYTHMS.map(([it]) => it))
/** Around both changes of clocks of 2026. */
const starts = fc.constantFrom(
  at('2026-03-27T20:00:00.123Z'),
  at('2026-10-24T20:00:00Z'),
  at('2026-10-31T20:00:00Z'),
  at('2026-07-01T00:00:00Z'),
)

/** A rhythm, and the checks of a scheduler: some seconds apart, or after an outage of some ticks, or once of very many. */
const lives = fc
  .tuple(
    fc.constantFrom(...RHYTHMS),
    starts,
    fc.array(fc.double({ min: 0, max: 12, noNaN: true }), { minLength: 4, maxLength: 10 }),
    fc.constantFrom(0, 0, 130),
  )
  .map(([[it, gapMs], from, outages, many]) => {
    const checks: Date[] = []
    let now = from.getTime()
    for (const [n, outage] of outages.entries()) {
      now += Math.round(outage < 6 ? outage * 10_000 : (n === 2 ? outage - 6 + many : outage - 6) * gapMs)
      checks.push(new Date(now))
    }
    return { it, from, checks }
  })

test('ticks made up: none is lost, none comes twice, each in its order, never before its moment, at most 100 of an outage', () => {
  fc.assert(
    fc.property(lives, ({ it, from, checks }) => {
      const { started, leftOut } = run(it, 'make_up', from, checks)
      const all = dueBetween(it, from, checks.at(-1) as Date)
      const ticks = started.map((one) => one.tick)
      expect(ticks).toEqual([...new Set(ticks)].sort((a, b) => a - b))
      for (const one of started) expect(dueOf(it, new Date(one.tick)).getTime()).toBeLessThanOrEqual(one.at)
      if (!leftOut) expect(ticks).toEqual(all.map((tick) => tick.tickAt.getTime()))
      // Where some were left out, what is missing is what lay before the latest hundred of some check.
      const missing = all.filter((tick) => !ticks.includes(tick.tickAt.getTime()))
      for (const tick of missing) {
        const seen = checks.find((check) => check >= tick.dueAt) as Date
        expect(ticksAfter(it, tick.tickAt, MAX_MADE_UP).at(-1)?.getTime()).toBeLessThanOrEqual(seen.getTime())
      }
    }),
    { numRuns: 30 },
  )
})

test('ticks left out: exactly those seen within a minute of their moment start, each once', () => {
  fc.assert(
    fc.property(lives, ({ it, from, checks }) => {
      const { started, leftOut } = run(it, 'skip', from, checks)
      const all = dueBetween(it, from, checks.at(-1) as Date)
      const seen = all.filter((tick) => {
        const first = checks.find((check) => check >= tick.dueAt) as Date
        return first.getTime() - tick.dueAt.getTime() <= MISSED_AFTER_MS
      })
      expect(started.map((one) => one.tick)).toEqual(seen.map((tick) => tick.tickAt.getTime()))
      expect(leftOut).toBe(seen.length < all.length)
    }),
    { numRuns: 60 },
  )
})

test('a tick keeps its jitter whoever works it out, and lies before the next tick', () => {
  fc.assert(
    fc.property(rhythms, starts, (it, from) => {
      const ticks = ticksAfter(it, from, 30)
      ticks.slice(0, -1).forEach((tick, n) => {
        const due = dueOf(it, tick)
        expect(dueOf({ ...it }, new Date(tick))).toEqual(due)
        expect(due.getTime()).toBeGreaterThanOrEqual(tick.getTime())
        expect(due.getTime()).toBeLessThan(
          Math.max(tick.getTime() + 1, Math.min(tick.getTime() + it.jitterS * 1000, (ticks[n + 1] as Date).getTime())),
        )
      })
      if (it.jitterS > 0) expect(new Set(ticks.map((tick) => dueOf(it, tick).getTime() - tick.getTime())).size).toBeGreaterThan(5)
    }),
  )
})

test('days on which clocks change, as documented', () => {
  const spring = at('2026-03-28T12:00:00Z')
  const autumn = at('2026-10-24T12:00:00Z')
  // 02:30 does not exist on 29 March: at the first moment after the gap. On 25 October it comes twice: at the first.
  expect(iso(ticksAfter(rhythm('30 2 * * *', 'Europe/Berlin'), spring, 2))).toEqual([
    '2026-03-29T01:00:00.000Z',
    '2026-03-30T00:30:00.000Z',
  ])
  expect(iso(ticksAfter(rhythm('30 2 * * *', 'Europe/Berlin'), autumn, 2))).toEqual([
    '2026-10-25T00:30:00.000Z',
    '2026-10-26T01:30:00.000Z',
  ])
  // A rhythm of hours goes on in real time.
  expect(iso(ticksAfter(rhythm('0 2,3 * * *', 'Europe/Berlin'), autumn, 3))).toEqual([
    '2026-10-25T00:00:00.000Z',
    '2026-10-25T01:00:00.000Z',
    '2026-10-25T02:00:00.000Z',
  ])
})

const FIVE = '*/5 * * * *'
test.each([
  ['a day that does not exist', rhythm('0 0 30 2 *'), 'cron', /never fires/],
  ['days that do not exist', rhythm('0 0 31 4,6 *'), 'cron', /never fires/],
  ['four fields', rhythm('0 3 * *'), 'cron', /cannot be read .*five fields/],
  ['minute 61', rhythm('61 * * * *'), 'cron', /Invalid value for minute: 61/],
  ['words', rhythm('every day'), 'cron', /cannot be read/],
  ['nothing', rhythm(''), 'cron', /cannot be read/],
  ['a start of the machine', rhythm('@reboot'), 'cron', /cannot be read/],
  ['a date', rhythm('2030-01-23T00:00:00'), 'cron', /is a date/],
  ['10,000 characters', rhythm('* '.repeat(5000)), 'cron', /too long/],
  ['a zone that is none', rhythm(FIVE, 'Mars/Olympus'), 'timeZone', /no time zone "Mars\/Olympus"/],
  ['an empty zone', rhythm(FIVE, ''), 'timeZone', /no time zone ""/],
  ['an offset', rhythm(FIVE, '+02:00'), 'timeZone', /IANA name/],
  ['a negative jitter', rhythm(FIVE, 'UTC', -1), 'jitterS', /whole number/],
  ['half a second', rhythm(FIVE, 'UTC', 1.5), 'jitterS', /whole number/],
  ['a jitter up to the next tick', rhythm(FIVE, 'UTC', 300), 'jitterS', /less than the 300 s/],
  ['a jitter beyond a tick that follows closely only once a day', rhythm('0,5 3 * * *', 'UTC', 600), 'jitterS', /less than the 300 s/],
])('%s is refused', (_, it, field, text) => {
  const refusal = () => checkRhythm(it, at('2026-07-01T00:00:00Z'))
  expect(refusal).toThrow(text)
  expect(refusal).toThrow(expect.objectContaining({ code: 'input', field }))
})

test.each(['0 3 * * *', '@daily', '*/5 * * * * *', '0 0 29 2 *', '0 12 * * MON#1', '0 0 L * *'])('%s is taken', (cron) =>
  expect(() => checkRhythm(rhythm(cron, 'Europe/Berlin'), at('2026-07-01T00:00:00Z'))).not.toThrow(),
)
