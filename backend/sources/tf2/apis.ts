import { RetryLater, Throttled } from '../../base/errors'
import { momentIn } from '../../base/moments'
import type { Api, RawAnswer, Verdict } from '../../contract'

/** How long backpack.tf is left alone where it says wait without saying how long, ms. */
const REST_MS = 61_000
/** How long after a refused token it is asked again, ms: a person has to act. */
const TOKEN_MS = 15 * 60_000
/** How long Steam is left alone after a 429, which says nothing, ms. */
const STEAM_REST_MS = 60_000

const inMs = (ms: number): Date => new Date(Date.now() + ms)

/** What the body of a 429 says of the wait: `{"message": "… Try again in 34 seconds."}`, `retry_after`, `retry_after_ms`. */
function waitIn(text: string): Date | undefined {
  const field = (name: string) => /^\d+(\.\d+)?$/.exec(new RegExp(`"${name}"\\s*:\\s*"?([\\d.]+)`).exec(text)?.[1] ?? '')?.[0]
  const ms = field('retry_after_ms')
  if (ms !== undefined) return inMs(Number(ms))
  const seconds = field('retry_after') ?? /\bin (\d+) seconds?\b/i.exec(text)?.[1]
  return seconds === undefined ? undefined : inMs(Number(seconds) * 1000)
}

/** What an answer of backpack.tf says beyond its status. Its 429 comes as JSON, or as a page of the proxy before it. */
export function understandBackpack({ status, headers, text, parts = [] }: RawAnswer): Verdict {
  if (status === 429) {
    const until = waitIn(text) ?? momentIn(headers, 'retry-after') ?? inMs(REST_MS)
    const names = parts.length > 0 ? parts : ['backpacktf']
    return { error: new Throttled(names[0] as string, until), block: names.map((api) => ({ api, until, reason: 'http 429' })) }
  }
  if (status === 401) {
    const until = inMs(TOKEN_MS)
    const message = 'backpack.tf refuses the token (401): set BACKPACK_TF_TOKEN to the access token of your account and restart the workers'
    return {
      error: new RetryLater('unauthorized', message, until),
      block: [{ api: 'backpacktf', until, reason: 'the token is refused (401)' }],
    }
  }
  return {}
}

/** Steam's 429 has no body and no header; in its weekly maintenance it lasts, so that sellers are given up after a while. */
export function understandSteam({ status, headers }: RawAnswer): Verdict {
  if (status !== 429) return {}
  const until = momentIn(headers, 'retry-after') ?? inMs(STEAM_REST_MS)
  return { error: new Throttled('steam', until), block: [{ api: 'steam', until, reason: 'http 429' }] }
}

/** 60 requests a minute and address in all, whatever they are: TF2-Price-DB and tf2-automatic measured it; a snapshot's own limit is a default account's. */
export const backpacktf: Api = {
  url: { setting: 'BACKPACK_TF_URL' },
  limit: { scope: 'ip', requests: 60, perMs: 60_000, backfillShare: 0.9 },
  parts: {
    'backpacktf.snapshot': { scope: 'ip', requests: 6, perMs: 60_000 },
    'backpacktf.listing': { scope: 'ip', requests: 60, perMs: 60_000 },
  },
  credential: { setting: 'BACKPACK_TF_TOKEN', header: (token) => ({ 'X-Auth-Token': token }) },
  understand: understandBackpack,
  livePath: '/api/classifieds/listings/snapshot?appid=440&sku=Mann%20Co.%20Supply%20Crate%20Key',
  inProcess: 4,
}

/** Inventories: one request in 10 s is what its users settled on. */
export const steam: Api = {
  url: { setting: 'STEAM_COMMUNITY_URL' },
  limit: { scope: 'ip', spacingMs: 10_000, concurrent: 1 },
  understand: understandSteam,
  inProcess: 1,
}
