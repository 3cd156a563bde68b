import { decimalOf } from './money'
import type { User } from './people'
import type { World } from './world'

/*
 * A Shopify shop as it is read, and how Shopify writes ids, times and amounts.
 */

export interface Store {
  world: World
  user: User
}

export const gid = (type: string, id: number | string): string => `gid://shopify/${type}/${id}`

/** @param at seconds since 1970 */
export const timeOf = (at: number): string => new Date(at * 1000).toISOString().replace('.000Z', 'Z')
export const maybeTime = (at: number | null): string | null => (at === null ? null : timeOf(at))

export const domainOf = ({ shops }: User): string => `${shops.shopify.name}.myshopify.com`

/** A Decimal: the shortest text with a decimal place, so `12.5` and `1234.0`. */
function shortest(minor: number, currency: string): string {
  const [whole, places = ''] = decimalOf(minor, currency).split('.')
  return `${whole}.${places.replace(/0+$/, '') || '0'}`
}

/** An amount in minor units, in the currency of the shop. */
export function moneyOf({ user }: Store, minor: number) {
  const currencyCode = user.shops.shopify.currency
  return { amount: shortest(minor, currencyCode), currencyCode }
}

/** The same in the currency of the shop and that of the buyer, who pays in the shop's. */
export function bagOf(store: Store, minor: number) {
  const money = moneyOf(store, minor)
  return { shopMoney: money, presentmentMoney: money }
}
