import { exponentOf, minorOf } from './money'
import { buyerOf, type Shop, type User } from './people'
import type { Product } from './products'
import { type Sale, type SaleLine, subtotalOf, totalOf } from './sales'
import type { World } from './world'

/*
 * The documents of Etsy's API, with every field that the published schema has.
 */

export const money = (amount: number, currency: string) => ({ amount, divisor: 10 ** exponentOf(currency), currency_code: currency })

/** Both names under which Etsy gives a time. */
const stamps = (createdAt: number, updatedAt: number) => ({
  create_timestamp: createdAt,
  created_timestamp: createdAt,
  update_timestamp: updatedAt,
  updated_timestamp: updatedAt,
})

/** In the words of the published schema. */
export function statusOf(sale: Sale): string {
  const refunded = sale.refunds.reduce((sum, { amount }) => sum + amount, 0)
  if (sale.cancelledAt !== null) return 'canceled'
  if (refunded >= totalOf(sale)) return 'fully refunded'
  if (refunded > 0) return 'partially refunded'
  if (sale.paidAt === null) return 'payment processing'
  return sale.shippedAt === null ? 'paid' : 'completed'
}

function transactionOf(world: World, { user, shop }: { user: User; shop: Shop }, sale: Sale, line: SaleLine) {
  const product = world.products(user)[line.product] as Product
  const variant = product.variants[line.variant]
  const size = { property_id: 100, property_name: 'Size' }
  return {
    transaction_id: line.id,
    title: product.title,
    description: `${product.title}, made to order`,
    seller_user_id: user.ownerId,
    buyer_user_id: buyerOf(world.options.seed, shop, sale.buyer).id,
    create_timestamp: sale.createdAt,
    created_timestamp: sale.createdAt,
    paid_timestamp: sale.paidAt,
    shipped_timestamp: sale.shippedAt,
    quantity: line.quantity,
    listing_image_id: product.id * 10 + 1,
    receipt_id: sale.id,
    is_digital: false,
    file_data: '',
    listing_id: product.id,
    transaction_type: 'listing',
    product_id: product.id * 10 + line.variant,
    sku: variant?.sku ?? null,
    price: money(line.price, shop.currency),
    shipping_cost: money(0, shop.currency),
    variations: [{ property_id: 100, value_id: line.variant + 1, formatted_name: 'Size', formatted_value: variant?.title ?? '' }],
    product_data: [{ ...size, scale_id: null, scale_name: null, value_ids: [line.variant + 1], values: [variant?.title ?? ''] }],
    shipping_profile_id: 500 + user.number,
    min_processing_days: 1,
    max_processing_days: 3,
    shipping_method: null,
    shipping_upgrade: null,
    expected_ship_date: sale.paidAt === null ? null : sale.paidAt + 3 * 86_400,
    buyer_coupon: 0,
    shop_coupon: 0,
  }
}

/** A receipt with its transactions, refunds and shipments. Addresses and the buyer's address of mail are withheld. */
export function receiptOf(world: World, place: { user: User; shop: Shop }, sale: Sale) {
  const { user, shop } = place
  const buyer = buyerOf(world.options.seed, shop, sale.buyer)
  const of = (amount: number) => money(amount, shop.currency)
  return {
    receipt_id: sale.id,
    receipt_type: 0,
    seller_user_id: user.ownerId,
    seller_email: `seller-${user.number}@sandbox.example`,
    buyer_user_id: buyer.id,
    buyer_email: null,
    name: `${buyer.firstName} ${buyer.lastName}`,
    first_line: null,
    second_line: null,
    city: null,
    state: null,
    zip: null,
    status: statusOf(sale),
    formatted_address: null,
    country_iso: buyer.country,
    payment_method: 'cc',
    payment_email: null,
    message_from_seller: null,
    message_from_buyer: sale.index % 10 === 3 ? 'Please gift-wrap 🎁' : '',
    message_from_payment: null,
    is_paid: sale.paidAt !== null,
    is_shipped: sale.shippedAt !== null,
    ...stamps(sale.createdAt, sale.updatedAt),
    is_gift: false,
    gift_message: '',
    gift_sender: '',
    grandtotal: of(totalOf(sale)),
    subtotal: of(subtotalOf(sale) - sale.discount),
    total_price: of(subtotalOf(sale)),
    total_shipping_cost: of(sale.shipping),
    total_tax_cost: of(sale.tax),
    total_vat_cost: of(0),
    discount_amt: of(sale.discount),
    gift_wrap_price: of(0),
    shipments:
      sale.shippedAt === null
        ? []
        : [
            {
              receipt_shipping_id: sale.id * 10,
              shipment_notification_timestamp: sale.shippedAt,
              carrier_name: 'usps',
              tracking_code: `94${sale.id}`,
            },
          ],
    transactions: sale.lines.map((line) => transactionOf(world, place, sale, line)),
    refunds: sale.refunds.map(({ at, amount }) => ({
      amount: of(amount),
      created_timestamp: at,
      reason: 'buyer request',
      note_from_issuer: null,
      status: 'success',
    })),
  }
}

export function listingOf({ user, shop }: { user: User; shop: Shop }, product: Product) {
  const { createdAt, updatedAt } = product
  return {
    listing_id: product.id,
    user_id: user.ownerId,
    shop_id: shop.id,
    title: product.title,
    description: `${product.title}, made to order`,
    state: product.state,
    creation_timestamp: createdAt,
    created_timestamp: createdAt,
    ending_timestamp: createdAt + 120 * 86_400,
    original_creation_timestamp: createdAt,
    last_modified_timestamp: updatedAt,
    updated_timestamp: updatedAt,
    state_timestamp: updatedAt,
    quantity: product.state === 'sold_out' ? 0 : 100,
    shop_section_id: null,
    featured_rank: -1,
    url: `https://www.etsy.com/listing/${product.id}`,
    num_favorers: product.number % 7,
    non_taxable: false,
    is_taxable: true,
    is_customizable: false,
    is_personalizable: false,
    personalization_is_required: false,
    personalization_char_count_max: null,
    personalization_instructions: null,
    listing_type: 'physical',
    tags: ['sandbox', 'gift'],
    materials: [],
    shipping_profile_id: 500 + user.number,
    return_policy_id: 1,
    processing_min: 1,
    processing_max: 3,
    who_made: 'i_did',
    when_made: 'made_to_order',
    is_supply: false,
    item_weight: null,
    item_weight_unit: null,
    item_length: null,
    item_width: null,
    item_height: null,
    item_dimensions_unit: null,
    is_private: false,
    style: [],
    file_data: '',
    has_variations: product.variants.length > 1,
    should_auto_renew: true,
    language: 'en',
    price: money(minorOf(product.variants[0]?.cents ?? 0, shop.currency), shop.currency),
    taxonomy_id: 1000 + product.blueprintId,
  }
}

export function shopOf(world: World, { user, shop }: { user: User; shop: Shop }) {
  const sales = world.sales(user, 'etsy')
  return {
    shop_id: shop.id,
    user_id: user.ownerId,
    shop_name: shop.name,
    create_date: shop.createdAt,
    created_timestamp: shop.createdAt,
    title: null,
    announcement: null,
    currency_code: shop.currency,
    is_vacation: false,
    update_date: shop.createdAt,
    updated_timestamp: shop.createdAt,
    listing_active_count: world.products(user).filter(({ state }) => state === 'active').length,
    digital_listing_count: 0,
    login_name: shop.name,
    url: `https://www.etsy.com/shop/${shop.name}`,
    num_favorers: 12,
    languages: ['en'],
    transaction_sold_count: sales.reduce((sum, { lines, paidAt }) => sum + (paidAt === null ? 0 : lines.length), 0),
    shop_location_country_iso: 'US',
    review_count: null,
    review_average: null,
  }
}
