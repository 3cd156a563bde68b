import { z } from 'zod'
import type { Json } from '../../../base/json'
import type { Reject } from '../../../contract'
import { isReject, maybe, maybeText, maybeTime, maybeWord, productOf, quantity, readEntry, Unreadable } from '../reading'
import type { FulfillmentRecord, LineRecord, OrderRecord, PaymentRecord } from '../store/records'
import { type Form, GRAPHQL } from './form'
import { compareIds, shopifyId } from './ids'
import { paymentOf, transaction } from './payments'
import { bag, maybeBag, ShopifyPurse } from './purse'
import { refund, refundOf } from './refunds'

/*
 * Orders with all their lines, fulfillments and refunds. The buyer's currency is not used: all money is that of the shop.
 */

const reference = maybe(z.object({ id: shopifyId }))

const line = z.object({
  id: shopifyId,
  sku: maybeText,
  title: maybeText,
  quantity,
  originalUnitPriceSet: bag,
  totalDiscountSet: maybeBag,
  product: reference,
  variant: reference,
})

const fulfillment = z.object({
  id: shopifyId,
  status: maybeWord,
  createdAt: maybeTime,
  deliveredAt: maybeTime,
  trackingInfo: maybe(z.array(z.object({ company: maybeText, number: maybeText, url: maybeText }))),
})

const order = z.object({
  id: shopifyId,
  name: maybeText,
  createdAt: maybeTime,
  processedAt: maybeTime,
  updatedAt: maybeTime,
  cancelledAt: maybeTime,
  test: maybe(z.boolean()),
  displayFinancialStatus: maybeWord,
  subtotalLineItemsQuantity: maybe(quantity),
  totalPriceSet: bag,
  subtotalPriceSet: maybeBag,
  totalTaxSet: maybeBag,
  totalShippingPriceSet: maybeBag,
  totalDiscountsSet: maybeBag,
  customer: reference,
  lineItems: z.object({ nodes: z.array(line), pageInfo: maybe(z.object({ hasNextPage: z.boolean() })) }),
  fulfillments: maybe(z.array(fulfillment)),
  refunds: maybe(z.array(refund)),
  transactions: maybe(z.array(z.unknown())),
})
type Order = z.output<typeof order>

/** Money was taken for all of it, and some may have been refunded. */
const PAID = new Set(['paid', 'partially_refunded', 'refunded'])

function lineOf(purse: ShopifyPurse, its: z.output<typeof line>, raw: Json): LineRecord {
  const price = purse.minor(its.originalUnitPriceSet)
  return {
    platformId: its.id,
    listingId: its.product?.id ?? null,
    variantId: its.variant?.id ?? null,
    sku: its.sku,
    title: its.title,
    status: null,
    quantity: its.quantity,
    currency: purse.currency,
    priceMinor: price,
    // Discounts of the whole order are in the discount of the order only.
    totalMinor: productOf(price, its.quantity) - (purse.maybe(its.totalDiscountSet) ?? 0),
    costMinor: null,
    shippingCostMinor: null,
    printProviderId: null,
    raw,
  }
}

/** Of several parcels, the first is named. */
function fulfillmentOf({ trackingInfo, ...its }: z.output<typeof fulfillment>, raw: Json): FulfillmentRecord {
  const parcel = trackingInfo?.[0]
  return {
    platformId: its.id,
    status: its.status,
    carrier: parcel?.company ?? null,
    trackingNumber: parcel?.number ?? null,
    trackingUrl: parcel?.url ?? null,
    shippedAt: its.createdAt,
    deliveredAt: its.deliveredAt,
    raw,
  }
}

/**
 * Lines that are not there would be taken for deleted ones.
 * @throws {Unreadable} for an order with fewer pieces than it counts; it does not count those that are no part of its subtotal
 */
function checkLines({ lineItems: { nodes, pageInfo }, subtotalLineItemsQuantity: counted }: Order): void {
  if (pageInfo?.hasNextPage) throw new Unreadable('lines_missing', 'The order has more lines than were read.')
  const pieces = nodes.reduce((sum, one) => sum + one.quantity, 0)
  if (counted !== null && pieces < counted)
    throw new Unreadable('lines_missing', `The lines of the order have ${pieces} pieces, and the order counts ${counted}.`)
}

function orderOf(its: Order, form: Form, raw: Json): OrderRecord {
  // An order that was imported was created later than it was placed.
  const createdAt = its.processedAt ?? its.createdAt
  if (createdAt === null) throw new Unreadable('schema', 'createdAt is missing.')
  checkLines(its)
  const purse = new ShopifyPurse(its.totalPriceSet.currencyCode)
  // As it was ordered: refunds have a day of their own.
  const totalMinor = purse.minor(its.totalPriceSet)
  const taxMinor = purse.maybe(its.totalTaxSet)
  const { lines, fulfillments, refunds } = form.parts(raw)
  return {
    platformId: its.id,
    number: its.name,
    status: its.displayFinancialStatus,
    createdAt,
    updatedAt: its.updatedAt,
    isCancelled: its.cancelledAt !== null,
    cancelledAt: its.cancelledAt,
    currency: purse.currency,
    totalMinor,
    subtotalMinor: purse.maybe(its.subtotalPriceSet),
    shippingMinor: purse.maybe(its.totalShippingPriceSet),
    taxMinor,
    discountMinor: purse.maybe(its.totalDiscountsSet),
    customerId: its.customer?.id ?? null,
    isPaid: PAID.has(its.displayFinancialStatus ?? ''),
    isTest: its.test === true,
    costMinor: null,
    costRule: null,
    shopOrderId: null,
    shopOrderLabel: null,
    reprintOf: null,
    lines: its.lineItems.nodes
      .map((one, place) => lineOf(purse, one, lines[place] ?? null))
      .sort((a, b) => compareIds(a.platformId, b.platformId)),
    fulfillments: (its.fulfillments ?? []).map((one, place) => fulfillmentOf(one, fulfillments[place] ?? null)),
    refunds: (its.refunds ?? []).map((one, place) => refundOf(one, { purse, totalMinor, taxMinor }, refunds[place] ?? null)),
    raw: form.rawOrder(raw),
  }
}

export interface ReadOrder {
  order: OrderRecord
  payments: PaymentRecord[]
  /** Its transactions that could not be read. */
  rejected: Reject[]
}

/**
 * An order with its transactions. An order of a page must have all its lines.
 * @param form how it came
 */
export function readOrder(raw: unknown, form = GRAPHQL): ReadOrder | Reject {
  let transactions: readonly unknown[] = []
  const read = (its: Order, json: Json): OrderRecord => {
    transactions = its.transactions ?? []
    return orderOf(its, form, json)
  }
  const found = readEntry({ kind: 'order', idName: 'legacyResourceId', schema: order, read }, raw, form.order(raw))
  if (isReject(found)) return found
  const payments = transactions.map((one) =>
    readEntry(
      { kind: 'transaction', idName: 'id', schema: transaction, read: (its, json) => paymentOf(its, found, json) },
      one,
      form.transaction(one),
    ),
  )
  return {
    order: found,
    payments: payments.filter((one): one is PaymentRecord => !isReject(one)),
    rejected: payments.filter(isReject),
  }
}
