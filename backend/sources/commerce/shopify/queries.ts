import { z } from 'zod'
import { count, edges, pageOf } from './answers'
import { COST, CUSTOMER, LINE, orderFields, PAGE_INFO, PRODUCT, REFUND_LINE, VARIANT } from './selections'

/*
 * The questions that are asked of a shop by pages. Before Shopify answers, a page takes the points that it may cost at most, and with it
 * the gate: so a page costs at most about 300 of the 1,000 points of the smallest bucket. Larger ones would leave much of it unused, and
 * a page that needs another one for what an object has besides might never get both.
 */

export interface Query<T> {
  /** Of its operation. */
  name: string
  text: string
  schema: z.ZodType<T>
  /** The most points that it costs. */
  cost: number
}

const query = <T>(name: string, text: string, schema: z.ZodType<T>, cost: number): Query<T> => ({ name, text, schema, cost })

export type ListName = 'orders' | 'products' | 'customers'

const PAGES = {
  orders: 6,
  lines: 4,
  moreLines: 40,
  products: 8,
  variants: 10,
  moreVariants: 80,
  customers: 50,
  refunds: 8,
  refundLines: 5,
}

const SHOP_FIELDS = `currentAppInstallation { accessScopes { handle } }
  shop { id name myshopifyDomain currencyCode ianaTimezone createdAt plan { publicDisplayName } }`
const shopAnswer = z.object({
  currentAppInstallation: z.object({ accessScopes: z.array(z.object({ handle: z.string() })) }),
  shop: z.object({ name: z.string(), myshopifyDomain: z.string(), currencyCode: z.string(), createdAt: z.string() }),
})
/** One point for each right. */
const SHOP_COST = 100

/** The rights that a shop has granted, and what it is. */
export const SHOP = query('Shop', `query Shop { ${SHOP_FIELDS} }`, shopAnswer, SHOP_COST)

const countField = (list: ListName): string => `count: ${list}Count(query: $query, limit: null) { count precision }`

/** The same, and how many objects of a list a search finds. */
export const firstOf = (list: ListName) =>
  query(
    `First${list}`,
    `query First${list}($query: String) { ${SHOP_FIELDS} ${countField(list)} }`,
    shopAnswer.extend({ count }),
    SHOP_COST + 1,
  )

/** How many objects of a list a search finds. */
export const countOf = (list: ListName) =>
  query(`Count${list}`, `query Count${list}($query: String) { ${countField(list)} }`, z.object({ count }), 1)

/** Pages of a list, which may go on after any of their objects; variables: `query`, `after`, `sortKey`: ID, or UPDATED_AT. */
const listQuery = (list: ListName, type: string, size: number, selection: string, cost: number) =>
  query(
    list,
    `query ${list}($query: String, $after: String, $sortKey: ${type}SortKeys!) {
  page: ${list}(first: ${size}, after: $after, query: $query, sortKey: $sortKey) {
  ${PAGE_INFO} edges { cursor node { ${selection} } } } }`,
    z.object({ page: edges }),
    COST.connection + size * cost,
  )

export const ordersPage = (withCustomer: boolean) =>
  listQuery(
    'orders',
    'Order',
    PAGES.orders,
    `${orderFields(withCustomer)} lineItems(first: ${PAGES.lines}) { ${PAGE_INFO} nodes { ${LINE} } }`,
    COST.order + COST.connection + PAGES.lines * COST.line,
  )

export const PRODUCTS_PAGE = listQuery(
  'products',
  'Product',
  PAGES.products,
  `${PRODUCT} variants(first: ${PAGES.variants}) { ${PAGE_INFO} nodes { ${VARIANT} } }`,
  COST.product + COST.connection + PAGES.variants * COST.variant,
)

export const CUSTOMERS_PAGE = listQuery('customers', 'Customer', PAGES.customers, CUSTOMER, COST.customer)

/** More of what an object has than its page showed; variables: `id`, `after`. The object is null if it is gone. */
const partQuery = (name: string, type: string, connection: string, size: number, selection: string, cost: number) =>
  query(
    name,
    `query ${name}($id: ID!, $after: String) { node(id: $id) { ... on ${type} { ${connection}(first: ${size}, after: $after) {
  ${PAGE_INFO} nodes { ${selection} } } } } }`,
    z.object({ node: z.record(z.string(), pageOf(z.unknown())).nullable() }),
    1 + COST.connection + size * cost,
  )

export const LINES = partQuery('Lines', 'Order', 'lineItems', PAGES.moreLines, LINE, COST.line)
export const VARIANTS = partQuery('Variants', 'Product', 'variants', PAGES.moreVariants, VARIANT, COST.variant)
export const REFUND_LINES = partQuery('RefundLines', 'Refund', 'refundLineItems', PAGES.moreLines, REFUND_LINE, COST.refundLine)

/** Refunds whose first lines one query reads. */
export const REFUNDS_AT_ONCE = PAGES.refunds

/** How many lines of each it shows. */
export const REFUND_LINES_FIRST = PAGES.refundLines

/** The first lines of several refunds; variables: `ids`. Null for those that are gone. */
export const REFUNDS = query(
  'Refunds',
  `query Refunds($ids: [ID!]!) { nodes(ids: $ids) { ... on Refund { id createdAt refundLineItems(first: ${PAGES.refundLines}) {
  ${PAGE_INFO} nodes { ${REFUND_LINE} } } } } }`,
  z.object({
    nodes: z.array(z.object({ id: z.string(), createdAt: z.string().nullable(), refundLineItems: pageOf(z.unknown()) }).nullable()),
  }),
  PAGES.refunds * (1 + COST.connection + PAGES.refundLines * COST.refundLine),
)
