import { z } from 'zod'
import type { Json } from '../../../base/json'
import type { Reject } from '../../../contract'
import { shareOf } from '../money'
import {
  id,
  maybe,
  maybeId,
  maybeSeconds,
  maybeText,
  maybeWord,
  moneyOf,
  productOf,
  quantity,
  rawAt,
  readEntry,
  Unreadable,
} from '../reading'
import type { FulfillmentRecord, LineRecord, ListingRecord, OrderRecord, RefundRecord, VariantRecord } from '../store/records'
import { EtsyPurse, maybeMoney, money } from './purse'

/*
 * Receipts and listings of Etsy's Open API v3. Times are seconds since 1970, each under an old and a new name.
 */

const transaction = z.object({
  transaction_id: id,
  listing_id: maybeId,
  product_id: maybeId,
  sku: maybeText,
  title: maybeText,
  quantity,
  price: money,
})

const shipment = z.object({
  receipt_shipping_id: maybeId,
  shipment_notification_timestamp: maybeSeconds,
  carrier_name: maybeText,
  tracking_code: maybeText,
})

const refund = z.object({ amount: money, created_timestamp: maybeSeconds, reason: maybeText, status: maybeWord })

const receipt = z.object({
  receipt_id: id,
  buyer_user_id: maybeId,
  status: maybeWord,
  is_paid: z.boolean(),
  created_timestamp: maybeSeconds,
  create_timestamp: maybeSeconds,
  updated_timestamp: maybeSeconds,
  update_timestamp: maybeSeconds,
  grandtotal: money,
  subtotal: maybeMoney,
  total_shipping_cost: maybeMoney,
  total_tax_cost: maybeMoney,
  total_vat_cost: maybeMoney,
  discount_amt: maybeMoney,
  transactions: maybe(z.array(transaction)),
  shipments: maybe(z.array(shipment)),
  refunds: maybe(z.array(refund)),
})
type Receipt = z.output<typeof receipt>

/** Etsy's own spelling, and the other one. */
const CANCELLED = new Set(['canceled', 'cancelled'])

function lineOf(purse: EtsyPurse, line: z.output<typeof transaction>, isFullPrice: boolean, raw: Json): LineRecord {
  const price = purse.minor(line.price)
  return {
    platformId: line.transaction_id,
    listingId: line.listing_id,
    variantId: line.product_id,
    sku: line.sku,
    title: line.title,
    status: null,
    quantity: line.quantity,
    currency: purse.currency,
    priceMinor: price,
    // Etsy states the discount of the whole receipt only.
    totalMinor: isFullPrice ? productOf(price, line.quantity) : null,
    costMinor: null,
    shippingCostMinor: null,
    printProviderId: null,
    raw,
  }
}

function shipmentOf(parcel: z.output<typeof shipment>, receiptId: string, place: number, raw: Json): FulfillmentRecord {
  return {
    platformId: parcel.receipt_shipping_id ?? `${receiptId}/${place}`,
    status: null,
    carrier: parcel.carrier_name,
    trackingNumber: parcel.tracking_code,
    trackingUrl: null,
    shippedAt: parcel.shipment_notification_timestamp,
    deliveredAt: null,
    raw,
  }
}

/** Etsy gives refunds no id: theirs is the receipt's with their time, and their place among those of that second. */
function refundsOf(
  purse: EtsyPurse,
  { receipt_id: receiptId, refunds }: Receipt,
  tax: number | null,
  total: number,
  raw: Json,
): RefundRecord[] {
  const inSecond = new Map<string, number>()
  return (refunds ?? []).map(({ amount, created_timestamp: createdAt, reason, status }, place) => {
    const second = String(createdAt === null ? '-' : Date.parse(createdAt) / 1000)
    const number = inSecond.get(second) ?? 0
    inSecond.set(second, number + 1)
    const amountMinor = purse.minor(amount)
    return {
      platformId: `${receiptId}/${second}/${number}`,
      status,
      reason,
      createdAt,
      currency: purse.currency,
      amountMinor,
      taxMinor: tax === null ? null : moneyOf(() => shareOf(amountMinor, tax, total)),
      lines: null,
      raw: rawAt(raw, 'refunds', place),
    }
  })
}

function orderOf(its: Receipt, raw: Json): OrderRecord {
  const createdAt = its.created_timestamp ?? its.create_timestamp
  if (createdAt === null) throw new Unreadable('schema', 'created_timestamp is missing.')
  if (!its.transactions?.length) throw new Unreadable('no_transactions', 'The receipt has no transactions.')
  const purse = new EtsyPurse(its.grandtotal)
  const total = purse.minor(its.grandtotal)
  const discount = purse.maybe(its.discount_amt)
  const taxes = [its.total_tax_cost, its.total_vat_cost].map((one) => purse.maybe(one))
  const tax = taxes.every((one) => one === null) ? null : taxes.reduce<number>((sum, one) => sum + (one ?? 0), 0)
  return {
    platformId: its.receipt_id,
    number: its.receipt_id,
    status: its.status,
    createdAt,
    updatedAt: its.updated_timestamp ?? its.update_timestamp,
    isCancelled: its.status !== null && CANCELLED.has(its.status),
    cancelledAt: null,
    currency: purse.currency,
    totalMinor: total,
    subtotalMinor: purse.maybe(its.subtotal),
    shippingMinor: purse.maybe(its.total_shipping_cost),
    taxMinor: tax,
    discountMinor: discount,
    customerId: its.buyer_user_id,
    isPaid: its.is_paid,
    isTest: false,
    costMinor: null,
    costRule: null,
    shopOrderId: null,
    shopOrderLabel: null,
    reprintOf: null,
    lines: its.transactions.map((line, place) => lineOf(purse, line, discount === 0, rawAt(raw, 'transactions', place))),
    fulfillments: (its.shipments ?? []).map((parcel, place) => shipmentOf(parcel, its.receipt_id, place, rawAt(raw, 'shipments', place))),
    refunds: refundsOf(purse, its, tax, total, raw),
    raw,
  }
}

/** A receipt as an order, with its transactions, shipments and refunds. */
export const readReceipt = (raw: unknown): OrderRecord | Reject =>
  readEntry({ kind: 'receipt', idName: 'receipt_id', schema: receipt, read: orderOf }, raw)

const offering = z.object({ quantity: maybe(quantity), is_enabled: maybe(z.boolean()), price: maybeMoney })
const product = z.object({
  product_id: id,
  sku: maybeText,
  is_deleted: maybe(z.boolean()),
  offerings: maybe(z.array(offering)),
  property_values: maybe(z.array(z.object({ values: maybe(z.array(z.string())) }))),
})
const listing = z.object({
  listing_id: id,
  title: maybeText,
  state: maybeWord,
  url: maybeText,
  original_creation_timestamp: maybeSeconds,
  created_timestamp: maybeSeconds,
  creation_timestamp: maybeSeconds,
  updated_timestamp: maybeSeconds,
  last_modified_timestamp: maybeSeconds,
  quantity: maybe(quantity),
  price: maybeMoney,
  inventory: maybe(z.object({ products: maybe(z.array(product)) })),
})

function variantOf(
  purse: EtsyPurse | null,
  { product_id, sku, offerings, property_values: values }: z.output<typeof product>,
): VariantRecord {
  const [offer] = offerings ?? []
  return {
    id: product_id,
    sku,
    title: (values ?? []).flatMap((one) => one.values ?? []).join(' / ') || null,
    priceMinor: purse && offer ? purse.maybe(offer.price) : null,
    costMinor: null,
    quantity: offer?.quantity ?? null,
    isEnabled: offer?.is_enabled ?? null,
  }
}

function listingOf(its: z.output<typeof listing>, raw: Json): ListingRecord {
  const purse = its.price && new EtsyPurse(its.price)
  const products = (its.inventory?.products ?? []).filter(({ is_deleted: isDeleted }) => isDeleted !== true)
  return {
    platformId: its.listing_id,
    title: its.title,
    status: its.state,
    url: its.url,
    // The other times of creation are those of its last renewal.
    createdAt: its.original_creation_timestamp ?? its.created_timestamp ?? its.creation_timestamp,
    updatedAt: its.updated_timestamp ?? its.last_modified_timestamp,
    currency: purse?.currency ?? null,
    priceMinor: purse?.maybe(its.price) ?? null,
    quantity: its.quantity,
    variants: products.map((one) => variantOf(purse, one)),
    raw,
  }
}

/** A listing; its variants are known where its inventory was asked for too. */
export const readListing = (raw: unknown): ListingRecord | Reject =>
  readEntry({ kind: 'listing', idName: 'listing_id', schema: listing, read: listingOf }, raw)
