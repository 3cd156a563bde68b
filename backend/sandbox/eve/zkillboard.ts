import type { SandboxContext } from '../base/context'
import { type Ask, html, json, type Reply } from '../base/exchange'
import { Ban, SPACING_TOLERANCE_MS, Spacing } from '../base/limits'
import type { SandboxApi, SandboxSettings } from '../base/source'
import { EdgeCache } from './edge-cache'
import type { Listing } from './listing'
import { faultedAnswer, faultedEntries } from './page-faults'
import { PathError, parsePath, type Query } from './query'
import type { Register } from './register'
import type { Listed } from './shapes'
import { statsOf } from './stats'

const YOUNG_MS = 300_000
const PAGE_MS = 10_000
/** More refusals than this in five minutes lead to the blocked page. */
const REFUSALS = 40
const HEADERS = { 'cache-control': 'public, max-age=3600', 'access-control-allow-origin': '*', 'access-control-allow-methods': 'GET' }
const BLOCKED =
  '<!DOCTYPE html><html><head><title>Attention Required! | Cloudflare</title></head><body><h1>Sorry, you have been blocked</h1></body></html>'

/** zKillboard's page API. */
export class Zkillboard implements SandboxApi {
  readonly name = 'zkillboard'
  readonly prefix = '/zkillboard/api'
  readonly env = 'ZKILLBOARD_URL'
  readonly limits
  private readonly spacing: Spacing
  private readonly ban = new Ban()
  private refusals: number[] = []
  private readonly edge: EdgeCache
  private readonly context: SandboxContext

  constructor(
    private readonly settings: SandboxSettings & { oldForm: boolean },
    private readonly register: Register,
    private readonly listing: Listing,
  ) {
    this.context = settings.context
    this.spacing = new Spacing(PAGE_MS / settings.speed)
    this.limits = { zkillboard: settings.open ? { spacingMs: 0, concurrent: 64 } : { spacingMs: this.spacing.ms, concurrent: 1 } }
    this.edge = new EdgeCache(this.context)
  }

  route(ask: Ask): string {
    return ['stats', 'killID', 'blocked.json'].find((name) => ask.path.startsWith(`/${name}`)) ?? 'page'
  }

  async answer(ask: Ask): Promise<Reply> {
    const fault = faultedAnswer(this.context, ask)
    if (fault) {
      if (fault.banMs) this.ban.set(ask, fault.banMs / this.settings.speed)
      return fault.answer
    }
    return this.edge.answer(ask, () => this.respond(ask))
  }

  /** Manners are counted; asking faster than ten times the pace is refused as well. */
  police(ask: Ask): Reply | undefined {
    if (this.settings.open) return undefined
    const { violations, arrivals } = this.context
    if (this.route(ask) === 'blocked.json') violations.add('zkillboard-followed-block', 'the redirect of a block was followed')
    const gap = this.spacing.arrive(ask.at, ask.lateMs)
    if (gap < this.spacing.ms - SPACING_TOLERANCE_MS)
      violations.add('zkillboard-spacing', `${gap.toFixed(1)} ms after the one before, ${this.spacing.ms} asked: ${ask.path}`)
    if (arrivals.inFlight(this.name) > 1)
      violations.add('zkillboard-in-flight', `${arrivals.inFlight(this.name)} requests at once: ${ask.path}`)
    if (this.ban.broken(ask)) violations.add('zkillboard-while-blocked', `${Math.round(this.ban.leftMs(ask.at))} ms too early: ${ask.path}`)
    this.refusals = this.refusals.filter((at) => at > ask.at - 300_000 / this.settings.speed)
    if (this.refusals.length > REFUSALS) return { status: 302, headers: { location: `${this.prefix}/blocked.json` } }
    return gap < this.spacing.ms / 10 - SPACING_TOLERANCE_MS ? html(BLOCKED, 429) : undefined
  }

  private async respond(ask: Ask): Promise<Reply> {
    if (ask.query !== undefined)
      return this.refused({ status: 403, reason: 'Forbidden - Do not include a query string to evade cache', body: '' })
    if (ask.path === '/blocked.json') return json({ error: 'You have been blocked for making too many bad requests.' })
    if (ask.path.includes('//')) return { status: 301, headers: { location: this.prefix + ask.path.replace(/\/{2,}/g, '/') } }
    if (!ask.path.endsWith('/'))
      return this.refused({
        status: 200,
        reason: 'Missing trailing slash',
        headers: { 'content-type': 'text/html; charset=UTF-8' },
        body: '',
      })
    const stats = /^\/stats\/(\w+)\/(\d+)\/(kills\/)?$/.exec(ask.path)
    if (stats)
      return stats[3]
        ? json(await statsOf(this.listing, this.register, stats[1] ?? '', Number(stats[2])), 200, HEADERS)
        : { status: 302, headers: { location: `${this.prefix}${ask.path}kills/` } }
    return this.page(ask)
  }

  private refused(answer: Reply): Reply {
    this.refusals.push(this.context.clock())
    return answer
  }

  private async page(ask: Ask): Promise<Reply> {
    let query: Query
    try {
      query = parsePath(ask.path, new Date(this.context.clock()).getUTCFullYear())
    } catch (error) {
      if (!(error instanceof PathError)) throw error
      return this.refused(json({ error: error.message }))
    }
    // The queue worker dies over these and leaves nothing behind.
    if (query.pastSeconds !== undefined && query.pastSeconds % 3600 !== 0) return json([null], 200, HEADERS)
    const drift = this.context.faults.take('drift', this.name, ask)
    if (drift) this.register.addFresh(Number(drift.count ?? 5))
    const entries = await this.entries(query, ask)
    return { status: 200, headers: { 'content-type': 'application/json; charset=utf-8', ...HEADERS, age: '0' }, body: entries }
  }

  /** Bodies are made a few at a time, so that another arrival is noted when it comes. */
  private async entries(query: Query, ask: Ask): Promise<string> {
    const now = this.context.clock()
    const cut =
      query.killId === undefined
        ? await this.listing.page(query)
        : [this.register.find(query.killId)].filter((place) => place !== undefined)
    const places = cut.filter((place) => place.time <= now - YOUNG_MS)
    const change = faultedEntries(this.context, ask, this.settings.oldForm)
    const texts: string[] = []
    for (const [n, place] of change.keep(places).entries()) {
      const entry: Listed = this.register.listed(place)
      texts.push(
        JSON.stringify(
          change.entry(entry, n, (other) => this.register.listed(other), places),
          undefined,
          query.pretty ? 4 : 0,
        ),
      )
      if (n % 10 === 9) await new Promise(setImmediate)
    }
    return `[${texts.join(',')}]`
  }

  reset(): void {
    this.spacing.reset()
    this.ban.reset()
    this.refusals = []
    this.edge.reset()
  }
}
