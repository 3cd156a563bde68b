import { createHash } from 'node:crypto'

/*
 * Ids of listings: a sell order's is that of its item, a buy order's is made of the buyer and the item's name.
 */

export const APP = 440

export type Intent = 'buy' | 'sell'

/** MD5 of a name's UTF-8 bytes, lowercase hex. */
export const hashOf = (name: string): string => createHash('md5').update(name, 'utf8').digest('hex')

/** @param assetId of the item in its seller's inventory; it is another after each trade */
export const sellId = (assetId: string): string => `${APP}_${assetId}`

/** @param name the item's display name (`item.name`), which for an Unusual is not its market name */
export const buyId = (steamId: string, name: string): string => `${APP}_${steamId}_${hashOf(name)}`

const SELL = /^440_\d{1,20}$/
const BUY = /^440_\d{17}_[0-9a-f]{32}$/

/** Whose id this may be; undefined for one of another app or shape. */
export function intentOf(id: string): Intent | undefined {
  if (SELL.test(id)) return 'sell'
  return BUY.test(id) ? 'buy' : undefined
}
