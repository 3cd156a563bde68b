import fc from 'fast-check'
import { orderOf, startListing, turnPage } from '../../../backend/sources/atproto/streams/listing'
import { relay } from '../../../backend/sources/atproto/streams/relay'
import { asked, didIn, didOf, discoverAll, documentAt } from '../../support/atproto-reads'
import { type AtprotoWorld, atprotoWorld, type TrueRepo } from '../../support/atproto-world'
import type { Upstream } from '../../support/eve'

/* Hosts that list in another order than from the highest key to the lowest. */

const GAME = 'games.sandbox.game'
const SCORE = 'games.sandbox.score'

describe('a list whose keys rise', () => {
  const rkeys = fc.string({ unit: fc.constantFrom(...'0az~.:-_AZ'), minLength: 1, maxLength: 3 })
  const scenario = fc.record({
    keys: fc.uniqueArray(rkeys, { maxLength: 30 }),
    held: fc.uniqueArray(rkeys, { minLength: 1, maxLength: 30 }),
    size: fc.integer({ min: 2, max: 7 }),
    inclusive: fc.boolean(),
    cursorAtEnd: fc.boolean(),
  })

  /** Lists as such a host does, to the end. */
  function listed({ keys, size, inclusive, cursorAtEnd }: { keys: string[]; size: number; inclusive: boolean; cursorAtEnd: boolean }) {
    const all = keys.toSorted()
    let listing = { ...startListing('app.example.note', new Set(['app.example.note'])), limit: size }
    const shown = []
    for (let pages = 0; pages < 200; pages++) {
      const { at } = listing
      const left = at === undefined ? all : all.filter((key) => key > at || (inclusive && key === at))
      const page = left.slice(0, size)
      const next = page.length > 0 && (cursorAtEnd || left.length > size) ? page.at(-1) : undefined
      const turned = turnPage(listing, 'did:plc:x', page, next, false)
      expect(turned.fault).toBeUndefined()
      if (turned.shown) shown.push(turned.shown)
      listing = turned.listing
      if (turned.isOver) return { shown, listing, isGivenUp: turned.isGivenUp }
    }
    throw new Error('the list does not end')
  }

  test('is read to its end; every key is spoken of once, and what is held and was not shown is marked', () => {
    fc.assert(
      fc.property(scenario, (it) => {
        const { shown, listing, isGivenUp } = listed(it)
        expect([isGivenUp, listing.unordered]).toEqual([false, false])
        for (const key of [...it.keys, ...it.held]) {
          const over = shown.filter(({ from, below }) => (from === undefined || key >= from) && (below === undefined || key < below))
          expect([key, over.length]).toEqual([key, 1])
          expect([key, over[0]?.keys.includes(key)]).toEqual([key, it.keys.includes(key)])
        }
      }),
      { numRuns: 300 },
    )
  })

  test('has no order while one key is known, and none any more once two contradict', () => {
    const start = startListing('app.example.note', new Set())
    expect(orderOf(start, ['b'])).toBeUndefined()
    expect(orderOf({ ...start, low: 'b', high: 'b' }, ['c'])).toBe('rising')
    expect(orderOf({ ...start, low: 'b', high: 'b' }, ['a'])).toBe('falling')
    expect(orderOf({ ...start, low: 'a', high: 'c', order: 'rising' }, ['b'])).toBe('none')
    expect(orderOf(start, ['a', 'c', 'b'])).toBe('none')
    expect(orderOf({ ...start, unordered: true }, ['a', 'b'])).toBe('none')
  })

  test('that begins with the record of its cursor for ever is over only where the cursor names that record, and one more was asked for', () => {
    const at = { ...startListing('app.example.note', new Set()), at: 'b', low: 'a', high: 'b', order: 'rising' as const }
    expect(turnPage(at, 'did:plc:x', ['b'], 'b', false)).toMatchObject({ isOver: true, isGivenUp: false })
    expect(turnPage({ ...at, limit: 1 }, 'did:plc:x', ['b'], 'b', false)).toMatchObject({ isOver: false })
    expect(turnPage({ ...at, at: 'other' }, 'did:plc:x', ['b'], 'other', false)).toMatchObject({ isOver: false })
  })
})

describe('a host', () => {
  let world: AtprotoWorld
  beforeAll(async () => {
    world = await atprotoWorld({ repos: 15 }, 2)
  }, 120_000)
  afterAll(() => world?.close())
  beforeEach(() => world.fresh())

  /** Most records that are still read page by page. */
  const sizable = (): TrueRepo =>
    world
      .repos(SCORE)
      .filter(({ collections }) => (collections[SCORE] ?? 0) < 1000)
      .sort((a, b) => (b.collections[SCORE] ?? 0) - (a.collections[SCORE] ?? 0))[0] as TrueRepo

  test.each([
    ['begins a page after the cursor', {}],
    ['begins a page with the record of the cursor', { inclusive: true }],
    ['names a cursor at its end too', { inclusive: true, cursorAtEnd: true }],
  ])(
    'whose keys rise, and %s, is read to its end and has what is gone deleted',
    async (_, options) => {
      const one = sizable()
      for (let n = 0; n < 6; n++) await world.sandbox.atproto.edit({ did: one.did, collection: SCORE, action: 'create', count: 100 })
      world.sandbox.fault({ name: 'rising', ...options })
      const first = await world.backfill({ collection: SCORE, did: one.did, method: 'list' })
      const records = (one.collections[SCORE] ?? 0) + 600
      expect(first).toMatchObject({ status: 'completed', verified: true, seen: records, new: records })
      await world.sandbox.atproto.edit({ did: one.did, collection: SCORE, action: 'delete', count: 2 })
      await world.sandbox.atproto.edit({ did: one.did, collection: SCORE, action: 'create', count: 3 })
      expect(await world.backfill({ collection: SCORE, did: one.did, method: 'list' })).toMatchObject({
        status: 'completed',
        verified: true,
        seen: records + 1,
        new: 3,
        deleted: 2,
        notes: [],
      })
    },
    120_000,
  )

  test.each([
    ['auto', 1],
    ['list', 0],
  ])(
    'that lists in no order has what is gone deleted by method %s: %i',
    async (method, deleted) => {
      await world.backfill({ collection: GAME })
      const [one] = world.repos(GAME).filter(({ collections }) => (collections[GAME] ?? 0) > 3) as [TrueRepo]
      await world.sandbox.atproto.edit({ did: one.did, collection: GAME, action: 'delete' })
      world.sandbox.fault({ name: 'unordered' })
      for (const n of [deleted, 0]) {
        const report = await world.backfill({ collection: GAME, did: one.did, method })
        expect(report).toMatchObject({ status: 'completed', deleted: n, notes: deleted ? [] : [expect.stringContaining('in no order')] })
      }
    },
    120_000,
  )
})

test('a list of repos that begins a page with the repo of its cursor is read to its end', async () => {
  const all = [1, 2, 3, 4].map(didOf)
  const relayOf: Upstream = (path) => {
    const from = all.indexOf(asked(path, 'cursor') ?? didOf(1))
    const page = all.slice(from, from + 2)
    return { data: { repos: page.map((did) => ({ did })), cursor: page.at(-1) } }
  }
  const plc: Upstream = (path) => documentAt(didIn(path), 'https://pds.example')
  const { tasks, setBack } = await discoverAll(relay, { relay: relayOf, plc })
  expect([setBack, [...new Set(tasks.map(({ key }) => key))]]).toEqual([[], all])
})
