import { type Sandbox, type SandboxOptions, startSandbox } from '../../backend/sandbox/server'
import { answer } from '../base/child'

/*
 * The network in a process of its own, so that its cost is measured apart from the suite's:
 *   node dist/bench/atproto/sandbox.js '{"repos": 200, "open": true}'
 */

/** What the sandbox has cost since the last `forget`. */
export interface Usage {
  cpuMs: number
  /** How long at least one answer was being made, ms. */
  upstreamMs: number
  /** Requests by API and route. */
  routes: Record<string, number>
}

const TOOK = / (\d+) ms$/

/** From when to when an answer was made, ms, in the order they were sent. */
let spans: [from: number, to: number][] = []
let cpu = process.cpuUsage()
let before: Usage['routes'] = {}

/** How much of the time the spans cover together, each moment once. */
function covered(): number {
  let all = 0
  let end = Number.NEGATIVE_INFINITY
  for (const [from, to] of spans.toSorted((a, b) => a[0] - b[0])) {
    all += Math.max(0, to - Math.max(from, end))
    end = Math.max(end, to)
  }
  return all
}

const note = (line: string): void => {
  const now = performance.now()
  spans.push([now - Number(TOOK.exec(line)?.[1] ?? 0), now])
}

/** Requests by API and route since the last `forget`; the sandbox counts for ever. */
function since(traffic: ReturnType<Sandbox['traffic']>): Usage['routes'] {
  const now = routesOf(traffic)
  return Object.fromEntries(
    Object.entries(now).flatMap(([route, n]) => (n > (before[route] ?? 0) ? [[route, n - (before[route] ?? 0)]] : [])),
  )
}

const routesOf = (traffic: ReturnType<Sandbox['traffic']>): Usage['routes'] =>
  Object.fromEntries(
    Object.entries(traffic).flatMap(([api, { byRoute }]) => Object.entries(byRoute).map(([route, n]) => [`${api} ${route}`, n])),
  )

function usage(sandbox: Sandbox): Usage {
  const { user, system } = process.cpuUsage(cpu)
  return { cpuMs: (user + system) / 1000, upstreamMs: covered(), routes: since(sandbox.traffic()) }
}

/** Repos with at least so many records of a collection, as many as hold `records` together. */
function largeRepos(sandbox: Sandbox, collection: string, least: number, records: number): { dids: string[]; records: number } {
  const found: { dids: string[]; records: number } = { dids: [], records: 0 }
  for (const { did, collections } of sandbox.atproto.repos()) {
    const count = collections[collection] ?? 0
    if (count < least || found.records >= records) continue
    found.dids.push(did)
    found.records += count
  }
  return found
}

async function main(): Promise<void> {
  const sandbox = await startSandbox({ scale: 1, ...(JSON.parse(process.argv[2] ?? '{}') as SandboxOptions), log: note })
  const { atproto } = sandbox
  answer({
    where: () => ({ urls: sandbox.urls, limits: sandbox.limits }),
    hosts: () => atproto.hosts(),
    large: (it: { collection: string; least: number; records: number }) => largeRepos(sandbox, it.collection, it.least, it.records),
    count: (collections: string[]) => atproto.count(collections),
    truth: (collections: string[]) => atproto.truth(collections),
    usage: () => usage(sandbox),
    forget: () => {
      spans = []
      cpu = process.cpuUsage()
      before = routesOf(sandbox.traffic())
    },
    fault: (fault: Parameters<Sandbox['fault']>[0]) => sandbox.fault(fault),
    faults: () => sandbox.clearFaults(),
    host: ({ host, state, ms }: { host: string; state: Parameters<Sandbox['atproto']['host']>[1]; ms?: number }) =>
      atproto.host(host, state, ms),
    violations: () => sandbox.violations(),
  })
  process.once('SIGTERM', () => void sandbox.close().then(() => process.exit(0)))
  process.send?.('ready')
}

void main()
