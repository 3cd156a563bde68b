import { minorOf } from './money'
import { buyerOf } from './people'
import type { Product, Variant } from './products'
import { type Refund, type Sale, type SaleLine, subtotalOf, totalOf } from './sales'
import { type Doc, listed } from './shopify-connection'
import { addressDoc, type Customers } from './shopify-customers'
import { productDoc, variantDoc } from './shopify-products'
import { bagOf, gid, maybeTime, moneyOf, type Store, timeOf } from './shopify-store'

/** What the orders of a shop are made from. */
export interface OrderParts {
  store: Store
  customers: Customers
  /** Of the note of every order, for files of any size. */
  noteBytes: number
}

const MINUTE = 60
/** One order of so many was a test, where there are oddities. */
const TEST_EVERY = 97
const DELIVERY_SECONDS = 3 * 86_400

export const refundedOf = ({ refunds }: Sale): number => refunds.reduce((sum, { amount }) => sum + amount, 0)
export const isTest = ({ world }: Store, { index }: Sale): boolean => world.options.oddities && index % TEST_EVERY === TEST_EVERY - 1

export function financialStatusOf(sale: Sale): string {
  if (sale.paidAt === null) return sale.cancelledAt === null ? 'PENDING' : 'VOIDED'
  const refunded = refundedOf(sale)
  if (refunded === 0) return 'PAID'
  return refunded >= totalOf(sale) ? 'REFUNDED' : 'PARTIALLY_REFUNDED'
}

const first = (docs: Doc[], { first: count }: { first?: number | null }): Doc[] => docs.slice(0, count ?? docs.length)
const partsOf = ({ world, user }: Store, line: SaleLine): { product: Product; variant: Variant } => {
  const product = world.products(user)[line.product] as Product
  return { product, variant: product.variants[line.variant] as Variant }
}

function lineDoc(store: Store, sale: Sale, index: number): Doc {
  const line = sale.lines[index] as SaleLine
  const { product, variant } = partsOf(store, line)
  const refunded = sale.refunds.flatMap(({ lines }) => lines.filter((part) => part.line === index).map(({ quantity }) => quantity))
  const total = bagOf(store, line.price * line.quantity)
  return {
    __typename: 'LineItem',
    id: gid('LineItem', line.id),
    name: `${product.title} - ${variant.title}`,
    sku: variant.sku,
    title: product.title,
    variantTitle: variant.title,
    quantity: line.quantity,
    currentQuantity: Math.max(0, line.quantity - refunded.reduce((sum, quantity) => sum + quantity, 0)),
    vendor: store.user.shops.shopify.name,
    originalUnitPriceSet: bagOf(store, line.price),
    originalTotalSet: total,
    discountedTotalSet: total,
    totalDiscountSet: bagOf(store, 0),
    product: () => productDoc(store, product),
    variant: () => variantDoc(store, product, variant),
    customAttributes: [],
  }
}

/** What Shopify takes of a payment, in minor units. */
export const paymentFee = (amount: number, currency: string): number => Math.round(amount * 0.029) + minorOf(30, currency)

/** What was charged, then each refund that gave money back. */
function transactionDocs(store: Store, sale: Sale): Doc[] {
  if (sale.paidAt === null) return []
  const doc = (n: number, kind: string, at: number, amount: number): Doc => {
    const id = gid('OrderTransaction', sale.id * 10 + n)
    const fee = paymentFee(amount, store.user.shops.shopify.currency)
    return {
      __typename: 'OrderTransaction',
      id,
      kind,
      status: 'SUCCESS',
      gateway: 'shopify_payments',
      test: isTest(store, sale),
      createdAt: timeOf(at),
      processedAt: timeOf(at),
      amountSet: bagOf(store, amount),
      fees:
        kind === 'SALE'
          ? [
              {
                __typename: 'TransactionFee',
                id: gid('TransactionFee', sale.id),
                type: 'processing_fee',
                amount: moneyOf(store, fee),
                taxAmount: moneyOf(store, 0),
              },
            ]
          : [],
      parentTransaction: () => (kind === 'SALE' ? null : transactionDocs(store, sale)[0]),
    }
  }
  const refunds = sale.refunds.filter(({ amount }) => amount > 0)
  return [
    doc(0, 'SALE', sale.paidAt, totalOf(sale)),
    ...refunds.map((refund) => doc(1 + sale.refunds.indexOf(refund), 'REFUND', refund.at, refund.amount)),
  ]
}

/** @param line its place in the order */
export const refundLineId = ({ id }: Refund, line: number): number => (id % 1_000_000_000) * 10_000 + line

function refundDoc(parts: OrderParts, sale: Sale, refund: Refund): Doc {
  const { store } = parts
  const number = sale.refunds.indexOf(refund)
  const line = ({ line: index, quantity }: Refund['lines'][number]): Doc => {
    const { price = 0 } = sale.lines[index] ?? {}
    return {
      __typename: 'RefundLineItem',
      id: gid('RefundLineItem', refundLineId(refund, index)),
      quantity,
      lineItem: () => lineDoc(store, sale, index),
      priceSet: bagOf(store, price),
      subtotalSet: bagOf(store, price * quantity),
      totalTaxSet: bagOf(store, 0),
    }
  }
  return {
    __typename: 'Refund',
    id: gid('Refund', refund.id),
    legacyResourceId: String(refund.id),
    createdAt: timeOf(refund.at),
    processedAt: timeOf(refund.at),
    updatedAt: timeOf(refund.at),
    note: null,
    order: () => orderDoc(parts, sale),
    totalRefundedSet: bagOf(store, refund.amount),
    refundLineItems: listed(() => refund.lines.map(line)),
    transactions: listed(() => transactionDocs(store, sale).filter(({ id }) => id === gid('OrderTransaction', sale.id * 10 + 1 + number))),
  }
}

function fulfillmentDocs(store: Store, sale: Sale): Doc[] {
  if (sale.shippedAt === null) return []
  const deliveredAt = sale.shippedAt + DELIVERY_SECONDS
  return [
    {
      __typename: 'Fulfillment',
      id: gid('Fulfillment', sale.id),
      legacyResourceId: String(sale.id),
      name: `${sale.name}-F1`,
      status: 'SUCCESS',
      createdAt: timeOf(sale.shippedAt),
      updatedAt: timeOf(sale.shippedAt + MINUTE),
      deliveredAt: deliveredAt * 1000 <= store.world.options.end ? timeOf(deliveredAt) : null,
      totalQuantity: sale.lines.reduce((sum, { quantity }) => sum + quantity, 0),
      trackingInfo: () => [
        { __typename: 'FulfillmentTrackingInfo', company: 'USPS', number: `92${sale.id}`, url: `https://tracking.example/92${sale.id}` },
      ],
      fulfillmentLineItems: listed(() =>
        sale.lines.map((line, index) => ({
          __typename: 'FulfillmentLineItem',
          id: gid('FulfillmentLineItem', line.id),
          quantity: line.quantity,
          lineItem: () => lineDoc(store, sale, index),
        })),
      ),
    },
  ]
}

export function orderDoc(parts: OrderParts, sale: Sale): Doc {
  const { store, customers, noteBytes } = parts
  const { world, user } = store
  const [subtotal, total, refunded] = [subtotalOf(sale), totalOf(sale), refundedOf(sale)]
  const buyer = () => buyerOf(world.options.seed, user.shops.shopify, sale.buyer)
  const { currency } = user.shops.shopify
  return {
    __typename: 'Order',
    id: gid('Order', sale.id),
    legacyResourceId: String(sale.id),
    name: sale.name,
    number: 1001 + sale.index,
    createdAt: timeOf(sale.createdAt),
    updatedAt: timeOf(sale.updatedAt),
    processedAt: timeOf(sale.createdAt),
    cancelledAt: maybeTime(sale.cancelledAt),
    cancelReason: sale.cancelledAt === null ? null : 'CUSTOMER',
    closedAt: maybeTime(sale.shippedAt),
    test: isTest(store, sale),
    currencyCode: currency,
    presentmentCurrencyCode: currency,
    displayFinancialStatus: financialStatusOf(sale),
    displayFulfillmentStatus: sale.shippedAt === null ? 'UNFULFILLED' : 'FULFILLED',
    sourceName: 'web',
    sourceIdentifier: null,
    tags: [],
    note: () => (noteBytes === 0 ? null : 'n'.repeat(noteBytes)),
    email: () => buyer().email,
    phone: null,
    taxesIncluded: false,
    subtotalLineItemsQuantity: sale.lines.reduce((sum, { quantity }) => sum + quantity, 0),
    totalPriceSet: bagOf(store, total),
    subtotalPriceSet: bagOf(store, subtotal - sale.discount),
    totalTaxSet: bagOf(store, sale.tax),
    totalShippingPriceSet: bagOf(store, sale.shipping),
    totalDiscountsSet: bagOf(store, sale.discount),
    totalRefundedSet: bagOf(store, refunded),
    currentTotalPriceSet: bagOf(store, total - refunded),
    netPaymentSet: bagOf(store, sale.paidAt === null ? 0 : total - refunded),
    customer: () => customers.doc(store, sale.buyer),
    shippingAddress: () => addressDoc(buyer()),
    customAttributes: [],
    transactions: (range: Parameters<typeof first>[1]) => first(transactionDocs(store, sale), range),
    refunds: (range: Parameters<typeof first>[1]) =>
      first(
        sale.refunds.map((refund) => refundDoc(parts, sale, refund)),
        range,
      ),
    fulfillments: (range: Parameters<typeof first>[1]) => first(fulfillmentDocs(store, sale), range),
    lineItems: listed(() => sale.lines.map((_, index) => lineDoc(store, sale, index))),
  }
}

/** The refund of this id in a shop. */
export function refundOf(parts: OrderParts, sale: Sale | undefined, id: number): Doc | null {
  const refund = sale?.refunds.find((one) => one.id === id)
  return sale && refund ? refundDoc(parts, sale, refund) : null
}
