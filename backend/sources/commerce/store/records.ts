import type { Json } from '../../../base/json'

/*
 * What the streams make of the platforms' answers: the same records for all three. Money is in minor units of its currency; moments are
 * ISO 8601 with a zone. Ids are those of the platform, as text; of Shopify the number that its gid ends with. What the platform does not
 * tell is null.
 */

export const PLATFORMS = ['etsy', 'shopify', 'printify'] as const
export type Platform = (typeof PLATFORMS)[number]

/** The connected account that records were read through: a row of `accounts`. */
export interface AccountRef {
  id: string
  userId: string
  platform: Platform
}

/** What every record has. */
export interface BaseRecord {
  platformId: string
  /** The platform's time of its last change; an older statement changes nothing. Null: when it was read decides. */
  updatedAt: string | null
  /** As it came. */
  raw: Json
}

/** ISO 4217; null where it is not known. */
type Currency = string | null

export interface OrderRecord extends BaseRecord {
  /** What people call it: `#1001` of Shopify, the receipt id of Etsy. Labels of Printify are compared with it. */
  number: string | null
  status: string | null
  createdAt: string | null
  isCancelled: boolean
  cancelledAt: string | null
  currency: Currency
  totalMinor: number | null
  subtotalMinor: number | null
  shippingMinor: number | null
  taxMinor: number | null
  discountMinor: number | null
  customerId: string | null
  isPaid: boolean
  isTest: boolean
  /** Of Printify: what making and shipping it costs the seller; null for orders of a shop, and where it is not known. */
  costMinor: number | null
  /** Of Printify: whether `cost` was taken as that of a whole line or of one piece. */
  costRule: 'line' | 'unit' | null
  /** Of Printify: the order of the shop that it is made for, and that order's number. */
  shopOrderId: string | null
  shopOrderLabel: string | null
  /** Of Printify: the order that it replaces; `unnamed` where Printify does not name it. */
  reprintOf: string | null
  /** All of its lines: lines that are stored and not here are marked as deleted. */
  lines: LineRecord[]
  /** All of them, as for lines. */
  fulfillments: FulfillmentRecord[]
  /** All of them, as for lines. */
  refunds: RefundRecord[]
}

/** Parts of an order, saved with it; its time of change is theirs. */
type Part = Omit<BaseRecord, 'updatedAt'>

export interface LineRecord extends Part {
  listingId: string | null
  variantId: string | null
  sku: string | null
  title: string | null
  status: string | null
  quantity: number
  currency: Currency
  /** Of one piece. */
  priceMinor: number | null
  /** Of the whole line, discounts taken off. */
  totalMinor: number | null
  /** What making the whole line costs the seller. */
  costMinor: number | null
  shippingCostMinor: number | null
  printProviderId: string | null
}

export interface FulfillmentRecord extends Part {
  status: string | null
  carrier: string | null
  trackingNumber: string | null
  trackingUrl: string | null
  shippedAt: string | null
  deliveredAt: string | null
}

export interface RefundRecord extends Part {
  status: string | null
  reason: string | null
  createdAt: string | null
  currency: Currency
  /** What the buyer got back, with its tax. */
  amountMinor: number
  /** How much of it is tax. */
  taxMinor: number | null
  /** All of its lines, as for lines of an order; null: the platform lists none, or they are read by pages of their own. */
  lines: RefundLine[] | null
}

/** A line of a refund, saved with it. */
export interface RefundLine extends Part {
  lineItemId: string | null
  quantity: number
  currency: Currency
  subtotalMinor: number | null
  taxMinor: number | null
}

/** A line of a refund that is read by a page of its own. */
export interface RefundLineRecord extends BaseRecord, RefundLine {
  refundId: string
  updatedAt: string | null
}

export type PaymentKind = 'charge' | 'refund' | 'fee' | 'tax' | 'payout' | 'other'

/** An entry of Etsy's ledger or a transaction of Shopify. */
export interface PaymentRecord extends BaseRecord {
  orderId: string | null
  /** Why it is linked to no order, where it should be. */
  reason: string | null
  kind: PaymentKind
  type: string | null
  status: string | null
  createdAt: string | null
  currency: Currency
  /** Positive: the seller's account grows. */
  amountMinor: number
  /** What the platform takes for it; negative: it gives a fee back; 0 for entries that are no fee. */
  feeMinor: number
  referenceType: string | null
  referenceId: string | null
}

export interface VariantRecord {
  id: string
  sku: string | null
  title: string | null
  priceMinor: number | null
  costMinor: number | null
  quantity: number | null
  isEnabled: boolean | null
}

/** A listing of Etsy or a product of Shopify. */
export interface ListingRecord extends BaseRecord {
  title: string | null
  status: string | null
  url: string | null
  createdAt: string | null
  currency: Currency
  priceMinor: number | null
  quantity: number | null
  variants: VariantRecord[]
}

export interface CustomerRecord extends BaseRecord {
  name: string | null
  email: string | null
  phone: string | null
  city: string | null
  country: string | null
  createdAt: string | null
  ordersCount: number | null
  currency: Currency
  spentMinor: number | null
}

/** A product of Printify. */
export interface ProductRecord extends BaseRecord {
  title: string | null
  blueprintId: string | null
  printProviderId: string | null
  printProvider: string | null
  externalId: string | null
  isVisible: boolean | null
  createdAt: string | null
  currency: Currency
  variants: VariantRecord[]
}
