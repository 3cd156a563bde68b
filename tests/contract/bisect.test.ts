import fc from 'fast-check'
import { Fatal, RetryLater, Throttled } from '../../backend/base/errors'
import { bisect } from '../../backend/contract'

const always = { more: () => true }
const ids = (count: number): string[] => Array.from({ length: count }, (_, n) => String(n + 1))
/** Refuses every list with a bad id in it. */
const refusing = (bad: readonly string[]) => async (part: readonly string[]) =>
  part.some((id) => bad.includes(id)) ? undefined : [...part]

test('finds exactly the bad ids, with few requests', async () => {
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 1, max: 1000 }), fc.uniqueArray(fc.nat(999), { maxLength: 5 }), async (size, places) => {
      const all = ids(size)
      const bad = new Set(places.filter((at) => at < size).map((at) => all[at] as string))
      let asked = 0
      const result = await bisect(all, always, async (part) => {
        asked++
        return part.some((id) => bad.has(id)) ? undefined : [...part]
      })
      expect(new Set(result.bad)).toEqual(bad)
      expect(result.found.length + bad.size).toBe(size)
      expect(new Set(result.found).size).toBe(result.found.length)
      expect(asked).toBeLessThanOrEqual(1 + bad.size * 2 * Math.ceil(Math.log2(size + 1)))
    }),
    { numRuns: 200 },
  )
})

test('asks for nothing where there are no ids', async () => {
  expect(await bisect([], always, () => Promise.reject(new Error('asked')))).toEqual({ found: [], bad: [], unsure: [], left: [] })
})

test('leaves what there is no time for', async () => {
  let times = 2
  const { found, left } = await bisect(ids(8), { more: () => times-- > 0 }, refusing(['8']))
  expect([...found, ...left].sort()).toEqual(ids(8))
  expect(left.length).toBeGreaterThan(0)
})

test('halves no further after enough refusals', async () => {
  const { found, bad, unsure } = await bisect(ids(8), always, refusing(['1', '8']), (refusals) => refusals >= 2)
  expect({ found, bad, unsure }).toEqual({ found: [], bad: [], unsure: ids(8) })
})

test.each([new Throttled('api', new Date(0)), new RetryLater('timeout', 'late')])(
  'an error ends it with what is known: %s',
  async (error) => {
    const failing = (at: number) => {
      let asked = 0
      return async (part: readonly string[]) => {
        if (++asked === at) throw error
        return refusing(['8'])(part)
      }
    }
    await expect(bisect(ids(8), always, failing(1))).rejects.toBe(error)
    expect(await bisect(ids(8), always, failing(3))).toEqual({ found: ids(4), bad: [], unsure: [], left: ['5', '6', '7', '8'] })
  },
)

test('an error that is no wait is thrown', async () => {
  await expect(bisect(ids(2), always, () => Promise.reject(new Fatal('http_403', 'no')))).rejects.toThrow(Fatal)
})
