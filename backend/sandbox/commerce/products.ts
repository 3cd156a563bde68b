import { between, mix } from '../base/random'
import type { User } from './people'

/*
 * What a seller offers. The same product is a listing at Etsy, a product at Shopify and, where it is printed, one at Printify.
 */

export interface Variant {
  /** Within the product, from 0. */
  number: number
  title: string
  sku: string
  /** In hundredths of a US dollar. */
  cents: number
  /** What printing one costs today, in the currency of the Printify account: hundredths of a US dollar. */
  costCents: number
}

export interface Product {
  /** Within the seller's products, from 0. */
  number: number
  /** At Etsy and at Shopify. */
  id: number
  title: string
  state: 'active' | 'inactive' | 'sold_out' | 'draft' | 'expired'
  isPrinted: boolean
  blueprintId: number
  printProviderId: number
  variants: Variant[]
  /** Seconds since 1970. */
  createdAt: number
  updatedAt: number
}

const THINGS = [
  'Mug 11oz',
  'Unisex Tee',
  'Tote Bag',
  'Poster 30×40',
  'Sticker Sheet',
  'Hoodie “Nord”',
  "Kid's Apron",
  'Phone Case 📱',
] as const
const SIZES = ['S', 'M', 'L', 'XL'] as const

/** Print providers of the catalog, by id. */
export const PRINT_PROVIDERS: Record<number, string> = { 5: 'Print Works', 9: 'Mug Makers', 29: 'Monster Press', 99: 'Provider “99”' }
const PROVIDER_IDS = Object.keys(PRINT_PROVIDERS).map(Number)

/** Most products are listed; every 9th is sold out, every 13th expired, every 17th a draft, every 19th inactive. */
function stateOf(number: number): Product['state'] {
  if (number % 9 === 8) return 'sold_out'
  if (number % 13 === 12) return 'expired'
  if (number % 17 === 16) return 'draft'
  return number % 19 === 18 ? 'inactive' : 'active'
}

export function productOf(seed: number, { number: user, shops }: User, number: number): Product {
  const roll = (salt: number) => mix(seed, salt, user, number)
  const id = 1_000_000_000 + user * 100_000 + number
  const thing = number % THINGS.length
  const count = between(1, SIZES.length, roll(921) / 4294967296)
  const base = 900 + (roll(922) % 40) * 75
  const createdAt = shops.etsy.createdAt + number * 3600
  return {
    number,
    id,
    title: `${THINGS[thing]} no. ${number}`,
    state: stateOf(number),
    isPrinted: number % 4 !== 3,
    blueprintId: 60 + thing,
    printProviderId: PROVIDER_IDS[thing % PROVIDER_IDS.length] as number,
    variants: Array.from({ length: count }, (_, n) => ({
      number: n,
      title: SIZES[n] as string,
      sku: `SKU-${user}-${number}-${n}`,
      cents: base + n * 250,
      costCents: Math.round(base * 0.45) + n * 110,
    })),
    createdAt,
    updatedAt: createdAt + (roll(923) % 8_000_000),
  }
}
