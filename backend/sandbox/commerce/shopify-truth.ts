import type { User } from './people'
import { connectionOf, type Doc } from './shopify-connection'
import type { Customers } from './shopify-customers'
import { customerEntries, orderEntries, productEntries } from './shopify-lists'
import type { World } from './world'

/** Every field of an object that is a value, and its lists of objects. */
function plain(doc: Doc): Record<string, unknown> {
  const entries = Object.entries(doc).filter(([, value]) => typeof value !== 'function')
  return Object.fromEntries(entries)
}

type List = (range: { whole: boolean }) => { nodes: Doc[] } | Doc[]
function nodesOf(list: unknown): Record<string, unknown>[] {
  const found = (list as List)({ whole: true })
  return (Array.isArray(found) ? found : found.nodes).map(plain)
}

/** What a complete backfill of a seller's Shopify shop holds, by id. */
export class ShopifyTruth {
  constructor(
    private readonly world: World,
    private readonly known: Customers,
  ) {}

  private partsOf(user: User) {
    return { store: { world: this.world, user }, customers: this.known, noteBytes: 0 }
  }

  orders(user: User): Record<string, unknown>[] {
    const parts = this.partsOf(user)
    return connectionOf(orderEntries(parts, ['read_all_orders'], {}), { whole: true }).nodes.map((order) => ({
      ...plain(order),
      customerId: parts.customers.doc(parts.store, this.world.sale(user, 'shopify', Number(order.legacyResourceId)).buyer).id,
      lineItems: nodesOf(order.lineItems),
      transactions: nodesOf(order.transactions),
      fulfillments: nodesOf(order.fulfillments),
      refunds: (order.refunds as (range: object) => Doc[])({}).map((refund) => ({
        ...plain(refund),
        refundLineItems: nodesOf(refund.refundLineItems),
      })),
    }))
  }

  products(user: User): Record<string, unknown>[] {
    const { nodes } = connectionOf(productEntries(this.partsOf(user), false, {}), { whole: true })
    return nodes.map((product) => ({ ...plain(product), variants: nodesOf(product.variants) }))
  }

  customers(user: User): Record<string, unknown>[] {
    return connectionOf(customerEntries(this.partsOf(user), {}), { whole: true }).nodes.map(plain)
  }
}
