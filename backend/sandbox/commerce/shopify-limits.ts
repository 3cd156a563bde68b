import { type Ask, json, type Reply } from '../base/exchange'
import { Ban } from '../base/limits'
import type { SandboxSettings } from '../base/source'
import type { Take } from './faults'

/** Points of a bucket for each point that comes back in a second. */
const BUCKET_SECONDS = 20
/** Calls of REST that a shop has, and how many of them come back in a second. */
const CALLS = 40
const CALLS_PER_SECOND = 2

class Bucket {
  private points: number
  private at = Number.NEGATIVE_INFINITY
  readonly ban = new Ban()
  constructor(
    readonly size: number,
    /** Points in a second. */
    readonly rate: number,
  ) {
    this.points = size
  }
  level(at: number): number {
    if (at > this.at) {
      const back = Number.isFinite(this.at) ? ((at - this.at) / 1000) * this.rate : this.size
      this.points = Math.min(this.size, this.points + back)
      this.at = at
    }
    return this.points
  }
  /** A negative number adds points. */
  take(points: number): void {
    this.points = Math.min(this.size, this.points - points)
  }
}

/** What GraphQL says about a query's cost. */
export interface Cost {
  requestedQueryCost: number
  actualQueryCost: number | null
  throttleStatus: { maximumAvailable: number; currentlyAvailable: number; restoreRate: number }
}

/** The points that each shop has for GraphQL, and its calls of REST. */
export class ShopifyLimits {
  private readonly shops = new Map<number, Bucket>()
  private readonly calls = new Map<number, Bucket>()

  constructor(
    private readonly settings: SandboxSettings,
    /** Points that come back in a second. */
    private readonly perSecond: number,
  ) {}

  /** As the product has to know them. */
  forProduct() {
    const { open, speed } = this.settings
    const limit = (requests: number) =>
      open ? { requests: 1_000_000, perMs: 1000 } : { requests, perMs: Math.ceil((BUCKET_SECONDS * 1000) / speed) }
    return { 'shopify.graphql': limit(this.perSecond * BUCKET_SECONDS), 'shopify.rest': limit(CALLS) }
  }

  private bucketOf(user: number): Bucket {
    const { speed, open } = this.settings
    const kept = this.shops.get(user) ?? new Bucket(open ? 1e9 : this.perSecond * BUCKET_SECONDS, open ? 1e9 : this.perSecond * speed)
    this.shops.set(user, kept)
    return kept
  }

  /** Takes what a query may cost; false where the shop has fewer points. */
  take(ask: Ask, user: number, cost: number, take: Take): boolean {
    const bucket = this.bucketOf(user)
    const level = bucket.level(ask.at)
    const fault = take('shopify-throttled')
    if (!fault && level >= cost) {
      bucket.take(cost)
      return true
    }
    if (fault) bucket.take(level - Number(fault.available ?? 0))
    const { violations } = this.settings.context
    if (bucket.ban.broken(ask)) violations.add('shopify-while-throttled', `${Math.round(bucket.ban.leftMs(ask.at))} ms too early`)
    bucket.ban.set(ask, ((cost - bucket.level(ask.at)) / bucket.rate) * 1000)
    return false
  }

  /** Settles a query, and says what is left. @param actual null for one that did not run */
  settle(ask: Ask, user: number, requested: number, actual: number | null): Cost {
    const bucket = this.bucketOf(user)
    if (actual !== null) bucket.take(actual - requested)
    return {
      requestedQueryCost: requested,
      actualQueryCost: actual,
      throttleStatus: { maximumAvailable: bucket.size, currentlyAvailable: Math.floor(bucket.level(ask.at)), restoreRate: bucket.rate },
    }
  }

  /** Counts a call of REST; the answer when it is one too many. */
  refuseCall(ask: Ask, user: number): Reply | undefined {
    const { open, speed, context } = this.settings
    const bucket = this.calls.get(user) ?? new Bucket(open ? 1e9 : CALLS, CALLS_PER_SECOND * speed)
    this.calls.set(user, bucket)
    if (bucket.level(ask.at) >= 1) {
      bucket.take(1)
      return undefined
    }
    context.violations.add('shopify-rest', `more than ${CALLS}, of which ${bucket.rate} come back in a second: ${ask.path}`)
    return tooMany(2)
  }

  /** What an answer of REST says about the limit. */
  callHeaders(ask: Ask, user: number): Record<string, string> {
    const bucket = this.calls.get(user)
    const used = bucket ? Math.ceil(bucket.size - bucket.level(ask.at)) : 0
    return { 'x-shopify-shop-api-call-limit': `${Math.min(CALLS, used)}/${CALLS}` }
  }

  reset(): void {
    this.shops.clear()
    this.calls.clear()
  }
}

/** What a fault refuses before anything is read. */
export function refusedBy(take: Take): Reply | undefined {
  const busy = take('shopify-429')
  if (busy) return tooMany(Number(busy.seconds ?? 2))
  return take('shopify-401') ? unauthorized() : undefined
}

export const unauthorized = (): Reply =>
  json({ errors: '[API] Invalid API key or access token (unrecognized login or wrong password)' }, 401)

const tooMany = (seconds: number): Reply =>
  json({ errors: 'Exceeded 2 calls per second for api client. Reduce request rates to resume uninterrupted service.' }, 429, {
    'retry-after': seconds.toFixed(1),
  })
