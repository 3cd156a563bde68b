import { MAIN_ALLIANCE, MAIN_CHARACTER, MAIN_CORPORATIONS, SQUADS } from './people'
import { squadHas } from './roles'
import type { Killmail, Party } from './shapes'
import type { World } from './world'

/** Bits: took part as attacker, was the victim. */
export const ATTACKER = 1
export const VICTIM = 2
export type Sides = (k: number) => number

const sides = (attacker: boolean, victim: boolean): number => (attacker ? ATTACKER : 0) | (victim ? VICTIM : 0)

function mainSides(world: World, kind: string, id: number): Sides | undefined {
  const half = world.options.scale / 2
  const side = (k: number) => (world.roles(k).mainIsVictim ? VICTIM : ATTACKER)
  if (kind === 'character' && id === MAIN_CHARACTER) return side
  if (kind === 'corporation' && id === MAIN_CORPORATIONS[0]) return (k) => (k < half ? side(k) : 0)
  if ((kind === 'corporation' && id === MAIN_CORPORATIONS[1]) || (kind === 'alliance' && id === MAIN_ALLIANCE))
    return (k) => (k < half ? 0 : side(k))
  return undefined
}

function squadSides(world: World, squad: number, members: readonly number[]): Sides {
  return (k) => {
    if (!squadHas(squad, 0, k)) return 0
    const lost = world.roles(k).victimSquad === squad
    return sides(
      members.some((j) => squadHas(squad, j, k) && !(j === 0 && lost)),
      lost && members.includes(0),
    )
  }
}

/** How a named entity takes part in killmail k, by arithmetic alone; undefined for the crowd. */
export function namedSides(world: World, kind: string, id: number): Sides | undefined {
  const main = mainSides(world, kind, id)
  if (main) return main
  const parts = SQUADS.flatMap((team, squad) => {
    if (kind === 'character' && team.characters.includes(id)) return [squadSides(world, squad, [team.characters.indexOf(id)])]
    if (kind === 'corporation' && team.corporation_id === id) return [squadSides(world, squad, [0, 1, 2])]
    if (kind === 'alliance' && team.alliance_id === id) return [squadSides(world, squad, [0, 1, 2])]
    return []
  })
  return parts.length > 0 ? (k) => parts.reduce((all, part) => all | part(k), 0) : undefined
}

const FIELD: Record<string, keyof Party> = {
  character: 'character_id',
  corporation: 'corporation_id',
  alliance: 'alliance_id',
  faction: 'faction_id',
}

/** The same read off a body. */
export function sidesIn(body: Killmail, kind: string, id: number, finalBlowOnly = false): number {
  const field = FIELD[kind]
  if (!field) return 0
  return sides(
    body.attackers.some((attacker) => attacker[field] === id && (attacker.final_blow || !finalBlowOnly)),
    body.victim[field] === id,
  )
}
