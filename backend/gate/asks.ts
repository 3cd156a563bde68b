import type { Pace, ScopeOf, Span } from '../contract'
import { apiOf, type LimitInForce, type Limits, rowOf, shareOf } from './limits'

/** One limit that a request counts against. */
export interface Ask {
  /** API or part: `esi`, `esi.killmail`. */
  api: string
  /** The host, key or account, where the limit's scope is not `ip`. */
  scopeOf?: ScopeOf
  /** The most tokens it can cost, where the limit counts tokens; default 1. */
  cost?: number
}

/** A rolling window: its limit, its length, the share of backfills (null: all of it) and whether no reported limit replaces its own. */
export type Window = [limit: number, ms: number, share?: number | null, isFixed?: true]

/** What the database function needs to know of one limit; its names are those of `gate_acquire`. */
export interface RowAsk {
  cost: number
  spacing?: number
  spans: Partial<Record<Span, Window>>
  concurrent?: number
  /** When the request counts as lost, ms after its slot. */
  hold: number
  breaker?: true
  /** It is the pace of one job: no slot is reserved in advance because of it. */
  pace?: true
}

/** A grant of a spaced limit may be used this long, ms; the database adds as much to the spacing. */
export const DELTA_MS = 15
/** The same at most, where the database's clock is known only roughly (a slow connection), ms. */
const MAX_DELTA_MS = 250

const DAY_MS = 86_400_000

function windowOf(limit: LimitInForce, span: Span, figure: number, ms: number): Window {
  const share = shareOf(limit, span) ?? null
  return limit.fixed?.includes(span) ? [figure, ms, share, true] : share === null ? [figure, ms] : [figure, ms, share]
}

function rowAsk(ask: Ask, limit: LimitInForce, hold: number, breaker: boolean): RowAsk {
  return {
    cost: limit.tokens ? Math.ceil(ask.cost ?? 1) : 1,
    ...(limit.spacingMs ? { spacing: Math.ceil(limit.spacingMs) } : {}),
    spans: {
      ...(limit.requests && limit.perMs ? { requests: windowOf(limit, 'requests', limit.requests, limit.perMs) } : {}),
      ...(limit.perDay ? { day: windowOf(limit, 'day', limit.perDay, limit.dayMs ?? DAY_MS) } : {}),
    },
    ...(limit.concurrent ? { concurrent: limit.concurrent } : {}),
    hold,
    ...(breaker ? { breaker } : {}),
  }
}

/** Row of a job's pace. No limit has such a name: lists of limits leave it out, and it is deleted once it delays nothing. */
const paceRow = ({ api, job }: Pace & { job: string }): string => `pace/${api}:${job}`
/** As a pattern for `like`. */
export const PACE_ROWS = 'pace/%'

/** Whether the limit alone keeps the pace. */
const keepsPace = ({ scope, spacingMs = 0 }: LimitInForce, pace: Pace): boolean => scope === 'ip' && spacingMs >= pace.spacingMs

/**
 * The gate rows a request counts against, by row name, and the row of each API or part.
 * @param pace of the job, where the first of the asks is for its API
 */
export function rowsOf(
  asks: readonly Ask[],
  limits: Limits,
  hold: number,
  pace?: Pace & { job: string },
): { rows: Map<string, RowAsk>; names: Map<string, string> } {
  const rows = new Map<string, RowAsk>()
  const names = new Map<string, string>()
  // A part has its own breaker, so that one that fails does not stop the others.
  const breaker = asks.find(({ api }) => apiOf(api) !== api) ?? asks[0]
  for (const ask of asks) {
    const limit = limits.get(ask.api)
    if (!limit) throw new Error(`No limit is stated for ${ask.api}: name it in its source's apis or parts.`)
    const row = rowOf(ask.api, limit, ask.scopeOf)
    rows.set(row, rowAsk(ask, limit, hold, ask === breaker))
    names.set(ask.api, row)
    if (ask.api === pace?.api && !keepsPace(limit, pace))
      rows.set(paceRow(pace), { cost: 1, spacing: Math.ceil(pace.spacingMs), spans: {}, hold, pace: true })
  }
  return { rows, names }
}

/** Length of each limit's rolling windows, ms. */
export const spansOf = (limits: Limits): Record<string, { requests?: number; day?: number }> =>
  Object.fromEntries(
    [...limits].map(([name, limit]) => [name, { requests: limit.perMs, ...(limit.perDay ? { day: limit.dayMs ?? DAY_MS } : {}) }]),
  )

/**
 * How long a grant is valid for a process that knows the database's clock to within `uncertainMs`. A request that may be later than
 * that is not sent, so a process that knows the time less exactly reserves more room.
 */
export const deltaFor = (uncertainMs: number): number =>
  Number.isFinite(uncertainMs) ? Math.min(MAX_DELTA_MS, Math.max(DELTA_MS, Math.ceil(uncertainMs) + 10)) : DELTA_MS

/** The same rows with that much room reserved after each slot. */
export const withDelta = (rows: ReadonlyMap<string, RowAsk>, delta: number): ReadonlyMap<string, RowAsk> =>
  new Map([...rows].map(([row, ask]) => [row, ask.spacing === undefined ? ask : { ...ask, spacing: ask.spacing + delta - DELTA_MS }]))
