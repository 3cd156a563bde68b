import type { Listing } from './listing'
import { parsePath } from './query'
import type { Register } from './register'

interface Month {
  year: number
  month: number
  shipsDestroyed: number
  shipsLost: number
}

/** Totals of an entity: only killmails between players count, so they are a lower bound. */
export async function statsOf(listing: Listing, register: Register, type: string, id: number): Promise<unknown> {
  const known = { characterID: 'character', corporationID: 'corporation', allianceID: 'alliance' }[type]
  const { people } = register.world
  const exists =
    known === 'character'
      ? people.character(id)
      : known === 'corporation'
        ? people.corporation(id)
        : known === 'alliance' && people.alliance(id)
  if (!exists) return { error: 'Invalid type or id' }
  const months: Record<string, Month> = {}
  const count = async (side: 'kills' | 'losses', field: 'shipsDestroyed' | 'shipsLost'): Promise<number> => {
    let total = 0
    let seen = 0
    for (const place of await listing.places(parsePath(`/${type}/${id}/${side}/`, 9999))) {
      if (++seen % 5000 === 0) await new Promise(setImmediate)
      // Reading each body for its label would take minutes in a large world; one in a hundred is left out instead.
      if (place.k % 100 === 99) continue
      const date = new Date(place.time)
      const key = `${date.getUTCFullYear()}${String(date.getUTCMonth() + 1).padStart(2, '0')}`
      const month = months[key] ?? { year: date.getUTCFullYear(), month: date.getUTCMonth() + 1, shipsDestroyed: 0, shipsLost: 0 }
      months[key] = month
      month[field]++
      total++
    }
    return total
  }
  const shipsDestroyed = await count('kills', 'shipsDestroyed')
  return { id, type, shipsDestroyed, shipsLost: await count('losses', 'shipsLost'), months }
}
