import { MAIN_CHARACTER } from '../../backend/sandbox/eve/people'
import type { Sandbox } from '../../backend/sandbox/server'
import { eve } from '../../backend/sources/eve'
import { type Figure, mean } from '../base/figures'
import type { Bench, Ground } from '../base/harness'
import { completed, pageTime, startJobs } from '../base/jobs'
import { openUpstream, type Upstream } from '../base/upstream'
import { rest } from '../base/wait'

const MB = 1024 * 1024

interface Walk {
  ms: number
  pages: number
  bodies: number
  listings: number
  /** Spent waiting for the sandbox, ms. */
  upstreamMs: number
  /** RSS of the worker as its heartbeats tell it, MB, oldest first. */
  rss: number[]
}

/** Samples the worker's memory until it is stopped. */
function watchMemory({ db }: Ground): { stop(): Promise<number[]> } {
  const seen: number[] = []
  let stopped = false
  const sample = async () => {
    for (let last = ''; !stopped; await rest(500)) {
      const [row] = await db.query<{ rss: bigint; at: Date }>(
        `select rss_bytes as rss, heartbeat_at as at from backhaul.workers where app = 'worker-backfill'`,
      )
      if (row && row.at.toISOString() !== last) seen.push(Number(row.rss) / MB)
      last = row?.at.toISOString() ?? last
    }
  }
  const sampling = sample()
  return {
    async stop() {
      stopped = true
      await sampling
      return seen
    },
  }
}

async function walk(ground: Ground, upstream: Upstream): Promise<Walk> {
  const { sandbox } = upstream
  upstream.forget()
  const before = sandbox.traffic()
  const memory = watchMemory(ground)
  const [job] = await startJobs(ground, eve, [{ characterId: MAIN_CHARACTER }])
  await completed(ground, job?.id ?? '', 3_600_000)
  const rss = await memory.stop()
  const asked = (api: string, route: RegExp) => countOf(sandbox.traffic(), api, route) - countOf(before, api, route)
  const upstreamMs = upstream.spentMs()
  return {
    ...(await pageTime(ground, job?.id ?? '')),
    upstreamMs,
    rss,
    listings: asked('zkillboard', /page/),
    bodies: asked('esi', /killmail/),
  }
}

const countOf = (traffic: ReturnType<Sandbox['traffic']>, api: string, route: RegExp): number =>
  Object.entries(traffic[api]?.byRoute ?? {}).reduce((all, [name, count]) => (route.test(name) ? all + count : all), 0)

/** How the table differs from the sandbox's own list. */
async function compare(ground: Ground, sandbox: Sandbox): Promise<Figure[]> {
  const truth = new Set((await sandbox.eve.truth.ids({ characterId: MAIN_CHARACTER, servable: true })).map(String))
  const held = await ground.db.query<{ id: bigint }>('select killmail_id as id from eve.killmails')
  const [rows] = await ground.db.query<{ attackers: bigint; items: bigint }>(
    'select (select count(*) from eve.killmail_attackers) as attackers, (select count(*) from eve.killmail_items) as items',
  )
  const sums = await sandbox.eve.truth.sums({ characterId: MAIN_CHARACTER, servable: true })
  const ids = new Set(held.map((row) => String(row.id)))
  return [
    { name: 'killmails of the world', values: [truth.size] },
    { name: 'missing', values: [[...truth].filter((id) => !ids.has(id)).length], atMost: 0 },
    {
      name: 'stored twice or not of the world',
      values: [held.length - ids.size + [...ids].filter((id) => !truth.has(id)).length],
      atMost: 0,
    },
    { name: 'attackers missing or too many', values: [Math.abs(Number(rows?.attackers) - sums.attackers)], atMost: 0 },
    { name: 'items missing or too many', values: [Math.abs(Number(rows?.items) - sums.items)], atMost: 0 },
  ]
}

/** Mean of a part of the samples; too few say nothing. */
const part = (values: number[], from: number, to: number): number =>
  values.length < 6 ? Number.NaN : mean(values.slice(Math.floor(values.length * from), Math.max(1, Math.ceil(values.length * to))))

/** A backfill past page 100, with the limits open, and the same job again. */
export const deep: Bench = {
  about: 'a backfill past page 100 with the limits open: complete, once, in flat memory; and the same again',
  sizes: { killmails: { full: 25_000, small: 2_000, about: 'killmails of the world; the listing ends at page 100, 200 on each' } },
  async run(ground, { killmails = 0 }) {
    const upstream = await openUpstream(ground, { scale: killmails, open: true })
    const { sandbox, env } = upstream
    await ground.start('backend/bin/scheduler.js', [], env)
    const worker = await ground.start('backend/bin/worker.js', ['worker-backfill'], env)
    const first = await walk(ground, upstream)
    const proof = await compare(ground, sandbox)
    await worker.stop()
    await ground.start('backend/bin/worker.js', ['worker-backfill'], env)
    const second = await walk(ground, upstream)
    ground.print(`RSS of the first run by heartbeats: ${first.rss.map(Math.round).join(', ')} MB`)
    const net = (it: Walk) => (it.ms - it.upstreamMs) / 1000
    return [
      ...proof,
      { name: 'first run', unit: 's', values: [first.ms / 1000] },
      { name: 'first run, of it waiting for the sandbox', unit: 's', values: [first.upstreamMs / 1000] },
      { name: 'first run: pages committed', values: [first.pages] },
      { name: 'first run: page requests', values: [first.listings] },
      { name: 'first run: body requests', values: [first.bodies] },
      { name: 'worker RSS', unit: 'MB', values: first.rss, atMost: 200, by: 'max' },
      { name: 'RSS of the last third / second third', values: [part(first.rss, 0.67, 1) / part(first.rss, 0.33, 0.67)], atMost: 1.1 },
      { name: 'second run', unit: 's', values: [second.ms / 1000] },
      { name: 'second run, of it waiting for the sandbox', unit: 's', values: [second.upstreamMs / 1000] },
      { name: 'second run: body requests', values: [second.bodies], atMost: 0 },
      { name: 'second / first, time', values: [second.ms / first.ms], atMost: 0.3 },
      { name: "second / first without the sandbox's own time", values: [net(second) / net(first)] },
    ]
  },
}
