/** A zone at the end of a text: `Z`, `GMT`, `+09:00`, `+0900`, `+09`. */
const ZONE = /(?:[a-z]{1,5}|[+-]\d{2}:?(?:\d{2})?)$/i
const SHORT_OFFSET = /([+-]\d{2}):?$/
/** A day alone, or a time of day somewhere: numbers and words alone are no time, though JavaScript takes some for one. */
const TIME_LIKE = /^\d{4}-\d{2}-\d{2}$|\d{1,2}:\d{2}/
const ISO = /^\d{4}-\d{2}-\d{2}T/i

/**
 * A time as upstreams write it: ISO 8601, or one of HTTP's three forms (RFC 9110 section 5.6.7). One that names no zone is
 * UTC, wherever this process runs; JavaScript would take it for local time.
 * @returns ms since 1970; undefined for what is no time
 */
export function instantOf(text: string | null | undefined): number | undefined {
  const bare = text?.trim() ?? ''
  if (!TIME_LIKE.test(bare)) return undefined
  const at = Date.parse(bare.includes(':') ? zoned(bare) : bare)
  return Number.isNaN(at) ? undefined : at
}

function zoned(text: string): string {
  if (ZONE.test(text) && !/[ap]m$/i.test(text)) return text.replace(SHORT_OFFSET, '$1:00')
  return ISO.test(text) ? `${text}Z` : `${text} UTC`
}

type Headers = Record<string, string | undefined>

/** From here on a number is a moment, s since 1970; a smaller one is seconds from now. */
const EPOCH_FROM = 1e9
/** From here on it is one in ms. */
const EPOCH_MS_FROM = 1e11
/** A date and a reset are whole seconds; a clock that is right to within two need not be corrected, ms. */
const CLOCK_MS = 2_000

/** What a number says: seconds from now or since 1970, or ms since 1970. */
function fromNumber(number: number, now: number): number | undefined {
  if (number < 0) return undefined
  if (number < EPOCH_FROM) return now + number * 1000
  return number < EPOCH_MS_FROM ? number * 1000 : number
}

/** How far the local clock is ahead of the upstream's, ms; 0 where it does not tell the time. */
function aheadOf({ date }: Headers, now: number): number {
  const ahead = now - (instantOf(date) ?? now)
  return Math.abs(ahead) > CLOCK_MS ? ahead : 0
}

/**
 * The moment a header names: seconds from now, seconds or milliseconds since 1970, or a date (RFC 9110 section 10.2.3). One
 * named by its place in time is by the clock of the upstream, which its `date` shows.
 * @param name in lower case, as all headers here
 * @returns undefined where the header is missing or names none, negative numbers among them
 */
export function momentIn(headers: Headers, name: string, now = Date.now()): Date | undefined {
  const value = headers[name]?.trim()
  if (!value) return undefined
  const number = Number(value)
  const isDistance = number < EPOCH_FROM
  const at = Number.isNaN(number) ? instantOf(value) : fromNumber(number, now)
  const moment = new Date((at ?? Number.NaN) + (isDistance ? 0 : aheadOf(headers, now)))
  return Number.isNaN(moment.getTime()) ? undefined : moment
}
