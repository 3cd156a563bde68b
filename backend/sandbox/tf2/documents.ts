import { KEY } from './items'
import type { MarketEvent, Offer } from './market'

/*
 * Listings as backpack.tf writes them: whole ones in getListing and events, short ones in snapshots.
 */

const worthOf = ({ currencies: { keys = 0, metal = 0 } }: Offer): number => Number((keys * KEY + metal).toFixed(2))

const longOf = ({ currencies: { keys, metal } }: Offer): string =>
  [keys === undefined ? '' : `${keys} key${keys === 1 ? '' : 's'}`, metal === undefined ? '' : `${metal} ref`].filter(Boolean).join(', ')

/** The whole listing. */
export function documentOf(offer: Offer): Record<string, unknown> {
  const { item } = offer
  const isBuy = offer.intent === 'buy'
  return {
    id: offer.id,
    steamid: offer.steamid,
    appid: 440,
    currencies: offer.currencies,
    value: { raw: worthOf(offer), short: longOf(offer).split(',')[0], long: longOf(offer) },
    tradeOffersPreferred: true,
    buyoutOnly: true,
    details: offer.details,
    listedAt: offer.listedAt,
    bumpedAt: offer.bumpedAt,
    intent: offer.intent,
    count: 1,
    status: offer.status,
    source: 'userAgent',
    item: {
      appid: 440,
      baseName: item.name,
      defindex: isBuy ? item.buyAs : item.defindex,
      id: offer.assetId ?? '',
      marketName: item.marketName,
      name: item.name,
      origin: null,
      originalId: '',
      price: [],
      quality: item.quality,
      ...(item.particle ? { particle: item.particle, priceindex: String(item.particle.id) } : {}),
      summary: `Level 1 ${item.name}`,
      class: [],
      slot: 'misc',
      tradable: true,
      craftable: true,
      ...offer.oddItem,
    },
    userAgent: { client: 'sandbox trader', lastPulse: offer.bumpedAt },
    user: {
      id: offer.steamid,
      name: `trader ${offer.steamid.slice(-6)}`,
      premium: false,
      online: true,
      banned: false,
      role: null,
      tradeOfferUrl: `https://steamcommunity.com/tradeoffer/new/?partner=${offer.steamid.slice(-8)}&token=sandbox0`,
      bans: [],
    },
    ...offer.odd,
  }
}

/** A listing in a snapshot. @param hasAssetIds whether sell orders name their item */
export function shortOf(offer: Offer, hasAssetIds: boolean): Record<string, unknown> {
  const isBuy = offer.intent === 'buy'
  return {
    steamid: offer.steamid,
    offers: 1,
    buyout: 1,
    details: offer.details,
    intent: offer.intent,
    timestamp: offer.listedAt,
    price: worthOf(offer),
    item: {
      ...(isBuy || !hasAssetIds ? {} : { id: Number(offer.assetId), original_id: Number(offer.assetId) }),
      defindex: isBuy ? offer.item.buyAs : offer.item.defindex,
      quality: offer.item.quality.id,
      ...(isBuy ? { quantity: '1' } : { level: 1, inventory: 2147483688, origin: 8 }),
    },
    currencies: offer.currencies,
    bump: offer.bumpedAt,
    userAgent: { lastPulse: offer.bumpedAt, client: 'sandbox trader' },
  }
}

/** An event as the websocket sends it. */
export const eventOf = ({ id, event, offer }: MarketEvent): Record<string, unknown> => ({ id, event, payload: documentOf(offer) })
