import { type Ask, json, type Reply } from '../base/exchange'
import { SlidingBucket } from '../base/limits'
import type { SandboxApi, SandboxSettings } from '../base/source'
import { documentOf, shortOf } from './documents'
import { faultedBackpack, refusal } from './faults'
import type { Market } from './market'

const MINUTE_MS = 60_000
const REQUESTS = 60
const SNAPSHOTS = 6
const SNAPSHOT = '/api/classifieds/listings/snapshot'
const LISTING = /^\/api\/v2\/classifieds\/listings\/([^/]+)$/

const TOKEN = 'a-token-of-the-sandbox'

/** backpack.tf's snapshots and listings. */
export class Backpack implements SandboxApi {
  readonly name = 'backpacktf'
  readonly prefix = '/backpacktf'
  readonly env = 'BACKPACK_TF_URL'
  readonly credentials = { BACKPACK_TF_TOKEN: TOKEN }
  readonly limits
  private readonly all: SlidingBucket
  private readonly snapshots: SlidingBucket

  constructor(
    private readonly settings: SandboxSettings,
    private readonly market: Market,
  ) {
    const perMs = MINUTE_MS / settings.speed
    this.all = new SlidingBucket(REQUESTS, perMs)
    this.snapshots = new SlidingBucket(SNAPSHOTS, perMs)
    const limit = (requests: number) => (settings.open ? { requests: 1_000_000, perMs: 1000 } : { requests, perMs })
    this.limits = { backpacktf: limit(REQUESTS), 'backpacktf.snapshot': limit(SNAPSHOTS), 'backpacktf.listing': limit(REQUESTS) }
  }

  route(ask: Ask): string {
    if (ask.path === SNAPSHOT) return 'snapshot'
    return LISTING.test(ask.path) ? 'listing' : 'unknown'
  }

  subject(ask: Ask): string {
    return ask.query === undefined ? ask.path : `${ask.path}?${decodeURIComponent(ask.query.replaceAll('+', ' '))}`
  }

  police(ask: Ask): Reply | undefined {
    if (this.settings.open) return undefined
    const { violations } = this.settings.context
    const buckets: [SlidingBucket, string][] = [[this.all, 'backpacktf-limit']]
    if (this.route(ask) === 'snapshot') buckets.push([this.snapshots, 'backpacktf-snapshots'])
    for (const [bucket, kind] of buckets) {
      if (bucket.used(ask.at) < bucket.tokens) continue
      violations.add(kind, `more than ${bucket.tokens} in ${bucket.windowMs} ms: ${ask.path}`)
      return refusal('text', Math.max(1, Math.ceil(bucket.waitMs(ask.at) / 1000)), ask.at)
    }
    for (const [bucket] of buckets) bucket.spend(ask.at - (ask.lateMs ?? 0), 1)
    return undefined
  }

  answer(ask: Ask): Reply {
    return faultedBackpack(this.settings.context, ask) ?? this.respond(ask)
  }

  private respond(ask: Ask): Reply {
    const query = new URLSearchParams(ask.query)
    const token = ask.headers['x-auth-token'] ?? query.get('token') ?? ''
    if (token !== TOKEN) return json({ message: 'invalid token' }, 401)
    if (ask.headers['user-agent'] === undefined) return json({ message: 'error code: 1020' }, 403)
    if (ask.path === SNAPSHOT) return this.snapshot(ask, query.get('sku') ?? '')
    const id = LISTING.exec(ask.path)?.[1]
    return id === undefined ? json({ message: 'Not found' }, 404) : this.listing(ask, id)
  }

  private snapshot(ask: Ask, sku: string): Reply {
    const on = (name: string) => this.settings.context.faults.take(name, this.name, ask)
    const nothing = on('no-listings')
    const age = on('snapshot-age')
    const capped = on('capped-snapshot')
    const bad = on('bad-listing')
    const most = Number(capped?.count ?? (capped ? 30 : Number.POSITIVE_INFINITY))
    const listed = this.market.listed(sku)
    const sides = (['sell', 'buy'] as const).flatMap((intent) => listed.filter((offer) => offer.intent === intent).slice(0, most))
    const hasIds = !on('no-asset-ids')
    const listings = sides.map((offer, n) => ({
      ...shortOf(offer, hasIds),
      ...(bad && n === Number(bad.entry ?? 0) ? { steamid: null } : {}),
    }))
    const shown = nothing
      ? ({ null: { listings: null }, empty: { listings: [] } }[String(nothing.form)] ?? {})
      : listings.length > 0
        ? { listings }
        : {}
    return json({
      ...shown,
      appid: 440,
      sku: on('other-sku') ? 'Another Item' : sku,
      ...(on('no-date') ? {} : { createdAt: this.market.now() - (age ? Number(age.seconds ?? 25_200) : 0) }),
    })
  }

  private listing(ask: Ask, id: string): Reply {
    const on = (name: string) => this.settings.context.faults.take(name, this.name, ask)
    if (on('hidden-listing')) return json({ message: 'Forbidden' }, 403)
    const other = on('other-listing')
    const offer = this.market.find(other ? String(other.id) : decodeURIComponent(id))
    return offer ? json(documentOf(offer)) : json({ message: 'Not found' }, 404)
  }

  reset(): void {
    this.all.reset()
    this.snapshots.reset()
  }
}
