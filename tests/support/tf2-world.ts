import * as jobs from '../../backend/engine/jobs/verbs'
import { type SandboxOptions, startSandbox } from '../../backend/sandbox/server'
import { tf2 } from '../../backend/sources/tf2'
import { sandboxed } from './sandboxed'
import type { Suite } from './suite'
import type { Sandbox } from './system'

/** A market in the sandbox, a database of its own and a worker that reads it. */
export interface Tf2World {
  sandbox: Sandbox
  market: Sandbox['tf2']['market']
  suite: Suite
  /** Everything as in the beginning. */
  fresh(): Promise<void>
  start(request: object): Promise<string>
  /** Starts a job, waits for its end and returns its report. */
  backfill(request: object): ReturnType<typeof jobs.report>
  /** Requests since the last count, by route. */
  calls(): { snapshot: number; listing: number; inventory: number }
  /** Ids of live rows. */
  live(): Promise<string[]>
  /** Ids that are listed, of one item or of all. */
  listed(name?: string, intent?: 'buy' | 'sell'): string[]
  /** Events of the outbox since the last count, by kind. */
  events(): Promise<Record<string, string[]>>
  close(): Promise<void>
}

export async function tf2World(options: SandboxOptions = {}, { concurrency }: { concurrency?: number } = {}): Promise<Tf2World> {
  const sandbox = await startSandbox({ scale: 1, speed: 600, seed: 5, repos: 1, pdses: 1, buys: 4, sells: 5, ...options })
  const suite = await sandboxed(tf2, sandbox)
  await suite.worker({ app: 'worker-listings', attempts: 2, concurrency })
  const { market } = sandbox.tf2
  const seen = { backpacktf: 0, steam: 0 }
  const start = (request: object) => suite.startJob(tf2, request, { force: true })
  return {
    sandbox,
    market,
    suite,
    start,
    async fresh() {
      sandbox.reset()
      seen.backpacktf = 0
      seen.steam = 0
      await suite.db.tx((tx) =>
        tx.query('truncate tf2.listings, tf2.inventories, backhaul.jobs, backhaul.gates, backhaul.rejects, backhaul.events_outbox cascade'),
      )
    },
    async backfill(request) {
      const id = await start(request)
      await suite.ended(id, 60_000)
      return await jobs.report(suite, id)
    },
    calls() {
      const routes = { snapshot: 0, listing: 0, inventory: 0 }
      for (const api of ['backpacktf', 'steam'] as const) {
        const all = sandbox.requests(api)
        for (const { route } of all.slice(seen[api])) if (route in routes) routes[route as keyof typeof routes]++
        seen[api] = all.length
      }
      return routes
    },
    async live() {
      const rows = await suite.db.query<{ id: string }>('select id from tf2.listings where not is_deleted order by id')
      return rows.map((row) => row.id)
    },
    listed: (name, intent) =>
      market
        .all()
        .filter((offer) => (name === undefined || offer.item.name === name) && (intent === undefined || offer.intent === intent))
        .map((offer) => offer.id)
        .sort(),
    async events() {
      const rows = await suite.db.query<{ key: string; id: string }>(
        `with taken as (delete from backhaul.events_outbox where key like 'tf2.%' returning id, key, payload)
         select key, payload -> 'payload' ->> 'id' as id from taken order by id`,
      )
      const events: Record<string, string[]> = {}
      for (const { key, id } of rows) events[key] = [...(events[key] ?? []), id].sort()
      return events
    },
    async close() {
      await suite.close()
      await sandbox.close()
    },
  }
}
