import type { Ask } from './exchange'

/*
 * The upstreams' own bookkeeping. Arrival times carry some jitter of the network and of this process, so a rule
 * is judged with a small tolerance in the client's favor.
 */

/** A client keeps a spacing when no two arrivals are closer than it, less this. */
export const SPACING_TOLERANCE_MS = 5
/** Tokens of a sliding window come back this much earlier than published. */
const WINDOW_TOLERANCE_MS = 50

/** Least time between arrivals. */
export class Spacing {
  private last = Number.NEGATIVE_INFINITY
  constructor(readonly ms: number) {}
  /** Ms since the arrival before, at most. @param lateMs how much earlier this one may have arrived */
  arrive(at: number, lateMs = 0): number {
    const gap = at - this.last
    this.last = at - lateMs
    return gap
  }
  reset(): void {
    this.last = Number.NEGATIVE_INFINITY
  }
}

/** Tokens that come back one window after they were spent. */
export class SlidingBucket {
  private spent: { at: number; cost: number }[] = []
  private head = 0
  private sum = 0
  constructor(
    readonly tokens: number,
    readonly windowMs: number,
  ) {}

  used(at: number): number {
    const horizon = at - Math.max(this.windowMs - WINDOW_TOLERANCE_MS, this.windowMs / 2)
    for (let first = this.spent[this.head]; first && first.at <= horizon; first = this.spent[++this.head]) this.sum -= first.cost
    if (this.head > 4096) {
      this.spent = this.spent.slice(this.head)
      this.head = 0
    }
    return this.sum
  }
  spend(at: number, cost: number): void {
    if (cost === 0) return
    this.spent.push({ at, cost })
    this.sum += cost
  }
  /** Ms until the oldest tokens are back. */
  waitMs(at: number): number {
    const first = this.spent[this.head]
    return first ? Math.max(0, first.at + this.windowMs - at) : 0
  }
  reset(): void {
    this.spent = []
    this.head = 0
    this.sum = 0
  }
}

/** So many errors in every fixed window. */
export class ErrorBudget {
  private window = Number.NaN
  private errors = 0
  constructor(
    readonly limit: number,
    readonly windowMs: number,
  ) {}

  remaining(at: number): number {
    const window = Math.floor(at / this.windowMs)
    if (window !== this.window) {
      this.window = window
      this.errors = 0
    }
    return Math.max(0, this.limit - this.errors)
  }
  add(at: number): void {
    this.remaining(at)
    this.errors++
  }
  /** Whole seconds until the window ends, at least one. */
  resetSeconds(at: number): number {
    return Math.max(1, Math.ceil((this.windowMs - (at % this.windowMs)) / 1000))
  }
  reset(): void {
    this.errors = 0
  }
}

/** Remembers that a client was asked to wait. */
export class Ban {
  private until = Number.NEGATIVE_INFINITY
  private refusals: Ask[] = []
  /** Requests already on their way when the client was refused are no violation. */
  constructor(private readonly graceMs = 500) {}
  /** The reply to `ask` asks the client to wait so long. */
  set(ask: Ask, ms: number): void {
    this.until = Math.max(this.until, ask.at + ms)
    this.refusals = [ask]
  }
  /** Whether `ask` is refused, which asks its client again to wait. */
  refuses(ask: Ask): boolean {
    const active = ask.at < this.until
    if (active) this.refusals.push(ask)
    return active
  }
  /** Whether the client that sent `ask` was refused in time before, and did not wait. */
  broken({ at, lateMs = 0 }: Ask): boolean {
    if (at >= this.until - SPACING_TOLERANCE_MS) return false
    const came = at - lateMs
    return this.refusals.some((before) => came > before.at + this.graceMs && (before.heard?.() ?? true))
  }
  leftMs(at: number): number {
    return Math.max(0, this.until - at)
  }
  reset(): void {
    this.until = Number.NEGATIVE_INFINITY
  }
}
