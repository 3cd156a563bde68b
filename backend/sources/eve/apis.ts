import { RetryLater, Throttled } from '../../base/errors'
import { momentIn } from '../../base/moments'
import type { Api, RawAnswer, Verdict } from '../../contract'

/**
 * Behavior of ESI we are written for. Without the header ESI serves its oldest behavior, and a later date may change
 * a schema; this is the date of the OpenAPI document the schemas here were checked against.
 */
export const COMPATIBILITY_DATE = '2026-07-17'

/** Errors left in ESI's minute below which we stop asking; at 0 every route answers 420. */
const ERROR_RESERVE = 20
const MINUTE = 60_000
/** How long ESI is left alone when it says wait without saying how long, ms. */
const REST_MS = 30_000

const after = (ms: number): Date => new Date(Date.now() + ms)
const count = (text: string | undefined): number | undefined => {
  const value = Number(text)
  return text !== undefined && text.trim() !== '' && Number.isFinite(value) && value >= 0 ? value : undefined
}
const isPage = (text: string): boolean => /^\s*</.test(text)

/** What an answer of zKillboard says beyond its status. */
export function understandZkillboard({ status, headers, text }: RawAnswer): Verdict {
  const blocked = (what: string): Verdict => {
    const until = after(MINUTE)
    return {
      error: new RetryLater('blocked', `zKillboard answered with ${what}; next request after ${until.toISOString()}`, until),
      block: [{ api: 'zkillboard', until, reason: what }],
    }
  }
  if (status >= 300 && status < 400 && headers.location?.includes('blocked'))
    return blocked('its blocked redirect: too many refused requests')
  if (status === 403) return blocked('403: a query string, or Cloudflare does not like this client')
  if (status === 503 || status === 429) {
    const until = momentIn(headers, 'retry-after') ?? after(MINUTE)
    const reason = status === 503 ? 'reinforced mode (503)' : 'rate limited (429)'
    return { error: new Throttled('zkillboard', until), block: [{ api: 'zkillboard', until, reason }] }
  }
  if (status < 300 && isPage(text)) return blocked('a web page instead of data')
  return {}
}

/** Tokens an answer of ESI costs its bucket: https://developers.eveonline.com/docs/services/esi/rate-limiting/ */
export function costOf(status: number): number {
  if (status < 300) return 2
  if (status < 400) return 1
  return status < 500 && status !== 429 ? 5 : 0
}

/** What an answer of ESI says about its error limit, its buckets and its downtime. */
export function understandEsi(answer: RawAnswer): Verdict {
  const { status, headers, text } = answer
  const verdict: Verdict = { block: [], cost: { 'esi.killmail': costOf(status) } }
  const reset = momentIn(headers, 'x-esi-error-limit-reset') ?? after(MINUTE)
  const left = count(headers['x-esi-error-limit-remain'])
  if (left !== undefined && left < ERROR_RESERVE) {
    verdict.block?.push({ api: 'esi', until: reset, reason: `${left} errors left in this minute` })
  }
  if (headers['x-ratelimit-group'] === 'killmail') {
    const tokens = count(headers['x-ratelimit-remaining'])
    if (tokens !== undefined) verdict.remaining = [{ api: 'esi.killmail', tokens }]
  }
  const wait = waitOf(answer, reset)
  if (wait) {
    verdict.block?.push(wait)
    verdict.error = new Throttled(wait.api, wait.until)
  } else if (status < 300 && isPage(text)) {
    verdict.error = new RetryLater('html', 'ESI answered with a web page instead of data')
  }
  return verdict
}

/** Whom an answer of ESI makes wait until when. Some 429 come from the game server and carry no header at all. */
function waitOf({ status, headers, text }: RawAnswer, reset: Date): NonNullable<Verdict['block']>[number] | undefined {
  if (status === 420) return { api: 'esi', until: reset, reason: 'error limit reached (420)' }
  const until = momentIn(headers, 'retry-after') ?? after(REST_MS)
  if (status === 429) {
    return { api: headers['x-ratelimit-group'] === 'killmail' ? 'esi.killmail' : 'esi', until, reason: 'rate limited (429)' }
  }
  if (status === 503 && /datasource|unavailable/i.test(text)) return { api: 'esi', until, reason: 'Tranquility is down (503)' }
  return undefined
}

/** zKillboard publishes no figure; one page per 10 s is what its users settled on. */
export const zkillboard: Api = {
  url: { setting: 'ZKILLBOARD_URL' },
  limit: { scope: 'ip', spacingMs: 10_000, concurrent: 1 },
  understand: understandZkillboard,
  livePath: '/killID/1/',
  inProcess: 1,
}

/** Routes outside the killmail bucket fall under the error limit only, which `understand` keeps: they are parts for their breakers. */
const ROUTES = ['names', 'affiliation', 'character', 'corporation', 'alliance', 'type'] as const
export type EsiRoute = (typeof ROUTES)[number]
/** The `parts` of a request to one of these routes. */
export const routeOf = (route: EsiRoute): Record<string, number> => ({ [`esi.${route}`]: 1 })

export const esi: Api = {
  url: { setting: 'ESI_URL' },
  limit: { scope: 'ip' },
  parts: {
    'esi.killmail': { scope: 'ip', requests: 3600, perMs: 900_000, tokens: true },
    ...Object.fromEntries(ROUTES.map((route) => [`esi.${route}`, { scope: 'ip' as const }])),
  },
  headers: { 'X-Compatibility-Date': COMPATIBILITY_DATE },
  understand: understandEsi,
  probe: { path: '/status', up: (body) => typeof (body as { players?: unknown } | null)?.players === 'number' },
  inProcess: 8,
}
