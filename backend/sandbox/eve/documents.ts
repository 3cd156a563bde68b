import { mix, pick } from '../base/random'
import { TYPES } from './goods'
import { FACTIONS, MAIN_CHARACTER, type Person } from './people'
import type { Party } from './shapes'
import type { World } from './world'

/*
 * What ESI tells about a character, corporation, alliance or type. Everything follows from the id.
 */

const FIRST = [
  'Aro',
  'Bel',
  'Cyr',
  'Dax',
  'Eno',
  'Fal',
  'Gor',
  'Hex',
  'Ila',
  'Jor',
  'Kae',
  'Lum',
  'Mir',
  'Nox',
  'Ori',
  'Pax',
  'Quen',
  'Rho',
  'Syl',
  'Tor',
] as const
const LAST = [
  'Akkar',
  "D'Voth",
  'Eskaine',
  'Farrow',
  'Grimm',
  'Hakoda',
  'Ishukone',
  'Jita',
  'Kador',
  'Larkin',
  'Müller',
  'Nakata',
  'O’Brien',
  'Pator',
  'Rens',
] as const
const GROUPS = ['Syndicate', 'Holdings', 'Mining Co.', 'Navy', 'Collective', 'Union', 'Logistics', 'Brotherhood'] as const

const nameOf = (id: number): string =>
  `${pick(FIRST, mix(1, id) / 2 ** 32)} ${pick(LAST, mix(2, id) / 2 ** 32)} ${(id % 46656).toString(36).toUpperCase()}`
const groupNameOf = (id: number): string => `${pick(LAST, mix(3, id) / 2 ** 32)} ${pick(GROUPS, mix(4, id) / 2 ** 32)} ${id % 100000}`
const tickerOf = (id: number): string => (id % 46656).toString(36).toUpperCase().padStart(3, 'X')

/** When somebody or something came to be: before the world's first killmail, the main character a month before. */
function bornOf(world: World, id: number): string {
  const before = id === MAIN_CHARACTER ? 30 : 40 + (mix(5, id) % 4000)
  const earliest = Date.UTC(2003, 4, 6)
  return new Date(Math.max(earliest, Math.floor(world.start / 86_400_000 - before) * 86_400_000)).toISOString().replace('.000Z', 'Z')
}

export interface Named {
  id: number
  name: string
  category: 'character' | 'corporation' | 'alliance' | 'inventory_type' | 'faction' | 'solar_system'
}

/** The name of any id, or undefined where ESI would refuse the whole list. */
export function nameFor(world: World, id: number): Named | undefined {
  const { people } = world
  const person = people.character(id)
  if (person) return person.state === 'unknown' ? undefined : { id, name: nameOf(id), category: 'character' }
  if (people.corporation(id)) return { id, name: groupNameOf(id), category: 'corporation' }
  if (people.alliance(id)) return { id, name: groupNameOf(id), category: 'alliance' }
  const type = TYPES.get(id)
  if (type) return { id, name: type[1], category: 'inventory_type' }
  if ((FACTIONS as readonly number[]).includes(id)) return { id, name: `Faction ${id % 100}`, category: 'faction' }
  return id >= 30_000_001 && id < 33_000_000 ? { id, name: `J${id % 1_000_000}`, category: 'solar_system' } : undefined
}

/** Deleted characters are moved to a starter corporation. */
export function affiliationOf({ party, state }: Person): Party {
  if (state !== 'deleted') return party
  return { character_id: party.character_id, corporation_id: party.character_id % 2 ? 1000044 : 1000045 }
}

/** `GET /characters/{id}`; the shape changed on 2026-06-09. */
export function characterOf(world: World, person: Person, date: string): Record<string, unknown> {
  const id = person.party.character_id
  const { character_id: _, ...affiliation } = affiliationOf(person)
  const title = id % 5 === 0 ? 'Director of Nothing' : undefined
  return {
    ...affiliation,
    birthday: bornOf(world, id),
    bloodline_id: 1 + (mix(8, id) % 15),
    description: '',
    gender: mix(9, id) % 2 ? 'male' : 'female',
    name: nameOf(id),
    race_id: [1, 2, 4, 8][mix(10, id) % 4],
    security_status: (mix(11, id) % 150) / 10 - 10,
    ...(date >= '2026-06-09' ? { achievement_score: mix(12, id) % 5000, corporation_title: title } : { title }),
  }
}

/** Closed ones still answer, with no members; a few are gone. */
export function corporationOf(world: World, id: number): Record<string, unknown> | undefined {
  const party = world.people.corporation(id)
  if (!party || (id >= 98_000_000 && id < 98_600_000 && mix(13, id) % 200 === 7)) return undefined
  const { corporation_id: _, ...rest } = party
  const closed = id > 2_000_000 && mix(14, id) % 25 === 3
  return {
    ...rest,
    ceo_id: closed ? 1 : world.people.characterId(mix(15, id) % world.people.crowd),
    creator_id: world.people.characterId(mix(16, id) % world.people.crowd),
    date_founded: bornOf(world, id),
    description: `We are ${groupNameOf(id)}.`,
    home_station_id: 60003760,
    member_count: closed ? 0 : 1 + (mix(17, id) % 4000),
    name: groupNameOf(id),
    shares: 1000,
    tax_rate: (mix(18, id) % 100) / 100,
    ticker: tickerOf(id),
    url: '',
    war_eligible: !closed,
  }
}

export function allianceOf(world: World, id: number): Record<string, unknown> | undefined {
  if (!world.people.alliance(id)) return undefined
  const executor = world.people.corporationId(mix(19, id) % world.people.corporations)
  return {
    creator_corporation_id: executor,
    creator_id: world.people.characterId(mix(20, id) % world.people.crowd),
    date_founded: bornOf(world, id),
    executor_corporation_id: executor,
    name: groupNameOf(id),
    ticker: tickerOf(id),
  }
}

export function typeOf(id: number): Record<string, unknown> | undefined {
  const row = TYPES.get(id)
  if (!row) return undefined
  const [type_id, name, group_id, mass, volume] = row
  return {
    capacity: 0,
    description: `${name}.`,
    group_id,
    mass,
    name,
    packaged_volume: volume,
    portion_size: 1,
    published: true,
    radius: 1,
    type_id,
    volume,
  }
}
