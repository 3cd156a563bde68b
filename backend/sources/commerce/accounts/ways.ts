import { Refused } from '../../../base/errors'
import { parsed } from '../../../contract'
import { etsyWay } from '../etsy/way'
import { params } from '../params'
import { printifyWay } from '../printify/way'
import { shopifyWay } from '../shopify/way'
import { PLATFORMS, type Platform } from '../store/records'
import type { Shop, Way } from './way'

export const WAYS: Readonly<Record<Platform, Way>> = { etsy: etsyWay, shopify: shopifyWay, printify: printifyWay }

/** @throws {Refused} `input` for a platform that there is not */
export function wayOf(name: string): { platform: Platform; way: Way } {
  const platform = PLATFORMS.find((one) => one === name)
  if (platform) return { platform, way: WAYS[platform] }
  throw new Refused(
    'input',
    `There is no platform ${JSON.stringify(name.slice(0, 60))}: the platforms are ${PLATFORMS.join(', ')}.`,
    'platform',
  )
}

/** @throws {Refused} `input` for a text that is no id of a user */
export const knownUserId = (text: string): string => parsed(params.pick({ userId: true }), { userId: text }).userId

/** The currency that a person names. @throws {Refused} `input` naming `currency` */
export function currencyIn(way: Way, text: string | undefined): string | null {
  if (text === undefined) return null
  if (!way.hasNoCurrency) throw new Refused('input', `currency is not for ${way.name}, which tells it itself: leave it out.`, 'currency')
  const code = text.trim().toUpperCase()
  if (Intl.supportedValuesOf('currency').includes(code)) return code
  throw new Refused('input', `currency must be a code of ISO 4217 such as USD, got ${JSON.stringify(text.slice(0, 20))}.`, 'currency')
}

/** Shops with the currency that a person named, where the platform tells none. */
export const withCurrency = (shops: readonly Shop[], currency: string | null): Shop[] =>
  shops.map((shop) => ({ ...shop, currency: shop.currency ?? currency }))

/** The shop that a connection begins with; null where the platform tells it. @throws {Refused} `input` naming `shop` */
export function shopIdIn(way: Way, shop: string | undefined): string | null {
  if (way.shopIdOf) {
    if (shop !== undefined) return way.shopIdOf(shop)
    throw new Refused('input', `shop is missing: ${way.name} needs the address of the shop, such as ${way.shop}.`, 'shop')
  }
  if (shop === undefined) return null
  throw new Refused('input', `shop is not for ${way.name}, which tells the shop itself: leave it out.`, 'shop')
}
