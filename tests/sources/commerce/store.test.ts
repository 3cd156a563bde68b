import fc from 'fast-check'
import type { Db } from '../../../backend/database/db'
import type { AccountRef, CustomerRecord } from '../../../backend/sources/commerce/store/records'
import { type Row, save } from '../../../backend/sources/commerce/store/save'
import { ownDatabase } from '../../support/database'

let db: Db
ownDatabase((opened) => {
  db = opened
})
beforeEach(() => db.tx((tx) => tx.query('truncate commerce.customers')))

const account: AccountRef = { id: '00000000-0000-4000-8000-000000000001', userId: 'user', platform: 'shopify' }
const at = (second: number) => new Date(Date.UTC(2026, 0, 1, 0, 0, second))
const customer = (name: string, updated: number | null, platformId = '1'): CustomerRecord => ({
  platformId,
  updatedAt: updated === null ? null : at(updated).toISOString(),
  name,
  email: null,
  phone: null,
  city: null,
  country: null,
  createdAt: null,
  ordersCount: null,
  currency: 'USD',
  spentMinor: 12_345_678_901,
  raw: { name },
})
const store = (records: CustomerRecord[], read: number, as = account) =>
  db.tx((tx) => save(tx, 'customers', as, records as unknown as Row[], at(read)))
const rows = () =>
  db.query<{ id: string; name: string; spent: bigint; read: Date; deleted: Date | null }>(
    `select platform_id as id, name, spent_minor as spent, read_at as read, deleted_at as deleted from commerce.customers order by account_id, platform_id`,
  )

test('a record is a row once; read again it is unchanged and known to be so since later', async () => {
  expect(await store([customer('a', 5)], 10)).toEqual({ new: 1, updated: 0, unchanged: 0, changed: ['1'] })
  expect(await store([customer('a', 5)], 20)).toEqual({ new: 0, updated: 0, unchanged: 1, changed: [] })
  expect(await rows()).toEqual([{ id: '1', name: 'a', spent: 12_345_678_901n, read: at(20), deleted: null }])
})

test('the later change is right, and of one change the later reading', async () => {
  await store([customer('new', 9)], 10)
  expect(await store([customer('old', 5)], 20)).toMatchObject({ updated: 0, unchanged: 1 })
  expect(await rows()).toMatchObject([{ name: 'new' }])
  expect(await store([customer('refunded', 9)], 30)).toMatchObject({ updated: 1 })
  expect(await store([customer('late', 9)], 20)).toMatchObject({ updated: 0 })
  expect(await rows()).toMatchObject([{ name: 'refunded', read: at(30) }])
})

test('what differs anywhere in a record is a change, whatever its names are; the order of names is none', async () => {
  const raw = (text: string) => store([{ ...customer('a', 5), raw: JSON.parse(text) }], 10)
  await raw('{"b": 1, "a": [{"y": 1, "x": 2}]}')
  expect(await raw('{"a": [{"x": 2, "y": 1}], "b": 1}')).toMatchObject({ updated: 0, unchanged: 1 })
  expect(await raw('{"a": [{"x": 2, "y": 1}], "b": 1, "__proto__": {"paid": 1}}')).toMatchObject({ updated: 1 })
  expect(await raw('{"a": [{"x": 2, "y": 1}], "b": 1, "__proto__": {"paid": 2}}')).toMatchObject({ updated: 1 })
  const [row] = await db.query<{ fingerprint: string }>('select fingerprint from commerce.customers')
  // Of rows that are held: another way to make it would find every one of them changed.
  expect(row?.fingerprint).toBe('HIA7wQ5GK_Q9fS6iXkDnYgikZ36bgyBEKmRUcjrYjWs')
})

test('the second copy of a record in one batch is counted and not stored', async () => {
  expect(await store([customer('b', 6), customer('a', 5), customer('c', 6)], 10)).toMatchObject({ new: 1, unchanged: 2 })
  expect(await rows()).toMatchObject([{ name: 'c' }])
})

test('two accounts of the same shop have rows of their own', async () => {
  await store([customer('a', 5)], 10)
  await store([customer('b', 5)], 10, { ...account, id: '00000000-0000-4000-8000-000000000002' })
  expect(await rows()).toMatchObject([{ name: 'a' }, { name: 'b' }])
})

test('what was found to be gone comes back by a later reading only', async () => {
  await store([customer('a', 5)], 10)
  await db.query('update commerce.customers set deleted_at = $1, read_at = $1', [at(20)])
  expect(await store([customer('b', 6)], 15)).toMatchObject({ updated: 0 })
  expect(await rows()).toMatchObject([{ name: 'a', deleted: at(20) }])
  expect(await store([customer('a', 5)], 30)).toMatchObject({ updated: 1 })
  expect(await rows()).toMatchObject([{ name: 'a', deleted: null }])
})

test('statements end in the same rows, in whichever order they come', async () => {
  const statement = fc.record({ id: fc.constantFrom('1', '2'), updated: fc.option(fc.nat({ max: 3 })), read: fc.nat({ max: 50 }) })
  const statements = fc.uniqueArray(statement, { minLength: 2, maxLength: 6, selector: (one) => `${one.id} ${one.read}` })
  await fc.assert(
    fc.asyncProperty(statements, fc.infiniteStream(fc.nat()), async (list, order) => {
      const results: unknown[] = []
      const shuffled = list.map((one) => ({ one, place: order.next().value })).sort((a, b) => a.place - b.place)
      for (const way of [list, shuffled.map(({ one }) => one)]) {
        await db.tx((tx) => tx.query('truncate commerce.customers'))
        for (const { id, updated, read } of way) await store([customer(`${updated} ${read}`, updated, id)], read)
        results.push(await rows())
      }
      expect(results[0]).toEqual(results[1])
    }),
    { numRuns: 30 },
  )
})
