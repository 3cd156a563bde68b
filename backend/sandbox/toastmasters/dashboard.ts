import { type Ask, html, type Reply } from '../base/exchange'
import { Ban, SlidingBucket, SPACING_TOLERANCE_MS, Spacing } from '../base/limits'
import type { SandboxApi, SandboxSettings } from '../base/source'
import { readAddress } from './address'
import { errorPage, rewriteError } from './error-page'
import { Exports } from './exports'
import type { Take } from './faults'
import { pageOf } from './pages'
import type { World } from './world'

const REQUESTS = 10
const MINUTE_MS = 60_000
const SPACING_MS = 2000
const CONCURRENT = 3

/** dashboards.toastmasters.org. */
export class Dashboard implements SandboxApi {
  readonly name = 'toastmasters'
  readonly prefix = '/toastmasters'
  readonly env = 'TOASTMASTERS_URL'
  readonly limits
  private readonly window: SlidingBucket
  private readonly spacing: Spacing
  private readonly ban = new Ban()
  private readonly exports: Exports

  constructor(
    private readonly settings: SandboxSettings,
    private readonly world: World,
  ) {
    const perMs = MINUTE_MS / settings.speed
    const spacingMs = SPACING_MS / settings.speed
    this.window = new SlidingBucket(REQUESTS, perMs)
    this.spacing = new Spacing(spacingMs)
    this.exports = new Exports(world)
    this.limits = {
      toastmasters: settings.open
        ? { requests: 1_000_000, perMs: 1000, spacingMs: 0, concurrent: 64 }
        : { requests: REQUESTS, perMs, spacingMs, concurrent: CONCURRENT },
    }
  }

  route(ask: Ask): string {
    const { page } = readAddress(ask)
    return page === undefined || page === 'export' || page === 'error' ? (page ?? 'unknown') : 'page'
  }

  subject(ask: Ask): string {
    const parts = [...new URLSearchParams(ask.query)].map(([name, value]) => `${name}=${value}`)
    return parts.length === 0 ? ask.path : `${ask.path}?${parts.join('&')}`
  }

  /** Every breach is counted; more requests than a minute has are refused as well. */
  police(ask: Ask): Reply | undefined {
    if (this.settings.open) return undefined
    const { violations, arrivals } = this.settings.context
    const gap = this.spacing.arrive(ask.at, ask.lateMs)
    if (gap < this.spacing.ms - SPACING_TOLERANCE_MS)
      violations.add('toastmasters-spacing', `${gap.toFixed(1)} ms after the one before, ${this.spacing.ms} asked: ${this.subject(ask)}`)
    const inFlight = arrivals.inFlight(this.name)
    if (inFlight > CONCURRENT) violations.add('toastmasters-in-flight', `${inFlight} requests at once: ${this.subject(ask)}`)
    if (this.ban.broken(ask))
      violations.add('toastmasters-while-told-to-wait', `${Math.round(this.ban.leftMs(ask.at))} ms too early: ${this.subject(ask)}`)
    if (this.ban.refuses(ask)) return tooMany(this.ban.leftMs(ask.at))
    if (this.window.used(ask.at) >= REQUESTS) {
      violations.add('toastmasters-window', `more than ${REQUESTS} in ${this.window.windowMs} ms: ${this.subject(ask)}`)
      return tooMany(this.window.waitMs(ask.at))
    }
    this.window.spend(ask.at - (ask.lateMs ?? 0), 1)
    return undefined
  }

  answer(ask: Ask): Reply {
    const take: Take = (name) => this.settings.context.faults.take(name, this.name, ask)
    const busy = take('dashboard-429')
    if (busy) {
      const ms = Number(busy.seconds ?? 30) * 1000
      this.ban.set(ask, ms)
      return tooMany(ms)
    }
    if (take('error-page')) return errorPage(ask.path)
    return take('to-error-page') ? this.toErrorPage(ask) : this.respond(ask, take)
  }

  private respond(ask: Ask, take: Take): Reply {
    const { page, programYear, query } = readAddress(ask)
    if (page === undefined) return html('<!DOCTYPE html><html><head><title>404</title></head><body>Not found</body></html>', 404)
    if (page === 'error') return errorPage(query.get('aspxerrorpath') ?? '/')
    const live = this.world.publications.liveYear()
    if (programYear !== undefined && programYear > live) return this.toErrorPage(ask)
    if (page === 'export') return programYear === live ? rewriteError() : this.exports.answer(ask.path, query, programYear, take)
    if (programYear === live && take('no-live-pages')) return rewriteError()
    const body = pageOf(this.world, page, programYear ?? live, query, take)
    return body === undefined ? this.toErrorPage(ask) : html(body, 200)
  }

  private toErrorPage(ask: Ask): Reply {
    return {
      ...html('<html><head><title>Object moved</title></head><body></body></html>', 302),
      headers: { location: `${this.prefix}/error.aspx?aspxerrorpath=${ask.path}` },
    }
  }

  reset(): void {
    this.window.reset()
    this.spacing.reset()
    this.ban.reset()
  }
}

const tooMany = (ms: number): Reply => ({
  ...html('<html><head><title>429 Too Many Requests</title></head><body></body></html>', 429),
  headers: { 'content-type': 'text/html', 'retry-after': String(Math.max(1, Math.ceil(ms / 1000))) },
})
