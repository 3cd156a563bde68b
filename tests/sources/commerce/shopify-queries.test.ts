import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { buildSchema, parse, validate } from 'graphql'
import * as bulk from '../../../backend/sources/commerce/shopify/bulk-queries'
import type { ListName, Query } from '../../../backend/sources/commerce/shopify/queries'
import * as pages from '../../../backend/sources/commerce/shopify/queries'
import { changedSince, createdIn } from '../../../backend/sources/commerce/shopify/search'
import { type Json, stillShopify } from '../../support/shopify-sandbox'

let it_: Awaited<ReturnType<typeof stillShopify>>
beforeAll(async () => {
  it_ = await stillShopify()
})
afterAll(() => it_.sandbox.close())
beforeEach(() => it_.sandbox.reset())

const LISTS: ListName[] = ['orders', 'products', 'customers']
const page = { query: '', after: null, sortKey: 'ID' }
const at = (type: string, id: number) => ({ id: `gid://shopify/${type}/${id}`, after: null })
const QUERIES: [Query<unknown>, object][] = [
  [pages.SHOP, {}],
  ...LISTS.flatMap((list): [Query<unknown>, object][] => [pages.countOf(list), pages.firstOf(list)].map((one) => [one, { query: '' }])),
  [pages.ordersPage(true), page],
  [pages.ordersPage(false), page],
  [pages.PRODUCTS_PAGE, page],
  [pages.CUSTOMERS_PAGE, page],
  [pages.LINES, at('Order', 5_000_000_000_000)],
  [pages.VARIANTS, at('Product', 1_000_000_000)],
  [pages.REFUND_LINES, at('Refund', 50_000_000_000_000)],
  [pages.REFUNDS, { ids: Array.from({ length: pages.REFUNDS_AT_ONCE }, (_, n) => `gid://shopify/Refund/${n}`) }],
  [bulk.RUN, { query: bulk.bulkQuery('orders', 'status:any', true) }],
  [bulk.POLL, at('BulkOperation', 1)],
  [bulk.OPERATIONS, { query: bulk.operationsSince('2026-01-01T00:00:00Z'), after: null }],
]
const BULK = LISTS.flatMap((list) =>
  [true, false].map((withCustomer) => bulk.bulkQuery(list, createdIn(list, { from: null, to: '2026-01-01T00:00:00Z' }), withCustomer)),
)

test('every query fits the published schema', () => {
  const schema = buildSchema(readFileSync(join(__dirname, '../../fixtures/commerce/shopify-schema.graphql'), 'utf8'))
  for (const text of [...QUERIES.map(([{ text }]) => text), ...BULK])
    expect([text, validate(schema, parse(text)).map(({ message }) => message)]).toEqual([text, []])
})

test('no query costs more than it books, and every answer has the form that is read', async () => {
  for (const [{ name, text, cost, schema }, variables] of QUERIES) {
    const answer = (await it_.ask(text, variables)).json()
    const { requestedQueryCost, actualQueryCost } = answer.extensions.cost
    expect([name, answer.errors, requestedQueryCost <= cost, actualQueryCost <= cost, cost <= 1000]).toEqual([
      name,
      undefined,
      true,
      true,
      true,
    ])
    expect([name, schema.safeParse(answer.data).error]).toEqual([name, undefined])
    it_.pass(60_000)
  }
})

test('a bulk operation takes each of the bulk queries', async () => {
  for (const query of BULK) {
    const { data } = (await it_.ask(bulk.RUN.text, { query })).json()
    expect(data.run.userErrors).toEqual([])
    it_.pass(600_000)
  }
})

test('windows side by side hold every object once', async () => {
  const moments = fc.array(fc.integer({ min: Date.UTC(2023, 0), max: Date.UTC(2026, 10) }), { minLength: 1, maxLength: 4 })
  const count = async (list: ListName, query: string): Promise<number> => {
    it_.pass(60_000)
    return (await it_.data(pages.countOf(list).text, { query })).count.count
  }
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...LISTS), moments, async (list, cuts) => {
      const ends = [...cuts.sort((a, b) => a - b), Date.UTC(2027, 0)].map((end) => new Date(end).toISOString())
      let sum = 0
      for (const [n, to] of ends.entries()) sum += await count(list, createdIn(list, { from: ends[n - 1] ?? null, to }))
      expect(sum).toBe(await count(list, ''))
    }),
    { numRuns: 20 },
  )
})

test('changes since a moment are found, of customers those of the whole day', async () => {
  const since = '2026-06-01T12:34:56Z'
  const updated = (list: ListName, from: string) =>
    (it_.shopify.truth[list](it_.user) as Json[]).filter(({ updatedAt }) => updatedAt >= from).length
  for (const [list, from] of [
    ['orders', since],
    ['customers', '2026-06-01T00:00:00Z'],
  ] as const) {
    const { count } = await it_.data(pages.countOf(list).text, { query: changedSince(list, since) })
    expect([list, count.count]).toEqual([list, updated(list, from)])
  }
})
