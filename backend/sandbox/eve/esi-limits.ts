import type { SandboxContext } from '../base/context'
import { type Ask, json, type Reply } from '../base/exchange'
import { Ban, ErrorBudget, SlidingBucket } from '../base/limits'

const QUARTER_MS = 900_000
const ERRORS = 100
const MINUTE_MS = 60_000
export type Group = 'killmail' | 'status'
const TOKENS: Record<Group, number> = { killmail: 3600, status: 600 }

const costOf = (status: number): number => {
  if (status === 429 || status >= 500) return 0
  return status >= 400 ? 5 : status >= 300 ? 1 : 2
}

/** ESI's two systems of limits: token buckets for some routes, an error budget a minute for the others. */
export class EsiLimits {
  private readonly buckets = new Map<string, SlidingBucket>()
  private readonly errors: ErrorBudget
  /** Set by the faults `esi-420` and `esi-429`. */
  readonly pause = new Map<string, Ban>()

  constructor(
    private readonly context: SandboxContext,
    private readonly speed: number,
    private readonly open: boolean,
  ) {
    this.errors = new ErrorBudget(ERRORS, MINUTE_MS / speed)
  }

  private bucket(group: Group, ip: string): SlidingBucket {
    const key = `${group} ${ip}`
    const bucket = this.buckets.get(key) ?? new SlidingBucket(TOKENS[group], QUARTER_MS / this.speed)
    this.buckets.set(key, bucket)
    return bucket
  }

  private banOf(name: string): Ban {
    const ban = this.pause.get(name) ?? new Ban()
    this.pause.set(name, ban)
    return ban
  }

  /** The answer of a limit that is used up, or undefined. */
  refuse(ask: Ask, group: Group | undefined): Reply | undefined {
    if (this.open) return undefined
    const { violations } = this.context
    for (const name of ['all', group ?? 'none']) {
      const ban = this.banOf(name)
      if (ban.broken(ask))
        violations.add('esi-while-told-to-wait', `${Math.round(ban.leftMs(ask.at))} ms too early: ${ask.method} ${ask.path}`)
      if (ban.refuses(ask)) return name === 'all' ? this.limited(ask.at) : this.tooMany(ask.at, group as Group, ban.leftMs(ask.at), ask.ip)
    }
    if (this.errors.remaining(ask.at) === 0) {
      violations.add('esi-error-limit', `${ERRORS} errors in this window are used up: ${ask.method} ${ask.path}`)
      return this.limited(ask.at)
    }
    if (!group) return undefined
    const bucket = this.bucket(group, ask.ip)
    if (bucket.used(ask.at) < bucket.tokens) return undefined
    violations.add('esi-bucket', `${bucket.tokens} tokens of ${group} are spent: ${ask.path}`)
    return this.tooMany(ask.at, group, bucket.waitMs(ask.at), ask.ip)
  }

  /** Books the answer and writes the limit's headers on it. */
  settle(ask: Ask, group: Group | undefined, answer: Reply): Reply {
    if (answer.status === 420 || answer.status === 429) return answer
    if (group) {
      this.bucket(group, ask.ip).spend(ask.at, costOf(answer.status))
      return { ...answer, headers: { ...answer.headers, ...this.bucketHeaders(ask.at, group, ask.ip, costOf(answer.status)) } }
    }
    if (answer.status >= 400) this.errors.add(ask.at)
    return { ...answer, headers: { ...answer.headers, ...this.errorHeaders(ask.at) } }
  }

  private errorHeaders(at: number): Record<string, string> {
    return {
      'x-esi-error-limit-remain': String(this.errors.remaining(at)),
      'x-esi-error-limit-reset': String(this.errors.resetSeconds(at)),
    }
  }

  private bucketHeaders(at: number, group: Group, ip: string, used: number): Record<string, string> {
    const bucket = this.bucket(group, ip)
    return {
      'x-ratelimit-group': group,
      'x-ratelimit-limit': `${bucket.tokens}/15m`,
      'x-ratelimit-remaining': String(Math.max(0, bucket.tokens - bucket.used(at))),
      'x-ratelimit-used': String(used),
    }
  }

  private limited(at: number): Reply {
    const seconds = Math.max(this.errors.resetSeconds(at), Math.ceil(this.banOf('all').leftMs(at) / 1000))
    return json({ error: 'This software has exceeded the error limit for ESI.' }, 420, {
      'x-esi-error-limit-remain': '0',
      'x-esi-error-limit-reset': String(seconds),
    })
  }

  private tooMany(at: number, group: Group, waitMs: number, ip: string): Reply {
    const seconds = Math.max(1, Math.ceil(waitMs / 1000))
    return json({ error: 'Too many requests' }, 429, {
      ...this.bucketHeaders(at, group, ip, 0),
      'x-ratelimit-remaining': '0',
      'retry-after': String(seconds),
    })
  }

  /** `esi-420`: every route refuses for so many seconds. */
  stopAll(ask: Ask, seconds: number): Reply {
    this.banOf('all').set(ask, seconds * 1000)
    return this.limited(ask.at)
  }

  /** `esi-429`: the routes of the group, or those without one, refuse for so many seconds. */
  stopGroup(ask: Ask, group: Group | undefined, seconds: number): Reply {
    this.banOf(group ?? 'none').set(ask, seconds * 1000)
    if (group) return this.tooMany(ask.at, group, seconds * 1000, ask.ip)
    return json({ error: 'Too many requests' }, 429, { 'retry-after': String(seconds) })
  }

  reset(): void {
    this.buckets.clear()
    this.pause.clear()
    this.errors.reset()
  }
}
