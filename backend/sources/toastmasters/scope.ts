import type { Detail, Prepared, Strategy } from './prepared'

/*
 * Which districts a request is about, and how they are read.
 */

/** From so many named districts on, one summary of all is read in place of the reports of each. */
const MANY_DISTRICTS = 10

export type Scope = Pick<Prepared, 'districts' | 'configured' | 'outside' | 'scopeType'>

/**
 * The districts of a request.
 * @param targets the districts it names; absent: all
 * @param configured empty: every district of a date's summary is in scope
 */
export function scopeOf(targets: readonly string[] | undefined, configured: readonly string[]): Scope {
  const isConfigured = (id: string) => configured.length === 0 || configured.includes(id)
  const districts = targets === undefined ? (configured.length > 0 ? [...configured] : null) : targets.filter(isConfigured)
  const outside = (targets ?? []).filter((id) => !isConfigured(id))
  return { districts, configured: [...configured], outside, scopeType: typeOf(districts, targets, configured) }
}

function typeOf(districts: string[] | null, targets: readonly string[] | undefined, configured: readonly string[]): Scope['scopeType'] {
  if (districts === null || targets === undefined) return 'system-wide'
  if (districts.length === 1) return 'single-district'
  return configured.length > 0 && districts.length === configured.length ? 'system-wide' : 'targeted'
}

/** How such a scope is read: what was asked for, else the cheapest way that gives what such a request is made for. */
export function strategyOf(
  type: 'auto' | 'system-wide' | 'per-district',
  { districts, scopeType }: Scope,
): { strategy: Strategy; detail: Detail } {
  const named = scopeType === 'system-wide' ? undefined : (districts ?? undefined)
  if (type === 'per-district') return perDistrict(districts, 'The request asks for all reports of each district.')
  if (type === 'system-wide') return systemWide(named, 'The request asks for the summaries only: one request for each date.')
  if (scopeType === 'system-wide')
    return systemWide(named, 'All districts are in scope, and one summary has them all: one request for each date.')
  if (scopeType === 'single-district') return perDistrict(districts, 'One district is in scope: all of its reports are read.')
  return targeted(districts ?? [])
}

function systemWide(districts: string[] | undefined, rationale: string): { strategy: Strategy; detail: Detail } {
  return {
    detail: 'summary',
    strategy: {
      type: 'system-wide',
      refreshMethod: { name: 'getAllDistricts', params: { includeDetails: false } },
      rationale,
      estimatedEfficiency: 0.9,
      ...(districts ? { targetDistricts: districts } : {}),
    },
  }
}

function perDistrict(districts: string[] | null, rationale: string): { strategy: Strategy; detail: Detail } {
  const named = districts ? { districtIds: districts } : {}
  return {
    detail: 'full',
    strategy: {
      type: 'per-district',
      refreshMethod: { name: 'getDistrictPerformance', params: { ...named, includeDetails: true } },
      rationale,
      estimatedEfficiency: 0.8,
      ...(districts ? { targetDistricts: districts } : {}),
    },
  }
}

function targeted(districts: string[]): { strategy: Strategy; detail: Detail } {
  const isMany = districts.length >= MANY_DISTRICTS
  return {
    detail: isMany ? 'summary' : 'full',
    strategy: {
      type: 'targeted',
      refreshMethod: { name: 'getMultipleDistricts', params: { districtIds: districts, includeDetails: !isMany } },
      rationale: isMany
        ? `${districts.length} districts are named; from ${MANY_DISTRICTS} on, the summary of each date is read and filtered. Ask for per-district to read their clubs.`
        : `${districts.length} districts are named; below ${MANY_DISTRICTS}, all reports of each are read.`,
      estimatedEfficiency: 0.7,
      targetDistricts: districts,
    },
  }
}
