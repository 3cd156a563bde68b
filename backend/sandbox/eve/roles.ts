import { mix } from '../base/random'
import { SQUADS } from './people'

/*
 * Who of the named people is in killmail k, and on which side: whole-number arithmetic only, because listings of
 * a million killmails are cut with it.
 */

export interface Roles {
  mainIsVictim: boolean
  /** Index of the squad whose first character lost the ship, -1 without. */
  victimSquad: number
}

const turnOf = (squad: number, k: number): number => {
  const team = SQUADS[squad]
  return team && k % team.stride === team.residue ? Math.floor(k / team.stride) : -1
}

/** Whether character `j` of the squad is in killmail k: the first always, the second every other time, … */
export const squadHas = (squad: number, j: number, k: number): boolean => {
  const turn = turnOf(squad, k)
  return turn >= 0 && turn % (j + 1) === 0
}

/** Killmails that repeat victim, ship, final blow and time of the one before, and so share its hash. */
export const isTwin = (k: number): boolean => k % 997 === 500

export function rolesOf(seed: number, k: number): Roles {
  const core = isTwin(k) ? k - 1 : k
  const mainIsVictim = mix(seed, 1, core) % 100 < 30
  return { mainIsVictim, victimSquad: mainIsVictim ? -1 : victimSquadOf(core) }
}

function victimSquadOf(k: number): number {
  // The twin would name a squad that is not due there.
  if (isTwin(k + 1)) return -1
  return SQUADS.findIndex((_, squad) => turnOf(squad, k) % 4 === 1)
}
