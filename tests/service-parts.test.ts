import fc from 'fast-check'
import { z } from 'zod'
import { makeCursor, readCursor } from '../backend/service/cursor'
import { keeper } from '../backend/service/keep'
import { jsonInt } from '../backend/service/words'

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
        expect(() => readCursor('jobs', null, shape, text)).toThrow(/This is no cursor|This cursor belongs/)
      }),
    )
  })
})

describe('what is kept for a while', () => {
  const setUp = () => {
    let now = 0
    const asked: number[] = []
    const keep = keeper<number>(1000, () => now)
    let took = 10
    const find = async () => {
      const value = asked.push(now)
      now += took
      return value
    }
    return { keep: () => keep('x', find), forget: keep.forget, asked, pass: (ms: number) => (now += ms), slow: (ms: number) => (took = ms) }
  }

  test('is found once for all who ask at once, and again when its time is over', async () => {
    const it = setUp()
    expect(await Promise.all([it.keep(), it.keep(), it.keep()])).toEqual([1, 1, 1])
    it.pass(999)
    expect(await it.keep()).toBe(1)
    it.pass(2)
    expect(await it.keep()).toBe(2)
    it.forget()
    expect(await it.keep()).toBe(3)
  })

  test('is kept 20 times as long as it took, and shown once more while it is renewed, unless it is old', async () => {
    const it = setUp()
    it.slow(500)
    expect(await it.keep()).toBe(1)
    it.pass(10_000)
    expect(await it.keep()).toBe(1)
    it.pass(1)
    expect(await it.keep()).toBe(1)
    expect(it.asked).toHaveLength(2)
    await Promise.resolve()
    expect(await it.keep()).toBe(2)
    it.pass(60_000)
    expect(await it.keep()).toBe(3)
  })

  test('a failure is told to those who waited and is not kept', async () => {
    const keep = keeper<number>(1000)
    await expect(
      keep('x', async () => {
        throw new Error('away')
      }),
    ).rejects.toThrow('away')
    expect(await keep('x', async () => 7)).toBe(7)
  })
})

test('whole numbers lose no digit on their way through JSON', () => {
  fc.assert(
    fc.property(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n }), (value) => {
      expect(BigInt(JSON.parse(JSON.stringify(jsonInt(value))))).toBe(value)
    }),
  )
})
