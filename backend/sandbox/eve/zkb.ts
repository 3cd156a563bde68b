import { dice, mix } from '../base/random'
import type { Killmail, Zkb } from './shapes'
import type { Place, World } from './world'

const isk = (roll: () => number, most: number): number => Math.round(roll() ** 4 * most * 100) / 100
const NPC_TIMES = ['au', 'ru', 'eu', 'use', 'usw']
const CROWDS = [2, 5, 10, 25, 50, 100, 1000]
const VALUES: [number, string][] = [
  [1e12, 'isk:1t+'],
  [1e11, 'isk:100b+'],
  [1e10, 'isk:10b+'],
  [5e9, 'isk:5b+'],
  [1e9, 'isk:1b+'],
]

function labelsOf(body: Killmail, total: number, npc: boolean, solo: boolean): string[] {
  const crowd = CROWDS.filter((size) => body.attackers.length >= size).at(-1)
  const space =
    body.solar_system_id >= 32_000_000
      ? 'abyssal'
      : body.solar_system_id >= 31_000_000
        ? 'w-space'
        : (['highsec', 'lowsec', 'nullsec'] as const)[body.solar_system_id % 3]
  const labels = [`tz:${NPC_TIMES[Math.floor(new Date(body.killmail_time).getUTCHours() / 5)]}`, `cat:${body.victim.character_id ? 6 : 65}`]
  labels.push(crowd ? `#:${crowd}+` : '#:1', npc ? 'npc' : 'pvp', `loc:${space}`)
  labels.push(VALUES.find(([least]) => total >= least)?.[1] ?? 'isk:under1b')
  if (solo) labels.push('solo')
  if (body.victim.faction_id) labels.push('fw:amarr')
  return labels
}

/** zKillboard's block beside a body. */
export function zkbOf(world: World, place: Place, body: Killmail): Zkb {
  const roll = dice(mix(world.options.seed, 6, place.k))
  const droppedValue = isk(roll, 3e9)
  const destroyedValue = isk(roll, 9e9)
  const totalValue = Math.round((droppedValue + destroyedValue) * 100) / 100
  const players = body.attackers.filter((attacker) => attacker.character_id !== undefined)
  const npc = players.length === 0
  const solo = players.length === 1 && body.attackers.length === 1
  const zkb: Zkb = {
    hash: world.listedHash(place, body),
    fittedValue: Math.round(totalValue * roll() * 100) / 100,
    droppedValue,
    destroyedValue,
    totalValue,
    totalDroppableValue: Math.round((droppedValue + destroyedValue * roll()) * 100) / 100,
    points: 1 + Math.floor(roll() ** 5 * 700),
    npc,
    solo,
    awox: roll() < 0.01,
    labels: labelsOf(body, totalValue, npc, solo),
  }
  return roll() < 0.9 ? { locationID: 40_000_000 + Math.floor(roll() * 400_000), ...zkb } : zkb
}
