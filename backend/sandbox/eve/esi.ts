import { createHash } from 'node:crypto'
import type { SandboxContext } from '../base/context'
import { type Ask, json, type Reply } from '../base/exchange'
import type { SandboxApi, SandboxSettings } from '../base/source'
import { compatibilityDate } from './esi-dates'
import { EsiFaults } from './esi-faults'
import { EsiLimits } from './esi-limits'
import { ESI_ROUTES, type EsiRoute } from './esi-routes'
import { Freshness } from './freshness'
import type { Register } from './register'

/** ESI, as far as killmails and the names in them need it. */
export class Esi implements SandboxApi {
  readonly name = 'esi'
  readonly prefix = '/esi'
  readonly env = 'ESI_URL'
  readonly limits
  private readonly context: SandboxContext
  private readonly budget: EsiLimits
  private readonly faults: EsiFaults
  private readonly freshness: Freshness
  private readonly startedAt: number

  constructor(
    private readonly settings: SandboxSettings,
    private readonly register: Register,
  ) {
    this.context = settings.context
    this.startedAt = this.context.clock()
    this.budget = new EsiLimits(this.context, settings.speed, settings.open)
    this.faults = new EsiFaults(this.context, this.budget)
    this.freshness = new Freshness(this.context)
    this.limits = settings.open
      ? { 'esi.killmail': { requests: 1_000_000_000, perMs: 1000 } }
      : { 'esi.killmail': { requests: 3600, perMs: Math.ceil(900_000 / settings.speed) } }
  }

  private find(ask: Ask): { route: EsiRoute; parts: RegExpExecArray } | undefined {
    for (const route of ESI_ROUTES) {
      const parts = route.method === ask.method ? route.pattern.exec(ask.path) : null
      if (parts) return { route, parts }
    }
    return undefined
  }

  route(ask: Ask): string {
    return this.find(ask)?.route.name ?? 'unknown'
  }

  police(ask: Ask): Reply | undefined {
    return this.budget.refuse(ask, this.find(ask)?.route.group)
  }

  answer(ask: Ask): Reply {
    const found = this.find(ask)
    const group = found?.route.group
    const answer = this.faults.answer(ask, group) ?? this.respond(ask, found)
    return this.settings.open ? answer : this.budget.settle(ask, group, answer)
  }

  private respond(ask: Ask, found: ReturnType<Esi['find']>): Reply {
    if (!found) return json({ error: 'Requested page does not exist!' }, 404)
    const header = ask.headers['x-compatibility-date']
    if (header === undefined && !this.settings.open) this.context.violations.add('esi-no-compatibility-date', `${ask.method} ${ask.path}`)
    const date = compatibilityDate(header, this.context.clock())
    if (date === undefined) return json({ error: `Invalid X-Compatibility-Date: ${header}` }, 400)
    const { route, parts } = found
    const context = { register: this.register, faults: this.faults, date, startedAt: this.startedAt }
    const answer = route.answer(context, ask, parts[1] ?? '', parts[2] ?? '')
    answer.headers = { ...answer.headers, 'x-compatibility-date': date }
    return answer.status === 200 && route.fresh > 0 ? this.cached(ask, route, answer) : answer
  }

  /** Cache headers, the 304, and a note of clients that ask again too early. */
  private cached(ask: Ask, route: EsiRoute, answer: Reply): Reply {
    const etag = `W/"${createHash('sha1')
      .update(answer.body ?? '')
      .digest('hex')
      .slice(0, 32)}"`
    const now = this.context.clock()
    const expires = this.freshness.asked(`${ask.path.replace(/\/$/, '')}`, route.name, now, route.fresh, this.settings.open)
    const headers = {
      ...answer.headers,
      etag,
      'cache-control': `public, max-age=${route.fresh}`,
      expires: new Date(expires).toUTCString(),
      'last-modified': new Date(expires - route.fresh * 1000).toUTCString(),
    }
    return ask.headers['if-none-match'] === etag ? { status: 304, headers } : { ...answer, headers }
  }

  reset(): void {
    this.budget.reset()
    this.freshness.reset()
  }
}
