import { dice, mix, pick } from '../base/random'
import { minorOf } from './money'
import type { Shop, User } from './people'
import type { Product } from './products'

/*
 * What was sold: an order in the form from which every platform's own is made. Times are seconds since 1970,
 * amounts minor units of the shop's currency.
 */

/** Ids of a shop's orders follow each other; more orders than this would reach the next shop's. */
export const MAX_ORDERS = 900_000

export interface SaleLine {
  /** Unique over all orders of the channel: Etsy's transaction, Shopify's line item. */
  id: number
  /** `Product.number`. */
  product: number
  /** `Variant.number`. */
  variant: number
  quantity: number
  /** Of one piece. */
  price: number
}

export interface Refund {
  id: number
  at: number
  amount: number
  /** Which lines, by their place in the sale; empty where only money went back. */
  lines: { line: number; quantity: number }[]
}

export interface Sale {
  /** In the shop, oldest first, from 0. */
  index: number
  /** Etsy's receipt id; Shopify's legacy id. */
  id: number
  /** Shopify's order name. */
  name: string
  createdAt: number
  updatedAt: number
  /** Null where the buyer never paid. */
  paidAt: number | null
  shippedAt: number | null
  cancelledAt: number | null
  /** `Buyer.number` of the shop. */
  buyer: number
  lines: SaleLine[]
  shipping: number
  tax: number
  discount: number
  refunds: Refund[]
  /** Whether its printed products were made by Printify under the order's id. */
  isPrinted: boolean
}

const FIRST_IDS = { etsy: 3_000_000_000, shopify: 5_000_000_000_000 } as const
const DAY = 86_400
/** Lines of the one order that is larger than a page of lines or refund lines. */
const MANY_LINES = 300
const MANY_REFUNDED = 260
/** Which order that is, where the world has oddities and so many orders. */
const MANY_LINES_AT = 7

export const saleId = ({ number }: User, shop: Shop, index: number): number => FIRST_IDS[shop.channel] + number * 1_000_000 + index

/** What the buyer pays. */
export function totalOf({ lines, shipping, tax, discount }: Sale): number {
  return subtotalOf({ lines }) + shipping + tax - discount
}
export const subtotalOf = ({ lines }: Pick<Sale, 'lines'>): number => lines.reduce((sum, { quantity, price }) => sum + quantity * price, 0)

interface Making {
  seed: number
  user: User
  shop: Shop
  products: Product[]
  oddities: boolean
}

function linesOf({ user, shop, products, seed, oddities }: Making, index: number): SaleLine[] {
  const roll = dice(mix(seed, 931, user.number, shop.channel.length, index))
  const isLarge = oddities && index === MANY_LINES_AT
  const count = isLarge ? MANY_LINES : 1 + Math.floor(roll() ** 3 * 4)
  return Array.from({ length: count }, (_, n) => {
    const product = pick(products, roll())
    const variant = pick(product.variants, roll())
    return {
      id: (FIRST_IDS[shop.channel] + user.number * 1_000_000 + index) * 1000 + n,
      product: product.number,
      variant: variant.number,
      quantity: isLarge ? 1 : 1 + Math.floor(roll() ** 4 * 3),
      price: minorOf(variant.cents, shop.currency),
    }
  })
}

/** A sale made at a time; @param end nothing of it happens later */
export function saleOf(making: Making, index: number, createdAt: number, end: number): Sale {
  const { seed, user, shop, oddities } = making
  const roll = dice(mix(seed, 932, user.number, shop.channel.length, index))
  const lines = linesOf(making, index)
  const isLarge = oddities && index === MANY_LINES_AT
  const isUnpaid = roll() < 0.03 && !isLarge
  const fate = isLarge ? 1 : roll()
  const later = (days: number) => Math.min(end, createdAt + Math.floor(roll() * days * DAY))
  const paidAt = isUnpaid ? null : Math.min(end, createdAt + 5)
  const cancelledAt = fate < 0.03 ? later(3) : null
  const shippedAt = isUnpaid || cancelledAt !== null ? null : later(9)
  const subtotal = subtotalOf({ lines })
  const sale: Sale = {
    index,
    id: saleId(user, shop, index),
    name: `#${1001 + index}`,
    createdAt,
    updatedAt: Math.max(createdAt, paidAt ?? 0, cancelledAt ?? 0, shippedAt ?? 0),
    paidAt,
    shippedAt,
    cancelledAt,
    buyer: Math.floor(roll() ** 2 * (1 + index / 2)),
    lines,
    shipping: roll() < 0.3 ? 0 : minorOf(499, shop.currency),
    tax: roll() < 0.5 ? 0 : Math.round(subtotal * 0.08),
    discount: roll() < 0.8 ? 0 : Math.floor(subtotal * 0.1),
    refunds: [],
    isPrinted: roll() < 0.6,
  }
  if (isLarge) return withRefund(sale, { at: later(20), lines: lines.slice(0, MANY_REFUNDED).map((_, line) => ({ line, quantity: 1 })) })
  if (isUnpaid || (fate >= 0.07 && cancelledAt === null)) return sale
  const at = cancelledAt ?? later(20)
  const isWhole = cancelledAt !== null || fate < 0.05
  return withRefund(sale, isWhole ? { at, amount: totalOf(sale), lines: wholeLines(sale) } : { at, lines: [{ line: 0, quantity: 1 }] })
}

export const wholeLines = ({ lines }: Sale): Refund['lines'] => lines.map(({ quantity }, line) => ({ line, quantity }))

/** The sale with one more refund; without an amount that of its lines. The time of the last update is the later one. */
export function withRefund(sale: Sale, { at, lines, amount }: { at: number; lines: Refund['lines']; amount?: number }): Sale {
  const worth = lines.reduce((sum, { line, quantity }) => sum + quantity * (sale.lines[line]?.price ?? 0), 0)
  const refund: Refund = { id: sale.id * 10 + sale.refunds.length, at, amount: amount ?? worth, lines }
  return { ...sale, refunds: [...sale.refunds, refund], updatedAt: Math.max(sale.updatedAt, at) }
}
