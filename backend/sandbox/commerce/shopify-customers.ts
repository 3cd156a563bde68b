import { type Buyer, buyerOf, type User } from './people'
import { type Sale, totalOf } from './sales'
import type { Doc } from './shopify-connection'
import { gid, moneyOf, type Store, timeOf } from './shopify-store'
import type { World } from './world'

/** Who bought in a shop, with what they bought. */
export interface Customer {
  buyer: Buyer
  /** Seconds since 1970. */
  createdAt: number
  updatedAt: number
  orders: number
  /** Minor units of what was paid. */
  spent: number
}

function customersOf({ options }: World, { shops }: User, sales: readonly Sale[]): Customer[] {
  const byBuyer = new Map<number, Customer>()
  for (const sale of sales) {
    const known = byBuyer.get(sale.buyer)
    const spent = sale.paidAt === null ? 0 : totalOf(sale)
    if (known) {
      known.updatedAt = Math.max(known.updatedAt, sale.createdAt)
      known.orders++
      known.spent += spent
    } else {
      const buyer = buyerOf(options.seed, shops.shopify, sale.buyer)
      byBuyer.set(sale.buyer, { buyer, createdAt: sale.createdAt, updatedAt: sale.createdAt, orders: 1, spent })
    }
  }
  return [...byBuyer.values()].sort((a, b) => a.buyer.id - b.buyer.id)
}

/** The customers of the shops, kept until their sellers' sales change. */
export class Customers {
  private readonly kept = new Map<number, { version: number; all: Customer[]; byBuyer: Map<number, Customer> }>()

  private of({ world, user }: Store) {
    const version = world.versionOf(user)
    const kept = this.kept.get(user.number)
    if (kept?.version === version) return kept
    const all = customersOf(world, user, world.sales(user, 'shopify'))
    const made = { version, all, byBuyer: new Map(all.map((customer) => [customer.buyer.number, customer])) }
    this.kept.set(user.number, made)
    return made
  }

  /** By id. */
  all(store: Store): Customer[] {
    return this.of(store).all
  }

  /** @param buyer the number of one who bought */
  doc(store: Store, buyer: number): Doc {
    return customerDoc(store, this.of(store).byBuyer.get(buyer) as Customer)
  }
}

export function customerDoc(store: Store, { buyer, createdAt, updatedAt, orders, spent }: Customer): Doc {
  return {
    __typename: 'Customer',
    id: gid('Customer', buyer.id),
    legacyResourceId: String(buyer.id),
    firstName: buyer.firstName,
    lastName: buyer.lastName,
    displayName: `${buyer.firstName} ${buyer.lastName}`,
    defaultEmailAddress: { emailAddress: buyer.email },
    defaultPhoneNumber: null,
    defaultAddress: addressDoc(buyer),
    createdAt: timeOf(createdAt),
    updatedAt: timeOf(updatedAt),
    numberOfOrders: String(orders),
    amountSpent: moneyOf(store, spent),
    state: 'DISABLED',
    tags: [],
  }
}

export const addressDoc = ({ id, country }: Buyer): Doc => ({
  __typename: 'MailingAddress',
  id: `${gid('MailingAddress', id)}?model_name=CustomerAddress`,
  city: 'Sandbox',
  provinceCode: null,
  countryCodeV2: country,
  zip: '00000',
})
