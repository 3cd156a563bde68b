import { createHash } from 'node:crypto'
import { BadControl } from '../base/input'
import { between, dice, mix } from '../base/random'
import { ITEMS, type Item, itemNamed, KEY } from './items'

export interface MarketOptions {
  seed: number
  /** Buy and sell orders of each item. */
  buys: number
  sells: number
  clock: () => number
}

export type Intent = 'buy' | 'sell'

/** A listing as the market knows it; moments in Unix seconds. */
export interface Offer {
  id: string
  steamid: string
  intent: Intent
  item: Item
  /** Of the item that is sold. */
  assetId?: string
  currencies: Record<string, number>
  details: string
  listedAt: number
  bumpedAt: number
  status: string
  /** Fields of the document that are replaced, at the top or in `item`. */
  odd?: Record<string, unknown>
  oddItem?: Record<string, unknown>
}

/** An item in somebody's inventory. */
export interface Asset {
  assetId: string
  defindex: number
  quality: number
}

export interface MarketEvent {
  id: string
  event: 'listing-update' | 'listing-delete'
  offer: Offer
}

const DAY_S = 86_400
const hashOf = (name: string): string => createHash('md5').update(name).digest('hex')
const steamIdOf = (n: number): string => (76_561_198_000_000_000n + BigInt(n)).toString()

/** Everything that is listed, who has what, and what happens to it. */
export class Market {
  private offers = new Map<string, Offer>()
  private inventories = new Map<string, Asset[]>()
  private listeners = new Set<(events: MarketEvent[]) => void>()
  private assets = 0
  private events = 0

  constructor(readonly options: MarketOptions) {
    this.reset()
  }

  reset(): void {
    this.offers.clear()
    this.inventories.clear()
    this.assets = 0
    const { buys, sells } = this.options
    for (const [place, item] of ITEMS.entries()) {
      for (let n = 0; n < buys; n++) this.put(item, 'buy', place * 10_000 + n)
      for (let n = 0; n < sells; n++) this.put(item, 'sell', place * 10_000 + 5_000 + n)
    }
  }

  /** The moment, Unix seconds. */
  now(): number {
    return Math.floor(this.options.clock() / 1000)
  }

  private put(item: Item, intent: Intent, n: number, at?: number, owner?: string): Offer {
    const roll = dice(mix(this.options.seed, 41, n))
    const steamid = owner ?? steamIdOf(mix(this.options.seed, 42, n) % 1_000_000_000)
    const price = item.price * (intent === 'buy' ? 0.8 + 0.15 * roll() : 1 + 0.3 * roll())
    const keys = Math.floor(price / KEY)
    const metal = Math.round((price % KEY) * 9) / 9
    const listedAt = at ?? this.now() - between(3_600, 30 * DAY_S, roll())
    const assetId = intent === 'sell' ? this.give(steamid, item) : undefined
    const offer: Offer = {
      id: assetId === undefined ? `440_${steamid}_${hashOf(item.name)}` : `440_${assetId}`,
      steamid,
      intent,
      item,
      assetId,
      currencies: { ...(keys > 0 ? { keys } : {}), ...(metal > 0 || keys === 0 ? { metal: Number(metal.toFixed(2)) } : {}) },
      details: intent === 'buy' ? `buying ${item.name}` : `selling ${item.name}`,
      listedAt,
      bumpedAt: at ?? listedAt + between(0, 3_600, roll()),
      status: 'active',
    }
    this.offers.set(offer.id, offer)
    return offer
  }

  /** Puts an item into an inventory. @returns its asset id */
  give(steamid: string, item: Pick<Item, 'defindex' | 'quality'>): string {
    const assetId = String(16_000_000_000 + (this.options.seed % 1000) * 1_000_000 + ++this.assets)
    this.inventories.set(steamid, [...this.inventory(steamid), { assetId, defindex: item.defindex, quality: item.quality.id }])
    return assetId
  }

  inventory(steamid: string): readonly Asset[] {
    return this.inventories.get(steamid) ?? []
  }

  find(id: string): Offer | undefined {
    return this.offers.get(id)
  }

  /** Live listings of a name, cheapest sell orders and dearest buy orders first. */
  listed(name: string): Offer[] {
    const worth = ({ currencies: { keys = 0, metal = 0 } }: Offer) => keys * KEY + metal
    const of = (intent: Intent) => [...this.offers.values()].filter((offer) => offer.item.name === name && offer.intent === intent)
    return [...of('sell').sort((a, b) => worth(a) - worth(b)), ...of('buy').sort((a, b) => worth(b) - worth(a))]
  }

  all(): Offer[] {
    return [...this.offers.values()]
  }

  /** Lists something new. @throws {BadControl} for an item that is not traded here */
  add(name: string, intent: Intent, more: Partial<Offer> = {}): Offer {
    const item = itemNamed(name)
    if (!item) throw new BadControl(`no item is called ${name}; there are: ${ITEMS.map((one) => one.name).join(', ')}`)
    const offer = { ...this.put(item, intent, 1_000_000 + this.events, this.now(), more.steamid), ...more }
    this.offers.set(offer.id, offer)
    this.tell('listing-update', offer)
    return offer
  }

  /** Changes a listing, which is told to whoever listens. @throws {BadControl} when there is no such listing */
  edit(id: string, change: Partial<Offer>): Offer {
    const offer = { ...this.known(id), bumpedAt: this.now(), ...change }
    this.offers.set(id, offer)
    this.tell('listing-update', offer)
    return offer
  }

  /** Moves a listing up in the list: nobody is told. */
  bump(id: string): void {
    this.offers.set(id, { ...this.known(id), bumpedAt: this.now() })
  }

  /** @throws {BadControl} when there is no such listing */
  remove(id: string, { silent = false } = {}): void {
    const offer = this.known(id)
    this.offers.delete(id)
    if (!silent) this.tell('listing-delete', offer)
  }

  private known(id: string): Offer {
    const offer = this.offers.get(id)
    if (!offer) throw new BadControl(`there is no listing ${id}`)
    return offer
  }

  /** An id as MongoDB makes them: seconds, then a number that rises. */
  private eventId(): string {
    return this.now().toString(16).padStart(8, '0') + (++this.events).toString(16).padStart(16, '0')
  }

  private tell(event: MarketEvent['event'], offer: Offer): void {
    const made = { id: this.eventId(), event, offer }
    for (const listener of this.listeners) listener([made])
  }

  /** @returns ends it */
  listen(listener: (events: MarketEvent[]) => void): () => void {
    this.listeners.add(listener)
    return () => this.listeners.delete(listener)
  }
}
