import { BadControl } from '../base/input'
import { editsOf } from './edits'
import type { Register } from './register'
import type { Entry } from './shapes'
import { tid } from './tids'

export interface EditRequest {
  did: string
  collection: string
  action: 'create' | 'update' | 'delete'
  /** How many (1); updates and deletions take the oldest. */
  count?: number
  /** This very record; creates under this key. */
  rkey?: string
  /** The repo keeps its revision under another commit, as one that was put back from a copy may. */
  keepsRev?: boolean
}

function createdEntries(register: Register, k: number, { collection, count = 1, rkey }: EditRequest, moment: number): Entry[] {
  const present = register.entriesOf(k, collection)
  if (rkey !== undefined && present.some((entry) => entry.rkey === rkey)) throw new BadControl(`${collection} has a record ${rkey} already`)
  if (rkey !== undefined) return [{ rkey, n: moment, version: 0, at: moment }]
  return Array.from({ length: count }, (_, n) => {
    const micros = moment * 1000 - (count - n)
    return { rkey: tid(micros, register.world.clockOf(k)), n: micros, version: 0, at: moment }
  })
}

/**
 * Creates, rewrites or deletes records; the repo's revision rises unless it is to stay.
 * @returns the entries concerned
 * @throws {BadControl}
 */
export function change(register: Register, k: number, request: EditRequest): Entry[] {
  const { collection, action, count = 1, rkey, keepsRev } = request
  const moment = register.nextMoment()
  const edits = editsOf(register.at(k), collection)
  const present = register.entriesOf(k, collection)
  const chosen = rkey === undefined ? present.slice(0, count) : present.filter((entry) => entry.rkey === rkey)
  if (action !== 'create' && chosen.length < (rkey === undefined ? count : 1))
    throw new BadControl(`${collection} has too few records to ${action}, or none called ${rkey}`)
  const made =
    action === 'create'
      ? createdEntries(register, k, request, moment)
      : chosen.map((entry) => ({ ...entry, version: entry.version + (action === 'update' ? 1 : 0) }))
  for (const entry of made) {
    if (action === 'delete') {
      edits.set.delete(entry.rkey)
      edits.gone.add(entry.rkey)
    } else edits.set.set(entry.rkey, entry)
    // A key that comes back is another record than the one that was taken down.
    if (action !== 'update') edits.hidden.delete(entry.rkey)
  }
  register.forgetEntries(k, collection)
  register.touch(k, moment, keepsRev)
  if (action === 'create') register.sight(k, collection)
  return made
}
