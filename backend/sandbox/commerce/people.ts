import { mix, pick } from '../base/random'

/*
 * Who sells and who buys. A seller has one shop on each channel, and a Printify account with one shop for each channel.
 */

/** Where a seller's shops are. */
export type Channel = 'etsy' | 'shopify'
export const CHANNELS: readonly Channel[] = ['etsy', 'shopify']

/** More sellers than this would share ids. */
export const MAX_USERS = 900

export interface Shop {
  channel: Channel
  id: number
  /** Lower case, also the first part of the Shopify domain. */
  name: string
  /** ISO 4217. */
  currency: string
  /** Seconds since 1970; no order is older. */
  createdAt: number
}

export interface User {
  /** From 0. */
  number: number
  /** The id in the product, a UUID. */
  id: string
  /** The owner of the shops, at Etsy and at Printify. */
  ownerId: number
  shops: Record<Channel, Shop>
  printify: { shops: Record<Channel, number> }
}

export interface Buyer {
  number: number
  /** At Etsy and at Shopify. */
  id: number
  firstName: string
  lastName: string
  email: string
  country: string
}

const DAY = 86_400
const YEARS = 3
const ETSY_CURRENCIES = ['USD', 'EUR', 'GBP', 'USD', 'JPY'] as const
const SHOPIFY_CURRENCIES = ['USD', 'EUR', 'KWD', 'GBP', 'USD'] as const
const FIRST_NAMES = ['Ada', 'Björn', 'Chioma', 'Dmitri', 'Elif', "D'Arcy", 'Frida', 'Goro'] as const
const LAST_NAMES = ['Lovelace', 'Åkesson', 'Okafor', 'Petrov', 'Yılmaz', "O'Neill", 'Kahlo', 'Tanaka'] as const
const COUNTRIES = ['US', 'DE', 'GB', 'CA', 'FR', 'JP', 'AU', 'KW'] as const

const hex = (seed: number, part: number, digits: number): string => mix(seed, 901, part).toString(16).padStart(8, '0').slice(0, digits)

function idOf(seed: number, number: number): string {
  const part = (n: number, digits: number) => hex(seed, number * 8 + n, digits)
  return `${part(0, 8)}-${part(1, 4)}-4${part(2, 3)}-a${part(3, 3)}-${part(4, 8)}${part(5, 4)}`
}

/** @param end where history ends, seconds since 1970 */
export function userOf(seed: number, number: number, end: number): User {
  const createdAt = end - YEARS * 365 * DAY - (mix(seed, 902, number) % (200 * DAY))
  const shop = (channel: Channel, id: number, currencies: readonly string[]): Shop => ({
    channel,
    id,
    name: `${channel}-shop-${number}`,
    currency: currencies[number % currencies.length] as string,
    createdAt,
  })
  return {
    number,
    id: idOf(seed, number),
    ownerId: 100_000 + number,
    shops: {
      etsy: shop('etsy', 20_000_000 + number, ETSY_CURRENCIES),
      shopify: shop('shopify', 60_000_000_000 + number, SHOPIFY_CURRENCIES),
    },
    printify: { shops: { etsy: 5000 + number * 2, shopify: 5001 + number * 2 } },
  }
}

/** Buyers of a shop are numbered from 0. */
export function buyerOf(seed: number, shop: Shop, number: number): Buyer {
  const roll = (salt: number) => mix(seed, salt, shop.id % 1_000_000_007, number) / 4294967296
  const [firstName, lastName] = [pick(FIRST_NAMES, roll(911)), pick(LAST_NAMES, roll(912))]
  return {
    number,
    id: (shop.id % 100_000) * 1_000_000 + 7_000_000_000_000 + number,
    firstName,
    lastName,
    email: `buyer-${number}@${shop.name}.example`,
    country: pick(COUNTRIES, roll(913)),
  }
}
