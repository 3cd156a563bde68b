/*
 * Query parameters as Etsy reads them: what is wrong with one is a 400, a limit above 100 is quietly cut.
 */

/** Answered as HTTP 400. */
export class BadQuery extends Error {}

const EARLIEST = 946_684_800
export const MAX_OFFSET = 12_000
const MAX_LIMIT = 100
const DEFAULT_LIMIT = 25
const DESCENDING = new Set(['desc', 'descending', 'down'])
const ASCENDING = new Set(['asc', 'ascending', 'up'])

/** @throws {BadQuery} */
function whole(query: URLSearchParams, name: string, least: number): number | undefined {
  const text = query.get(name)
  if (text === null || text === '') return undefined
  const value = Number(text)
  if (!Number.isInteger(value)) throw new BadQuery(`Invalid value for ${name}: expected an integer`)
  if (value < least) throw new BadQuery(`Invalid value for ${name}: must be at least ${least}`)
  return value
}

/** Seconds since 1970. @throws {BadQuery} */
export const timeOf = (query: URLSearchParams, name: string): number | undefined => whole(query, name, EARLIEST)

/** True, false, or undefined for everything. @throws {BadQuery} */
export function flagOf(query: URLSearchParams, name: string): boolean | undefined {
  const text = query.get(name)
  if (text === null || text === '' || text === 'null') return undefined
  if (text === 'true' || text === '1') return true
  if (text === 'false' || text === '0') return false
  throw new BadQuery(`Invalid value for ${name}: expected a boolean`)
}

/** @throws {BadQuery} */
export function choiceOf<T extends string>(query: URLSearchParams, name: string, choices: readonly T[]): T {
  const text = query.get(name) ?? choices[0]
  const found = choices.find((choice) => choice === text)
  if (found === undefined) throw new BadQuery(`Invalid value for ${name}: must be one of ${choices.join(', ')}`)
  return found
}

/** @throws {BadQuery} */
export function isAscending(query: URLSearchParams): boolean {
  const text = query.get('sort_order') ?? 'desc'
  if (ASCENDING.has(text)) return true
  if (DESCENDING.has(text)) return false
  throw new BadQuery('Invalid value for sort_order')
}

/** Positive ids, separated by commas or given several times. @throws {BadQuery} */
export function idsOf(query: URLSearchParams, name: string): number[] {
  const ids = query.getAll(name).flatMap((text) => text.split(',').map(Number))
  if (ids.length === 0) throw new BadQuery(`Missing required parameter: ${name}`)
  if (ids.length > MAX_LIMIT) throw new BadQuery(`${name} has more than ${MAX_LIMIT} values`)
  if (!ids.every((id) => Number.isInteger(id) && id > 0)) throw new BadQuery(`Invalid value for ${name}: expected integers`)
  return ids
}

/** The page of a list that was asked for, with the count of the whole list. @throws {BadQuery} */
export function pageOf<T>(query: URLSearchParams, all: readonly T[]): { count: number; results: T[] } {
  const offset = whole(query, 'offset', 0) ?? 0
  const limit = Math.min(MAX_LIMIT, whole(query, 'limit', 1) ?? DEFAULT_LIMIT)
  if (offset > MAX_OFFSET) throw new BadQuery('Offset provided is greater than the maximum offset allowed.')
  return { count: all.length, results: all.slice(offset, offset + limit) }
}
