import { decimalOf, minorOf } from './money'
import type { Product, Variant } from './products'
import { type Doc, listed } from './shopify-connection'
import { gid, moneyOf, type Store, timeOf } from './shopify-store'

export const variantId = (product: Product, { number }: Variant): number => product.id * 10 + number
export const handleOf = ({ id }: Product): string => `product-${id}`

/** What is neither active nor a draft is archived; what is sold out is still for sale. */
export function statusOf({ state }: Product): string {
  if (state === 'active' || state === 'sold_out') return 'ACTIVE'
  return state === 'draft' ? 'DRAFT' : 'ARCHIVED'
}
export const stockOf = ({ state }: Product): number => (state === 'sold_out' ? 0 : 25)
/** Of one piece, as decimal text in the currency of the shop. */
export function priceOf({ user }: Store, { cents }: Variant): string {
  const { currency } = user.shops.shopify
  return decimalOf(minorOf(cents, currency), currency)
}

export function variantDoc(store: Store, product: Product, variant: Variant): Doc {
  const id = variantId(product, variant)
  return {
    __typename: 'ProductVariant',
    id: gid('ProductVariant', id),
    legacyResourceId: String(id),
    sku: variant.sku,
    title: variant.title,
    price: priceOf(store, variant),
    compareAtPrice: null,
    barcode: null,
    inventoryQuantity: stockOf(product),
    createdAt: timeOf(product.createdAt),
    updatedAt: timeOf(product.updatedAt),
    product: () => productDoc(store, product),
    inventoryItem: () => ({
      __typename: 'InventoryItem',
      id: gid('InventoryItem', id),
      tracked: true,
      unitCost: product.isPrinted ? moneyOf(store, minorOf(variant.costCents, store.user.shops.shopify.currency)) : null,
    }),
  }
}

export function productDoc(store: Store, product: Product): Doc {
  return {
    __typename: 'Product',
    id: gid('Product', product.id),
    legacyResourceId: String(product.id),
    title: product.title,
    handle: handleOf(product),
    status: statusOf(product),
    vendor: store.user.shops.shopify.name,
    productType: product.title.split(' ')[0],
    tags: ['sandbox'],
    createdAt: timeOf(product.createdAt),
    updatedAt: timeOf(product.updatedAt),
    variants: listed(() => product.variants.map((variant) => variantDoc(store, product, variant))),
  }
}
