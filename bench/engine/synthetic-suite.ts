import { randomUUID } from 'node:crypto'
import type { Source } from '../../backend/contract'
import { type Db, openDb } from '../../backend/database/db'
import { createScheduler } from '../../backend/engine/upkeep/scheduler'
import type { Child, Ground } from '../base/harness'
import { completed, pageTime, startJobs } from '../base/jobs'
import { createRows, emptyRows, noSums, type Sums, type SyntheticPlan, syntheticSource } from './synthetic'

export interface SyntheticRun {
  /** From the first claim to the last commit. */
  ms: number
  sums: Sums
}

export interface SyntheticSuite {
  /** How long each tick of the scheduler took, ms. */
  ticks: number[]
  worker(turnMs: number, withProfile?: boolean): Promise<Child>
  /** One job from empty tables to its end, with the worker's sums of it. */
  job(worker: Child, plan: Omit<SyntheticPlan, 'name'>): Promise<SyntheticRun>
  /** The same pages by nothing but sorted inserts, in the worker's own process, ms. */
  raw(worker: Child, pages: number, rows: number[]): Promise<number>
}

/** The scheduler does its work in a transaction on `lockDb`. */
const timed = (lockDb: Db, ticks: number[]): Db =>
  Object.create(lockDb, {
    tx: {
      async value(work: Parameters<Db['tx']>[0]) {
        const began = performance.now()
        await lockDb.tx(work)
        ticks.push(performance.now() - began)
      },
    },
  })

/** A scheduler for the synthetic source and these, and the table its rows go into. */
export async function syntheticSuite(ground: Ground, others: readonly Source[] = []): Promise<SyntheticSuite> {
  const source = syntheticSource(noSums())
  const ticks: number[] = []
  const lockDb = openDb(ground.databaseUrl, { name: 'bench lock', max: 1 })
  const scheduler = createScheduler({ ...ground, sources: [source as Source, ...others], lockDb: timed(lockDb, ticks) })
  ground.onEnd(() => lockDb.close())
  ground.onEnd(() => scheduler.stop())
  scheduler.start()
  await createRows(ground.db)
  return {
    ticks,
    worker: (turnMs, withProfile = false) =>
      ground.start('bench/engine/synthetic-worker.js', [String(turnMs), withProfile ? 'profile' : ''], { LOG_LEVEL: 'warn' }),
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
