import type { SandboxContext } from '../base/context'
import { type Ask, html, json, type Reply } from '../base/exchange'
import type { Listed } from './shapes'
import type { Place } from './world'

export const PAGE_FAULTS: Record<string, string> = {
  'short-page': 'Leaves out the last `count` entries (2), as if they were too young.',
  'empty-page': 'Answers `[]`, as when a queued result expired.',
  'null-page': 'Answers `[null]`, as when the worker behind the page failed.',
  'error-object': 'Answers 200 with {"error": `text`}.',
  'html-block': 'The edge blocks the client with 403 and a web page; another request within a minute (less with --speed) is a violation.',
  'blocked-redirect': 'Redirects to /api/blocked.json; another request within a minute is a violation.',
  'reinforced-503': 'Answers 503, as when the site protects itself.',
  'edge-http-429': 'Answers 429 and a web page, with `seconds` as Retry-After if given, or the text `retryAfter`.',
  drift: 'Adds `count` new killmails (5) at the head before the page is cut.',
  'edge-cache': 'Caches pages for an hour (`ms`) from their first request.',
  'old-form': 'Entries hold killmail_id and zkb only.',
  'wrong-hash': 'Entry number `entry` (0), or with `every` each so-many-th, names another hash.',
  'empty-hash': 'The same entries have an empty hash.',
  'null-hash': 'The same entries have null for a hash.',
  'no-zkb': 'Entry number `entry` has no zkb.',
  'no-zone': 'Times have no zone.',
  'bad-body': 'Entry number `entry` breaks the schema: attackers is not a list.',
  'wrong-body': 'Entry number `entry` holds the body of its neighbor under its own id.',
  'unknown-shape': 'Entries have an unknown shape.',
}

const BLOCK_PAGE =
  '<!DOCTYPE html><html><head><title>Attention Required! | Cloudflare</title></head><body><h1>Sorry, you have been blocked</h1></body></html>'
const BAN_MS = 60_000

/** An answer that takes the place of the page; with `banMs` the client must wait that long. */
export function faultedAnswer(context: SandboxContext, ask: Ask): { answer: Reply; banMs?: number } | undefined {
  const on = (name: string) => context.faults.take(name, 'zkillboard', ask)
  if (on('empty-page')) return { answer: json([]) }
  if (on('null-page')) return { answer: json([null]) }
  const object = on('error-object')
  if (object) return { answer: json({ error: String(object.text ?? 'Internal error') }) }
  if (on('html-block')) return { answer: html(BLOCK_PAGE, 403), banMs: BAN_MS }
  if (on('blocked-redirect')) return { answer: { status: 302, headers: { location: '/zkillboard/api/blocked.json' } }, banMs: BAN_MS }
  if (on('reinforced-503')) return { answer: html('Reinforced mode', 503) }
  const busy = on('edge-http-429')
  if (!busy) return undefined
  const answer = html(BLOCK_PAGE, 429)
  return busy.seconds === undefined
    ? { answer, banMs: BAN_MS }
    : {
        answer: { ...answer, headers: { ...answer.headers, 'retry-after': String(busy.retryAfter ?? busy.seconds) } },
        banMs: Number(busy.seconds) * 1000,
      }
}

export interface Change {
  keep(places: Place[]): Place[]
  entry(entry: Listed, n: number, listed: (place: Place) => Listed, places: Place[]): unknown
}

/** What the switched-on faults do to a page and its entries. */
export function faultedEntries(context: SandboxContext, ask: Ask, oldForm: boolean): Change {
  const on = (name: string) => context.faults.take(name, 'zkillboard', ask)
  const short = on('short-page')
  const faults = {
    old: oldForm || on('old-form'),
    hash: on('wrong-hash'),
    empty: on('empty-hash'),
    none: on('null-hash'),
    bare: on('no-zkb'),
    zone: on('no-zone'),
    bad: on('bad-body'),
    wrong: on('wrong-body'),
    odd: on('unknown-shape'),
  }
  const hits = (fault: ReturnType<typeof on>, n: number) =>
    fault !== undefined && (fault.every === undefined ? n === Number(fault.entry ?? 0) : n % Number(fault.every) === 0)
  return {
    keep: (places) => (short ? places.slice(0, Math.max(0, places.length - Number(short.count ?? 2))) : places),
    entry(entry, n, listed, places) {
      if (faults.odd) return { id: entry.killmail_id, data: { hash: entry.zkb.hash } }
      let changed: Listed = entry
      const neighbor = places[n === 0 ? 1 : n - 1]
      if (hits(faults.wrong, n) && neighbor) changed = { ...listed(neighbor), killmail_id: entry.killmail_id, zkb: entry.zkb }
      if (hits(faults.hash, n)) changed = { ...changed, zkb: { ...changed.zkb, hash: '0123456789abcdef0123456789abcdef01234567' } }
      if (hits(faults.empty, n)) changed = { ...changed, zkb: { ...changed.zkb, hash: '' } }
      if (faults.zone) changed = { ...changed, killmail_time: changed.killmail_time.replace('Z', '') }
      if (hits(faults.bare, n)) return { ...changed, zkb: undefined }
      if (hits(faults.none, n)) return { ...changed, zkb: { ...changed.zkb, hash: null } }
      if (faults.old) return { killmail_id: changed.killmail_id, zkb: changed.zkb }
      return hits(faults.bad, n) ? { ...changed, attackers: 'none' } : changed
    },
  }
}
