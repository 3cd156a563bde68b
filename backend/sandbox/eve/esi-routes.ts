import { type Ask, json, type Reply } from '../base/exchange'
import { affiliationOf, allianceOf, characterOf, corporationOf, nameFor, typeOf } from './documents'
import type { EsiFaults } from './esi-faults'
import type { Group } from './esi-limits'
import { gameHash } from './hash'
import type { Register } from './register'

export interface EsiRoute {
  name: string
  method: 'GET' | 'POST'
  pattern: RegExp
  group?: Group
  /** Seconds an answer stays fresh; 0 without cache headers. */
  fresh: number
  answer(context: EsiContext, ask: Ask, id: string, rest: string): Reply
}
export interface EsiContext {
  register: Register
  faults: EsiFaults
  date: string
  startedAt: number
}

const MAX_IDS = 1000
const missing = (error: string): Reply => json({ error }, 404)
const orMissing = (body: Record<string, unknown> | undefined, error: string): Reply => (body ? json(body) : missing(error))

/** A list of 1 to 1,000 different ids, or what is wrong with it. */
function idsOf(ask: Ask): number[] | Reply {
  let ids: unknown
  try {
    ids = JSON.parse(ask.body)
  } catch (error) {
    return json({ error: `body is not JSON: ${(error as SyntaxError).message}` }, 400)
  }
  if (!Array.isArray(ids) || !ids.every((id) => Number.isSafeInteger(id))) return json({ error: 'body must be an array of integers' }, 400)
  if (ids.length < 1 || ids.length > MAX_IDS) return json({ error: `body must hold 1 to ${MAX_IDS} ids` }, 400)
  return new Set(ids).size === ids.length ? (ids as number[]) : json({ error: 'ids must be unique' }, 400)
}

function names(context: EsiContext, ask: Ask): Reply {
  const ids = idsOf(ask)
  if (!Array.isArray(ids)) return ids
  const found = ids.map((id) => nameFor(context.register.world, id))
  if (found.includes(undefined) || context.faults.take('names-404', ask)) return missing('Ensure all IDs are valid before resolving.')
  // In no promised order.
  return json(found.reverse())
}

function affiliation(context: EsiContext, ask: Ask): Reply {
  const ids = idsOf(ask)
  if (!Array.isArray(ids)) return ids
  const people = ids.map((id) => context.register.world.people.character(id))
  const fault = context.faults.peek('affiliation-bad-id')
  const bad = fault && ids.includes(Number(fault.id ?? ids[0])) && context.faults.take('affiliation-bad-id', ask)
  if (bad || people.some((person) => !person || person.state === 'unknown')) return json({ error: 'Invalid character ID' }, 400)
  return json(people.map((person) => person && affiliationOf(person)).reverse())
}

function killmail({ register }: EsiContext, id: string, hash: string): Reply {
  const place = register.find(Number(id))
  const body = place && !register.world.isHandMade(place.k) ? register.body(place) : undefined
  if (!body || gameHash(body) !== decodeURIComponent(hash)) return json({ error: 'Invalid killmail_id and/or killmail_hash' }, 422)
  return json(body)
}

function character({ register, date }: EsiContext, id: string): Reply {
  const person = register.world.people.character(Number(id))
  if (!person || person.state === 'unknown') return missing('Character not found')
  return person.state === 'deleted' ? missing('Character has been deleted!') : json(characterOf(register.world, person, date))
}

const status = ({ startedAt }: EsiContext): Reply =>
  json({ players: 23456, server_version: '2950000', start_time: new Date(startedAt).toISOString().replace(/\.\d+Z/, 'Z') })

export const ESI_ROUTES: readonly EsiRoute[] = [
  {
    name: 'killmail',
    method: 'GET',
    pattern: /^\/killmails\/(\d+)\/([^/]+)\/?$/,
    group: 'killmail',
    fresh: 2_592_000,
    answer: (c, _, id, hash) => killmail(c, id, hash),
  },
  { name: 'names', method: 'POST', pattern: /^\/universe\/names\/?$/, fresh: 0, answer: names },
  { name: 'affiliation', method: 'POST', pattern: /^\/characters\/affiliation\/?$/, fresh: 0, answer: affiliation },
  { name: 'character', method: 'GET', pattern: /^\/characters\/(\d+)\/?$/, fresh: 86_400, answer: (c, _, id) => character(c, id) },
  {
    name: 'corporation',
    method: 'GET',
    pattern: /^\/corporations\/(\d+)\/?$/,
    fresh: 3600,
    answer: (c, _, id) => orMissing(corporationOf(c.register.world, Number(id)), 'Corporation not found'),
  },
  {
    name: 'alliance',
    method: 'GET',
    pattern: /^\/alliances\/(\d+)\/?$/,
    fresh: 3600,
    answer: (c, _, id) => orMissing(allianceOf(c.register.world, Number(id)), 'Alliance not found'),
  },
  {
    name: 'type',
    method: 'GET',
    pattern: /^\/universe\/types\/(\d+)\/?$/,
    fresh: 86_400,
    answer: (_c, _, id) => orMissing(typeOf(Number(id)), 'Type not found!'),
  },
  { name: 'status', method: 'GET', pattern: /^\/status\/?$/, group: 'status', fresh: 30, answer: status },
]
