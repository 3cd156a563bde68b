import { between, dice, mix, pick } from '../base/random'
import { NPC_SHIPS, SHIPS, WEAPONS } from './goods'
import { FACTIONS, MAIN_CHARACTER, NPC_CORPORATIONS, type People, SQUADS, squadParty } from './people'
import { isTwin, type Roles, squadHas } from './roles'
import type { Attacker, Party, Victim } from './shapes'

/** What a killmail's attackers depend on. */
interface Scene {
  people: People
  /** Number of the killmail that a fleet is on. */
  bigFight: number
  options: { bigAttackers: number }
  roles(k: number): Roles
  mainParty(k: number): Party
}

/** How many strangers join: mostly few, now and then a fleet. */
function crowdSize(roll: () => number): number {
  const kind = roll()
  if (kind < 0.4) return 0
  if (kind < 0.7) return between(1, 4, roll())
  if (kind < 0.92) return between(5, 15, roll())
  if (kind < 0.99) return between(16, 60, roll())
  return between(61, 250, roll())
}

/** The attackers of killmail k, exactly one with the final blow. `core` is the same for twins, `roll` is not. */
export function attackersOf(scene: Scene, k: number, victim: Victim, core: () => number, roll: () => number): Attacker[] {
  const { mainIsVictim } = scene.roles(k)
  const npcOnly = core() < 0.15 && mainIsVictim && !anySquad(k) && !isTwin(k) && !isTwin(k + 1)
  const finalBlow = finalBlowOf(scene, k, victim, npcOnly, core)
  const parties = npcOnly ? [] : [...namedParties(scene, k, victim), ...strangers(scene, k, victim, roll)]
  const others = parties.filter((party) => party.character_id !== finalBlow.character_id)
  const people = [finalBlow, ...others].map((party, n) => attacker(party, n === 0, roll))
  const npcs = npcOnly || roll() < 0.06 ? Array.from({ length: between(1, 3, roll()) }, () => npc(roll)) : []
  return shareDamage([...people, ...npcs], victim.damage_taken, roll)
}

const anySquad = (k: number): boolean => SQUADS.some((_, squad) => squadHas(squad, 0, k))

function namedParties(scene: Scene, k: number, victim: Victim): Party[] {
  const main = victim.character_id === MAIN_CHARACTER ? [] : [scene.mainParty(k)]
  const squads = SQUADS.flatMap((team, squad) => team.characters.flatMap((_, j) => (squadHas(squad, j, k) ? [squadParty(squad, j)] : [])))
  return [...main, ...squads].filter((party) => party.character_id !== victim.character_id)
}

function finalBlowOf(scene: Scene, k: number, victim: Victim, npcOnly: boolean, core: () => number): Party {
  const mainShoots = core() < 0.4
  const index = Math.floor(scene.people.crowd * core() ** 2)
  if (npcOnly) return { corporation_id: pick(NPC_CORPORATIONS, core()), faction_id: pick(FACTIONS, core()) }
  if (mainShoots && !scene.roles(k).mainIsVictim) return scene.mainParty(k)
  const { party } = scene.people.person(index)
  return party.character_id === victim.character_id ? scene.people.person((index + 1) % scene.people.crowd).party : party
}

function strangers(scene: Scene, k: number, victim: Victim, roll: () => number): Party[] {
  const { people, bigFight, options } = scene
  const indices = new Set<number>()
  if (k === bigFight) for (let n = 0; n < options.bigAttackers; n++) indices.add(people.crowd + n)
  else for (let left = crowdSize(roll); left > 0; left--) indices.add(Math.floor(people.crowd * roll() ** 2))
  return [...indices].map((index) => people.person(index).party).filter((party) => party.character_id !== victim.character_id)
}

/** Field by field: spreading parties of different shapes costs twenty times as much, and a fleet has thousands. */
function attacker(party: Party, finalBlow: boolean, roll: () => number): Attacker {
  const { character_id, corporation_id, alliance_id, faction_id } = party
  const isPlayer = character_id !== undefined
  const security = Math.round((roll() * 15 - 10) * 10) / 10
  const shooter: Attacker = { damage_done: 0, final_blow: finalBlow, security_status: isPlayer ? security : 0 }
  if (character_id !== undefined) shooter.character_id = character_id
  if (corporation_id !== undefined) shooter.corporation_id = corporation_id
  if (alliance_id !== undefined) shooter.alliance_id = alliance_id
  if (faction_id !== undefined) shooter.faction_id = faction_id
  if (!isPlayer || roll() < 0.97) shooter.ship_type_id = pick(isPlayer ? SHIPS : NPC_SHIPS, roll())[0]
  if (isPlayer && roll() < 0.95) shooter.weapon_type_id = pick(WEAPONS, roll())[0]
  return shooter
}

const npc = (roll: () => number): Attacker => {
  const party: Party =
    roll() < 0.5
      ? { faction_id: pick(FACTIONS, roll()) }
      : { corporation_id: pick(NPC_CORPORATIONS, roll()), faction_id: pick(FACTIONS, roll()) }
  return attacker(party, false, roll)
}

function shareDamage(list: Attacker[], damage: number, roll: () => number): Attacker[] {
  const luck = dice(mix(damage, list.length, Math.floor(roll() * 1e9)))
  const weights = list.map(() => luck() ** 2)
  const sum = weights.reduce((total, weight) => total + weight, 0) || 1
  for (const [n, shooter] of list.entries()) shooter.damage_done = Math.floor((damage * (weights[n] ?? 0)) / sum)
  return list
}
