import { TYPES } from './goods'
import { MAIN_CHARACTER } from './people'
import type { Query } from './query'
import type { Register } from './register'
import type { Listed } from './shapes'
import { ATTACKER, namedSides, type Sides, sidesIn, VICTIM } from './sides'
import type { Place } from './world'

export const PAGE_SIZE = 200
const KEPT = 8
const DAY = 86_400_000

/** Which base killmails a filter has: rising numbers. */
type Members = { length: number; at(n: number): number }
const whole = (length: number): Members => ({ length, at: (n) => n })

const sideMask = (query: Query): number => (query.side === 'kills' ? ATTACKER : query.side === 'losses' ? VICTIM : ATTACKER | VICTIM)

function placesOf(entry: Listed, kind: string, id: number): boolean {
  const ships = [entry.victim.ship_type_id, ...entry.attackers.map((attacker) => attacker.ship_type_id)]
  if (kind === 'ship') return ships.includes(id)
  if (kind === 'group') return ships.some((ship) => ship !== undefined && TYPES.get(ship)?.[2] === id)
  if (kind === 'system') return entry.solar_system_id === id
  if (kind === 'war') return entry.war_id === id
  if (kind === 'location') return entry.zkb.locationID === id
  const part = (entry.solar_system_id - 30_000_000) / (kind === 'region' ? 80 : 8)
  return id === (kind === 'region' ? 10_000_000 : 20_000_000) + Math.floor(part)
}

/** Whether an entry belongs to the query, by reading it whole. */
export function matches(entry: Listed, query: Query): boolean {
  const { flags } = query
  const people = new Set(['character', 'corporation', 'alliance', 'faction'])
  return (
    query.entities.every(({ kind, id }) =>
      people.has(kind) ? (sidesIn(entry, kind, id, flags.finalBlowOnly) & sideMask(query)) !== 0 : placesOf(entry, kind, id),
    ) &&
    query.labels.every((label) => entry.zkb.labels.includes(label)) &&
    (flags.solo === undefined || entry.zkb.solo === flags.solo) &&
    (flags.npc === undefined || entry.zkb.npc === flags.npc) &&
    (flags.awox === undefined || entry.zkb.awox === flags.awox) &&
    (query.iskValue === undefined || entry.zkb.totalValue >= query.iskValue)
  )
}

/** Cuts listings of any length out of the register. Named entities cost arithmetic, the crowd a walk through all bodies. */
export class Listing {
  private cache = new Map<string, Promise<Members>>()
  constructor(
    private readonly register: Register,
    private readonly clock: () => number,
  ) {}

  private sides(query: Query): Sides | undefined {
    const [only, ...more] = query.entities
    const simple =
      only && more.length === 0 && query.labels.length === 0 && Object.keys(query.flags).length === 0 && query.iskValue === undefined
    return simple ? namedSides(this.register.world, only.kind, only.id) : undefined
  }

  private members(query: Query): Promise<Members> {
    const { page: _p, year: _y, month: _m, pastSeconds: _s, pretty: _f, ...filter } = query
    const key = JSON.stringify(filter)
    const found = this.cache.get(key)
    if (found) return found
    const made = this.collect(query)
    this.cache.set(key, made)
    const [oldest] = this.cache.keys()
    if (this.cache.size > KEPT && oldest !== undefined) this.cache.delete(oldest)
    return made
  }

  private async collect(query: Query): Promise<Members> {
    const { world } = this.register
    const { scale } = world.options
    if (query.entities.length === 0 && this.isPlain(query)) return whole(scale)
    const sides = this.sides(query)
    const mask = sideMask(query)
    if (sides && mask === (ATTACKER | VICTIM) && query.entities[0]?.id === MAIN_CHARACTER) return whole(scale)
    const found = new Uint32Array(scale)
    let length = 0
    for (let k = 0; k < scale; k++) {
      if (sides ? (sides(k) & mask) !== 0 : matches(this.register.listed(world.place(k)), query)) found[length++] = k
      // A long walk must not keep other arrivals waiting, or their times would be wrong.
      if (k % (sides ? 20_000 : 50) === 0) await new Promise(setImmediate)
    }
    const kept = found.slice(0, length)
    return { length, at: (n) => kept[n] ?? 0 }
  }

  private isPlain(query: Query): boolean {
    return query.labels.length === 0 && Object.keys(query.flags).length === 0 && query.iskValue === undefined
  }

  private extras(query: Query): Place[] {
    const sides = this.sides(query)
    const mask = sideMask(query)
    return this.register.added.filter((place) => (sides ? (sides(place.k) & mask) !== 0 : matches(this.register.listed(place), query)))
  }

  /** Ids and times a query may have. */
  private bounds(query: Query): { low: number; high: number; since: number } {
    const since = query.pastSeconds === undefined ? 0 : this.clock() - query.pastSeconds * 1000
    if (query.month === undefined) return { low: 0, high: Number.POSITIVE_INFINITY, since }
    const year = query.year ?? new Date(this.clock()).getUTCFullYear()
    return { low: this.register.firstId(Date.UTC(year, query.month - 1)), high: this.register.firstId(Date.UTC(year, query.month)), since }
  }

  /** Every killmail of the query, newest first; late ones and new ones included. */
  async places(query: Query, skip = 0): Promise<Iterable<Place>> {
    return this.walk(query, await this.members(query), skip)
  }

  private *walk(query: Query, members: Members, skip: number): Generator<Place> {
    const { world } = this.register
    const { low, high, since } = this.bounds(query)
    const extras = this.extras(query)
    let n = firstAtOrAbove(members, (k) => world.idOf(k) >= high) - 1
    let e = extras.length - 1
    let left = skip
    if (e < 0 && since === 0) {
      n -= skip
      left = 0
    }
    while (n >= 0 || e >= 0) {
      const base = n >= 0 ? world.place(members.at(n)) : undefined
      const extra = extras[e]
      const place = extra && (!base || extra.id > base.id) ? extra : base
      if (!place || place.id < low) return
      // Neighbors stand at most six hours in the wrong order.
      if (place === base && place.time < since - DAY) n = 0
      if (place === extra) e--
      else n--
      if (place.id < high && place.time >= since && left-- <= 0) yield place
    }
  }

  /** One page: at most 200 places. */
  async page(query: Query): Promise<Place[]> {
    const found: Place[] = []
    for (const place of await this.places(query, (query.page - 1) * PAGE_SIZE)) {
      found.push(place)
      if (found.length === PAGE_SIZE) break
    }
    return found
  }

  reset(): void {
    this.cache.clear()
  }
}

function firstAtOrAbove(members: Members, reached: (k: number) => boolean): number {
  let low = 0
  let high = members.length
  while (low < high) {
    const middle = (low + high) >> 1
    if (reached(members.at(middle))) high = middle
    else low = middle + 1
  }
  return low
}
