import { z } from 'zod'
import type { Json } from '../../../base/json'
import type { Reject } from '../../../contract'
import { fromDecimal } from '../money'
import { maybe, maybeText, maybeTime, maybeWord, moneyOf, readEntry, Unreadable } from '../reading'
import type { CustomerRecord, ListingRecord, VariantRecord } from '../store/records'
import { GRAPHQL } from './form'
import { compareIds, shopifyId } from './ids'
import { money, ShopifyPurse } from './purse'

/*
 * Products, which are listings here, and customers.
 */

const variant = z.object({
  id: shopifyId,
  sku: maybeText,
  title: maybeText,
  price: maybeText,
  inventoryQuantity: maybe(z.int()),
  inventoryItem: maybe(z.object({ unitCost: maybe(money) })),
})

const product = z.object({
  id: shopifyId,
  title: maybeText,
  handle: maybeText,
  status: maybeWord,
  createdAt: maybeTime,
  updatedAt: maybeTime,
  variants: z.object({ nodes: z.array(variant), pageInfo: maybe(z.object({ hasNextPage: z.boolean() })) }),
})
type Product = z.output<typeof product>

/** What products do not tell themselves. */
export interface Store {
  /** Of its prices; null: not known, and then neither are they. */
  currency: string | null
  /** The name in its domain. */
  name: string
}

function variantOf(its: z.output<typeof variant>, currency: string | null): VariantRecord {
  const { price, inventoryItem } = its
  const cost = inventoryItem?.unitCost
  return {
    id: its.id,
    sku: its.sku,
    title: its.title,
    priceMinor: price === null || currency === null ? null : moneyOf(() => fromDecimal(price, currency)),
    // A cost in another currency is in `raw` only.
    costMinor: cost && cost.currencyCode === currency ? new ShopifyPurse(currency).minor(cost) : null,
    quantity: its.inventoryQuantity,
    isEnabled: null,
  }
}

const known = (values: readonly (number | null)[]): number[] => values.filter((value) => value !== null)

function listingOf(its: Product, { currency, name }: Store, raw: Json): ListingRecord {
  if (its.variants.pageInfo?.hasNextPage) throw new Unreadable('variants_missing', 'The product has more variants than were read.')
  const variants = its.variants.nodes.map((one) => variantOf(one, currency)).sort((a, b) => compareIds(a.id, b.id))
  const prices = known(variants.map(({ priceMinor }) => priceMinor))
  const stock = known(variants.map(({ quantity }) => quantity))
  return {
    platformId: its.id,
    title: its.title,
    status: its.status,
    url: its.status === 'active' && its.handle !== null ? `https://${name}.myshopify.com/products/${its.handle}` : null,
    createdAt: its.createdAt,
    updatedAt: its.updatedAt,
    currency,
    priceMinor: prices.length === 0 ? null : prices.reduce((least, price) => Math.min(least, price)),
    quantity: stock.length === 0 ? null : stock.reduce((sum, pieces) => sum + pieces, 0),
    variants,
    raw,
  }
}

/** A product with its variants. Its price is that of the cheapest one. @param form how it came */
export const readProduct = (raw: unknown, store: Store, form = GRAPHQL): ListingRecord | Reject =>
  readEntry(
    { kind: 'product', idName: 'legacyResourceId', schema: product, read: (its, json) => listingOf(its, store, form.rawProduct(json)) },
    raw,
    form.product(raw),
  )

const count = z.union([z.int().nonnegative(), z.string().regex(/^\d{1,9}$/)]).transform(Number)
const customer = z.object({
  id: shopifyId,
  firstName: maybeText,
  lastName: maybeText,
  defaultEmailAddress: maybe(z.object({ emailAddress: maybeText })),
  defaultPhoneNumber: maybe(z.object({ phoneNumber: maybeText })),
  defaultAddress: maybe(z.object({ city: maybeText, countryCodeV2: maybeText })),
  createdAt: maybeTime,
  updatedAt: maybeTime,
  numberOfOrders: maybe(count),
  amountSpent: maybe(money),
})

function customerOf(its: z.output<typeof customer>, raw: Json): CustomerRecord {
  const purse = its.amountSpent && new ShopifyPurse(its.amountSpent.currencyCode)
  return {
    platformId: its.id,
    name: [its.firstName, its.lastName].filter((part) => part !== null).join(' ') || null,
    email: its.defaultEmailAddress?.emailAddress ?? null,
    phone: its.defaultPhoneNumber?.phoneNumber ?? null,
    city: its.defaultAddress?.city ?? null,
    country: its.defaultAddress?.countryCodeV2 ?? null,
    createdAt: its.createdAt,
    updatedAt: its.updatedAt,
    ordersCount: its.numberOfOrders,
    currency: purse?.currency ?? null,
    spentMinor: purse?.maybe(its.amountSpent) ?? null,
    raw,
  }
}

/** A customer. @param form how it came */
export const readCustomer = (raw: unknown, form = GRAPHQL): CustomerRecord | Reject =>
  readEntry({ kind: 'customer', idName: 'legacyResourceId', schema: customer, read: customerOf }, raw, form.customer(raw))
