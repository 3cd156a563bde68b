import { between, dice, mix, pick } from '../base/random'
import { attackersOf } from './attackers'
import { SHIPS, STRUCTURES } from './goods'
import { gameHash } from './hash'
import { itemsOf } from './items'
import { People, squadParty } from './people'
import { isTwin, type Roles, rolesOf } from './roles'
import type { Killmail, Party, Victim } from './shapes'

export interface WorldOptions {
  /** Killmails in it. */
  scale: number
  seed: number
  /** Where its history ends, ms since 1970; fixed, so that the same seed gives the same world next year. */
  end: number
  years: number
  /** Attackers of the one big fight, 0 for none. */
  bigAttackers: number
  /** Killmails with `CCP VERIFIED` for a hash, hashes with a trailing space, people whom ESI cannot name. */
  oddities: boolean
}

/** One killmail's place: its number, and what the number alone does not say for those added later. */
export interface Place {
  k: number
  id: number
  /** Ms since 1970, whole seconds. */
  time: number
}

const FIRST_ID = 80_000_000
const ID_SPAN = 57_000_000
const DAY = 86_400_000
const HOUR = 3_600_000

/** A world of killmails; each is a pure function of the seed and its number, none is stored. */
export class World {
  readonly people: People
  /** Base ids use the lower half of a gap; the upper is for killmails posted late. */
  readonly idGap: number
  private readonly step: number
  private readonly jitter: number
  /** No killmail is older, ms since 1970. */
  readonly start: number
  readonly bigFight: number

  constructor(readonly options: WorldOptions) {
    const { scale, seed, end, years } = options
    this.people = new People(seed, scale, options.bigAttackers, options.oddities ? [17, 101] : [])
    this.idGap = Math.max(4, Math.floor(ID_SPAN / scale))
    const span = years * 365.25 * DAY
    this.step = span / scale
    this.jitter = Math.min(6 * HOUR, this.step * 20)
    this.start = end - span - this.jitter
    this.bigFight = options.bigAttackers > 0 ? Math.floor(scale * 0.7) : -1
  }

  /** Ids rise with k. */
  idOf(k: number): number {
    return FIRST_ID + k * this.idGap + (mix(this.options.seed, 3, k) % Math.floor(this.idGap / 2))
  }

  /** Ids between killmail k and the next that nobody has. */
  spareIds(k: number): number[] {
    const free = Math.floor(this.idGap / 2)
    return Array.from({ length: Math.min(64, this.idGap - free) }, (_, n) => FIRST_ID + k * this.idGap + free + n)
  }

  /** Rises with k on the whole; neighbors can stand up to six hours in the wrong order, as in life. */
  timeOf(k: number): number {
    const core = isTwin(k) ? k - 1 : k
    const shift = (mix(this.options.seed, 2, core) / 4294967296) * this.jitter
    return Math.floor((this.start + core * this.step + shift) / 1000) * 1000
  }

  place(k: number): Place {
    return { k, id: this.idOf(k), time: this.timeOf(k) }
  }

  /** The base killmail with this id. */
  placeOfId(id: number): Place | undefined {
    const k = Math.floor((id - FIRST_ID) / this.idGap)
    return k >= 0 && k < this.options.scale && this.idOf(k) === id ? this.place(k) : undefined
  }

  /** The lowest k whose time is not before this; months are cut at its id. */
  firstAt(time: number): number {
    const k = Math.max(0, Math.ceil((time - this.start - this.jitter) / this.step) - 2)
    for (let candidate = k; candidate < this.options.scale; candidate++) if (this.timeOf(candidate) >= time) return candidate
    return this.options.scale
  }

  roles(k: number): Roles {
    return rolesOf(this.options.seed, k)
  }

  /** The body as ESI has it. */
  killmail({ k, id, time }: Place): Killmail {
    const { seed } = this.options
    const roll = dice(mix(seed, 4, k))
    const core = dice(mix(seed, 5, isTwin(k) ? k - 1 : k))
    const victim = this.victim(k, core, roll, time)
    const attackers = attackersOf(this, k, victim, core, roll)
    const body: Killmail = {
      attackers,
      killmail_id: id,
      killmail_time: new Date(time).toISOString().replace('.000Z', 'Z'),
      solar_system_id: systemOf(roll),
      victim,
    }
    if (roll() < 0.05) body.war_id = between(200_000, 740_000, roll())
    if (!victim.character_id && roll() < 0.1) body.moon_id = between(40_000_000, 40_400_000, roll())
    return body
  }

  private victim(k: number, core: () => number, roll: () => number, time: number): Victim {
    const roles = this.roles(k)
    const kind = core()
    const other = this.people.person(Math.floor(this.people.crowd * core() ** 2))
    const hull = core()
    const structure = !roles.mainIsVictim && roles.victimSquad < 0 && kind < 0.1
    const stranger = other.party
    const party: Party = roles.mainIsVictim
      ? this.mainParty(k)
      : roles.victimSquad >= 0
        ? squadParty(roles.victimSquad, 0)
        : structure
          ? withoutCharacter(stranger)
          : stranger
    const ship = structure ? pick(STRUCTURES, hull)[0] : pick(SHIPS, hull)[0]
    const victim: Victim = { ...party, damage_taken: between(200, 400_000, core() ** 3), items: itemsOf(ship, roll), ship_type_id: ship }
    const old = time < this.start + (this.step * this.options.scale) / 3
    if (roll() > (old ? 0.5 : 0.02)) victim.position = { x: meters(roll), y: meters(roll) / 10, z: meters(roll) }
    return victim
  }

  mainParty(k: number): Party {
    return this.people.main(k >= this.options.scale / 2).party
  }

  /** The hash as zKillboard lists it, which is now and then not the game's. */
  listedHash(place: Place, body: Killmail): string {
    if (this.options.oddities && this.isHandMade(place.k)) return 'CCP VERIFIED'
    const hash = gameHash(body)
    return this.options.oddities && place.k % 1009 === 7 ? `${hash} ` : hash
  }

  /** Made by hand at CCP: zKillboard lists it, ESI has never heard of it. */
  isHandMade(k: number): boolean {
    return this.options.oddities && k % 3001 === 1500
  }
}

const withoutCharacter = ({ character_id: _, ...party }: Party): Party => party
const meters = (roll: () => number): number => (roll() - 0.5) * 1e12

function systemOf(roll: () => number): number {
  const kind = roll()
  if (kind < 0.12) return between(31_000_001, 31_002_604, roll())
  if (kind < 0.14) return between(32_000_001, 32_000_200, roll())
  return between(30_000_001, 30_005_300, roll())
}
