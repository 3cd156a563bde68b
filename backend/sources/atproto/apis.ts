import { Throttled } from '../../base/errors'
import type { Api, RawAnswer, Verdict } from '../../contract'

/** Requests a PDS answers in its window, by its own count; what it says is left counts where others ask from our address. */
const PDS_REQUESTS = 3000
const PDS_WINDOW_S = 300
/** A host that says wait without a moment (its Retry-After is missing, its window over) is left alone for so long, ms. */
const REST_MS = 5_000

const whole = (text: string | undefined): number | undefined => (text !== undefined && /^\d+$/.test(text) ? Number(text) : undefined)

/** What a PDS says of its limit: https://docs.bsky.app/docs/advanced-guides/rate-limits */
export function understandPds({ status, headers }: RawAnswer): Verdict {
  const left = whole(headers['ratelimit-remaining'])
  // A host with another limit counts otherwise than we do; that it is used up says enough.
  const isOurs = whole(headers['ratelimit-limit']) === PDS_REQUESTS
  const remaining = left !== undefined && left > 0 && isOurs ? [{ api: 'pds', tokens: left }] : []
  const isTold = headers['retry-after'] !== undefined || (left === 0 && headers['ratelimit-reset'] !== undefined)
  if (status !== 429 || isTold) return { remaining }
  const until = new Date(Date.now() + REST_MS)
  return { error: new Throttled('pds', until), block: [{ api: 'pds', until, reason: 'http 429' }] }
}

/** Lists who has records of a collection, and which hosts there are. */
export const relay: Api = {
  url: { setting: 'ATPROTO_RELAY_URL' },
  limit: { scope: 'ip', requests: 5, perMs: 1000 },
  livePath: '/xrpc/com.atproto.sync.listHosts?limit=1',
}

/** The directory of did:plc. It publishes no figure. */
export const plc: Api = {
  url: { setting: 'PLC_URL' },
  limit: { scope: 'ip', requests: 5, perMs: 1000 },
  livePath: '/did:plc:z72i7hdynmk6r22z27h6tvur',
}

/** Any host a DID document names; did:web documents are asked of their hosts under the same limit. */
export const pds: Api = {
  url: { template: 'https://{host}' },
  limit: { scope: 'host', requests: PDS_REQUESTS, perMs: PDS_WINDOW_S * 1000, perDay: 10, dayMs: 1000 },
  understand: understandPds,
  inProcess: 32,
}

/** Knows handles that are proved by DNS as well as those proved by HTTPS; the DID document has the last word. */
export const handles: Api = {
  url: { setting: 'ATPROTO_HANDLE_URL' },
  limit: { scope: 'ip', requests: 5, perMs: 1000 },
  livePath: '/xrpc/com.atproto.identity.resolveHandle?handle=atproto.com',
}
