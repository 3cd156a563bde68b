import { z } from 'zod'
import type { Db } from '../../../backend/database/db'
import { isReject } from '../../../backend/sources/commerce/reading'
import { nodeOf, readLine } from '../../../backend/sources/commerce/shopify/bulk-lines'
import { bulkQuery, POLL, RUN } from '../../../backend/sources/commerce/shopify/bulk-queries'
import { readCustomer, readProduct } from '../../../backend/sources/commerce/shopify/catalog'
import { ask, call } from '../../../backend/sources/commerce/shopify/client'
import { readFile } from '../../../backend/sources/commerce/shopify/files'
import { type Form, GRAPHQL } from '../../../backend/sources/commerce/shopify/form'
import { readOrder } from '../../../backend/sources/commerce/shopify/orders'
import {
  CUSTOMERS_PAGE,
  LINES,
  type ListName,
  ordersPage,
  PRODUCTS_PAGE,
  type Query,
  REFUND_LINES,
  REFUNDS,
  VARIANTS,
} from '../../../backend/sources/commerce/shopify/queries'
import { readRefundLine } from '../../../backend/sources/commerce/shopify/refunds'
import { REST } from '../../../backend/sources/commerce/shopify/rest'
import { countLines, readRoots, stageLines } from '../../../backend/sources/commerce/store/bulk'
import type { RefundLineRecord } from '../../../backend/sources/commerce/store/records'
import { write } from '../../../backend/sources/commerce/store/write'
import { accountOf, connect } from '../../support/commerce-records'
import { ownDatabase } from '../../support/database'
import { shopifyClient } from '../../support/shopify-client'
import { type Json, stillShopify } from '../../support/shopify-sandbox'

/* The same shop read in its three forms gives the same rows. */

let db: Db
let it_: Awaited<ReturnType<typeof stillShopify>>
let client: Awaited<ReturnType<typeof shopifyClient>>
ownDatabase(async (opened, url) => {
  db = opened
  it_ = await stillShopify({ ordersPerShop: 130, productsPerShop: 30 })
  const limits = { 'shopify.graphql': { requests: 1e9, perMs: 1000 }, 'shopify.rest': { requests: 1e9, perMs: 1000 } }
  client = await shopifyClient(it_, db, url, { limits })
  await client.connect({ access: it_.shopify.access.grant(it_.user, { expires: false }).access_token })
})
afterAll(async () => {
  await client?.gate.close()
  await it_?.sandbox.close()
})

type Shown = Record<ListName, unknown[]> & { refundLines: { refund: { id: string; createdAt: string }; nodes: unknown[] }[] }

/** Asks once the shop has points again. */
const rested = <T>(query: Query<T>, variables: object = {}) => {
  it_.pass(60_000)
  return ask(client.io, client.shop, query, variables as Record<string, string>)
}

async function pagesOf(query: Query<{ page: Json }>, variables: object = {}): Promise<Json[]> {
  const nodes: Json[] = []
  for (let after = null; ; ) {
    const { page }: { page: Json } = (await rested(query, { sortKey: 'ID', after, ...variables })).data
    nodes.push(...page.edges.map(({ node }: Json) => node))
    if (!page.pageInfo.hasNextPage) return nodes
    after = page.pageInfo.endCursor
  }
}

/** Completes a list of an object that is longer than its page. */
async function complete(node: Json, connection: string, query: Query<{ node: Json }>): Promise<Json> {
  let { pageInfo, nodes } = node[connection]
  while (pageInfo.hasNextPage) {
    const { data } = await rested(query, { id: node.id, after: pageInfo.endCursor })
    pageInfo = data.node[connection].pageInfo
    nodes = [...nodes, ...data.node[connection].nodes]
  }
  return { ...node, [connection]: { nodes } }
}

async function refundLinesOf(orders: Json[]): Promise<Shown['refundLines']> {
  const ids = orders.flatMap(({ refunds }) => refunds.map(({ id }: Json) => id))
  const found: Shown['refundLines'] = []
  for (let at = 0; at < ids.length; at += 8) {
    const { data } = await rested(REFUNDS, { ids: ids.slice(at, at + 8) })
    for (const refund of data.nodes) {
      const { refundLineItems } = await complete(refund, 'refundLineItems', REFUND_LINES as Query<Json>)
      found.push({ refund: refund as { id: string; createdAt: string }, nodes: refundLineItems.nodes })
    }
  }
  return found
}

async function byPages(): Promise<Shown> {
  const [orders, products] = [await pagesOf(ordersPage(true)), await pagesOf(PRODUCTS_PAGE)]
  return {
    orders: await Promise.all(orders.map((one) => complete(one, 'lineItems', LINES as Query<Json>))),
    products: await Promise.all(products.map((one) => complete(one, 'variants', VARIANTS as Query<Json>))),
    customers: await pagesOf(CUSTOMERS_PAGE),
    refundLines: await refundLinesOf(orders),
  }
}

async function bulkOf(list: ListName, search: string): Promise<unknown[]> {
  const { run } = (await rested(RUN, { query: bulkQuery(list, search, true) })).data
  it_.pass(3_600_000)
  const { operation } = (await rested(POLL, { id: run.bulkOperation?.id })).data
  const part = await readFile(client.io, client.shop, operation?.url ?? '', { from: 0, to: Number(operation?.fileSize) - 1 })
  if (part === 'gone') throw new Error('the file is gone')
  const texts = Buffer.from(part.bytes).toString().trimEnd().split('\n')
  const lines = texts.map((text, place) => sure(readLine(text, place, list)))
  const id = operation?.id as string
  await db.tx((tx) => stageLines(tx, account('bulk').id, id, lines))
  expect(await countLines(db, account('bulk').id, id)).toEqual({
    lines: Number(operation?.objectCount),
    roots: Number(operation?.rootObjectCount),
    orphans: 0,
  })
  return (await readRoots(db, account('bulk').id, id, -1, 10_000)).map(nodeOf)
}

async function byBulk(): Promise<Shown> {
  const orders = (await bulkOf('orders', 'status:any')) as Json[]
  return {
    orders,
    products: await bulkOf('products', ''),
    customers: await bulkOf('customers', ''),
    refundLines: await refundLinesOf(orders),
  }
}

async function callsOf(list: ListName, query = ''): Promise<Json[]> {
  const found: Json[] = []
  for (let since = 0; ; since = found.at(-1).id) {
    it_.pass(60_000)
    const schema = z.record(z.string(), z.array(z.unknown()))
    const page = (await call(client.io, client.shop, `/${list}.json?limit=50&since_id=${since}${query}`, schema)).data[list] ?? []
    if (page.length === 0) return found
    found.push(...page)
  }
}

async function byRest(): Promise<Shown> {
  const orders = await callsOf('orders', '&status=any')
  for (const order of orders) {
    it_.pass(1000)
    const { data } = await call(
      client.io,
      client.shop,
      `/orders/${order.id}/transactions.json`,
      z.object({ transactions: z.array(z.unknown()) }),
    )
    order.transactions = data.transactions
  }
  return {
    orders,
    products: await callsOf('products'),
    customers: await callsOf('customers'),
    refundLines: orders.flatMap(({ refunds, currency }) =>
      refunds.map((refund: Json) => ({
        refund: { id: String(refund.id), createdAt: refund.created_at, currency },
        nodes: refund.refund_line_items,
      })),
    ),
  }
}

const NAMES = ['pages', 'bulk', 'rest'] as const
const account = (name: (typeof NAMES)[number]) => accountOf(1 + NAMES.indexOf(name), 'shopify', name)

/** The record of an entry that must be readable. */
function sure<T extends object>(found: T): Exclude<T, { key: string }> {
  if (isReject(found)) throw new Error(`${found.key}: ${found.reason} ${found.detail}`)
  return found as Exclude<T, { key: string }>
}

async function save(name: (typeof NAMES)[number], shown: Shown, form: Form = GRAPHQL) {
  const store = { currency: it_.user.shops.shopify.currency, name: client.shop.name }
  const orders = shown.orders.map((raw) => sure(readOrder(raw, form)))
  expect(orders.flatMap(({ rejected }) => rejected)).toEqual([])
  const refundLines: RefundLineRecord[] = shown.refundLines.flatMap(({ refund: { id, createdAt }, nodes }) => {
    const of = { id: id.replace(/^.*\//, ''), createdAt: new Date(createdAt).toISOString(), currency: store.currency }
    return nodes.map((raw) => sure(readRefundLine(raw, of, form)))
  })
  const batch = {
    orders: orders.map(({ order }) => order),
    payments: orders.flatMap(({ payments }) => payments),
    refundLines,
    listings: shown.products.map((raw) => sure(readProduct(raw, store, form))),
    customers: shown.customers.map((raw) => sure(readCustomer(raw, form))),
  }
  await connect(db, account(name))
  return await db.tx((tx) => write(tx, account(name), batch, new Date()))
}

const TABLES = ['orders', 'line_items', 'fulfillments', 'refunds', 'refund_lines', 'payments', 'listings', 'customers']
/** Whose account it is, when it was written, and what came. */
const OTHER = ['account_id', 'read_at', 'stored_at', 'stored_in', 'fingerprint', 'raw']
async function rowsOf(name: (typeof NAMES)[number], without: string[] = []) {
  const tables = await Promise.all(
    TABLES.map(async (table) => {
      const rows = await db.query<Record<string, unknown>>(`select * from commerce.${table} where account_id = $1 order by platform_id`, [
        account(name).id,
      ])
      return [
        table,
        rows.map((row) => Object.fromEntries(Object.entries(row).filter(([column]) => ![...OTHER, ...without].includes(column)))),
      ]
    }),
  )
  return Object.fromEntries(tables)
}

test('pages, bulk files and REST give the same rows', async () => {
  await save('pages', await byPages())
  await save('bulk', await byBulk())
  await save('rest', await byRest(), REST)
  const pages = await rowsOf('pages')
  const truth = it_.shopify.truth.orders(it_.user) as Json[]
  expect(pages.orders).toHaveLength(truth.length)
  expect(pages.line_items).toHaveLength(truth.reduce((sum, { lineItems }) => sum + lineItems.length, 0))
  expect(pages.line_items.length).toBeGreaterThan(400)
  expect(pages.refund_lines.length).toBeGreaterThan(260)
  expect(await rowsOf('bulk')).toEqual(pages)
  // What REST does not tell.
  const untold = ['fee_minor', 'delivered_at', 'variants']
  expect(await rowsOf('rest', untold)).toEqual(await rowsOf('pages', untold))
}, 120_000)

test('what a page and a bulk file hold of an object is the same to the letter, so that neither changes what the other stored', async () => {
  const of = (name: (typeof NAMES)[number], table: string) =>
    db.query(`select platform_id, fingerprint from commerce.${table} where account_id = $1 order by platform_id`, [account(name).id])
  for (const table of TABLES) expect([table, await of('bulk', table)]).toEqual([table, await of('pages', table)])
})
