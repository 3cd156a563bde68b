import { mix } from '../base/random'
import type { Party } from './shapes'

/*
 * Who lives in the sandbox world. The main character is in every killmail; squads are in every so-many-th, so that
 * characters, corporations and alliances with known subsets exist; a crowd fills the rest.
 */

export const MAIN_CHARACTER = 2117325769
export const MAIN_CORPORATIONS = [98700001, 98700002] as const
export const MAIN_ALLIANCE = 99900001
export const FACTIONS = [500001, 500002, 500003, 500004, 500010] as const
export const NPC_CORPORATIONS = [1000044, 1000045, 1000125, 1000127, 1000179] as const

/** Killmail k has the squad when k % stride is residue. */
export interface Squad {
  corporation_id: number
  alliance_id?: number
  faction_id?: number
  characters: readonly number[]
  stride: number
  residue: number
}
const squad = (n: number, stride: number, residue: number, rest: { alliance_id?: number; faction_id?: number }): Squad => ({
  corporation_id: 98700010 + n,
  characters: [0, 1, 2].map((j) => 2122000000 + n * 10 + j),
  stride,
  residue,
  ...rest,
})
export const SQUADS: readonly Squad[] = [
  squad(0, 2, 0, { alliance_id: 99900010 }),
  squad(1, 4, 1, { alliance_id: 99900010 }),
  squad(2, 5, 2, { alliance_id: 99900011 }),
  squad(3, 10, 3, { alliance_id: 99900011 }),
  squad(4, 50, 7, { faction_id: 500001 }),
  squad(5, 500, 11, { alliance_id: 99900012 }),
]

export interface Person {
  party: Party & { character_id: number }
  /** A deleted one keeps its name; an unknown one is in killmails only. */
  state: 'alive' | 'deleted' | 'unknown'
}

const YOUNG = { first: 2110000003, gap: 11 }
const OLD = { first: 90000000, gap: 5 }
const CORPORATION = { first: 98000100, gap: 7 }
const ALLIANCE = { first: 99000100, gap: 5 }
type Ids = typeof YOUNG
const idAt = (ids: Ids, index: number) => ids.first + index * ids.gap
const indexOf = (ids: Ids, id: number, size: number): number => {
  const index = (id - ids.first) / ids.gap
  return Number.isInteger(index) && index >= 0 && index < size ? index : -1
}

/** The crowd: as many people as the size of the world asks for, none of them stored. */
export class People {
  readonly crowd: number
  readonly corporations: number
  readonly alliances: number
  constructor(
    private readonly seed: number,
    scale: number,
    /** People of the big fight stand behind the crowd. */
    private readonly reserve: number,
    /** Places in the crowd of people that only killmails know. */
    private readonly unknown: readonly number[],
  ) {
    this.crowd = Math.min(600_000, Math.max(400, Math.floor(scale * 0.6)))
    this.corporations = Math.ceil(this.crowd / 12)
    this.alliances = Math.ceil(this.corporations / 8)
  }

  characterId(index: number): number {
    return index % 4 === 1 ? idAt(OLD, index) : idAt(YOUNG, index)
  }

  corporationId(index: number): number {
    return idAt(CORPORATION, index)
  }

  person(index: number): Person {
    const corporation = mix(this.seed, 11, index) % this.corporations
    const state = this.unknown.includes(index) ? 'unknown' : index % 60 === 5 ? 'deleted' : 'alive'
    return { party: { character_id: this.characterId(index), ...this.membership(corporation) }, state }
  }

  private membership(corporation: number): { corporation_id: number; alliance_id?: number; faction_id?: number } {
    const party = { corporation_id: idAt(CORPORATION, corporation) }
    if (corporation % 3 === 0) return corporation % 9 === 0 ? { ...party, faction_id: 500001 + (corporation % 4) } : party
    return { ...party, alliance_id: idAt(ALLIANCE, mix(this.seed, 12, corporation) % this.alliances) }
  }

  /** The main character changed corporation in the middle of the world. */
  main(late: boolean): Person {
    const party = late ? { corporation_id: MAIN_CORPORATIONS[1], alliance_id: MAIN_ALLIANCE } : { corporation_id: MAIN_CORPORATIONS[0] }
    return { party: { character_id: MAIN_CHARACTER, ...party }, state: 'alive' }
  }

  /** Anybody by id, as of now. */
  character(id: number): Person | undefined {
    if (id === MAIN_CHARACTER) return this.main(true)
    const team = SQUADS.find((candidate) => candidate.characters.includes(id))
    if (team) return { party: { character_id: id, ...partyOf(team) }, state: 'alive' }
    const size = this.crowd + this.reserve
    const young = indexOf(YOUNG, id, size)
    const index = young >= 0 ? young : indexOf(OLD, id, size)
    return index >= 0 && this.characterId(index) === id ? this.person(index) : undefined
  }

  corporation(id: number): { corporation_id: number; alliance_id?: number; faction_id?: number } | undefined {
    if (id === MAIN_CORPORATIONS[0]) return { corporation_id: id }
    if (id === MAIN_CORPORATIONS[1]) return { corporation_id: id, alliance_id: MAIN_ALLIANCE }
    if (id >= 1_000_000 && id < 2_000_000) return (NPC_CORPORATIONS as readonly number[]).includes(id) ? { corporation_id: id } : undefined
    const team = SQUADS.find((candidate) => candidate.corporation_id === id)
    if (team) return partyOf(team)
    const index = indexOf(CORPORATION, id, this.corporations)
    return index >= 0 ? this.membership(index) : undefined
  }

  alliance(id: number): boolean {
    return id === MAIN_ALLIANCE || SQUADS.some((team) => team.alliance_id === id) || indexOf(ALLIANCE, id, this.alliances) >= 0
  }
}

export function partyOf(team: Squad): { corporation_id: number; alliance_id?: number; faction_id?: number } {
  const party: { corporation_id: number; alliance_id?: number; faction_id?: number } = { corporation_id: team.corporation_id }
  if (team.alliance_id) party.alliance_id = team.alliance_id
  if (team.faction_id) party.faction_id = team.faction_id
  return party
}

export const squadParty = (squad: number, j: number): Party => {
  const team = SQUADS[squad]
  return team ? { character_id: team.characters[j], ...partyOf(team) } : {}
}
