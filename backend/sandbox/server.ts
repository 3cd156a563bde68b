import type { AddressInfo } from 'node:net'
import fastify from 'fastify'
import type { LimitOverride } from '../config'
import type { ApiTraffic, Arrival } from './arrivals'
import { mountControl } from './control'
import { Desk, monotonic } from './desk'
import { type EveSandbox, eveSandbox } from './eve'
import { type ActiveFault, COMMON_FAULTS, type FaultRequest } from './faults'
import { watchLateness } from './lateness'
import { serve } from './serve'
import type { SandboxSettings, SandboxSource } from './source'
import type { ViolationReport } from './violations'

export interface SandboxOptions {
  /** 0 (default) takes a free one. */
  port?: number
  /** Killmails in the world (1,000). */
  scale?: number
  seed?: number
  /** Divides the periods of all limits (1). */
  speed?: number
  /** No limits, no violations of them. */
  open?: boolean
  /** The end of the world's history; 2026-06-30T00:00:00Z unless told. */
  now?: Date
  /** How far back it reaches (6). */
  years?: number
  /** Attackers of the one big fight: 4,000 in worlds from 1,000 killmails on, else 40. */
  bigAttackers?: number
  /** Hand-made killmails, hashes with a trailing space, people nobody can name (true). */
  oddities?: boolean
  /** Killmails of the last minutes at the head, a second apart and ten minutes old (0). */
  fresh?: number
  /** What a page holds: whole bodies, or killmail_id and zkb only. */
  zkbForm?: 'new' | 'old'
  log?: (line: string) => void
  /** Ms since 1970; for tests that move time. */
  clock?: () => number
}

export interface Sandbox {
  url: string
  /** Variables that point the product here. */
  urls: Record<'ZKILLBOARD_URL' | 'ESI_URL', string>
  /** For the variable `LIMITS`, so that the product keeps to the scaled limits. */
  limits: Record<string, LimitOverride>
  eve: EveSandbox
  truth: EveSandbox['truth']
  violations(): ViolationReport
  traffic(): Record<string, ApiTraffic>
  /** Arrivals of an API one by one, oldest first, the last 20,000. */
  requests(api: string): Arrival[]
  /** @throws {Error} for a name that is no fault */
  fault(fault: FaultRequest): ActiveFault
  clearFaults(name?: string): void
  /** Forgets traffic, violations, faults, spent limits and added killmails. */
  reset(): void
  close(): Promise<void>
}

const END_OF_HISTORY = Date.UTC(2026, 5, 30)

function sourcesOf(options: SandboxOptions, settings: SandboxSettings): { eve: EveSandbox; all: SandboxSource[] } {
  const scale = options.scale ?? 1000
  const eve = eveSandbox(settings, {
    scale,
    seed: settings.seed,
    end: options.now?.getTime() ?? END_OF_HISTORY,
    years: options.years ?? 6,
    bigAttackers: options.bigAttackers ?? (scale >= 1000 ? 4000 : 40),
    oddities: options.oddities ?? true,
    oldForm: options.zkbForm === 'old',
    fresh: options.fresh ?? 0,
  })
  return { eve, all: [eve] }
}

/** Starts the upstreams on loopback. */
export async function startSandbox(options: SandboxOptions = {}): Promise<Sandbox> {
  const seed = options.seed ?? 1
  const clock = options.clock ?? monotonic
  const lateness = options.clock ? undefined : watchLateness(clock)
  const desk = new Desk(seed, clock, lateness?.now)
  const settings = { seed, speed: options.speed ?? 1, open: options.open ?? false, desk }
  const { eve, all } = sourcesOf(options, settings)
  const known = { ...COMMON_FAULTS, ...Object.assign({}, ...all.map((source) => source.faults)) } as Record<string, string>
  const app = fastify({ bodyLimit: 8 * 1024 * 1024, routerOptions: { maxParamLength: 10_000 }, forceCloseConnections: true })
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('*', { parseAs: 'string' }, (_request, body, done) => done(null, body))
  for (const api of all.flatMap((source) => source.apis)) serve(app, api, settings, options.log)
  const fault = (request: FaultRequest) => {
    if (!Object.hasOwn(known, request.name))
      throw new Error(`no fault is called ${request.name}; there are: ${Object.keys(known).join(', ')}`)
    return desk.faults.add(request)
  }
  const reset = () => {
    desk.reset()
    for (const source of all) source.reset()
  }
  mountControl(app, { desk, fault, reset, known, sources: all })
  await app.listen({ host: '127.0.0.1', port: options.port ?? 0 })
  const url = `http://127.0.0.1:${(app.server.address() as AddressInfo).port}`
  const apis = all.flatMap((source) => source.apis)
  return {
    url,
    urls: Object.fromEntries(apis.map((api) => [api.env, url + api.prefix])) as Sandbox['urls'],
    limits: Object.assign({}, ...apis.map((api) => api.limits)),
    eve,
    truth: eve.truth,
    violations: () => desk.violations.report(),
    traffic: () => desk.arrivals.traffic(),
    requests: (api) => desk.arrivals.list(api),
    fault,
    clearFaults: (name) => desk.faults.clear(name),
    reset,
    async close() {
      lateness?.stop()
      await app.close()
    },
  }
}
