import { Refused } from '../base/errors'
import type { LimitOverride } from '../config/own'
import type { Api, Limit, ScopeOf } from '../contract'

/** Every limit by its full name: `esi`, `esi.killmail`. */
export type Limits = ReadonlyMap<string, Limit>

type WithApis = { apis: Record<string, Api> }

/** `esi` of `esi.killmail`. */
export const apiOf = (name: string): string => name.split('.')[0] ?? name

function merged(name: string, limit: Limit, override: LimitOverride): Limit {
  const both = { ...limit, ...override }
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
  const limits = new Map<string, Limit>()
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
