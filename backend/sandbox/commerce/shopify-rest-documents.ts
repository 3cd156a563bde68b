import { decimalOf } from './money'
import { buyerOf } from './people'
import type { Product, Variant } from './products'
import { type Refund, type Sale, subtotalOf, totalOf } from './sales'
import type { Customer } from './shopify-customers'
import { financialStatusOf, isTest, refundLineId } from './shopify-orders'
import { handleOf, priceOf, statusOf, stockOf, variantId } from './shopify-products'
import { bagOf, gid, type Store } from './shopify-store'

/*
 * The documents of Shopify's REST API: names in snake case, ids as numbers, times in the zone of the shop.
 */

const ZONE_SECONDS = -5 * 3600

/** As REST writes a time: `2024-01-02T19:00:00-05:00`. */
export const zonedTime = (at: number): string => new Date((at + ZONE_SECONDS) * 1000).toISOString().replace('.000Z', '-05:00')
const maybeZoned = (at: number | null): string | null => (at === null ? null : zonedTime(at))
const amountOf = ({ user }: Store, minor: number): string => decimalOf(minor, user.shops.shopify.currency)

function restLine(store: Store, sale: Sale, index: number) {
  const line = sale.lines[index] as Sale['lines'][number]
  const product = store.world.products(store.user)[line.product] as Product
  const variant = product.variants[line.variant] as Variant
  return {
    id: line.id,
    admin_graphql_api_id: gid('LineItem', line.id),
    product_id: product.id,
    variant_id: variantId(product, variant),
    sku: variant.sku,
    title: product.title,
    variant_title: variant.title,
    name: `${product.title} - ${variant.title}`,
    quantity: line.quantity,
    price: amountOf(store, line.price),
    total_discount: amountOf(store, 0),
    vendor: store.user.shops.shopify.name,
    fulfillment_status: sale.shippedAt === null ? null : 'fulfilled',
  }
}

/** What was charged, then each refund that gave money back. */
export function restTransactions(store: Store, sale: Sale) {
  if (sale.paidAt === null) return []
  const one = (n: number, kind: string, at: number, amount: number) => ({
    id: sale.id * 10 + n,
    admin_graphql_api_id: gid('OrderTransaction', sale.id * 10 + n),
    order_id: sale.id,
    parent_id: n === 0 ? null : sale.id * 10,
    kind,
    status: 'success',
    gateway: 'shopify_payments',
    amount: amountOf(store, amount),
    currency: store.user.shops.shopify.currency,
    created_at: zonedTime(at),
    processed_at: zonedTime(at),
    test: isTest(store, sale),
  })
  const refunds = sale.refunds.map(({ at, amount }, n) => ({ at, amount, n: n + 1 })).filter(({ amount }) => amount > 0)
  return [one(0, 'sale', sale.paidAt, totalOf(sale)), ...refunds.map(({ n, at, amount }) => one(n, 'refund', at, amount))]
}

function restRefund(store: Store, sale: Sale, refund: Refund) {
  const number = sale.refunds.indexOf(refund)
  return {
    id: refund.id,
    admin_graphql_api_id: gid('Refund', refund.id),
    order_id: sale.id,
    created_at: zonedTime(refund.at),
    processed_at: zonedTime(refund.at),
    note: null,
    refund_line_items: refund.lines.map(({ line, quantity }) => {
      const item = restLine(store, sale, line)
      const subtotal = quantity * (sale.lines[line]?.price ?? 0)
      return {
        id: refundLineId(refund, line),
        line_item_id: item.id,
        quantity,
        subtotal: Number(amountOf(store, subtotal)),
        total_tax: 0,
        line_item: item,
      }
    }),
    transactions: restTransactions(store, sale).filter(({ id }) => id === sale.id * 10 + 1 + number),
  }
}

export function restOrder(store: Store, sale: Sale) {
  const { world, user } = store
  const { shopify } = user.shops
  const buyer = buyerOf(world.options.seed, shopify, sale.buyer)
  const shippedAt = maybeZoned(sale.shippedAt)
  return {
    id: sale.id,
    admin_graphql_api_id: gid('Order', sale.id),
    name: sale.name,
    number: 1 + sale.index,
    order_number: 1001 + sale.index,
    created_at: zonedTime(sale.createdAt),
    updated_at: zonedTime(sale.updatedAt),
    processed_at: zonedTime(sale.createdAt),
    cancelled_at: maybeZoned(sale.cancelledAt),
    cancel_reason: sale.cancelledAt === null ? null : 'customer',
    closed_at: shippedAt,
    test: isTest(store, sale),
    currency: shopify.currency,
    presentment_currency: shopify.currency,
    financial_status: financialStatusOf(sale).toLowerCase(),
    fulfillment_status: sale.shippedAt === null ? null : 'fulfilled',
    source_name: 'web',
    tags: '',
    note: null,
    email: buyer.email,
    taxes_included: false,
    total_price: amountOf(store, totalOf(sale)),
    subtotal_price: amountOf(store, subtotalOf(sale) - sale.discount),
    total_line_items_price: amountOf(store, subtotalOf(sale)),
    total_tax: amountOf(store, sale.tax),
    total_discounts: amountOf(store, sale.discount),
    total_shipping_price_set: restBag(store, sale.shipping),
    customer: { id: buyer.id, email: buyer.email, first_name: buyer.firstName, last_name: buyer.lastName },
    line_items: sale.lines.map((_, index) => restLine(store, sale, index)),
    refunds: sale.refunds.map((refund) => restRefund(store, sale, refund)),
    fulfillments:
      sale.shippedAt === null
        ? []
        : [
            {
              id: sale.id,
              order_id: sale.id,
              status: 'success',
              created_at: shippedAt,
              tracking_company: 'USPS',
              tracking_number: `92${sale.id}`,
              tracking_url: `https://tracking.example/92${sale.id}`,
            },
          ],
  }
}

function restBag(store: Store, minor: number) {
  const { currencyCode } = bagOf(store, minor).shopMoney
  const money = { amount: amountOf(store, minor), currency_code: currencyCode }
  return { shop_money: money, presentment_money: money }
}

export const restProduct = (store: Store, product: Product) => ({
  id: product.id,
  admin_graphql_api_id: gid('Product', product.id),
  title: product.title,
  handle: handleOf(product),
  status: statusOf(product).toLowerCase(),
  vendor: store.user.shops.shopify.name,
  product_type: product.title.split(' ')[0],
  tags: 'sandbox',
  created_at: zonedTime(product.createdAt),
  updated_at: zonedTime(product.updatedAt),
  variants: product.variants.map((variant) => ({
    id: variantId(product, variant),
    product_id: product.id,
    sku: variant.sku,
    title: variant.title,
    price: priceOf(store, variant),
    compare_at_price: null,
    inventory_item_id: variantId(product, variant),
    inventory_quantity: stockOf(product),
    created_at: zonedTime(product.createdAt),
    updated_at: zonedTime(product.updatedAt),
  })),
})

export const restCustomer = (store: Store, { buyer, createdAt, updatedAt, orders, spent }: Customer) => ({
  id: buyer.id,
  admin_graphql_api_id: gid('Customer', buyer.id),
  email: buyer.email,
  first_name: buyer.firstName,
  last_name: buyer.lastName,
  created_at: zonedTime(createdAt),
  updated_at: zonedTime(updatedAt),
  orders_count: orders,
  total_spent: amountOf(store, spent),
  currency: store.user.shops.shopify.currency,
  state: 'disabled',
  tags: '',
  default_address: { id: buyer.id, city: 'Sandbox', province_code: null, country_code: buyer.country, zip: '00000' },
})

export function restShop({ user }: Store) {
  const { shopify } = user.shops
  return {
    id: shopify.id,
    name: shopify.name,
    email: `owner@${shopify.name}.example`,
    myshopify_domain: `${shopify.name}.myshopify.com`,
    currency: shopify.currency,
    iana_timezone: 'America/New_York',
    created_at: zonedTime(shopify.createdAt),
    plan_name: 'basic',
  }
}
