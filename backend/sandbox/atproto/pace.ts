import type { Ask } from '../base/exchange'
import { SlidingBucket } from '../base/limits'
import type { SandboxSettings } from '../base/source'

const REQUESTS = 5
const PERIOD_MS = 1000

/** `speed` lets through more in the same period: a period of some milliseconds would be shorter than the way. */
const requestsOf = ({ speed }: Pick<SandboxSettings, 'speed'>): number => Math.max(1, Math.floor(REQUESTS * speed))

/** Watches that a client asks no more than five times a second. */
export class Pace {
  private readonly bucket: SlidingBucket
  private readonly most: number
  constructor(
    private readonly settings: SandboxSettings,
    private readonly violation: string,
  ) {
    this.most = requestsOf(settings)
    this.bucket = new SlidingBucket(this.most, PERIOD_MS)
  }

  arrive(ask: Ask): void {
    if (this.settings.open) return
    if (this.bucket.used(ask.at) >= this.most)
      this.settings.context.violations.add(this.violation, `more than ${this.most} in ${PERIOD_MS} ms: ${ask.path}`)
    this.bucket.spend(ask.at - (ask.lateMs ?? 0), 1)
  }

  reset(): void {
    this.bucket.reset()
  }
}

/** The limit as the product has to know it. */
export const paceLimit = (settings: Pick<SandboxSettings, 'open' | 'speed'>) =>
  settings.open ? { requests: 1_000_000, perMs: PERIOD_MS } : { requests: requestsOf(settings), perMs: PERIOD_MS }
