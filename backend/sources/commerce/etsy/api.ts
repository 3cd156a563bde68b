import { Fatal, RetryLater, Throttled } from '../../../base/errors'
import { isRecord, jsonIn } from '../../../base/json'
import { momentIn } from '../../../base/moments'
import type { Api, RawAnswer, Verdict } from '../../../contract'
import { keyHeader } from './key'

/** The most requests in a second: half of what a new key has, so that other programs with the same key go on. */
const PER_SECOND = 5
/** Requests in a day that a new key has; Etsy's answers tell the figure of this one. */
const PER_DAY = 10_000
/** How long to wait after a 429 of the second that names no time, ms. */
const SECOND_MS = 1_000
/** The same for one of the day, whose requests come back bit by bit, ms. */
const DAY_MS = 15 * 60_000
/** How long after a refused key it is tried again, ms: a person has to act. */
const KEY_MS = 5 * 60_000

const inMs = (ms: number): Date => new Date(Date.now() + ms)

/** What Etsy itself says of a refusal; undefined for the answer of anybody else, such as a page of a gateway. */
export function refusalIn({ text }: Pick<RawAnswer, 'text'>): { error: string; description: string } | undefined {
  const body = jsonIn(text)
  if (!isRecord(body) || typeof body.error !== 'string') return undefined
  return { error: body.error, description: typeof body.error_description === 'string' ? body.error_description : '' }
}

const textOf = ({ error, description }: { error: string; description: string }): string => [error, description].filter(Boolean).join(': ')

/** Figures of a header that was also seen without its last letter; undefined where there is none. */
function figureIn(headers: RawAnswer['headers'], name: string): number | undefined {
  const text = headers[name] ?? headers[name.slice(0, -1)]
  return text !== undefined && /^\d+$/.test(text.trim()) ? Number(text) : undefined
}

/** What an answer tells of the limits of its key. */
function budgetOf(headers: RawAnswer['headers']): Pick<Verdict, 'remaining' | 'limits'> {
  const of = (name: string) => figureIn(headers, name)
  const [second, today] = [of('x-remaining-this-second'), of('x-remaining-today')]
  const [perSecond, perDay] = [of('x-limit-per-second'), of('x-limit-per-day')]
  const own = { requests: perSecond && Math.min(PER_SECOND, perSecond), day: perDay }
  return {
    remaining: [
      ...(second === undefined ? [] : [{ api: 'etsy', tokens: second }]),
      ...(today === undefined ? [] : [{ api: 'etsy', tokens: today, span: 'day' as const }]),
    ],
    limits: own.requests || own.day ? [{ api: 'etsy', ...own }] : [],
  }
}

function wait(until: Date, reason: string, on = 'etsy', message?: string): Verdict {
  return { error: new Throttled(on, until, undefined, message), block: [{ api: 'etsy', until, reason }] }
}

/** A 429 without Retry-After is one of the second, unless the day is used up. */
function tooMany(answer: RawAnswer): Verdict {
  const { headers, text } = answer
  const isDay = figureIn(headers, 'x-remaining-today') === 0 || /per day/i.test(text)
  const isSecond = figureIn(headers, 'x-remaining-this-second') === 0 || /per second/i.test(text)
  const named = momentIn(headers, 'retry-after')
  if (isDay) return wait(named ?? inMs(DAY_MS), 'the requests of this day are used up (http 429)')
  return isSecond ? wait(named ?? inMs(SECOND_MS), 'the requests of this second are used up (http 429)') : {}
}

/** About the key: `Shared secret is required in x-api-key header.`, `Invalid API key: …` */
const ABOUT_KEY = /api[ _-]?key|shared secret/i

function refused({ status }: RawAnswer, its: { error: string; description: string }): Verdict {
  const says = `${status}: ${textOf(its).slice(0, 200)}`
  if (ABOUT_KEY.test(its.error)) {
    const message = `Etsy refuses the key of the app (${says}): set ETSY_API_KEY to its keystring and ETSY_SHARED_SECRET to its shared secret, and restart the workers`
    return wait(inMs(KEY_MS), `the key is refused (${says})`, 'Etsy to accept ETSY_API_KEY and ETSY_SHARED_SECRET', message)
  }
  if (its.error === 'insufficient_scope') {
    const message = `Etsy refuses the request, because the seller did not allow it (${says}): connect the account again and allow everything that is asked for`
    return { error: new Fatal('missing_scope', message) }
  }
  return {}
}

/** What an answer of Etsy says beyond its status. */
export function understandEtsy(answer: RawAnswer): Verdict {
  const { status, headers, text } = answer
  const budget = budgetOf(headers)
  // How long to wait follows from the refusal: what is left of the day then would keep the gate closed for a whole day.
  if (status === 429) return { limits: budget.limits, ...tooMany(answer) }
  if (status !== 401 && status !== 403) return budget
  // Anybody on the way may answer 401: that says nothing about the token.
  const its = refusalIn(answer)
  const verdict = its ? refused(answer, its) : {}
  if (verdict.error || status === 403 || isTokenDenied(answer)) return { ...budget, ...verdict }
  return { ...budget, error: new RetryLater('http_401', `401, but not about the token: ${text.slice(0, 200)}`) }
}

/** Only what Etsy itself says about the token. */
export function isTokenDenied(answer: RawAnswer): boolean {
  if (answer.status !== 401) return false
  const its = refusalIn(answer)
  return its !== undefined && !ABOUT_KEY.test(its.error) && /token/i.test(textOf(its))
}

/** Etsy's Open API v3. Its limit belongs to the key of the app, over all accounts. */
export const etsy: Api = {
  url: { setting: 'ETSY_URL' },
  limit: { scope: 'key', requests: PER_SECOND, perMs: 1_000, perDay: PER_DAY, backfillShare: { day: 0.5 } },
  // The token endpoint may be down while all else answers.
  parts: { 'etsy.token': { scope: 'key' } },
  account: {
    kind: 'etsy',
    header: ({ access }, settings) => ({ Authorization: `Bearer ${access}`, ...keyHeader(settings) }),
    isDenied: isTokenDenied,
  },
  understand: understandEtsy,
  inProcess: PER_SECOND,
}
