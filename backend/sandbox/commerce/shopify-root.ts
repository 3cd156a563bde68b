import { GraphQLError } from 'graphql'
import type { Take } from './faults'
import { type Connection, connectionOf, type Doc, type Entry } from './shopify-connection'
import { customerDoc } from './shopify-customers'
import { customerEntries, type Listing, orderEntries, productEntries, saleOf, visibleSales } from './shopify-lists'
import { type OrderParts, orderDoc, refundOf } from './shopify-orders'
import { productDoc } from './shopify-products'
import { domainOf, gid, timeOf } from './shopify-store'

/*
 * The fields at the root of the GraphQL API, for a reader with its scopes.
 */

export interface Reader {
  parts: OrderParts
  scopes: readonly string[]
  /** A field that a fault denies. */
  denied: string | undefined
  take: Take
}

interface Counting {
  query?: string | null
  limit?: number | null
}

/** A count is exact up to here. */
const MAX_COUNT = 25_000

function denied(field: string, scope: string): GraphQLError {
  const requiredAccess = `\`${scope}\` access scope.`
  return new GraphQLError(`Access denied for ${field} field. Required access: ${requiredAccess}`, {
    extensions: { code: 'ACCESS_DENIED', documentation: 'https://shopify.dev/api/usage/access-scopes', requiredAccess },
  })
}

/** @throws {GraphQLError} where the reader lacks the scope of a field */
function demand({ scopes, denied: fault }: Reader, field: string, scope: string): void {
  if (!scopes.includes(scope) || (fault !== undefined && field.startsWith(fault))) throw denied(field, scope)
}

function countOf({ take }: Reader, { length }: Entry[], { limit }: Counting) {
  const fault = take('shopify-count')
  if (fault) return { count: Number(fault.count ?? MAX_COUNT + 1), precision: 'AT_LEAST' }
  const most = Math.min(limit ?? MAX_COUNT + 1, MAX_COUNT + 1)
  return { count: Math.min(length, most), precision: length > most || length > MAX_COUNT ? 'AT_LEAST' : 'EXACT' }
}

/** The lists of a reader, by their fields. @throws {GraphQLError} without the scope, or for a search that is none */
export function entriesOf(reader: Reader): Record<'orders' | 'products' | 'customers', (listing: Listing, field?: string) => Entry[]> {
  const { parts, scopes, take } = reader
  return {
    orders(listing, field = 'orders') {
      demand(reader, field, 'read_orders')
      return orderEntries(parts, scopes, listing)
    },
    products(listing, field = 'products') {
      demand(reader, field, 'read_products')
      return productEntries(parts, take('shopify-midnight') !== undefined, listing)
    },
    customers(listing, field = 'customers') {
      demand(reader, field, 'read_customers')
      return customerEntries(parts, listing)
    },
  }
}

/** An id of a type, or undefined for one of another type. @throws {GraphQLError} */
export function idOf(type: string, id: string): number | undefined {
  const [, name, number] = /^gid:\/\/shopify\/(\w+)\/(\d+)$/.exec(id) ?? []
  if (number === undefined) throw new GraphQLError(`Invalid global id '${id}'`, { extensions: { code: 'argumentLiteralsIncompatible' } })
  return name === type ? Number(number) : undefined
}

/** Single objects by their ids; null for what is not there. */
function objectsOf(reader: Reader) {
  const { parts, scopes } = reader
  const { store, customers } = parts
  const known = (id: number): ReturnType<typeof saleOf> => {
    const sale = saleOf(store.world.sales(store.user, 'shopify'), id)
    return sale && visibleSales(parts, scopes).includes(sale) ? sale : undefined
  }
  const objects: Record<'order' | 'refund' | 'product' | 'customer', (argument: { id: string }) => Doc | null> = {
    order({ id }) {
      demand(reader, 'order', 'read_orders')
      const sale = known(idOf('Order', id) ?? -1)
      return sale ? orderDoc(parts, sale) : null
    },
    refund({ id }) {
      demand(reader, 'refund', 'read_orders')
      const number = idOf('Refund', id) ?? -1
      return refundOf(parts, known(Math.floor(number / 10)), number)
    },
    product({ id }) {
      demand(reader, 'product', 'read_products')
      const found = store.world.products(store.user).find((product) => product.id === idOf('Product', id))
      return found ? productDoc(store, found) : null
    },
    customer({ id }) {
      demand(reader, 'customer', 'read_customers')
      const found = customers.all(store).find(({ buyer }) => buyer.id === idOf('Customer', id))
      return found ? customerDoc(store, found) : null
    },
  }
  return objects
}

function shopDoc({ parts: { store } }: Reader): Doc {
  const { shopify } = store.user.shops
  return {
    __typename: 'Shop',
    id: gid('Shop', shopify.id),
    name: shopify.name,
    email: `owner@${shopify.name}.example`,
    myshopifyDomain: domainOf(store.user),
    currencyCode: shopify.currency,
    ianaTimezone: 'America/New_York',
    createdAt: timeOf(shopify.createdAt),
    plan: { publicDisplayName: 'Basic', shopifyPlus: false, partnerDevelopment: false },
  }
}

/** The root of the queries of a reader. */
export function rootOf(reader: Reader) {
  const entries = entriesOf(reader)
  const objects = objectsOf(reader)
  const list =
    (field: keyof typeof entries) =>
    (listing: Listing): Connection =>
      connectionOf(entries[field](listing), listing)
  const count = (field: keyof typeof entries) => (counting: Counting) =>
    countOf(reader, entries[field](counting, `${field}Count`), counting)
  const node = (argument: { id: string }): Doc | null => {
    const type = /^gid:\/\/shopify\/(\w+)\//.exec(argument.id)?.[1]?.toLowerCase()
    const find = Object.entries(objects).find(([name]) => name === type)?.[1]
    return find ? find(argument) : null
  }
  return {
    shop: () => shopDoc(reader),
    currentAppInstallation: () => ({
      __typename: 'AppInstallation',
      id: gid('AppInstallation', reader.parts.store.user.shops.shopify.id),
      accessScopes: reader.scopes.map((handle) => ({ handle, description: handle.replace('_', ' ') })),
    }),
    node,
    nodes: ({ ids }: { ids: string[] }) => ids.map((id) => node({ id })),
    ...objects,
    orders: list('orders'),
    products: list('products'),
    customers: list('customers'),
    ordersCount: count('orders'),
    productsCount: count('products'),
    customersCount: count('customers'),
  }
}
