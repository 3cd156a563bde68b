import type { SandboxContext } from '../base/context'

const KEPT = 100_000
/** A client that crashes or crosses itself may ask twice again; more is circumventing the cache. */
const PARDONED = 2

/** Remembers until when an answer is fresh, and counts those who ask again before. */
export class Freshness {
  private answers = new Map<string, { expires: number; early: number }>()
  constructor(private readonly context: SandboxContext) {}

  /** When the answer expires, ms since 1970. The status route is there to be asked. */
  asked(key: string, route: string, now: number, freshSeconds: number, open: boolean): number {
    const held = this.answers.get(key)
    if (held && now < held.expires) {
      held.early++
      if (held.early > PARDONED && route !== 'status' && !open)
        this.context.violations.add('esi-before-expires', `asked ${held.early + 1} times before it expires: ${key}`)
      return held.expires
    }
    const expires = now + freshSeconds * 1000
    this.answers.delete(key)
    this.answers.set(key, { expires, early: 0 })
    const [oldest] = this.answers.keys()
    if (this.answers.size > KEPT && oldest !== undefined) this.answers.delete(oldest)
    return expires
  }

  reset(): void {
    this.answers.clear()
  }
}
