import type { Verdict } from '../engine/source'

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

/** A number this large is a moment (s since 1970), a smaller one is seconds from now. */
const EPOCH_FROM = 1e9

/** How far the local clock is ahead of the upstream's, ms; moments it names are by its own. 0 where it does not tell the time. */
const aheadOf = (date: string | undefined, now: number): number => {
  const at = Date.parse(date ?? '')
  return Number.isNaN(at) ? 0 : now - at
}

/** Reads seconds, seconds since 1970 or a date (RFC 9110 section 10.2.3). */
export function moment(value: string | undefined, now = Date.now()): Date | undefined {
  if (!value?.trim()) return undefined
  const seconds = Number(value)
  if (Number.isFinite(seconds)) return seconds < 0 ? undefined : new Date(seconds >= EPOCH_FROM ? seconds * 1000 : now + seconds * 1000)
  const at = Date.parse(value)
  return Number.isNaN(at) ? undefined : new Date(at)
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
  const told: Told = { retryAt: moment(headers['retry-after'], now), empty: false }
  const ahead = aheadOf(headers.date, now)
  for (const [left, reset] of BUDGETS) {
    if (count(headers[left]) !== 0) continue
    told.empty = true
    const at = moment(headers[reset], now)
    // A date and a reset are whole seconds; a clock that is right to within two need not be corrected.
    told.reset =
      (at && new Date(at.getTime() + (Number(headers[reset]) >= EPOCH_FROM && Math.abs(ahead) > 2_000 ? ahead : 0))) || told.reset
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
