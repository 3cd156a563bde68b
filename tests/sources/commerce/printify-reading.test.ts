import fc from 'fast-check'
import type { ListPage } from '../../../backend/sources/commerce/printify/pager'
import { advance, anew, newReading, outcomeOf, type Reading, ROUNDS } from '../../../backend/sources/commerce/printify/reading'

/*
 * A list that changes between answers, and a reader that stores what each page shows.
 */

interface Change {
  arrive: number
  /** Places in the list of what vanishes, as shares of its length. */
  vanish: readonly number[]
}

class List {
  ids: string[]
  private made = 0
  constructor(
    count: number,
    public perPage: number,
  ) {
    this.ids = Array.from({ length: count }, () => this.next()).reverse()
  }
  private next(): string {
    return String(this.made++).padStart(6, '0')
  }
  change({ arrive, vanish }: Change): void {
    for (const share of vanish) this.ids.splice(Math.floor(share * this.ids.length), 1)
    for (let n = 0; n < arrive; n++) this.ids.unshift(this.next())
  }
  page(page: number): ListPage {
    const from = (page - 1) * this.perPage
    const { length: total } = this.ids
    return {
      ...{ page, ids: this.ids.slice(from, from + this.perPage), perPage: this.perPage, total },
      lastPage: Math.max(1, Math.ceil(total / this.perPage)),
    }
  }
}

interface Run {
  outcome: string
  stored: Set<string>
  /** Ids that were in the list from the start of the last reading on. */
  throughout: Set<string>
  pages: number
  fresh: number
}

/** Reads a list as the streams do. @param before called before each answer */
function read(
  list: { page(page: number): ListPage; ids?: readonly string[] },
  before: () => void = () => {},
  enough?: (ids: readonly string[]) => boolean,
): Run {
  const ever = new Set<string>()
  let [reading, pages, fresh]: [Reading, number, number] = [newReading(), 0, 0]
  let stored = new Set<string>()
  let throughout: Set<string> | undefined
  for (;;) {
    before()
    throughout = new Set([...(throughout ?? list.ids ?? [])].filter((id) => list.ids?.includes(id)))
    const answer = list.page(reading.place.page)
    pages++
    for (const id of answer.ids) {
      stored.add(id)
      ever.add(id)
    }
    const shown = { sentAt: new Date(0), apart: [], hasRejects: false, made: [], isEnough: enough?.(answer.ids) ?? false }
    const step = advance(reading, answer, shown)
    fresh += step.fresh
    if (step.isRestless) return { outcome: 'restless', stored: ever, throughout, pages, fresh }
    reading = JSON.parse(JSON.stringify(step.reading))
    if (!step.isOver) continue
    const outcome = outcomeOf(reading, 'orders', stored.size)
    if (outcome.is !== 'different') return { outcome: outcome.is, stored: ever, throughout, pages, fresh }
    const next = anew(reading, 'count_mismatch', outcome.reason)
    if (next.failed) return { outcome: 'failed', stored: ever, throughout, pages, fresh }
    reading = next.reading
    stored = new Set()
    throughout = undefined
  }
}

const still: Change = { arrive: 0, vanish: [] }
const changes = fc.array(
  fc.oneof(
    { weight: 3, arbitrary: fc.constant(still) },
    { weight: 2, arbitrary: fc.nat(25).map((arrive): Change => ({ arrive, vanish: [] })) },
    {
      weight: 2,
      arbitrary: fc.record({ arrive: fc.nat(3), vanish: fc.array(fc.double({ min: 0, max: 0.999, noNaN: true }), { maxLength: 4 }) }),
    },
  ),
  { maxLength: 40 },
)

test('whatever arrives and vanishes while a list is read, all that was there throughout is read', () => {
  fc.assert(
    fc.property(fc.nat(90), fc.integer({ min: 1, max: 10 }), changes, (count, perPage, list_) => {
      const list = new List(count, perPage)
      const left = [...list_]
      const { outcome, stored, throughout } = read(list, () => list.change(left.shift() ?? still))
      expect([...throughout].filter((id) => !stored.has(id))).toEqual([])
      expect(['complete', 'failed', 'restless']).toContain(outcome)
      // The list rests at last: the last round finds it as it is.
      if (outcome === 'complete')
        expect(list.ids.filter((id) => !stored.has(id)).length).toBeLessThanOrEqual(list_.reduce((sum, { arrive }) => sum + arrive, 0))
    }),
    { numRuns: 400 },
  )
})

test('what arrives is read too, if it was there when page 1 was read again', () => {
  fc.assert(
    fc.property(fc.integer({ min: 11, max: 90 }), fc.array(fc.nat(25), { maxLength: 9 }), (count, arrivals) => {
      const list = new List(count, 10)
      const left = [...arrivals]
      const { outcome, stored } = read(list, () => list.change({ arrive: left.shift() ?? 0, vanish: [] }))
      expect(outcome).toBe('complete')
      if (left.length === 0) expect(list.ids.filter((id) => !stored.has(id))).toEqual([])
    }),
  )
})

test('a list at rest takes a request for each page and one more; each record is counted once', () => {
  expect(read(new List(100, 10))).toMatchObject({ outcome: 'complete', pages: 11, fresh: 100 })
  expect(read(new List(95, 10))).toMatchObject({ outcome: 'complete', pages: 11, fresh: 95 })
  expect(read(new List(10, 10))).toMatchObject({ outcome: 'complete', pages: 1, fresh: 10 })
  expect(read(new List(0, 10))).toMatchObject({ outcome: 'complete', pages: 1, fresh: 0 })
})

test('11 orders that arrive while pages of 10 are read shift a whole page: each is read and counted once', () => {
  const list = new List(45, 10)
  let asked = 0
  const found = read(list, () => {
    if (++asked === 3) list.change({ arrive: 11, vanish: [] })
  })
  expect([found.outcome, found.stored.size, found.fresh]).toEqual(['complete', 56, 56])
  expect(found.pages).toBe(8)
})

test('an order that vanishes from a page that was read costs one request, and no other order', () => {
  const list = new List(45, 10)
  let asked = 0
  const found = read(list, () => {
    if (++asked === 3) list.ids.splice(4, 1)
  })
  // The vanished one is counted in the first round, so that the list is read again.
  expect(found.outcome).toBe('complete')
  expect([...found.throughout].every((id) => found.stored.has(id))).toBe(true)
  expect(found.pages).toBeLessThan(16)
})

test('the size of a page may change while the list is read', () => {
  fc.assert(
    fc.property(fc.nat(120), fc.array(fc.constantFrom(10, 50), { maxLength: 20 }), (count, sizes) => {
      const list = new List(count, 10)
      const left = [...sizes]
      const found = read(list, () => {
        list.perPage = left.shift() ?? list.perPage
      })
      expect([found.outcome, found.stored.size]).toEqual(['complete', count])
    }),
  )
})

test('the newest part ends where enough is seen, and is counted as well', () => {
  const list = new List(100, 10)
  const enough = (ids: readonly string[]) => ids.every((id) => id < '000075')
  expect(read(list, undefined, enough)).toMatchObject({ outcome: 'complete', pages: 5, fresh: 40 })
  expect(read(list, undefined, () => true)).toMatchObject({ outcome: 'complete', pages: 1, fresh: 10 })
})

describe('never done', () => {
  const pageOf = (ids: string[], page: number, part: Partial<ListPage> = {}): ListPage => ({
    ...{ page, ids: ids.slice((page - 1) * 10, page * 10), perPage: 10, lastPage: Math.ceil(ids.length / 10), total: ids.length, ...part },
  })
  const ids = Array.from({ length: 25 }, (_, n) => `o${n}`)

  test.each<[string, (page: number) => ListPage]>([
    ['an order twice and another one not at all', (page) => pageOf([...ids.slice(0, 12), 'o3', ...ids.slice(13)], page)],
    ['a page in the middle without its last two', (page) => pageOf(ids, page, page === 2 ? { ids: ids.slice(10, 18) } : {})],
    ['an empty page in the middle', (page) => pageOf(ids, page, page === 2 ? { ids: [] } : {})],
    ['nothing at all, of 25', (page) => pageOf(ids, page, { ids: [] })],
    ['a last page too early', (page) => pageOf(ids, page, { lastPage: 2 })],
    ['the same page for all', (page) => ({ ...pageOf(ids, 1), page })],
  ])('%s', (_, page) => {
    const found = read({ page })
    expect(found.outcome).toBe('failed')
    expect(found.pages).toBeLessThanOrEqual(ROUNDS * 5)
  })

  test('a list that loses an order at every answer is given up', () => {
    const list = new List(600, 1)
    expect(read(list, () => list.ids.splice(0, 2)).outcome).toBe('restless')
  })

  test('a list that does not say how many there are is read to an empty page, and not verified', () => {
    const bare = (page: number): ListPage => pageOf(ids, page, { lastPage: null, perPage: null, total: null })
    const found = read({ page: bare })
    expect([found.outcome, found.stored.size, found.pages]).toEqual(['unverified', 25, 5])
  })
})

test('what is not stored is counted by its keys, up to a number', () => {
  const reading = (apart: string[], counted: number | null): Reading => ({ ...newReading(), apart, counted })
  expect(outcomeOf(reading(['a', 'b'], 12), 'orders', 10)).toEqual({ is: 'complete' })
  expect(outcomeOf(reading(['a'], 12), 'orders', 10)).toEqual({ is: 'different', reason: 'Printify counts 12 orders, but shows 11' })
  expect(outcomeOf(reading(Array.from({ length: 501 }, String), 12), 'orders', 10)).toMatchObject({ is: 'unverified' })
})

test('what vanished while the last reading went on does not count, as far as the total has fallen', () => {
  const reading = (round: number, fallen: number): Reading => ({ ...newReading(round), counted: 10, fallen })
  expect(outcomeOf(reading(ROUNDS, 2), 'orders', 12)).toEqual({ is: 'complete' })
  expect(outcomeOf(reading(ROUNDS, 1), 'orders', 12)).toMatchObject({ is: 'different' })
  expect(outcomeOf(reading(ROUNDS, 2), 'orders', 9)).toMatchObject({ is: 'different' })
  expect(outcomeOf(reading(1, 2), 'orders', 12)).toMatchObject({ is: 'different' })
})

test('a reading that differs is made again; after the last one its task fails, and a retry starts anew', () => {
  expect(anew(newReading(), 'count_mismatch', 'so')).toEqual({ reading: newReading(2) })
  expect(anew(newReading(ROUNDS), 'count_mismatch', 'so')).toEqual({
    reading: newReading(),
    failed: { kind: 'count_mismatch', reason: 'so; they were read 3 times' },
  })
})
