import { Refused } from '../base/errors'
import type { LimitOverride } from '../config/own'
import type { Api, Limit, ScopeOf, Span } from '../contract'

/** A limit in force. */
export interface LimitInForce extends Limit {
  /** Windows whose figures `LIMITS` states: what the upstream reports does not replace them. */
  fixed?: readonly Span[]
}

/** Every limit by its full name: `esi`, `esi.killmail`. */
export type Limits = ReadonlyMap<string, LimitInForce>

/** Figures of windows that an upstream reported. */
export type Learned = Partial<Record<Span, number>>

/** The share of a window that backfills may use; undefined: all of it. */
export const shareOf = ({ backfillShare }: Limit, span: Span): number | undefined =>
  typeof backfillShare === 'object' ? backfillShare[span] : backfillShare

/** Whether a figure that the upstream reported replaces that of the limit. */
export const isLearned = (limit: LimitInForce, span: Span, learned: Learned | null | undefined): boolean =>
  learned?.[span] !== undefined && !limit.fixed?.includes(span) && (span === 'day' ? limit.perDay : limit.requests) !== undefined

/** The limit with the figures that its upstream reported, where they count. */
export const withLearned = (limit: LimitInForce, learned: Learned | null | undefined): LimitInForce => ({
  ...limit,
  ...(isLearned(limit, 'requests', learned) ? { requests: learned?.requests } : {}),
  ...(isLearned(limit, 'day', learned) ? { perDay: learned?.day } : {}),
})

type WithApis = { apis: Record<string, Api> }

/** `esi` of `esi.killmail`. */
export const apiOf = (name: string): string => name.split('.')[0] ?? name

/** A share for one window leaves that of the other as it is. */
const mergedShare = (limit: Limit, share: Limit['backfillShare']): Limit['backfillShare'] =>
  typeof share === 'object'
    ? { requests: shareOf(limit, 'requests'), day: shareOf(limit, 'day'), ...share }
    : (share ?? limit.backfillShare)

function merged(name: string, limit: Limit, override: LimitOverride): LimitInForce {
  const fixed: Span[] = []
  if (override.requests !== undefined) fixed.push('requests')
  if (override.perDay !== undefined) fixed.push('day')
  const backfillShare = mergedShare(limit, override.backfillShare)
  const both = { ...limit, ...override, ...(backfillShare === undefined ? {} : { backfillShare }), ...(fixed.length > 0 ? { fixed } : {}) }
  if (both.requests !== undefined && both.perMs === undefined) {
    throw new Refused(
      'setup',
      `LIMITS gives ${name} requests without perMs: set perMs to the length of the window in milliseconds.`,
      'LIMITS',
    )
  }
  return both
}

/** A part keeps its row in the gate, for what the upstream's answers tell about it, but counts nothing itself. */
const unlimited = (part: Limit): Limit => ({ scope: part.scope })

/**
 * The limits in force: those of the sources, with `LIMITS` merged over them by name. Overriding an API also overrides the limits of
 * its parts, except parts that are named themselves.
 * @throws {Refused} `setup` when `LIMITS` has a name that no source has
 */
export function effectiveLimits(sources: readonly WithApis[], overrides: Record<string, LimitOverride>): Limits {
  const limits = new Map<string, LimitInForce>()
  for (const [name, api] of sources.flatMap((source) => Object.entries(source.apis))) {
    const whole = overrides[name]
    limits.set(name, whole ? merged(name, api.limit, whole) : api.limit)
    for (const [part, limit] of Object.entries(api.parts ?? {})) {
      const own = overrides[part]
      limits.set(part, own ? merged(part, limit, own) : whole ? unlimited(limit) : limit)
    }
  }
  const unknown = Object.keys(overrides).find((name) => !limits.has(name))
  if (unknown) {
    throw new Refused('setup', `LIMITS names "${unknown}", which no source has. The names are ${[...limits.keys()].join(', ')}.`, 'LIMITS')
  }
  return limits
}

/** What the limit of this API or part counts by, if the request says so. */
export const labelOf = (scopeOf: ScopeOf | undefined, name: string): string | undefined =>
  typeof scopeOf === 'object' ? scopeOf[name] : scopeOf

/**
 * The gate row that counts for `name`: one for all, or one for each host, key or account.
 * @throws {Error} when the request does not name it
 */
export function rowOf(name: string, limit: Limit, scopeOf: ScopeOf | undefined): string {
  if (limit.scope === 'ip') return name
  const label = labelOf(scopeOf, name)
  if (!label) throw new Error(`A request to ${name} must name its ${limit.scope} in scopeOf.`)
  return `${name}:${label}`
}
