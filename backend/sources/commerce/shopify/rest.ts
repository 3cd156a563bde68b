import { isRecord, type Json } from '../../../base/json'
import type { Form } from './form'

/*
 * Objects of the REST API as nodes of GraphQL. REST is legacy: it does not tell the fees of transactions, the cost of variants and when
 * a parcel was delivered.
 */

type Fields = Record<string, unknown>

/** Turns an object; what is none is returned as it is. */
const turn =
  (of: (doc: Fields) => Fields) =>
  (raw: unknown): unknown =>
    isRecord(raw) ? of(raw) : raw
const turnAll = (value: unknown, of: (raw: unknown) => unknown): unknown => (Array.isArray(value) ? value.map(of) : value)
const reference = (id: unknown): Fields | null => (id === null || id === undefined ? null : { id })

/** An amount in the shop's currency: newer answers state it in both currencies, older ones in the shop's. */
function bagOf(doc: Fields, name: string, currency: unknown): Fields | null {
  const set = doc[`${name}_set`]
  if (isRecord(set) && isRecord(set.shop_money))
    return { shopMoney: { amount: set.shop_money.amount, currencyCode: set.shop_money.currency_code } }
  const amount = doc[name]
  return amount === null || amount === undefined ? null : { shopMoney: { amount, currencyCode: currency } }
}

const lineOf = (currency: unknown) =>
  turn((doc) => ({
    id: doc.id,
    sku: doc.sku,
    title: doc.title,
    quantity: doc.quantity,
    originalUnitPriceSet: bagOf(doc, 'price', currency),
    totalDiscountSet: bagOf(doc, 'total_discount', currency),
    product: reference(doc.product_id),
    variant: reference(doc.variant_id),
  }))

const fulfillmentOf = turn((doc) => ({
  id: doc.id,
  status: doc.status,
  createdAt: doc.created_at,
  trackingInfo: [{ company: doc.tracking_company, number: doc.tracking_number, url: doc.tracking_url }],
}))

/** What the buyer got. REST states no total, only the transactions of the refund. */
function refundedOf({ transactions }: Fields, currency: unknown): Fields {
  const given = (Array.isArray(transactions) ? transactions : []).filter(
    (one) => isRecord(one) && one.kind === 'refund' && one.status === 'success',
  ) as Fields[]
  const amounts = given.map((one) => String(one.amount))
  return { shopMoney: { amount: sumOf(amounts), currencyCode: given[0]?.currency ?? currency } }
}

/** The sum of decimal texts, exact. What is no decimal number is returned for the reader to reject. */
function sumOf(amounts: readonly string[]): string {
  const bad = amounts.find((text) => !/^-?\d+(\.\d+)?$/.test(text))
  if (bad !== undefined) return bad
  const places = Math.max(0, ...amounts.map((text) => (text.split('.')[1] ?? '').length))
  const digits = amounts.map((text) => {
    const [whole = '', rest = ''] = text.split('.')
    return BigInt(whole + rest.padEnd(places, '0'))
  })
  const sum = digits.reduce((total, one) => total + one, 0n)
  const text = (sum < 0n ? -sum : sum).toString().padStart(places + 1, '0')
  return `${sum < 0n ? '-' : ''}${text.slice(0, text.length - places)}${places === 0 ? '' : `.${text.slice(-places)}`}`
}

const refundOf = (currency: unknown) =>
  turn((doc) => ({
    id: doc.id,
    createdAt: doc.created_at,
    processedAt: doc.processed_at,
    note: doc.note,
    totalRefundedSet: refundedOf(doc, currency),
  }))

const orderOf = turn((doc) => ({
  id: doc.id,
  legacyResourceId: doc.id,
  name: doc.name,
  createdAt: doc.created_at,
  processedAt: doc.processed_at,
  updatedAt: doc.updated_at,
  cancelledAt: doc.cancelled_at,
  test: doc.test,
  displayFinancialStatus: doc.financial_status,
  totalPriceSet: bagOf(doc, 'total_price', doc.currency),
  subtotalPriceSet: bagOf(doc, 'subtotal_price', doc.currency),
  totalTaxSet: bagOf(doc, 'total_tax', doc.currency),
  totalShippingPriceSet: bagOf(doc, 'total_shipping_price', doc.currency),
  totalDiscountsSet: bagOf(doc, 'total_discounts', doc.currency),
  customer: isRecord(doc.customer) ? reference(doc.customer.id) : null,
  lineItems: { nodes: turnAll(doc.line_items, lineOf(doc.currency)) },
  fulfillments: turnAll(doc.fulfillments, fulfillmentOf),
  refunds: turnAll(doc.refunds, refundOf(doc.currency)),
  transactions: doc.transactions,
}))

const list = (value: unknown): readonly Json[] => (Array.isArray(value) ? value : [])

/** Orders must have their transactions, which are read by requests of their own, as `transactions`. */
export const REST: Form = {
  order: orderOf,
  parts(raw) {
    const doc = raw as Fields
    return { lines: list(doc.line_items), fulfillments: list(doc.fulfillments), refunds: list(doc.refunds) }
  },
  rawOrder(raw) {
    const { line_items: _, ...order } = raw as Record<string, Json>
    return order
  },
  transaction: turn((doc) => ({
    id: doc.id,
    kind: doc.kind,
    status: doc.status,
    test: doc.test,
    createdAt: doc.created_at,
    processedAt: doc.processed_at,
    amountSet: bagOf(doc, 'amount', doc.currency),
  })),
  refundLine: (raw, currency) =>
    turn((doc) => ({
      id: doc.id,
      quantity: doc.quantity,
      lineItem: reference(doc.line_item_id),
      subtotalSet: bagOf(doc, 'subtotal', currency),
      totalTaxSet: bagOf(doc, 'total_tax', currency),
    }))(raw),
  product: turn((doc) => ({
    id: doc.id,
    legacyResourceId: doc.id,
    title: doc.title,
    handle: doc.handle,
    status: doc.status,
    createdAt: doc.created_at,
    updatedAt: doc.updated_at,
    variants: {
      nodes: turnAll(
        doc.variants,
        turn((one) => ({ id: one.id, sku: one.sku, title: one.title, price: one.price, inventoryQuantity: one.inventory_quantity })),
      ),
    },
  })),
  rawProduct: (raw) => raw,
  customer: turn((doc) => {
    const address = isRecord(doc.default_address) ? doc.default_address : undefined
    return {
      id: doc.id,
      legacyResourceId: doc.id,
      firstName: doc.first_name,
      lastName: doc.last_name,
      defaultEmailAddress: { emailAddress: doc.email },
      defaultPhoneNumber: { phoneNumber: doc.phone },
      defaultAddress: address && { city: address.city, countryCodeV2: address.country_code },
      createdAt: doc.created_at,
      updatedAt: doc.updated_at,
      numberOfOrders: doc.orders_count,
      amountSpent: doc.total_spent === undefined ? null : { amount: doc.total_spent, currencyCode: doc.currency },
    }
  }),
}
