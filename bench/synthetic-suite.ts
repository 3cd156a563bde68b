import { randomUUID } from 'node:crypto'
import { openDb } from '../backend/db'
import { createScheduler } from '../backend/engine/scheduler'
import type { Source } from '../backend/engine/source'
import type { Child, Ground } from './harness'
import { completed, pageTime, startJobs } from './jobs'
import { createRows, emptyRows, noSums, type Sums, type SyntheticPlan, syntheticSource } from './synthetic'

export interface SyntheticRun {
  /** From the first claim to the last commit. */
  ms: number
  sums: Sums
}

export interface SyntheticSuite {
  worker(turnMs: number, withProfile?: boolean): Promise<Child>
  /** One job from empty tables to its end, with the worker's sums of it. */
  job(worker: Child, plan: Omit<SyntheticPlan, 'name'>): Promise<SyntheticRun>
  /** The same pages by nothing but sorted inserts, in the worker's own process, ms. */
  raw(worker: Child, pages: number, rows: number[]): Promise<number>
}

/** A scheduler for the synthetic source, and the table its rows go into. */
export async function syntheticSuite(ground: Ground): Promise<SyntheticSuite> {
  const source = syntheticSource(noSums())
  const lockDb = openDb(ground.databaseUrl, { name: 'bench lock', max: 1 })
  const scheduler = createScheduler({ ...ground, sources: [source as Source], lockDb })
  ground.onEnd(() => lockDb.close())
  ground.onEnd(() => scheduler.stop())
  scheduler.start()
  await createRows(ground.db)
  return {
    worker: (turnMs, withProfile = false) =>
      ground.start('bench/synthetic-worker.js', [String(turnMs), withProfile ? 'profile' : ''], { LOG_LEVEL: 'warn' }),
    async job(worker, plan) {
      await emptyRows(ground.db)
      await worker.ask('reset')
      const [job] = await startJobs(ground, source, [{ ...plan, name: randomUUID() }])
      await completed(ground, job?.id ?? '', 600_000)
      return { ms: (await pageTime(ground, job?.id ?? '')).ms, sums: await worker.ask<Sums>('sums') }
    },
    async raw(worker, pages, rows) {
      await emptyRows(ground.db)
      return await worker.ask('raw', { pages, rows })
    },
  }
}
