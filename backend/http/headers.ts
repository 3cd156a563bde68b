import { momentIn } from '../base/moments'
import type { Verdict } from '../contract'

type Headers = Record<string, string | undefined>

/** What standard headers tell; times by the local clock. */
export interface Waits {
  /** Retry-After (RFC 9110). */
  retryAt?: Date
  /** When an exhausted budget is full again: RateLimit-Reset while RateLimit-Remaining is 0. */
  reset?: Date
}

/** Reads the headers that RFCs and their drafts define. Names are in lower case; the API's own headers are read by its `understand`. */
export const readHeaders = (headers: Headers, now = Date.now()): Waits => ({
  retryAt: momentIn(headers, 'retry-after', now),
  reset: Number(headers['ratelimit-remaining'] || Number.NaN) === 0 ? momentIn(headers, 'ratelimit-reset', now) : undefined,
})

/** The limits to which an exhausted budget applies: the parts that the request named, else the API. */
export const blocksOf = ({ reset }: Waits, names: readonly string[]): NonNullable<Verdict['block']> =>
  reset ? names.map((api) => ({ api, until: reset, reason: 'budget used up' })) : []
