import { mix } from '../base/random'
import { buyerOf, type Channel, type User } from './people'
import type { Made } from './printify-orders'
import { PRINT_PROVIDERS, type Product } from './products'
import type { World } from './world'

/*
 * The documents of Printify's API. Money is in hundredths of a US dollar, which no document says.
 */

/** What sending a piece costs. */
const SHIPPING_CENTS = 400
/** Of one piece at the time of the order: not always today's price. */
export const costOf = (product: Product, variant: number, index: number): number =>
  (product.variants[variant]?.costCents ?? 0) - (index % 3) * 10
export const variantId = (product: Product, variant: number): number => 17_000 + product.number * 10 + variant

/** As Printify writes a time: `2017-04-18 13:24:28+00:00`. */
export const timeText = (at: number): string => new Date(at * 1000).toISOString().replace('T', ' ').replace('.000Z', '+00:00')
const maybeTime = (at: number | null): string | null => (at === null ? null : timeText(at))

export function productId(seed: number, user: User, channel: Channel, number: number): string {
  const part = (n: number) => mix(seed, 971, user.number, channel.length, number, n).toString(16).padStart(8, '0')
  return part(0) + part(1) + part(2)
}

/** How an order names the one in the shop. Etsy's label is the id again, Shopify's the order's name. */
function linkFields(channel: Channel, { link, sale }: Made): Record<string, unknown> {
  const label = channel === 'shopify' ? sale.name : String(sale.id)
  if (link === 'id') return { shop_order_id: sale.id, shop_order_label: label }
  if (link === 'text-id') return { shop_order_id: String(sale.id), shop_order_label: label }
  if (link === 'label') return { shop_order_label: label }
  return link === 'gone' ? { shop_order_id: sale.id + 900_000_000, shop_order_label: `${label}9` } : {}
}

export function orderOf(world: World, user: User, channel: Channel, made: Made) {
  const { sale, status } = made
  const { seed } = world.options
  const buyer = buyerOf(seed, user.shops[channel], sale.buyer)
  const times = { sent_to_production_at: maybeTime(made.sentAt), fulfilled_at: maybeTime(made.fulfilledAt) }
  const lines = made.lines.map((line, n) => {
    const product = world.products(user)[line.product] as Product
    const variant = product.variants[line.variant]
    return {
      id: `${made.id}-${n}`,
      product_id: productId(seed, user, channel, product.number),
      variant_id: variantId(product, line.variant),
      blueprint_id: product.blueprintId,
      print_provider_id: product.printProviderId,
      quantity: line.quantity,
      cost: costOf(product, line.variant, sale.index),
      shipping_cost: n === 0 ? SHIPPING_CENTS : SHIPPING_CENTS / 4,
      status,
      metadata: {
        title: product.title,
        price: variant?.cents ?? 0,
        variant_label: variant?.title ?? '',
        sku: variant?.sku ?? '',
        country: 'United States',
      },
      ...times,
    }
  })
  const sum = (of: (line: (typeof lines)[number]) => number) => lines.reduce((total, line) => total + of(line), 0)
  return {
    id: made.id,
    app_order_id: `${user.printify.shops[channel]}.${made.number}`,
    shop_id: user.printify.shops[channel],
    address_to: {
      first_name: buyer.firstName,
      last_name: buyer.lastName,
      region: '',
      address1: `${buyer.number} Sandbox Street`,
      city: 'Sandbox',
      zip: '00000',
      email: buyer.email,
      phone: '',
      country: buyer.country,
      company: '',
    },
    line_items: lines,
    metadata: {
      order_type: made.link === 'none' ? 'manual' : made.link === 'text-id' ? 'api' : 'external',
      ...linkFields(channel, made),
      shop_fulfilled_at: maybeTime(made.fulfilledAt),
      ...(made.reprintOf === undefined ? {} : { is_reprint: true, reprinted_order_ids: [made.reprintOf] }),
      ...(made.reprintedBy === undefined ? {} : { child_reprinted_order_ids: [made.reprintedBy] }),
    },
    total_price: sum(({ cost, quantity }) => cost * quantity),
    total_shipping: sum((line) => line.shipping_cost),
    total_tax: 0,
    status,
    shipping_method: 1,
    shipments:
      made.fulfilledAt === null
        ? []
        : [
            {
              carrier: 'usps',
              number: `94${made.sale.id}`,
              url: `https://tracking.example/94${made.sale.id}`,
              delivered_at: timeText(made.fulfilledAt + 3 * 86_400),
            },
          ],
    created_at: timeText(made.createdAt),
    ...times,
    printify_connect: { url: `https://connect.example/${made.id}`, id: made.id },
  }
}

/** Every 6th was moved by hand: it does not name the shop's product. */
const externalOf = ({ id, number }: Product): object => (number % 6 === 5 ? {} : { external: { id: String(id), handle: `product-${id}` } })

export function productDocument(world: World, user: User, channel: Channel, product: Product) {
  const variants = product.variants.map((variant) => ({
    id: variantId(product, variant.number),
    sku: variant.sku,
    cost: variant.costCents,
    price: variant.cents,
    title: variant.title,
    grams: 200,
    is_enabled: true,
    is_default: variant.number === 0,
    is_available: product.state !== 'sold_out',
    is_printify_express_eligible: false,
    options: [variant.number + 1],
  }))
  const ids = variants.map(({ id }) => id)
  return {
    id: productId(world.options.seed, user, channel, product.number),
    title: product.title,
    description: `${product.title}, made to order`,
    tags: ['sandbox'],
    options: [{ name: 'Sizes', type: 'size', values: product.variants.map(({ number, title }) => ({ id: number + 1, title })) }],
    variants,
    images: [{ src: `https://images.example/${product.id}.jpg`, variant_ids: ids, position: 'front', is_default: true }],
    created_at: timeText(product.createdAt),
    updated_at: timeText(product.updatedAt),
    visible: product.state === 'active',
    is_locked: false,
    blueprint_id: product.blueprintId,
    user_id: user.ownerId,
    shop_id: user.printify.shops[channel],
    print_provider_id: product.printProviderId,
    print_areas: [{ variant_ids: ids, placeholders: [], background: '#ffffff' }],
    sales_channel_properties: [],
    ...externalOf(product),
  }
}

export const providerOf = (id: number) => ({
  id,
  title: PRINT_PROVIDERS[id],
  location: { address1: `${id} Print Street`, city: 'Riga', country: 'LV', region: '', zip: 'LV-1001' },
})
export const blueprintOf = (id: number) => ({
  id,
  title: `Blueprint ${id}`,
  description: 'A thing to print on',
  brand: 'Sandbox',
  model: `M${id}`,
  images: [],
})
