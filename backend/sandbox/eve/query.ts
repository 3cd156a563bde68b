/*
 * What a path of zKillboard's page API means. The service answers a path it does not like with HTTP 200 and an
 * error object; the few exceptions are marked.
 */

export const ENTITY_FILTERS = {
  characterID: 'character',
  corporationID: 'corporation',
  allianceID: 'alliance',
  factionID: 'faction',
  shipTypeID: 'ship',
  shipID: 'ship',
  groupID: 'group',
  solarSystemID: 'system',
  systemID: 'system',
  constellationID: 'constellation',
  regionID: 'region',
  locationID: 'location',
  warID: 'war',
} as const
export type EntityKind = (typeof ENTITY_FILTERS)[keyof typeof ENTITY_FILTERS]

export interface Query {
  entities: { kind: EntityKind; id: number }[]
  /** Both means neither was asked for. */
  side: 'both' | 'kills' | 'losses'
  /** Labels the killmail must carry. */
  labels: string[]
  flags: { solo?: boolean; npc?: boolean; awox?: boolean; finalBlowOnly?: boolean }
  killId?: number
  iskValue?: number
  page: number
  year?: number
  month?: number
  pastSeconds?: number
  pretty: boolean
}

const SHORT = new Set([
  'character',
  'corporation',
  'alliance',
  'faction',
  'ship',
  'group',
  'system',
  'solarSystem',
  'constellation',
  'region',
  'location',
  'war',
])
const DISABLED = new Set([
  'limit',
  'no-items',
  'no-attackers',
  'json',
  'xml',
  'asc',
  'desc',
  'orderDirection',
  'startTime',
  'endTime',
  'beforeKillID',
  'afterKillID',
  'zkbOnly',
])
const SPACES: Record<string, string> = {
  'w-space': 'loc:w-space',
  lowsec: 'loc:lowsec',
  nullsec: 'loc:nullsec',
  highsec: 'loc:highsec',
  abyssal: 'loc:abyssal',
  ganked: 'ganked',
}
const MAX_PAST = 604_800

export class PathError extends Error {}
const refuse = (text: string): never => {
  throw new PathError(text)
}

function whole(key: string, text: string | undefined): number {
  if (text === undefined || text === '') return refuse(`${key} needs a value`)
  if (text.startsWith('0') && key !== 'month') refuse('Do not prefix values with 0')
  if (text.includes(',')) refuse('multiple values separated by commas are no longer supported')
  return /^\d+$/.test(text) ? Number(text) : refuse(`${text} is not an integer`)
}

function within(key: string, value: number, low: number, high: number): number {
  return value < low || value > high ? refuse(`${value} is not a valid entry for ${key}`) : value
}

/** What follows an entity filter only. */
const DEPENDENT: Record<string, (query: Query, value: number, thisYear: number) => void> = {
  page: (query, value) => {
    if (value < 1) refuse('page value < 1 not allowed')
    if (value > 100) refuse('page value > 100 not allowed')
    query.page = value
  },
  year: (query, value, thisYear) => {
    query.year = within('year', value, 2007, thisYear)
  },
  month: (query, value) => {
    query.month = within('month', value, 1, 12)
  },
  pastSeconds: (query, value) => {
    if (value > MAX_PAST) refuse('pastSeconds is limited to a max of 7 days')
    query.pastSeconds = value
  },
}

function flag(query: Query, key: string): boolean {
  if (key === 'kills' || key === 'losses') query.side = key
  else if (key === 'solo') query.flags.solo = true
  else if (key === 'pretty') query.pretty = true
  else if (key === 'finalblow-only') query.flags.finalBlowOnly = true
  else if (SPACES[key]) query.labels.push(SPACES[key])
  else return false
  return true
}

function value(query: Query, key: string, next: () => string | undefined): boolean {
  if (key === 'npc' || key === 'awox') {
    const text = next()
    if (text !== '0' && text !== '1') refuse(`Only values of 0 or 1 allowed with the ${key} filter`)
    query.flags[key] = text === '1'
  } else if (key === 'label') query.labels.push(next() ?? '')
  else if (key === 'killID') query.killId = whole(key, next())
  else if (key === 'iskValue') {
    query.iskValue = whole(key, next())
    if (query.iskValue % 500_000_000 !== 0) refuse(`${query.iskValue} is not a valid multiple`)
  } else return false
  return true
}

/**
 * Reads a path such as `/characterID/1/kills/page/2/`.
 * @throws {PathError} with the text the service puts into its error object
 */
export function parsePath(path: string, thisYear: number): Query {
  const query: Query = { entities: [], side: 'both', labels: [], flags: {}, page: 1, pretty: false }
  const segments = path.split('/').slice(1, -1)
  const next = () => segments.shift()
  for (let key = next(); key !== undefined; key = next()) {
    if (SHORT.has(key)) refuse(`${key} is invalid for API calls, please use ${key}ID`)
    if (DISABLED.has(key)) refuse(`${key} has been permanently disabled.`)
    const entity = ENTITY_FILTERS[key as keyof typeof ENTITY_FILTERS]
    const dependent = DEPENDENT[key]
    if (entity) query.entities.push({ kind: entity, id: whole(key, next()) })
    else if (dependent || key === 'finalblow-only') {
      if (query.entities.length === 0) refuse('Please provide an entity filter first.')
      if (dependent) dependent(query, whole(key, next()), thisYear)
      else flag(query, key)
    } else if (!flag(query, key) && !value(query, key, next)) refuse(`${key} is an invalid parameter`)
  }
  return query
}
