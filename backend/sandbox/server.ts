import type { AddressInfo } from 'node:net'
import fastify from 'fastify'
import type { LimitOverride } from '../config/config'
import type { ApiTraffic, Arrival } from './arrivals'
import { type AtprotoSandbox, atprotoSandbox } from './atproto'
import type { AtprotoControls } from './atproto/controls'
import { monotonic, SandboxContext } from './context'
import { mountControl } from './control'
import { type EveSandbox, eveSandbox } from './eve'
import { type ActiveFault, COMMON_FAULTS, type FaultRequest } from './faults'
import { openHosts } from './hosts'
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
  /** Hand-made killmails, hashes with a trailing space, people nobody can name, repos and records that clients stumble over (true). */
  oddities?: boolean
  /** Killmails of the last minutes at the head, a second apart and ten minutes old (0). */
  fresh?: number
  /** What a page holds: whole bodies, or killmail_id and zkb only. */
  zkbForm?: 'new' | 'old'
  /** Accounts in the network (40). */
  repos?: number
  /** Servers they live on, each on a port of its own (4); with `port`, those that follow it where they are free. */
  pdses?: number
  /** Share of accounts whose records of the wanted collections are all gone (0.1). */
  emptyRepos?: number
  log?: (line: string) => void
  /** Ms since 1970; for tests that move time. */
  clock?: () => number
}

export interface Sandbox {
  url: string
  /** Variables that point the product here. */
  urls: Record<'ZKILLBOARD_URL' | 'ESI_URL' | 'ATPROTO_RELAY_URL' | 'PLC_URL' | 'ATPROTO_HANDLE_URL', string>
  /** For the variable `LIMITS`, so that the product keeps to the scaled limits. */
  limits: Record<string, LimitOverride>
  eve: EveSandbox
  /** The network of repos: its truth, what can be done to it, its limits. */
  atproto: AtprotoControls
  truth: EveSandbox['truth']
  violations(): ViolationReport
  traffic(): Record<string, ApiTraffic>
  /** Arrivals of an API one by one, oldest first, the last 20,000. */
  requests(api: string): Arrival[]
  /** @throws {Error} for a name that is no fault */
  fault(fault: FaultRequest): ActiveFault
  clearFaults(name?: string): void
  /** Forgets traffic, violations, faults, spent limits, added killmails and edited repos. */
  reset(): void
  close(): Promise<void>
}

const END_OF_HISTORY = Date.UTC(2026, 5, 30)

interface Sources {
  eve: EveSandbox
  atproto: AtprotoSandbox
  all: SandboxSource[]
}

function sourcesOf(options: SandboxOptions, settings: SandboxSettings): Sources {
  const scale = options.scale ?? 1000
  const end = options.now?.getTime() ?? END_OF_HISTORY
  const oddities = options.oddities ?? true
  const eve = eveSandbox(settings, {
    scale,
    seed: settings.seed,
    end,
    years: options.years ?? 6,
    bigAttackers: options.bigAttackers ?? (scale >= 1000 ? 4000 : 40),
    oddities,
    oldForm: options.zkbForm === 'old',
    fresh: options.fresh ?? 0,
  })
  const atproto = atprotoSandbox(settings, {
    seed: settings.seed,
    repos: options.repos ?? 40,
    pdses: options.pdses ?? 4,
    emptyRepos: options.emptyRepos ?? 0.1,
    oddities,
    end,
  })
  return { eve, atproto, all: [eve, atproto.source] }
}

/** Starts the upstreams on loopback. */
export async function startSandbox(options: SandboxOptions = {}): Promise<Sandbox> {
  const seed = options.seed ?? 1
  const clock = options.clock ?? monotonic
  const lateness = options.clock ? undefined : watchLateness(clock)
  const context = new SandboxContext(seed, clock, lateness?.now)
  const settings = { seed, speed: options.speed ?? 1, open: options.open ?? false, context }
  const { eve, atproto, all } = sourcesOf(options, settings)
  const known = { ...COMMON_FAULTS, ...Object.assign({}, ...all.map((source) => source.faults)) } as Record<string, string>
  const app = fastify({ bodyLimit: 8 * 1024 * 1024, routerOptions: { maxParamLength: 10_000 }, forceCloseConnections: true })
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('*', { parseAs: 'string' }, (_request, body, done) => done(null, body))
  for (const api of all.flatMap(({ apis, hosts = [] }) => [...apis, ...hosts])) serve(app, api, settings, options.log)
  const fault = (request: FaultRequest) => {
    if (!Object.hasOwn(known, request.name))
      throw new Error(`no fault is called ${request.name}; there are: ${Object.keys(known).join(', ')}`)
    return context.faults.add(request)
  }
  const reset = () => {
    context.reset()
    for (const source of all) source.reset()
  }
  mountControl(app, { context, fault, reset, known, sources: all })
  const port = options.port ?? 0
  await app.listen({ host: '127.0.0.1', port })
  const url = `http://127.0.0.1:${(app.server.address() as AddressInfo).port}`
  const opened = await openHosts(app, all, port === 0 ? 0 : port + 1)
  const apis = all.flatMap((source) => source.apis)
  return {
    url,
    urls: Object.fromEntries(apis.map((api) => [api.env, url + api.prefix])) as Sandbox['urls'],
    limits: Object.assign({}, ...eve.apis.map((api) => api.limits), atproto.controls.limits),
    eve,
    atproto: atproto.controls,
    truth: eve.truth,
    violations: () => context.violations.report(),
    traffic: () => context.arrivals.traffic(),
    requests: (api) => context.arrivals.list(api),
    fault,
    clearFaults: (name) => context.faults.clear(name),
    reset,
    async close() {
      lateness?.stop()
      await opened.close()
      await app.close()
    },
  }
}
