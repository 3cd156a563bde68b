import type { AddressInfo } from 'node:net'
import fastify from 'fastify'
import { z } from 'zod'
import type { LimitOverride } from '../config/own'
import type { ApiTraffic, Arrival } from './base/arrivals'
import { monotonic, SandboxContext } from './base/context'
import { type ActiveFault, COMMON_FAULTS, type FaultRequest } from './base/faults'
import { BadControl } from './base/input'
import { COMMON_OPTIONS } from './base/options'
import type { OpenSource, SandboxSocket, SandboxSource } from './base/source'
import type { ViolationReport } from './base/violations'
import { mountControl } from './control'
import { openHosts } from './hosts'
import { watchLateness } from './lateness'
import { SANDBOX_SOURCES } from './registry'
import { serve } from './serve'
import { openSockets } from './sockets'

type Sources = Record<string, SandboxSource>
type Opened<S extends Sources> = { [Name in keyof S]: ReturnType<S[Name]['open']> }
type Intersection<Union> = (Union extends unknown ? (one: Union) => void : never) extends (all: infer All) => void ? All : never
type OptionsOf<S extends Sources> = Intersection<{ [Name in keyof S]: z.input<z.ZodObject<S[Name]['options']>> }[keyof S]>

/** Options of the sandbox and of its sources; README.md and `yarn sandbox --help` describe them. */
export type OptionsFor<S extends Sources> = OptionsOf<S> &
  z.input<z.ZodObject<typeof COMMON_OPTIONS>> & {
    /** 0 (default) takes a free one. */
    port?: number
    log?: (line: string) => void
    /** Ms since 1970; for tests that move time. */
    clock?: () => number
  }
export type SandboxOptions = OptionsFor<typeof SANDBOX_SOURCES>

interface Controls<Variable extends string> {
  url: string
  /** Variables that point the product here, and those with the credentials that are taken here. */
  urls: Record<Variable, string>
  /** For the variable `LIMITS`, so that the product keeps to the scaled limits. */
  limits: Record<string, LimitOverride>
  violations(): ViolationReport
  traffic(): Record<string, ApiTraffic>
  /** Arrivals of an API one by one, oldest first, the last 20,000. */
  requests(api: string): Arrival[]
  /** @throws {BadControl} for a name that is no fault */
  fault(fault: FaultRequest): ActiveFault
  clearFaults(name?: string): void
  /** Forgets traffic, violations, faults, spent limits and what was added to the worlds. */
  reset(): void
  close(): Promise<void>
}

type Mounted<One extends OpenSource> = One extends { sockets: SandboxSocket[] } ? One['apis' | 'sockets'][number] : One['apis'][number]

/** A running sandbox; the handle of every source stands under its name. */
export type SandboxOf<S extends Sources> = Controls<NonNullable<Mounted<Opened<S>[keyof S]>['env']>> & {
  [Name in keyof S]: Opened<S>[Name]['handle']
}
export type Sandbox = SandboxOf<typeof SANDBOX_SOURCES>

/** Every option of the sandbox with these sources. @throws {Error} when two sources give one name to an option */
export function optionsOf(sources: Sources): z.ZodRawShape {
  const all: Record<string, z.ZodRawShape[string]> = { ...COMMON_OPTIONS }
  for (const [source, { options }] of Object.entries(sources))
    for (const [name, option] of Object.entries(options)) {
      if (Object.hasOwn(all, name)) throw new Error(`the option ${name} of ${source} exists already: call it something else`)
      all[name] = option
    }
  return all
}

const mapped = <From, To>(record: Record<string, From>, map: (one: From) => To): Record<string, To> =>
  Object.fromEntries(Object.entries(record).map(([name, one]) => [name, map(one)]))

const addresses = (url: string, mounted: { env?: string; prefix: string; fill?: string }[]): Record<string, string> =>
  Object.fromEntries(mounted.flatMap(({ env, prefix, fill = '' }) => (env === undefined ? [] : [[env, url + prefix + fill]])))

/** Starts the upstreams of every source on loopback. @throws {z.ZodError} for options that are none */
export const startSandbox = (options: SandboxOptions = {}): Promise<Sandbox> => openSandbox(SANDBOX_SOURCES, options)

/** The same with these sources. */
export async function openSandbox<S extends Sources>(sources: S, given: OptionsFor<S>): Promise<SandboxOf<S>> {
  const { port = 0, log, clock = monotonic, ...worlds } = given
  const options = z.strictObject(optionsOf(sources)).parse(worlds) as z.output<z.ZodObject<typeof COMMON_OPTIONS>>
  const { seed, speed, open, oddities, now } = options
  const lateness = given.clock ? undefined : watchLateness(clock)
  const context = new SandboxContext(seed, clock, lateness?.now)
  const settings = { seed, speed, open, oddities, end: now.getTime(), context }
  const opened = mapped(sources, (source) => source.open(settings, options as never))
  const all = Object.values(opened)
  const apis = all.flatMap((source) => [...source.apis, ...(source.hosts ?? [])])
  const sockets = all.flatMap((source) => source.sockets ?? [])
  const known = { common: COMMON_FAULTS, ...mapped(sources, ({ faults }) => faults) }

  const app = fastify({ bodyLimit: 8 * 1024 * 1024, routerOptions: { maxParamLength: 10_000 }, forceCloseConnections: true })
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('*', { parseAs: 'string' }, (_request, body, done) => done(null, body))
  for (const api of apis) serve(app, api, settings, log)
  const fault = (request: FaultRequest) => {
    const names = Object.values(known).flatMap((faults) => Object.keys(faults))
    if (!names.includes(request.name)) throw new BadControl(`no fault is called ${request.name}; there are: ${names.join(', ')}`)
    return context.faults.add(request)
  }
  const reset = () => {
    context.reset()
    for (const source of all) source.reset()
  }
  mountControl(app, { context, known, routes: mapped(opened, ({ control }) => control), fault, reset })
  await app.listen({ host: '127.0.0.1', port })
  const url = `http://127.0.0.1:${(app.server.address() as AddressInfo).port}`
  const connections = openSockets(app.server, sockets, context)
  const hosts = await openHosts(app, all, port === 0 ? 0 : port + 1)
  const controls: Controls<string> = {
    url,
    urls: {
      ...addresses(url, apis),
      ...addresses(url.replace('http', 'ws'), sockets),
      ...(Object.assign({}, ...apis.map((api) => api.credentials)) as Record<string, string>),
    },
    limits: Object.assign({}, ...apis.map((api) => api.limits)) as Record<string, LimitOverride>,
    violations: () => context.violations.report(),
    traffic: () => context.arrivals.traffic(),
    requests: (api) => context.arrivals.list(api),
    fault,
    clearFaults: (name) => context.faults.clear(name),
    reset,
    async close() {
      lateness?.stop()
      connections.close()
      await hosts.close()
      await app.close()
    },
  }
  return { ...controls, ...mapped(opened, ({ handle }) => handle) } as SandboxOf<S>
}
