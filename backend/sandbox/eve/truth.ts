import { gameHash } from './hash'
import type { Listing } from './listing'
import { parsePath } from './query'
import type { Register } from './register'
import type { Item, Killmail, Listed } from './shapes'

export interface TruthFilter {
  characterId?: number
  corporationId?: number
  allianceId?: number
  side?: 'kills' | 'losses'
  /** By killmail_time: from included, to excluded. */
  from?: Date
  to?: Date
  /** Leaves out what ESI cannot serve. */
  servable?: boolean
}
export interface TrueKillmail {
  id: number
  /** The game's hash; `CCP VERIFIED` where the listing says so and ESI has nothing. */
  hash: string
  time: string
  /** ESI cannot serve it. */
  handMade: boolean
}
export interface TruthSums {
  killmails: number
  attackers: number
  /** Those inside containers too. */
  items: number
  damageTaken: number
  totalValue: number
}

const countItems = (items: Item[]): number => items.reduce((sum, item) => sum + 1 + countItems(item.items ?? []), 0)

/** What a complete backfill must have found. Killmails younger than 300 s are not listed yet and left out. */
export class Truth {
  constructor(
    private readonly register: Register,
    private readonly listing: Listing,
    private readonly clock: () => number,
  ) {}

  private async *walk(filter: TruthFilter) {
    const entity = filter.characterId
      ? `characterID/${filter.characterId}`
      : filter.corporationId
        ? `corporationID/${filter.corporationId}`
        : `allianceID/${filter.allianceId}`
    const query = parsePath(`/${entity}/${filter.side ? `${filter.side}/` : ''}`, 9999)
    const listedUntil = this.clock() - 300_000
    let n = 0
    for (const place of await this.listing.places(query)) {
      // Whoever asks in the middle of a run must not make other arrivals look late.
      if (++n % 50 === 0) await new Promise(setImmediate)
      if (filter.servable && this.register.world.isHandMade(place.k)) continue
      const fits =
        place.time <= listedUntil &&
        (!filter.from || place.time >= filter.from.getTime()) &&
        (!filter.to || place.time < filter.to.getTime())
      if (fits) yield place
    }
  }

  async count(filter: TruthFilter): Promise<number> {
    let count = 0
    for await (const _ of this.walk(filter)) count++
    return count
  }

  /** Newest first. */
  async ids(filter: TruthFilter): Promise<number[]> {
    const ids: number[] = []
    for await (const place of this.walk(filter)) ids.push(place.id)
    return ids
  }

  /** Newest first, a part at a time. */
  async killmails(filter: TruthFilter, offset = 0, most = Number.POSITIVE_INFINITY): Promise<TrueKillmail[]> {
    const found: TrueKillmail[] = []
    let n = 0
    for await (const place of this.walk(filter)) {
      if (n++ < offset) continue
      if (found.length >= most) break
      const body = this.register.body(place)
      const handMade = this.register.world.isHandMade(place.k)
      found.push({ id: place.id, hash: handMade ? 'CCP VERIFIED' : gameHash(body), time: body.killmail_time, handMade })
    }
    return found
  }

  async sums(filter: TruthFilter): Promise<TruthSums> {
    const sums = { killmails: 0, attackers: 0, items: 0, damageTaken: 0, totalValue: 0 }
    for await (const place of this.walk(filter)) {
      const { attackers, victim, zkb } = this.register.listed(place)
      sums.killmails++
      sums.attackers += attackers.length
      sums.items += countItems(victim.items)
      sums.damageTaken += victim.damage_taken
      sums.totalValue += zkb.totalValue
    }
    return { ...sums, totalValue: Math.round(sums.totalValue * 100) / 100 }
  }

  /** Every id the killmails name, by kind. */
  async entities(
    filter: TruthFilter,
  ): Promise<{ characters: Set<number>; corporations: Set<number>; alliances: Set<number>; types: Set<number> }> {
    const found = { characters: new Set<number>(), corporations: new Set<number>(), alliances: new Set<number>(), types: new Set<number>() }
    for await (const place of this.walk(filter)) collect(this.register.body(place), found)
    return found
  }

  /** One killmail as zKillboard lists it. */
  listed(id: number): Listed | undefined {
    const place = this.register.find(id)
    return place && this.register.listed(place)
  }
}

function collect(body: Killmail, found: Record<'characters' | 'corporations' | 'alliances' | 'types', Set<number>>): void {
  const add = (set: Set<number>, id: number | undefined) => id !== undefined && set.add(id)
  for (const party of [body.victim, ...body.attackers]) {
    add(found.characters, party.character_id)
    add(found.corporations, party.corporation_id)
    add(found.alliances, party.alliance_id)
    add(found.types, party.ship_type_id)
  }
  for (const { weapon_type_id } of body.attackers) add(found.types, weapon_type_id)
  const walk = (items: Item[]): void => {
    for (const item of items) {
      found.types.add(item.item_type_id)
      walk(item.items ?? [])
    }
  }
  walk(body.victim.items)
}
