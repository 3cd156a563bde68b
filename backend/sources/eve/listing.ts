import { RetryLater } from '../../base/errors'
import { type BackfillParams, type EntityWord, type EveParams, entityOf } from './params'

/** A listing of zKillboard: whose killmails, which side, which month. Its text is the task's key and the request's path. */
export interface Listing {
  kind: EntityWord
  id: string
  side?: 'kills' | 'losses'
  /** Written 2024-03. */
  month?: string
}

const KEY = /^(characterID|corporationID|allianceID)\/(\d+)(?:\/(kills|losses))?(?:\/year\/(\d{4})\/month\/(\d{1,2}))?$/

/** Path segments in zKillboard's own words, without slashes around. */
export function keyOf({ kind, id, side, month }: Listing): string {
  const [year, number] = month?.split('-') ?? []
  return [kind, id, ...(side ? [side] : []), ...(month ? ['year', year, 'month', String(Number(number))] : [])].join('/')
}

/** @throws {RetryLater} for a key no listing has; it would be a fault of ours */
export function listingOf(key: string): Listing {
  const [, kind, id, side, year, month] = KEY.exec(key) ?? []
  if (!kind || !id) throw new RetryLater('key', `${key} is not a listing of zKillboard`)
  return {
    kind: kind as EntityWord,
    id,
    ...(side ? { side: side as 'kills' | 'losses' } : {}),
    ...(year && month ? { month: `${year}-${month.padStart(2, '0')}` } : {}),
  }
}

/** Which killmails of a listing a job wants. */
export interface Want {
  /** Killmails counted newest first, at most. */
  cap: number
  /** Milliseconds since 1970; the first and the first no longer wanted. */
  from: number
  until: number
  skipExisting: boolean
}

/** What the params of a job ask for; a recent sync asks for everything. */
export function wantOf(params: EveParams): Want {
  const { fromDate, toDate, maxPages, limit = 100, skipExisting = true } = (params as Partial<BackfillParams>).options ?? {}
  return {
    cap: maxPages === undefined ? Number.POSITIVE_INFINITY : maxPages * limit,
    from: fromDate ? Date.parse(fromDate) : Number.NEGATIVE_INFINITY,
    until: toDate ? Date.parse(toDate) + 86_400_000 : Number.POSITIVE_INFINITY,
    skipExisting,
  }
}

/** The whole listing a backfill is about. */
export function wholeListing(params: BackfillParams): Listing {
  const { kind, id } = entityOf(params)
  const { kills, losses } = params.options
  return { kind, id: String(id), ...(kills && !losses ? { side: 'kills' } : losses && !kills ? { side: 'losses' } : {}) }
}
