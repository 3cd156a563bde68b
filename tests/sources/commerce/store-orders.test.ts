import fc from 'fast-check'
import type { Db } from '../../../backend/database/db'
import { type Batch, deleteUnseen, write } from '../../../backend/sources/commerce/store/write'
import { accountOf, fulfillment, line, order, payment, refund, refundLine } from '../../support/commerce-records'
import { ownDatabase } from '../../support/database'

let db: Db
ownDatabase((opened) => {
  db = opened
})

const TABLES = ['orders', 'line_items', 'fulfillments', 'refunds', 'refund_lines', 'payments', 'listings', 'changed_days']
const empty = () => db.tx((tx) => tx.query(`truncate ${TABLES.map((table) => `commerce.${table}`).join(', ')}`))
beforeEach(empty)

const account = accountOf(1, 'shopify')
const at = (second: number) => new Date(Date.UTC(2026, 0, 1, 0, 0, second))
const store = (batch: Batch, read: number) => db.tx((tx) => write(tx, account, batch, at(read)))
const updated = (second: number) => at(second).toISOString()
const heldIn = async (table: string) => {
  const rows = await db.query<{ id: string; isGone: boolean }>(
    `select platform_id as id, deleted_at is not null as "isGone" from commerce.${table} order by 1`,
  )
  return rows.map(({ id, isGone }) => (isGone ? `${id} gone` : id))
}
const days = async () =>
  (await db.query<{ day: string }>('select day::text as day from commerce.changed_days order by 1')).map(({ day }) => day)
const forgetDays = () => db.tx((tx) => tx.query('delete from commerce.changed_days'))

const whole = order({
  platformId: '1',
  lines: [line({ platformId: 'a' }), line({ platformId: 'b' })],
  fulfillments: [fulfillment({ platformId: 'f' })],
  refunds: [refund({ platformId: 'r', lines: [refundLine({ platformId: 'x' })] })],
  updatedAt: updated(5),
})

test('an order is stored with its parts; read again it is unchanged', async () => {
  expect(await store({ orders: [whole] }, 10)).toEqual({ new: 1, updated: 0, unchanged: 0, deleted: 0 })
  expect(await store({ orders: [whole] }, 20)).toEqual({ new: 0, updated: 0, unchanged: 1, deleted: 0 })
  expect(await db.query('select platform_id, order_id, position from commerce.line_items order by 1')).toEqual([
    { platform_id: 'a', order_id: '1', position: 0 },
    { platform_id: 'b', order_id: '1', position: 1 },
  ])
  expect(await db.query('select refund_id from commerce.refund_lines')).toEqual([{ refund_id: 'r' }])
})

test('parts that a newer statement no longer has are marked as deleted, and come back with one that has them', async () => {
  await store({ orders: [whole] }, 10)
  const smaller = { ...whole, lines: whole.lines.slice(1), fulfillments: [], refunds: [], updatedAt: updated(6) }
  expect(await store({ orders: [smaller] }, 20)).toMatchObject({ updated: 1, deleted: 4 })
  expect(await heldIn('line_items')).toEqual(['a gone', 'b'])
  expect([await heldIn('fulfillments'), await heldIn('refunds'), await heldIn('refund_lines')]).toEqual([
    ['f gone'],
    ['r gone'],
    ['x gone'],
  ])
  expect(await store({ orders: [whole] }, 30)).toMatchObject({ unchanged: 1, deleted: 0 })
  expect(await heldIn('line_items')).toEqual(['a gone', 'b'])
  await store({ orders: [{ ...whole, updatedAt: updated(7) }] }, 15)
  expect([await heldIn('line_items'), await heldIn('refund_lines')]).toEqual([['a', 'b'], ['x']])
})

test('a change of a part alone changes its order: a refund that leaves the time of change as it was', async () => {
  await store({ orders: [{ ...whole, refunds: [] }] }, 10)
  expect(await store({ orders: [whole] }, 20)).toMatchObject({ updated: 1 })
  expect(await heldIn('refunds')).toEqual(['r'])
})

test('lines of a refund that come by pages of their own stay when the order is read again', async () => {
  const order = { ...whole, refunds: [refund({ platformId: 'r' })] }
  await store({ orders: [order] }, 10)
  const lines = (ids: string[]) => ids.map((platformId) => ({ ...refundLine({ platformId }), refundId: 'r', updatedAt: updated(5) }))
  await store({ refundLines: lines(['x', 'y']) }, 11)
  await store({ refundLines: lines(['z']) }, 12)
  await store({ orders: [{ ...order, updatedAt: updated(6) }] }, 20)
  expect(await heldIn('refund_lines')).toEqual(['x', 'y', 'z'])
})

test('an order that is gone is marked with its parts, unless it was read later', async () => {
  await store({ orders: [whole] }, 10)
  expect(await store({ goneOrders: ['1', 'never seen'] }, 9)).toMatchObject({ deleted: 0 })
  expect(await store({ goneOrders: ['1'] }, 20)).toMatchObject({ deleted: 6 })
  expect([await heldIn('orders'), await heldIn('line_items'), await heldIn('refunds')]).toEqual([
    ['1 gone'],
    ['a gone', 'b gone'],
    ['r gone'],
  ])
  await store({ orders: [whole] }, 30)
  expect([await heldIn('orders'), await heldIn('line_items'), await heldIn('refund_lines')]).toEqual([['1'], ['a', 'b'], ['x']])
})

test('listings that a complete reading did not show are gone', async () => {
  const listing = (platformId: string) => ({
    ...{ platformId, updatedAt: null, title: null, status: 'active', url: null, createdAt: null, currency: null },
    ...{ priceMinor: null, quantity: null, variants: [], raw: {} },
  })
  await store({ listings: [listing('1'), listing('2')] }, 10)
  await store({ listings: [listing('2')] }, 21)
  expect(await db.tx((tx) => deleteUnseen(tx, account, 'listings', at(20)))).toBe(1)
  expect(await heldIn('listings')).toEqual(['1 gone', '2'])
})

test('characters that Postgres refuses are kept as escapes and stop no page', async () => {
  const raw = { 'k\0': 'a\0b', backslash: '\\u0000', pair: '😀', half: '\ud83d' }
  await store({ orders: [order({ platformId: '1', number: 'n\0', raw })] }, 10)
  expect(await db.query('select number, raw from commerce.orders')).toEqual([
    { number: 'n\\u0000', raw: { 'k\\u0000': 'a\\u0000b', backslash: '\\u0000', pair: '😀', half: '\\ud83d' } },
  ])
})

test('the days of what changed are marked: of orders and of their refunds, before and after; what did not change marks none', async () => {
  await store({ orders: [whole, order({ platformId: '2', createdAt: '2026-02-01T23:59:59Z' })] }, 10)
  expect(await days()).toEqual(['2026-01-01', '2026-01-05', '2026-02-01'])
  await forgetDays()
  await store({ orders: [whole] }, 20)
  expect(await days()).toEqual([])
  await store({ orders: [{ ...whole, createdAt: '2026-03-01T00:30:00+01:00', refunds: [], updatedAt: updated(6) }] }, 30)
  expect(await days()).toEqual(['2026-01-01', '2026-01-05', '2026-02-28'])
})

test('payments mark their days', async () => {
  await store(
    { payments: [payment({ platformId: '1', createdAt: '2026-04-01T00:00:00Z' }), payment({ platformId: '2', createdAt: null })] },
    10,
  )
  await store({ payments: [payment({ platformId: '1', createdAt: '2026-04-01T00:00:00Z' })] }, 20)
  expect(await db.query('select day::text as day, changes from commerce.changed_days')).toEqual([{ day: '2026-04-01', changes: 1 }])
})

test('statements of an order end in the same parts, in whichever order they come and come again', async () => {
  const ids = (...names: string[]) => fc.subarray(names)
  const statement = fc.record({
    updated: fc.option(fc.nat({ max: 3 })),
    read: fc.nat({ max: 50 }),
    lines: ids('a', 'b', 'c'),
    refunds: ids('r', 's'),
    of: ids('x', 'y'),
  })
  const statements = fc.uniqueArray(statement, { minLength: 2, maxLength: 5, selector: ({ read }) => read })
  const held = async () => [await heldIn('line_items'), await heldIn('refunds'), await heldIn('refund_lines')]
  const alive = (lists: string[][]) => lists.map((list) => list.filter((name) => !name.endsWith('gone')))
  await fc.assert(
    fc.asyncProperty(statements, fc.infiniteStream(fc.nat()), async (list, order) => {
      const results: unknown[] = []
      const shuffled = [...list, ...list].map((one) => ({ one, place: order.next().value })).sort((a, b) => a.place - b.place)
      for (const way of [list, shuffled.map(({ one }) => one)]) {
        await empty()
        for (const { read, updated: time, lines, refunds, of } of way) {
          const record = {
            ...whole,
            updatedAt: time === null ? null : updated(time),
            number: String(read),
            lines: lines.map((platformId) => line({ platformId, sku: String(read) })),
            refunds: refunds.map((platformId) =>
              refund({ platformId, lines: of.map((name) => refundLine({ platformId: `${platformId}${name}` })) }),
            ),
          }
          await store({ orders: [record] }, read)
        }
        results.push(alive(await held()))
      }
      expect(results[1]).toEqual(results[0])
    }),
    { numRuns: 25 },
  )
})
