import type { SandboxContext } from '../base/context'
import type { Ask, Reply } from '../base/exchange'

const KEPT = 40

/**
 * The cache in front of the page API, while the fault `edge-cache` is on: pages are kept from the moment they were
 * first asked for (one hour, or `ms`), so neighbors show the list as it was at different times.
 */
export class EdgeCache {
  private pages = new Map<string, { answer: Reply; at: number }>()
  constructor(private readonly context: SandboxContext) {}

  async answer(ask: Ask, make: () => Promise<Reply>): Promise<Reply> {
    const fault = this.context.faults.take('edge-cache', 'zkillboard', ask)
    if (!fault) return make()
    const now = this.context.clock()
    const held = this.pages.get(ask.path)
    if (held && now - held.at < Number(fault.ms ?? 3_600_000)) {
      const age = String(Math.floor((now - held.at) / 1000))
      return { ...held.answer, headers: { ...held.answer.headers, age, 'cf-cache-status': 'HIT' } }
    }
    const answer = await make()
    this.pages.set(ask.path, { answer, at: now })
    const [oldest] = this.pages.keys()
    if (this.pages.size > KEPT && oldest !== undefined) this.pages.delete(oldest)
    return answer
  }

  reset(): void {
    this.pages.clear()
  }
}
