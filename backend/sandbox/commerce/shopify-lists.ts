import type { Product } from './products'
import type { Sale } from './sales'
import type { Entry, Range } from './shopify-connection'
import { type Customer, customerDoc } from './shopify-customers'
import { type OrderParts, orderDoc } from './shopify-orders'
import { productDoc } from './shopify-products'
import { type SearchField, searchOf } from './shopify-search'

/*
 * The lists of a shop, as a search filters and a key sorts them.
 */

export interface Listing extends Range {
  query?: string | null
  sortKey?: string | null
}

/** Without the scope `read_all_orders` older orders are not there, seconds. */
const RECENT_SECONDS = 60 * 86_400

/** The orders that a reader may see. */
export function visibleSales({ store: { world, user } }: OrderParts, scopes: readonly string[]): readonly Sale[] {
  const sales = world.sales(user, 'shopify')
  if (scopes.includes('read_all_orders')) return sales
  const since = Math.floor(world.options.end / 1000) - RECENT_SECONDS
  return sales.filter(({ createdAt }) => createdAt >= since)
}

/** The order of an id: ids of a shop follow each other. */
export function saleOf(sales: readonly Sale[], id: number): Sale | undefined {
  const first = sales[0]
  return first && sales[id - first.id]
}

export function saleStatus({ cancelledAt, shippedAt }: Sale): string {
  if (cancelledAt !== null) return 'cancelled'
  return shippedAt === null ? 'open' : 'closed'
}

const ORDER_SEARCH: Record<string, SearchField<Sale>> = {
  id: { of: ({ id }) => id },
  name: { of: ({ name }) => name },
  status: { of: saleStatus },
  created_at: { of: ({ createdAt }) => createdAt },
  processed_at: { of: ({ createdAt }) => createdAt },
  updated_at: { of: ({ updatedAt }) => updatedAt },
}
const productSearch = (isDaily: boolean): Record<string, SearchField<Product>> => ({
  id: { of: ({ id }) => id },
  created_at: { of: ({ createdAt }) => createdAt, isDaily },
  updated_at: { of: ({ updatedAt }) => updatedAt, isDaily },
})
const CUSTOMER_SEARCH: Record<string, SearchField<Customer>> = {
  id: { of: ({ buyer }) => buyer.id },
  customer_date: { of: ({ createdAt }) => createdAt },
  updated_at: { of: ({ updatedAt }) => updatedAt, isDaily: true },
}

/** `status:any` is every order. */
const anyStatus = (query: string | null | undefined): string => (query ?? '').replace(/\bstatus:any\b/g, ' ')

function sortValue({ sortKey }: Listing, one: { createdAt: number; updatedAt: number }): number {
  if (sortKey === 'UPDATED_AT') return one.updatedAt
  return sortKey === 'CREATED_AT' || sortKey === 'PROCESSED_AT' ? one.createdAt : 0
}

/** @throws {GraphQLError} for a search that is none */
export function orderEntries(parts: OrderParts, scopes: readonly string[], listing: Listing): Entry[] {
  const found = visibleSales(parts, scopes).filter(searchOf(anyStatus(listing.query), ORDER_SEARCH))
  return found.map((sale) => ({ value: sortValue(listing, sale), id: sale.id, doc: () => orderDoc(parts, sale) }))
}

/** @param isDaily whether a search by time matches whole days; @throws {GraphQLError} */
export function productEntries({ store }: OrderParts, isDaily: boolean, listing: Listing): Entry[] {
  const found = store.world.products(store.user).filter(searchOf(listing.query, productSearch(isDaily)))
  return found.map((product) => ({ value: sortValue(listing, product), id: product.id, doc: () => productDoc(store, product) }))
}

/** @throws {GraphQLError} */
export function customerEntries({ store, customers }: OrderParts, listing: Listing): Entry[] {
  const found = customers.all(store).filter(searchOf(listing.query, CUSTOMER_SEARCH))
  return found.map((customer) => ({ value: sortValue(listing, customer), id: customer.buyer.id, doc: () => customerDoc(store, customer) }))
}
