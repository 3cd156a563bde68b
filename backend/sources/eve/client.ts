import { z } from 'zod'
import { Fatal, RetryLater } from '../../base/errors'
import { instantOf } from '../../base/moments'
import type { HttpAnswer, Io, Reject } from '../../contract'
import { type EsiRoute, routeOf } from './apis'
import { refusesKillmail } from './denials'
import type { Listing } from './listing'
import type { EntityWord } from './params'
import { type Zkb, zkb } from './records'

/** Pages of one listing zKillboard gives, 200 killmails each. */
export const MAX_PAGE = 100
export const PAGE_SIZE = 200
/** Deep cold pages took up to 37 s; a timeout is never the end of a listing. */
const PAGE_TIMEOUT_MS = 120_000
/** A page of big fights: hundreds of killmails with hundreds of attackers. */
const PAGE_BYTES = 128 * 1024 * 1024

/** One listed killmail. */
export interface Entry {
  id: string
  zkb: Zkb
  /** Milliseconds since 1970; undefined in the old form, which has no body. */
  time?: number
  embedded: boolean
  raw: unknown
}

export interface Listed {
  /** Newest first. */
  entries: Entry[]
  rejected: Reject[]
  /** The page number is beyond what zKillboard gives. */
  past: boolean
  /** When the copy we got was made, ms since 1970. */
  made: number
  /** When its cached copy expires. */
  expires: number
  /** It came from a cache on the way. */
  aged: boolean
}

const entry = z.object({ killmail_id: z.number().int().positive(), zkb })
const ERROR = z.object({ error: z.string() })

/**
 * One page of a listing. An empty list is returned as such: it proves nothing by itself.
 * @param key path segments of the listing
 * @throws {RetryLater} `upstream_error` for its error objects and `[null]`, `shape` for anything we do not know
 * @throws {Fatal} when it says that the request is wrong
 */
export async function readPage(io: Io, key: string, page: number): Promise<Listed> {
  const answer = await io.http('zkillboard').request({
    path: `/${key}/page/${page}/`,
    schema: z.unknown(),
    timeoutMs: PAGE_TIMEOUT_MS,
    maxBytes: PAGE_BYTES,
  })
  return { ...understandPage(answer.data, `${key}/page/${page}`), ...ageOf(answer) }
}

/** A killmail looked up by its id: its entry, or undefined when the answer is an empty list. */
export async function readOne(io: Io, id: string): Promise<Entry | undefined> {
  const answer = await io.http('zkillboard').request({ path: `/killID/${id}/`, schema: z.unknown(), timeoutMs: PAGE_TIMEOUT_MS })
  const { entries } = understandPage(answer.data, `killID/${id}`)
  return entries.find((found) => found.id === id)
}

function understandPage(data: unknown, what: string): Pick<Listed, 'entries' | 'rejected' | 'past'> {
  const error = ERROR.safeParse(data)
  if (error.success) return understandError(error.data.error, what)
  if (!Array.isArray(data)) throw new RetryLater('shape', `${what}: zKillboard did not answer with a list of killmails`)
  if (data.length > 0 && data.every((one) => one === null)) {
    throw new RetryLater('upstream_error', `${what}: zKillboard answered [null]: its own worker failed`)
  }
  const entries: Entry[] = []
  const rejected: Reject[] = []
  for (const [place, raw] of data.entries()) {
    const parsed = entry.safeParse(raw)
    const one = parsed.data && entryOf(parsed.data, raw as Record<string, unknown>)
    if (one && (one.embedded || one.zkb.hash !== '')) entries.push(one)
    else
      rejected.push({
        key: keyOfBad(raw, `${what}#${place}`),
        reason: 'schema',
        detail: 'listed without an id, or without hash and body',
        raw,
      })
  }
  // One odd entry is odd by itself.
  if (rejected.length > 1 && entries.length === 0) {
    throw new RetryLater(
      'shape',
      `${what}: zKillboard has changed the form of its listing; none of ${rejected.length} entries has an id with a hash or a body`,
    )
  }
  const once = [...new Map(entries.map((one) => [one.id, one])).values()]
  return { entries: once.sort((a, b) => Number(b.id) - Number(a.id)), rejected, past: false }
}

function entryOf(it: z.infer<typeof entry>, raw: Record<string, unknown>): Entry {
  const time = typeof raw.killmail_time === 'string' ? instantOf(raw.killmail_time) : undefined
  const embedded = ['victim', 'attackers', 'killmail_time'].some((field) => raw[field] !== undefined)
  return { id: String(it.killmail_id), zkb: it.zkb, embedded, raw, ...(time === undefined ? {} : { time }) }
}

const keyOfBad = (raw: unknown, place: string): string => {
  const { killmail_id } = (raw ?? {}) as { killmail_id?: unknown }
  return typeof killmail_id === 'number' ? String(killmail_id) : place
}

function understandError(text: string, what: string): Pick<Listed, 'entries' | 'rejected' | 'past'> {
  if (/page value/i.test(text)) return { entries: [], rejected: [], past: true }
  if (/invalid|not allowed|supported|must be|unknown/i.test(text)) {
    throw new Fatal('parameter', `${what}: zKillboard refuses the request: ${text}`)
  }
  throw new RetryLater('upstream_error', `${what}: zKillboard answered 200 with an error: ${text}`)
}

/** The age of a copy, from the headers caches write. */
export function ageOf({ headers }: Pick<HttpAnswer<unknown>, 'headers'>): Pick<Listed, 'made' | 'expires' | 'aged'> {
  const sent = instantOf(headers.date)
  const age = Number(headers.age ?? 0) || 0
  const made = (sent ?? Date.now()) - age * 1000
  const seconds = Number(/max-age=(\d+)/.exec(headers['cache-control'] ?? '')?.[1] ?? 3600)
  return { made, expires: made + seconds * 1000, aged: age > 0 }
}

/** ESI's answer for a killmail: its body unread, or that it refuses the pair of id and hash. */
export async function readBody(io: Io, id: string, hash: string): Promise<{ raw: unknown } | { refused: string }> {
  const answer = await io.http('esi').request({
    path: `/killmails/${id}/${hash}`,
    schema: z.unknown(),
    parts: { 'esi.killmail': 5 },
    accept: [400, 404, 422],
    isAnswer: (it) => refusesKillmail(id, it),
  })
  return answer.data === undefined ? { refused: `${answer.status} ${answer.text.slice(0, 200)}`.trim() } : { raw: answer.data }
}

const BIRTH = { characterID: 'character', corporationID: 'corporation', allianceID: 'alliance' } as const satisfies Record<
  EntityWord,
  EsiRoute
>
const born = z.object({ birthday: z.string().optional(), date_founded: z.string().optional() })

/** When an entity came to be, by ESI; undefined for deleted and very old ones. */
export async function readBirth(io: Io, kind: EntityWord, id: string): Promise<Date | undefined> {
  const answer = await io.http('esi').request({ path: `/${BIRTH[kind]}s/${id}`, schema: born, accept: [404], parts: routeOf(BIRTH[kind]) })
  const text = answer.data?.birthday ?? answer.data?.date_founded
  const at = instantOf(text)
  return at === undefined ? undefined : new Date(at)
}

const counts = z.object({ shipsDestroyed: z.number().nullish(), shipsLost: z.number().nullish() })
const stats = counts.extend({ months: z.record(z.string(), counts).nullish() })

type Stats = z.infer<typeof stats>
/** The months of a walk compare themselves with one answer: it covers them all, and zKillboard's edge keeps it as long. */
const KEPT_MS = 3_600_000
export const keptStats = new Map<string, { stats: Stats; until: number }>()
const MAX_KEPT = 100

/** zKillboard's statistics of an entity; undefined when there are none to be had. */
async function readStats(io: Io, { kind, id, month }: Listing): Promise<Stats | undefined> {
  const path = `/stats/${kind}/${id}/kills/`
  const held = keptStats.get(path)
  if (month && held && held.until > Date.now()) return held.stats
  const answer = await io.http('zkillboard').request({ path, schema: z.unknown(), accept: [404] })
  const parsed = stats.safeParse(answer.data)
  if (!parsed.success || ERROR.safeParse(answer.data).success) return undefined
  if (keptStats.size >= MAX_KEPT) keptStats.clear()
  keptStats.set(path, { stats: parsed.data, until: Date.now() + KEPT_MS })
  return parsed.data
}

/**
 * How many killmails a listing has at least, by zKillboard's statistics: they count player kills only, and the same killmail on
 * both sides where one attacked its own.
 * @returns undefined when there are no statistics to be had
 */
export async function readLeast(io: Io, listing: Listing): Promise<number | undefined> {
  const { side, month } = listing
  const all = await readStats(io, listing)
  const found = month ? all && (all.months?.[month.replace('-', '')] ?? {}) : all
  if (!found) return undefined
  const { shipsDestroyed, shipsLost } = found
  return Math.max(side === 'losses' ? 0 : (shipsDestroyed ?? 0), side === 'kills' ? 0 : (shipsLost ?? 0))
}
