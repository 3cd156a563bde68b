import { type Ask, json, type Reply } from '../base/exchange'
import { Ban, SlidingBucket } from '../base/limits'
import type { SandboxSettings } from '../base/source'
import type { Take } from './faults'

export interface EtsyLimitOptions {
  /** Requests of the key in a second. */
  perSecond: number
  /** Requests of the key in a sliding day. */
  perDay: number
  /** How long that day is. */
  daySeconds: number
}

/** The limits of an API key over all its sellers: the second is checked before the day. */
export class EtsyLimits {
  private readonly second: SlidingBucket
  private readonly day: SlidingBucket
  private readonly ban = new Ban()

  constructor(
    private readonly settings: SandboxSettings,
    private readonly options: EtsyLimitOptions,
  ) {
    this.second = new SlidingBucket(options.perSecond, 1000 / settings.speed)
    this.day = new SlidingBucket(options.perDay, (options.daySeconds * 1000) / settings.speed)
  }

  /** As the product has to know them. */
  forProduct() {
    if (this.settings.open) return { requests: 1_000_000, perMs: 1000, perDay: 1_000_000_000, dayMs: 1000 }
    const { second, day } = this
    return { requests: second.tokens, perMs: Math.ceil(second.windowMs), perDay: day.tokens, dayMs: Math.ceil(day.windowMs) }
  }

  /** Requests of the sliding day up to now. */
  usedToday(): number {
    return this.day.used(this.settings.context.clock())
  }

  /** Counts an arrival; the answer when it is one too many, which is not counted. */
  refuse(ask: Ask): Reply | undefined {
    if (this.settings.open) return undefined
    const { violations } = this.settings.context
    if (this.ban.broken(ask)) violations.add('etsy-while-told-to-wait', `${Math.round(this.ban.leftMs(ask.at))} ms too early: ${ask.path}`)
    if (this.ban.refuses(ask)) return this.tooManyToday(this.ban.leftMs(ask.at))
    if (this.second.used(ask.at) >= this.options.perSecond) {
      violations.add('etsy-second', `more than ${this.options.perSecond} in ${this.second.windowMs} ms: ${ask.path}`)
      return this.tooManyNow(ask)
    }
    if (this.day.used(ask.at) >= this.options.perDay) {
      violations.add('etsy-day', `more than ${this.options.perDay} in ${this.day.windowMs} ms: ${ask.path}`)
      const waitMs = this.day.waitMs(ask.at)
      this.ban.set(ask, waitMs)
      return this.tooManyToday(waitMs)
    }
    for (const bucket of [this.second, this.day]) bucket.spend(ask.at - (ask.lateMs ?? 0), 1)
    return undefined
  }

  /** The refusals that faults ask for. */
  faulted(ask: Ask, take: Take): Reply | undefined {
    if (take('etsy-second-429')) return this.tooManyNow(ask)
    const day = take('etsy-day-429')
    if (!day) return undefined
    const ms = Number(day.seconds ?? 86_400) * 1000
    this.ban.set(ask, ms)
    return this.tooManyToday(ms)
  }

  /** What every answer says about the limits. */
  headers(ask: Ask, take: Take): Record<string, string> {
    const { perSecond, perDay } = this.options
    const cut = take('etsy-cut-header') ? 'x-remaining-this-secon' : 'x-remaining-this-second'
    return {
      'x-limit-per-second': String(perSecond),
      [cut]: String(Math.max(0, perSecond - this.second.used(ask.at))),
      'x-limit-per-day': String(perDay),
      'x-remaining-today': String(Math.max(0, perDay - this.day.used(ask.at))),
    }
  }

  private tooManyNow(ask: Ask): Reply {
    const headers = this.headers(ask, () => undefined)
    return json({ error: 'Exceeded per second rate limit' }, 429, { ...headers, 'x-remaining-this-second': '0' })
  }

  private tooManyToday(ms: number): Reply {
    const { perSecond, perDay } = this.options
    return json({ error: 'Exceeded per day rate limit' }, 429, {
      'x-limit-per-second': String(perSecond),
      'x-remaining-this-second': String(perSecond),
      'x-limit-per-day': String(perDay),
      'x-remaining-today': '0',
      'retry-after': String(Math.max(1, Math.ceil(ms / 1000))),
    })
  }

  reset(): void {
    this.second.reset()
    this.day.reset()
    this.ban.reset()
  }
}
