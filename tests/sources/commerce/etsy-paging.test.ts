import fc from 'fast-check'
import { dice } from '../../../backend/sandbox/base/random'
import {
  advance,
  isBeyond,
  LIMIT,
  MAX_OFFSET,
  MAX_READINGS,
  type Place,
  requestsFor,
  roomOf,
  START,
} from '../../../backend/sources/commerce/etsy/paging'
import { ledgerRequests, MAX_WINDOW } from '../../../backend/sources/commerce/etsy/streams/payments'
import {
  ETSY_STARTED,
  nameOf,
  secondsOf,
  split,
  splitByCount,
  splitBySeconds,
  windowOf,
  within,
} from '../../../backend/sources/commerce/etsy/windows'

/* The arithmetic of windows and offsets. */

const window = fc
  .tuple(fc.integer({ min: ETSY_STARTED, max: 1_900_000_000 }), fc.integer({ min: 1, max: 600_000_000 }))
  .map(([from, length]) => ({ from, to: from + length }))

/** Expects that parts follow each other without a gap or an overlap, from the beginning of the whole to its end. */
function expectCovered(whole: { from: number; to: number }, parts: readonly { from: number; to: number }[]): void {
  expect(parts.map(({ from }) => from)).toEqual([whole.from, ...parts.slice(0, -1).map(({ to }) => to)])
  expect(parts.at(-1)?.to).toBe(whole.to)
  expect(parts.filter(({ from, to }) => to <= from)).toEqual([])
}

test('the requests of a ledger are foreseen within an eighth, or four, where orders come at any time', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 120 }), fc.integer({ min: 0, max: 5_000 }), fc.integer(), (windows, orders, seed) => {
      const random = dice(seed)
      const entries = new Array<number>(windows).fill(0)
      const payments = new Array<number>(Math.ceil(windows / 12)).fill(0)
      for (let n = 0; n < orders; n++) {
        const at = Math.floor(random() * windows)
        entries[at] = (entries[at] ?? 0) + 5
        payments[Math.floor(at / 12)] = (payments[Math.floor(at / 12)] ?? 0) + 1
      }
      const sum = (list: number[]) => list.reduce((all, one) => all + one, 0)
      const made = sum(entries.map(requestsFor)) + sum(payments.map((count) => Math.ceil(count / 100)))
      const foreseen = ledgerRequests({ from: ETSY_STARTED, to: ETSY_STARTED + windows * MAX_WINDOW }, orders)
      expect(Math.abs(foreseen - made)).toBeLessThanOrEqual(Math.max(4, made / 8))
    }),
  )
})

describe('windows', () => {
  test('in parts lose no second and read none twice', () => {
    fc.assert(
      fc.property(window, fc.integer({ min: 1, max: 100 }), (whole, parts) => {
        const some = split(whole, parts)
        expectCovered(whole, some)
        expect(some.length).toBe(Math.min(parts, whole.to - whole.from))
      }),
    )
  })

  test('of the ledger are at most 31 days long, and as few as possible', () => {
    fc.assert(
      fc.property(window, (whole) => {
        const parts = splitBySeconds(whole, MAX_WINDOW)
        expectCovered(whole, parts)
        expect(parts.length).toBe(Math.ceil((whole.to - whole.from) / MAX_WINDOW))
        const lengths = parts.map((part) => {
          const { min_created: least, max_created: most } = within(part, 'created')
          return Number(most) - Number(least)
        })
        expect(Math.max(...lengths)).toBeLessThan(MAX_WINDOW)
      }),
    )
  })

  test('case 2: 2,678,400 s are one window, one second more are two', () => {
    const from = secondsOf('2024-01-01T00:00:00Z')
    expect(splitBySeconds({ from, to: from + 2_678_400 }, MAX_WINDOW)).toHaveLength(1)
    expect(splitBySeconds({ from, to: from + 2_678_401 }, MAX_WINDOW)).toHaveLength(2)
  })

  test('with too many entries are split into halves of halves, also for absurd counts, until they are a second long', () => {
    fc.assert(
      fc.property(window, fc.integer({ min: 12_101, max: Number.MAX_SAFE_INTEGER }), (whole, count) => {
        const parts = splitByCount(whole, count, 12_100)
        expectCovered(whole, parts)
        expect(parts.length).toBeLessThanOrEqual(64)
        if (whole.to - whole.from >= 64) {
          expect(Math.log2(parts.length) % 1).toBe(0)
          if (count <= 64 * 12_100) expect(parts.length * 12_100).toBeGreaterThanOrEqual(count)
        }
      }),
    )
    expect(splitByCount({ from: ETSY_STARTED, to: ETSY_STARTED + 100 }, 12_101, 12_100)).toHaveLength(2)
    expect(splitByCount({ from: ETSY_STARTED, to: ETSY_STARTED + 2 }, 1e9, 12_100)).toHaveLength(2)
  })

  test('begin where the shop does and end before the second that is not over yet', () => {
    expect(windowOf('2024-05-01T00:00:00.900Z', '2024-06-01T00:00:00.100Z')).toEqual({
      from: secondsOf('2024-05-01T00:00:00Z'),
      to: secondsOf('2024-06-01T00:00:00Z'),
    })
    expect(windowOf(null, '2024-06-01T00:00:00Z').from).toBe(ETSY_STARTED)
    const inverse = windowOf('2024-06-02T00:00:00Z', '2024-06-01T00:00:00Z')
    expect(inverse.to).toBe(inverse.from)
    expect(nameOf(windowOf('2024-05-01T00:00:00Z', '2024-06-01T00:00:00Z'))).toBe('2024-05-01T00:00:00Z..2024-06-01T00:00:00Z')
    expect(within({ from: 1_700_000_000, to: 1_700_000_001 }, 'last_modified')).toEqual({
      min_last_modified: '1700000000',
      max_last_modified: '1700000000',
    })
  })
})

interface Reading {
  seen: Set<string>
  requests: number
  offsets: number[]
  end: 'done' | 'failed' | 'endless'
  found: number
}

/** Reads a list to its end. @param listOf the list as it is at a request */
function readAll(listOf: (request: number) => { count?: number; keys: string[] }, limit = LIMIT): Reading {
  const reading: Reading = { seen: new Set(), requests: 0, offsets: [], end: 'endless', found: 0 }
  let at: Place = START
  while (reading.requests < 10_000) {
    const { keys, count = keys.length } = listOf(reading.requests++)
    const page = keys.slice(at.offset, at.offset + limit)
    reading.offsets.push(at.offset)
    const turn = advance(at, { count, keys: page })
    for (const [n, key] of page.entries()) if (turn.fresh[n]) reading.seen.add(key)
    reading.found += turn.found
    if (!turn.next) return { ...reading, end: turn.fault === undefined ? 'done' : 'failed' }
    at = JSON.parse(JSON.stringify(turn.next)) as Place
  }
  return reading
}
const KEYS = Array.from({ length: 12_100 }, (_, n) => `k${n}`)
const keysOf = (count: number): string[] => KEYS.slice(0, count)

describe('offsets', () => {
  test('case 1: 12,100 entries are read, the last offset is 12,000; one page is enough for 100', () => {
    const { end, seen, offsets, requests } = readAll(() => ({ keys: keysOf(12_100) }))
    expect([end, seen.size, Math.max(...offsets)]).toEqual(['done', 12_100, MAX_OFFSET])
    expect(requests).toBeLessThanOrEqual(123)
    expect(readAll(() => ({ keys: keysOf(100) })).requests).toBe(1)
    expect(readAll(() => ({ keys: keysOf(1_000) })).requests).toBe(11)
    expect(readAll(() => ({ keys: [] }))).toMatchObject({ end: 'done', requests: 1 })
  })

  test('lists of any length are read whole and found once, whatever Etsy cuts the limit to', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 3_000 }), fc.integer({ min: 2, max: LIMIT }), (count, limit) => {
        const { end, seen, found } = readAll(() => ({ keys: keysOf(count) }), limit)
        expect([end, seen.size, found]).toEqual(['done', count, count])
      }),
      { numRuns: 60 },
    )
  })

  test('a limit that is cut makes room for less', () => {
    expect(roomOf({ count: 20_000, keys: keysOf(100) })).toBe(12_100)
    expect(roomOf({ count: 20_000, keys: keysOf(25) })).toBe(12_025)
    expect(readAll(() => ({ keys: keysOf(12_025) }), 25)).toMatchObject({ end: 'done' })
  })

  test('12,101 are beyond offsets, but not where a part has no full page: its count is wrong', () => {
    const shows = (keys: number) => ({ count: 12_101, keys: keysOf(keys) })
    expect(isBeyond({ count: 12_100, keys: keysOf(100) }, 0)).toBe(false)
    expect([isBeyond(shows(100), 0), isBeyond(shows(100), 100), isBeyond(shows(25), 25)]).toEqual([true, true, true])
    expect([isBeyond(shows(99), 100), isBeyond(shows(24), 0)]).toEqual([false, false])
  })

  test('a list that changes while it is read is read again, and never ends as done with an entry missing that stayed', () => {
    const change = fc.record({ at: fc.integer({ min: 1, max: 8 }), index: fc.nat(), isAdded: fc.boolean() })
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 500 }), fc.array(change, { maxLength: 3 }), (count, changes) => {
        const stayed = new Set(keysOf(count))
        let list = keysOf(count)
        const { end, seen } = readAll((request) => {
          for (const [n, { at, index, isAdded }] of changes.entries()) {
            if (at !== request || list.length === 0) continue
            const place = index % list.length
            if (isAdded) list = [...list.slice(0, place), `new${n}`, ...list.slice(place)]
            else {
              stayed.delete(list[place] as string)
              list = list.filter((_, m) => m !== place)
            }
          }
          return { keys: list }
        })
        expect(end).not.toBe('endless')
        if (end === 'done') expect([...stayed].filter((key) => !seen.has(key))).toEqual([])
      }),
      { numRuns: 300 },
    )
  })

  test('an entry that is counted and never shown fails the list after its last reading', () => {
    const reading = readAll(() => ({ count: 151, keys: keysOf(150) }))
    expect(reading).toMatchObject({ end: 'failed', found: 150 })
    expect(reading.offsets.filter((offset) => offset === 0)).toHaveLength(MAX_READINGS)
  })

  test.each([
    ['one entry a page', 1],
    ['no entry at all', 0],
  ])('a list that cannot be read ends: %s', (_, limit) => {
    expect(readAll(() => ({ keys: keysOf(50) }), limit).end).toBe('failed')
  })

  test('an entry that is on a page twice does not count twice', () => {
    expect(readAll(() => ({ keys: ['a', 'b', 'a'] })).end).toBe('failed')
  })
})
