import { type Ask, json, type Reply } from '../base/exchange'
import { Ban } from '../base/limits'
import type { SandboxSettings } from '../base/source'

const REQUESTS = 3000
const PERIOD_MS = 300_000
/** The server's window ends so much earlier than it says, in the client's favor. */
const TOLERANCE_MS = 50

interface Client {
  start: number
  used: number
  /** The client was asked to wait. */
  ban: Ban
  retryAfter: boolean
}

/** One host's limit: so many requests of a client in a window that starts with its first. */
export class PdsLimits {
  private readonly clients = new Map<string, Client>()
  private readonly periodMs: number
  constructor(
    private readonly settings: Pick<SandboxSettings, 'speed' | 'open' | 'context'>,
    private readonly nameOfHost: () => string,
  ) {
    this.periodMs = PERIOD_MS / settings.speed
  }

  private clientOf(ask: Ask): Client {
    const found = this.clients.get(ask.ip)
    const lengthMs = Math.max(this.periodMs - TOLERANCE_MS, this.periodMs / 2)
    if (found && ask.at < found.start + lengthMs) return found
    const fresh = { start: ask.at, used: 0, ban: found?.ban ?? new Ban(), retryAfter: found?.retryAfter ?? false }
    this.clients.set(ask.ip, fresh)
    return fresh
  }

  /** Counts an arrival; the answer when it is one too many. */
  refuse(ask: Ask): Reply | undefined {
    const client = this.clientOf(ask)
    const where = `${this.nameOfHost()}${ask.path}`
    const { violations } = this.settings.context
    if (!this.settings.open && client.ban.broken(ask))
      violations.add('pds-while-limited', `${Math.round(client.ban.leftMs(ask.at))} ms too early: ${where}`)
    if (client.ban.refuses(ask)) return this.limited(ask, client)
    if (this.settings.open || client.used++ < REQUESTS) return undefined
    violations.add('pds-limit', `${REQUESTS} requests of this window are used up: ${where}`)
    client.retryAfter = false
    client.ban.set(ask, client.start + this.periodMs - ask.at)
    return this.limited(ask, client)
  }

  /** Refuses everything of this client for so long, whatever it has used. */
  stop(ask: Ask, ms: number, retryAfter: boolean): Reply {
    const client = this.clientOf(ask)
    client.retryAfter = retryAfter
    client.ban.set(ask, ms)
    return this.limited(ask, client)
  }

  private limited(ask: Ask, client: Client): Reply {
    const waitMs = client.ban.leftMs(ask.at)
    return json({ error: 'RateLimitExceeded', message: 'Rate Limit Exceeded' }, 429, {
      ...this.write(0, ask.at + waitMs),
      ...(client.retryAfter ? { 'retry-after': String(Math.ceil(waitMs / 1000)) } : {}),
    })
  }

  /** What every answer says about the limit; nothing where there is none. */
  headers(ask: Ask): Record<string, string> {
    if (this.settings.open) return {}
    const client = this.clientOf(ask)
    return this.write(Math.max(0, REQUESTS - client.used), client.start + this.periodMs)
  }

  /** @param reset ms since 1970 */
  private write(remaining: number, reset: number): Record<string, string> {
    return {
      'RateLimit-Limit': String(REQUESTS),
      'RateLimit-Remaining': String(remaining),
      'RateLimit-Reset': String(Math.ceil(reset / 1000)),
      'RateLimit-Policy': `${REQUESTS};w=${Math.max(1, Math.round(this.periodMs / 1000))}`,
    }
  }

  reset(): void {
    this.clients.clear()
  }
}

/** The limit as the product has to know it. */
export const pdsLimit = ({ open, speed }: Pick<SandboxSettings, 'open' | 'speed'>) => {
  const scaled = (ms: number): number => Math.max(1, Math.ceil(ms / speed))
  return open
    ? { requests: 1_000_000, perMs: 1000, perDay: 1_000_000, dayMs: 1000 }
    : { requests: REQUESTS, perMs: scaled(PERIOD_MS), perDay: Math.max(1, Math.floor(10 * speed)), dayMs: 1000 }
}
