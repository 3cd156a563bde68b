import { z } from 'zod'
import type { Json } from '../../../base/json'
import type { Reject } from '../../../contract'
import { fromCents } from '../money'
import { id, maybe, maybeId, maybeText, maybeTime, maybeWord, moneyOf, productOf, quantity, rawAt, readEntry } from '../reading'
import type { FulfillmentRecord, LineRecord, OrderRecord, ProductRecord, VariantRecord } from '../store/records'

/*
 * Orders and products of Printify's API v1. Money is in hundredths of a currency that no answer names: it is the account's, where that
 * is known. Times have a space for the T.
 */

const cents = maybe(z.int())
/** An object; Printify writes an empty one as a list. */
const fields = <T extends z.ZodRawShape>(shape: T) =>
  z.preprocess(
    (value) => (value === null || value === undefined || (Array.isArray(value) && value.length === 0) ? {} : value),
    z.object(shape),
  )
const ids = z
  .union([z.array(id), id])
  .nullish()
  .transform((value) => (Array.isArray(value) ? value : value ? [value] : []))

const line = z.object({
  id: maybeId,
  product_id: maybeId,
  variant_id: maybeId,
  print_provider_id: maybeId,
  quantity,
  cost: cents,
  shipping_cost: cents,
  status: maybeWord,
  metadata: fields({ title: maybeText, price: cents, sku: maybeText }),
})
type Line = z.output<typeof line>

const shipment = z.object({ carrier: maybeText, number: maybeText, url: maybeText, delivered_at: maybeTime })

const order = z.object({
  id,
  app_order_id: maybeId,
  status: maybeWord,
  created_at: maybeTime,
  sent_to_production_at: maybeTime,
  total_price: cents,
  total_shipping: cents,
  metadata: fields({
    shop_order_id: maybeId,
    shop_order_label: maybeText,
    is_reprint: maybe(z.boolean()),
    reprinted_order_ids: ids,
  }),
  line_items: z.array(line),
  shipments: maybe(z.array(shipment)),
})
type Order = z.output<typeof order>

const isCancelled = ({ status }: { status: string | null }): boolean => status === 'canceled' || status === 'cancelled'
/** Printify takes the money when it starts to make an order. */
const PAID = new Set(['in-production', 'fulfilled', 'partially-fulfilled'])

/** Null if one of them is not known. */
const sumOf = (values: readonly (number | null)[]): number | null =>
  values.reduce<number | null>((sum, value) => (sum === null || value === null ? null : sum + value), 0)

const minorOf = (value: number | null, currency: string | null): number | null =>
  value === null ? null : moneyOf(() => fromCents(value, currency))

/** The cost of a line in hundredths, by a rule. */
const costOf = ({ cost, quantity: count }: Line, rule: OrderRecord['costRule']): number | null =>
  cost === null ? null : productOf(cost, rule === 'unit' ? count : 1)

/**
 * Printify does not document whether `cost` is of one piece or of the whole line. It is of the line where only that reading adds up to
 * the total; for one piece of each line it is both.
 */
function ruleOf({ line_items: lines, total_price: total }: Order): 'line' | 'unit' {
  const adds = (rule: 'line' | 'unit') => total !== null && sumOf(lines.map((one) => costOf(one, rule))) === total
  return adds('line') && !adds('unit') ? 'line' : 'unit'
}

/** What making and shipping an order costs, in hundredths; null where that is not known. Cancelled lines cost nothing. */
function orderCost({ line_items: lines, total_shipping: total }: Order, rule: 'line' | 'unit'): number | null {
  if (lines.length === 0) return null
  const made = lines.filter((one) => !isCancelled(one))
  if (made.length === 0) return 0
  const shipping = sumOf(made.map((one) => one.shipping_cost))
  return sumOf([...made.map((one) => costOf(one, rule)), shipping ?? total])
}

/** Stands for the replaced order where Printify does not name it, so that the cost of the reprint is kept apart all the same. */
const UNNAMED = 'unnamed'

function reprintOf({ metadata: { is_reprint: isReprint, reprinted_order_ids: replaced } }: Order): string | null {
  if (isReprint === false) return null
  return replaced[0] ?? (isReprint ? UNNAMED : null)
}

/** The order that a line belongs to. */
interface Context {
  orderId: string
  rule: 'line' | 'unit'
  currency: string | null
}

function lineOf(its: Line, place: number, { orderId, rule, currency }: Context, raw: Json): LineRecord {
  return {
    platformId: its.id ?? `${orderId}/${place}`,
    listingId: its.product_id,
    variantId: its.variant_id,
    sku: its.metadata.sku,
    title: its.metadata.title,
    status: its.status,
    quantity: its.quantity,
    currency,
    priceMinor: minorOf(its.metadata.price, currency),
    totalMinor: null,
    costMinor: minorOf(costOf(its, rule), currency),
    shippingCostMinor: minorOf(its.shipping_cost, currency),
    printProviderId: its.print_provider_id,
    raw,
  }
}

/** Shipments have no id. */
function shipmentOf(its: z.output<typeof shipment>, orderId: string, place: number, raw: Json): FulfillmentRecord {
  return {
    platformId: `${orderId}/${place}`,
    status: null,
    carrier: its.carrier,
    trackingNumber: its.number,
    trackingUrl: its.url,
    shippedAt: null,
    deliveredAt: its.delivered_at,
    raw,
  }
}

function orderOf(its: Order, currency: string | null, raw: Json): OrderRecord {
  const rule = ruleOf(its)
  const context = { orderId: its.id, rule, currency }
  return {
    platformId: its.id,
    number: its.app_order_id,
    status: its.status,
    createdAt: its.created_at,
    updatedAt: null,
    isCancelled: isCancelled(its),
    cancelledAt: null,
    currency,
    // In `total_price` some shops find what the buyer pays and others what they pay themselves: `raw` keeps it.
    totalMinor: null,
    subtotalMinor: null,
    shippingMinor: null,
    taxMinor: null,
    discountMinor: null,
    customerId: null,
    isPaid: its.sent_to_production_at !== null || PAID.has(its.status ?? ''),
    isTest: false,
    costMinor: minorOf(orderCost(its, rule), currency),
    costRule: rule,
    shopOrderId: its.metadata.shop_order_id === '0' ? null : its.metadata.shop_order_id,
    shopOrderLabel: its.metadata.shop_order_label?.trim() ?? null,
    reprintOf: reprintOf(its),
    lines: its.line_items.map((one, place) => lineOf(one, place, context, rawAt(raw, 'line_items', place))),
    fulfillments: (its.shipments ?? []).map((one, place) => shipmentOf(one, its.id, place, rawAt(raw, 'shipments', place))),
    refunds: [],
    raw,
  }
}

/** An order. @param currency of the account; null: not known */
export const readOrder = (raw: unknown, currency: string | null): OrderRecord | Reject =>
  readEntry({ kind: 'order', idName: 'id', schema: order, read: (its, json) => orderOf(its, currency, json) }, raw)

const variant = z.object({ id, sku: maybeText, title: maybeText, price: cents, cost: cents, is_enabled: maybe(z.boolean()) })
const product = z.object({
  id,
  title: maybeText,
  blueprint_id: maybeId,
  print_provider_id: maybeId,
  visible: maybe(z.boolean()),
  created_at: maybeTime,
  updated_at: maybeTime,
  external: fields({ id: maybeId }),
  variants: maybe(z.array(variant)),
})

/** What Printify's products do not tell themselves. */
export interface Surroundings {
  /** Of the account; null: not known. */
  currency: string | null
  /** Names of print providers by id, from the catalog. */
  providers: ReadonlyMap<string, string>
}

const variantOf = (its: z.output<typeof variant>, currency: string | null): VariantRecord => ({
  id: its.id,
  sku: its.sku,
  title: its.title,
  priceMinor: minorOf(its.price, currency),
  costMinor: minorOf(its.cost, currency),
  quantity: null,
  isEnabled: its.is_enabled,
})

function recordOf(its: z.output<typeof product>, { currency, providers }: Surroundings, raw: Json): ProductRecord {
  return {
    platformId: its.id,
    updatedAt: its.updated_at,
    title: its.title,
    blueprintId: its.blueprint_id,
    printProviderId: its.print_provider_id,
    printProvider: providers.get(its.print_provider_id ?? '') ?? null,
    externalId: its.external.id,
    isVisible: its.visible,
    createdAt: its.created_at,
    currency,
    variants: (its.variants ?? []).map((one) => variantOf(one, currency)),
    raw,
  }
}

/** A product with what its variants cost today. */
export const readProduct = (raw: unknown, surroundings: Surroundings): ProductRecord | Reject =>
  readEntry({ kind: 'product', idName: 'id', schema: product, read: (its, json) => recordOf(its, surroundings, json) }, raw)
