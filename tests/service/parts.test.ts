import fc from 'fast-check'
import { z } from 'zod'
import { jsonInt, roughly } from '../../backend/base/vocabulary'
import type { Config } from '../../backend/config/config'
import { makeCursor, readCursor } from '../../backend/service/base/cursor'
import { startsInMs, turnText } from '../../backend/service/jobs/turn'
import { sources } from '../../backend/sources'

describe('cursors', () => {
  const filters = fc.record({ status: fc.array(fc.string()), q: fc.option(fc.string(), { nil: undefined }) })
  const shape = z.array(z.string()) as unknown as z.ZodType<string[]>

  test('give their place back to their own list and filters, and to no other', () => {
    fc.assert(
      fc.property(
        fc.string(),
        filters,
        fc.array(fc.string(), { maxLength: 3 }),
        fc.string(),
        filters,
        (list, own, place, otherList, other) => {
          const cursor = makeCursor(list, own, place)
          expect(readCursor(list, own, shape, cursor)).toEqual(place)
          const isSame = list === otherList && JSON.stringify(own) === JSON.stringify(other)
          if (!isSame) expect(() => readCursor(otherList, other, shape, cursor)).toThrow('another list or other filters')
        },
      ),
    )
  })

  test('whatever else is sent as one is refused, never thrown at', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 1 }), (text) => {
        expect(() => readCursor('jobs', null, shape, text)).toThrow(/This is not a cursor|This cursor belongs/)
      }),
    )
  })
})

describe('a job that waits for its turn', () => {
  const queue = 'zkillboard_backfill_queue'
  const limits = new Map([['zkillboard', { scope: 'ip' as const, spacingMs: 1000 }]])
  const running = { live: new Map([[queue, 4]]), sources, limits, config: {} as Config }
  const turn = (position: number, everyMs: number | null = null, boundedBy = queue) => ({ position, everyMs, boundedBy, priority: 2 })
  const text = (it: ReturnType<typeof turn>, requests: Record<string, number | null> = {}, on = running) =>
    turnText(it, startsInMs(it, { requests }, on), on)

  test('knows its place, and when it starts by how fast others ended', () => {
    expect(text(turn(1, 10_000))).toBe('waiting for its turn: it is next, starts in about 10 s')
    expect(text(turn(2, 10_000))).toBe('waiting for its turn: 1 job ahead, starts in about 20 s')
    expect(text(turn(1234, 1000))).toBe('waiting for its turn: 1,233 jobs ahead, starts in about 20 min')
  })

  test('before any has ended the limit tells, where it is known how many requests a job needs', () => {
    expect(text(turn(11), { zkillboard: 3 })).toBe('waiting for its turn: 10 jobs ahead, starts in about 33 s')
    expect(text(turn(11), { zkillboard: null })).toBe('waiting for its turn: 10 jobs ahead')
    expect(text(turn(11), {})).toBe('waiting for its turn: 10 jobs ahead')
    expect(startsInMs(turn(11), undefined, running)).toBeNull()
  })

  test('there is no moment for a place that is not counted, nor where no worker is live', () => {
    expect(text(turn(10_001, 1000))).toBe('waiting for its turn: more than 10,000 jobs ahead')
    const dead = { ...running, live: new Map([['another', 1]]) }
    expect(text(turn(3, 1000), {}, dead)).toBe(
      'waiting for its turn: 2 jobs ahead; no worker takes from zkillboard_backfill_queue; start one: npx pm2 start ecosystem.config.js --only worker-backfill',
    )
    expect(text(turn(1, null, 'atproto'), {}, dead)).toBe(
      'waiting for its turn: it is next; no worker takes from atproto_backfill_queue; start one: npx pm2 start ecosystem.config.js --only worker-atproto',
    )
  })

  test('its moment has two significant digits', () => {
    expect([0, 400, 9400, 99_400, 261_000, 8_310_000, 100_000_000].map(roughly)).toEqual([
      '1 s',
      '1 s',
      '9 s',
      '1 min 39 s',
      '4 min 20 s',
      '2 h 18 min',
      '1 d 3 h',
    ])
  })
})

test('whole numbers lose no digit on their way through JSON', () => {
  fc.assert(
    fc.property(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n }), (value) => {
      expect(BigInt(JSON.parse(JSON.stringify(jsonInt(value))))).toBe(value)
    }),
  )
})
