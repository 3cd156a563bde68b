import { momentIn } from '../base/moments'
import type { Verdict } from '../contract'

type Headers = Record<string, string | undefined>

/** What the usual headers say; moments by the local clock. */
export interface Told {
  /** Retry-After. */
  retryAt?: Date
  /** When a used-up budget is full again. */
  reset?: Date
  /** A budget is used up. */
  empty: boolean
  /** Tokens left, where the header names its window (`X-Ratelimit-Limit: 3600/15m`). */
  remaining?: number
}

const count = (value: string | undefined): number | undefined =>
  value !== undefined && /^\d+(\.\d+)?$/.test(value.trim()) ? Number(value) : undefined

const BUDGETS = [
  ['ratelimit-remaining', 'ratelimit-reset'],
  ['x-ratelimit-remaining', 'x-ratelimit-reset'],
  ['x-esi-error-limit-remain', 'x-esi-error-limit-reset'],
] as const

/** Understands Retry-After, RateLimit-*, X-Ratelimit-* and X-ESI-Error-Limit-*; names are lower case. */
export function readHeaders(headers: Headers, now = Date.now()): Told {
  const told: Told = { retryAt: momentIn(headers, 'retry-after', now), empty: false }
  for (const [left, reset] of BUDGETS) {
    if (count(headers[left]) !== 0) continue
    told.empty = true
    told.reset = momentIn(headers, reset, now) ?? told.reset
  }
  if (/^\d+\/\d+[smhd]$/.test(headers['x-ratelimit-limit']?.trim() ?? '')) told.remaining = count(headers['x-ratelimit-remaining'])
  return told
}

/** The limits an answer speaks about: the parts it was asked under, else the API. */
export function feedback(told: Told, names: readonly string[]): Pick<Verdict, 'block' | 'remaining'> {
  const { reset, remaining } = told
  return {
    block: told.empty && reset ? names.map((api) => ({ api, until: reset, reason: 'budget used up' })) : [],
    remaining: remaining === undefined ? [] : names.map((api) => ({ api, tokens: remaining })),
  }
}
