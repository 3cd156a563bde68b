import type { Report } from '../../backend/engine/jobs/report'
import type { TrueRecord } from '../../backend/sandbox/atproto/truth'
import type { Sandbox, SandboxOptions } from '../../backend/sandbox/server'
import { atproto } from '../../backend/sources/atproto'
import type { Child, Ground } from '../base/harness'
import { ENDED, startJobs } from '../base/jobs'
import { until } from '../base/wait'
import type { Usage } from './sandbox'

/** The collection most of the sandbox's records are of. */
export const SCORE = 'games.sandbox.score'

/** The sandbox's network, in a process of its own. */
export interface Network {
  hosts(): Promise<string[]>
  /** Repos of at least `least` records of a collection, as many as hold `records` together. */
  large(ask: { collection: string; least: number; records: number }): Promise<{ dids: string[]; records: number }>
  count(collections: string[]): Promise<number>
  truth(collections: string[]): Promise<TrueRecord[]>
  usage(): Promise<Usage>
  forget(): Promise<void>
  fault(fault: Parameters<Sandbox['fault']>[0]): Promise<void>
  clearFaults(): Promise<void>
  host(host: string, state: Parameters<Sandbox['atproto']['host']>[1], ms?: number): Promise<void>
  violations(): Promise<ReturnType<Sandbox['violations']>>
}

/** A backfill that has ended. */
export interface Run {
  job: string
  report: Report
  /** From the first claim to the last commit, ms. */
  ms: number
  /** Pages committed of repos, and the records on them. */
  pages: number
  records: number
}

export interface Suite {
  network: Network
  scheduler: Child
  worker(): Promise<Child>
  /** Starts a backfill. @returns its job */
  start(request: object): Promise<string>
  /** Waits for its end, whatever that is. */
  end(job: string, timeoutMs?: number): Promise<Run>
  /** Both. @throws {Error} when it did not complete: such a run measures nothing */
  backfill(request: object): Promise<Run>
  /** Equal conditions for the next run. */
  empty(): Promise<void>
}

const HOUR = 3_600_000

async function openNetwork(ground: Ground, options: SandboxOptions): Promise<{ network: Network; env: Record<string, string> }> {
  const { ask } = await ground.start('bench/atproto/sandbox.js', [JSON.stringify(options)], {}, ['--max-old-space-size=1024'])
  const { urls, limits } = await ask<{ urls: Record<string, string>; limits: object }>('where')
  const network: Network = {
    hosts: () => ask('hosts'),
    large: (it) => ask('large', it),
    count: (collections) => ask('count', collections),
    truth: (collections) => ask('truth', collections),
    usage: () => ask('usage'),
    forget: () => ask('forget'),
    fault: (fault) => ask('fault', fault),
    clearFaults: () => ask('faults'),
    host: (host, state, ms) => ask('host', { host, state, ms }),
    violations: () => ask('violations'),
  }
  return { network, env: { ...urls, LIMITS: JSON.stringify(limits) } }
}

/** A network, a scheduler, and the means to start workers and backfills. */
export async function atprotoSuite(ground: Ground, options: SandboxOptions, more: Record<string, string> = {}): Promise<Suite> {
  const opened = await openNetwork(ground, options)
  const { network } = opened
  const env = { ...opened.env, ...more }
  const scheduler = await ground.start('backend/bin/scheduler.js', [], env)
  const start: Suite['start'] = async (request) => {
    const [job] = await startJobs(ground, atproto, [request])
    if (!job?.created) throw new Error(`no backfill was started of ${JSON.stringify(request).slice(0, 100)}`)
    return job.id
  }
  const end: Suite['end'] = (job, timeoutMs = HOUR) => endOf(ground, job, timeoutMs)
  return {
    network,
    scheduler,
    worker: () => ground.start('backend/bin/worker.js', ['worker-atproto'], env),
    start,
    end,
    async backfill(request) {
      const run = await end(await start(request))
      const { status, failures } = run.report
      if (status !== 'completed') throw new Error(`the backfill is ${status}: ${JSON.stringify(failures[0])}`)
      return run
    },
    empty: async () => void (await ground.db.query('truncate atproto.records, atproto.repos, atproto.relay_cursors')),
  }
}

async function endOf({ db }: Ground, job: string, timeoutMs: number): Promise<Run> {
  const read = () => db.query<{ status: string; report: Report }>('select status, report from backhaul.jobs where id = $1', [job])
  const { report } = await until(async () => (await read()).find((row) => ENDED.includes(row.status)), timeoutMs, `job ${job} to end`)
  const [row] = await db.query<{ ms: number; pages: number; records: number }>(
    `select (extract(epoch from max(t.settled_at) - min(j.started_at)) * 1000)::float8 as ms,
            (sum(t.pages) filter (where t.stream = 'repo'))::int as pages, (sum(t.seen) filter (where t.stream = 'repo'))::int as records
       from backhaul.tasks t join backhaul.jobs j on j.id = t.job_id where j.id = $1 and t.stream <> '$finish'`,
    [job],
  )
  if (!row) throw new Error(`there is no job ${job}`)
  return { job, report, ...row }
}
