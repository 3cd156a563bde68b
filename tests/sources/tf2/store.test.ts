import fc from 'fast-check'
import type { Db } from '../../../backend/database/db'
import { type Batch, heldOf, newest, readInventories, type Statement, write } from '../../../backend/sources/tf2/store'
import { compareMoments, RANK, snapshotMoment } from '../../../backend/sources/tf2/truth'
import { ownDatabase } from '../../support/database'
import { documentFor, market, moment, statementOf } from '../../support/tf2'

let db: Db
ownDatabase((opened) => {
  db = opened
})
beforeEach(() => db.tx((tx) => tx.query('truncate tf2.listings, tf2.inventories')))

const store = (batch: Partial<Batch>) => db.tx((tx) => write(tx, { statements: [], began: 5000, ...batch }))
const document = documentFor()
const id = document.id as string
const rows = () =>
  db.query<{ id: string; is_deleted: boolean; details: string; updated_at: bigint; at: number }>(
    'select id, is_deleted, details, updated_at, extract(epoch from observed_at)::int as at from tf2.listings order by id',
  )

test('a new listing is a row and an event, a second time neither', async () => {
  const first = await store({ statements: [statementOf(id, moment(100), document)] })
  expect(first).toMatchObject({ new: 1, updated: 0, unchanged: 0, deleted: 0 })
  expect(first.events).toEqual([
    {
      key: 'tf2.listing-update',
      payload: { id: expect.stringMatching(/^[0-9a-f]{24}$/), event: 'listing-update', payload: document, generation_timestamp: 5000 },
    },
  ])
  const [before] = await rows()
  const again = await store({ statements: [statementOf(id, moment(200), document)] })
  expect(again).toMatchObject({ new: 0, updated: 0, unchanged: 1, events: [] })
  // It is known to be so since later, and has not changed.
  expect(await rows()).toEqual([{ ...before, at: 200 }])
})

test('an older statement changes nothing, in whichever order they come', async () => {
  await store({ statements: [statementOf(id, moment(200), { ...document, details: 'new' })] })
  expect(await store({ statements: [statementOf(id, moment(100), { ...document, details: 'old' })] })).toMatchObject({
    updated: 0,
    events: [],
  })
  expect((await rows())[0]?.details).toBe('new')
})

test('in equal seconds an event is right, then an answer, then a snapshot', async () => {
  await store({ statements: [statementOf(id, moment(100, 'event', 'b'.repeat(24)), { ...document, details: 'event' })] })
  await store({ statements: [statementOf(id, moment(100, 'answer'), { ...document, details: 'answer' })] })
  await store({ statements: [statementOf(id, moment(100, 'event', 'a'.repeat(24)), { ...document, details: 'earlier event' })] })
  expect((await rows())[0]?.details).toBe('event')
})

test('what is gone is an event once, with its owner, and does not come back by an older statement', async () => {
  await store({ statements: [statementOf(id, moment(100), document)] })
  const gone = await store({ statements: [statementOf(id, moment(200))] })
  expect(gone).toMatchObject({
    deleted: 1,
    events: [{ key: 'tf2.listing-delete', payload: { event: 'listing-delete', payload: { id, steamid: document.steamid } } }],
  })
  expect(await store({ statements: [statementOf(id, moment(300))] })).toMatchObject({ deleted: 0, events: [] })
  expect(await store({ statements: [statementOf(id, moment(150), document)] })).toMatchObject({ new: 0, updated: 0, events: [] })
  expect(await rows()).toMatchObject([{ is_deleted: true }])
  // Listed again later, it is there again.
  expect(await store({ statements: [statementOf(id, moment(400), document)] })).toMatchObject({ new: 0, updated: 1 })
  expect(await rows()).toMatchObject([{ is_deleted: false }])
})

test('what was never held leaves a tombstone and no event', async () => {
  expect(await store({ statements: [statementOf(id, moment(200))] })).toMatchObject({ deleted: 0, events: [] })
  expect(await store({ statements: [statementOf(id, moment(100), document)] })).toMatchObject({ new: 0, events: [] })
  expect(await db.query('select 1 from public.listings')).toEqual([])
})

test('a snapshot confirms a row that is as it shows it, and no other', async () => {
  await store({ statements: [statementOf(id, moment(100), document)] })
  const [held] = await heldOf(db, 'Strange Bat', ['sell'])
  await store({ confirmed: [{ id, mark: 'another', moment: snapshotMoment(150) }] })
  expect(await rows()).toMatchObject([{ at: 100 }])
  await store({ confirmed: [{ id, mark: held?.mark as string, moment: snapshotMoment(150) }] })
  expect(await rows()).toMatchObject([{ at: 150 }])
  await store({ confirmed: [{ id, mark: held?.mark as string, moment: snapshotMoment(120) }] })
  expect(await rows()).toMatchObject([{ at: 150 }])
})

test('an inventory is kept for minutes', async () => {
  await store({ inventories: [{ steamid: '1', items: [['7', 190, 11]] }] })
  await store({ inventories: [{ steamid: '2', items: [] }] })
  await db.query(`update tf2.inventories set read_at = now() - interval '6 minutes' where steamid = '2'`)
  expect(await readInventories(db, ['1', '2', '3'])).toEqual(new Map([['1', { steamid: '1', items: [['7', 190, 11]] }]]))
})

test('the select of the seed runs', async () => {
  await store({ statements: [statementOf(id, moment(100), document)] })
  const [row] = await db.query(
    `select count(*)::int as total_listings, count(*) filter (where updated_at > (extract(epoch from now() - interval '5 minutes') * 1000))::int as recent_updates
       from listings where item_defindex = 190 and item_quality_id = 11`,
  )
  expect(row).toEqual({ total_listings: 1, recent_updates: 1 })
})

test('statements in any order, doubled, in equal seconds, end in the state of the newest', async () => {
  const ids = market()
    .all()
    .slice(0, 3)
    .map((offer) => offer.id)
  const documents = new Map(
    market()
      .all()
      .map((offer) => [offer.id, documentFor(offer)]),
  )
  const one = fc.record({
    id: fc.constantFrom(...ids),
    at: fc.integer({ min: 100, max: 104 }),
    rank: fc.constantFrom('answer' as const, 'event' as const),
    event: fc.constantFrom('1'.repeat(24), '2'.repeat(24), '3'.repeat(24)),
    present: fc.boolean(),
  })
  const toStatement = ({
    id: of,
    at,
    rank,
    event,
    present,
  }: {
    id: string
    at: number
    rank: 'answer' | 'event'
    event: string
    present: boolean
  }): Statement => {
    const when = moment(at, rank, rank === 'event' ? event : '')
    // One moment says one thing.
    const content = present || (when.at + RANK[rank]) % 3 === 0
    return statementOf(of, when, content ? { ...documents.get(of), details: `${at} ${rank} ${when.event}` } : undefined)
  }
  await fc.assert(
    fc.asyncProperty(fc.array(one, { minLength: 1, maxLength: 12 }), fc.integer({ min: 1, max: 4 }), async (asked, size) => {
      await db.tx((tx) => tx.query('truncate tf2.listings'))
      const byMoment = new Map(asked.map(toStatement).map((s) => [`${s.id} ${s.moment.at} ${s.moment.rank} ${s.moment.event}`, s]))
      const all = [...byMoment.values()]
      const order = [...all, ...all].sort(() => 0)
      for (let from = 0; from < order.length; from += size) await store({ statements: order.slice(from, from + size).reverse() })
      const truth = newest(all)
      const held = new Map((await rows()).map((row) => [row.id, row]))
      for (const last of truth) {
        expect(all.every((other) => other.id !== last.id || compareMoments(other.moment, last.moment) <= 0)).toBe(true)
        expect(held.get(last.id)).toMatchObject(
          last.content ? { is_deleted: false, details: last.content.details, at: last.moment.at } : { is_deleted: true },
        )
      }
    }),
    { numRuns: 60 },
  )
}, 120_000)
